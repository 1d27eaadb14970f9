"""Where states are kept: by the hash of their content, each once, as exact differences to an earlier one where smaller.

`states/<sha256>.safetensors` holds the byte planes of all tensors of a state, and in its header which state they are
differences to. `states/layout-<hash>.json` tells names, types and shapes, and is shared. Files are whole or absent;
what is read is hashed again and must be what its name says.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import Tensor

from core.errors import OgiveError
from core.files import os_failure, read_json, to_json, write_atomic
from core.steering import delta

FORMAT = "1"
CHAIN = 2
"""Differences that may have to be undone, one after another, to read a state."""
CACHE = 256 << 20
"""Bytes of states kept in memory, so that undo need not read."""
_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    torch.uint8, torch.bool,
)}  # fmt: skip
_WIDTHS: dict[int, type[np.unsignedinteger]] = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}

Flat = dict[int, np.ndarray]
"""The elements of a state by their width in bytes, all tensors of that width one after another."""


class States:
    """The states of one session. `bytes` is what they take on disk.

    Packing and writing go on in a thread of their own, so that the next group need not wait for the disk. What is not
    written yet when a program is killed can be built again from the journal, as a dropped state can.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(".*.tmp"):
                left.unlink(missing_ok=True)
            self._sizes = {path.stem: path.stat().st_size for path in folder.glob("*.safetensors")}
            self._layout_bytes = sum(path.stat().st_size for path in folder.glob("layout-*.json"))
        except OSError as error:
            raise os_failure("use", folder, error) from error
        self._cache: OrderedDict[str, tuple[str, Flat, int]] = OrderedDict()
        self._heads: dict[str, tuple[str, int]] = {}
        self._waiting: dict[str, tuple[str, Flat, Future[None]]] = {}
        self._lock = threading.Lock()
        self._files = threading.RLock()
        """Held while files are read and while they are deleted: a state is several files, one standing on another."""
        self.version = 0
        """Counts changes of what is kept."""
        self._writer = ThreadPoolExecutor(1, "states")

    def __contains__(self, number: str) -> bool:
        return number in self._sizes or number in self._waiting

    def kept(self) -> frozenset[str]:
        """The states that need not be built again."""
        with self._lock:
            return frozenset(self._sizes) | frozenset(self._waiting)

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def bytes(self) -> int:
        with self._lock:
            return sum(self._sizes.values()) + self._layout_bytes

    def size(self, number: str) -> int:
        """Bytes of one state on disk; 0 when it is dropped, or not written yet."""
        return self._sizes.get(number, 0)

    # -- in --------------------------------------------------------------------------------------------------------

    def put(self, tensors: Mapping[str, Tensor], near: str | None = None) -> str:
        """Keep a state and return its hash; one that is here already is not written again.

        `near` is a kept state that this one is likely close to (its parent). Raises OgiveError when an earlier state
        could not be written (the disk is full).
        """
        self._settle()
        layout, flat = _flatten(tensors)
        number = _hash(layout, flat)
        self._remember(number, layout, flat)
        if number not in self:
            base = self._choose(layout, flat, near)
            with self._lock:
                self._heads[number] = (base, self._heads[base][1] + 1 if base else 0)
            future = self._writer.submit(self._write, number, layout, flat, base)
            self._waiting[number] = (layout, flat, future)
        return number

    def flush(self) -> None:
        """Wait until everything is on the disk; OgiveError when it cannot be."""
        for number in list(self._waiting):
            layout, flat, future = self._waiting[number]
            if future.done() and future.exception() is not None:
                future = self._writer.submit(self._write, number, layout, flat, "")
                self._waiting[number] = (layout, flat, future)
            wait([future])
        self._settle()

    def close(self) -> None:
        """Write what is left and end the thread."""
        try:
            self.flush()
        finally:
            self._writer.shutdown()

    def _settle(self) -> None:
        """Forget what is written; raise what went wrong, once, and let it be tried again by `flush`."""
        for number, (_, _, future) in list(self._waiting.items()):
            if future.done() and future.exception() is None:
                del self._waiting[number]
        for number, (layout, flat, future) in list(self._waiting.items()):
            problem = future.exception() if future.done() else None
            if problem is not None:
                again = self._writer.submit(self._write, number, layout, flat, "")
                self._waiting[number] = (layout, flat, again)
                raise problem

    def _write(self, number: str, layout: str, flat: Flat, base: str) -> None:
        with self._lock:
            kept = self._cache.get(base) if base in self._sizes else None
        if kept is None:
            base, other, depth = "", None, 0
        else:
            other, depth = kept[1], self._head(base)[1] + 1
        stored: dict[str, np.ndarray] = {}
        codecs: dict[str, str] = {}
        for width, values in flat.items():
            against = None
            if other is not None:
                stretches = delta.changed(values, other[width])
                stored[f"{width}.changed"] = np.packbits(stretches)
                which = delta.spread(stretches, len(values))
                values, against = values[which], other[width][which]
            for byte, plane in enumerate(delta.planes(values, against)):
                name = f"{width}.{byte}"
                codecs[name], stored[name] = delta.pack(plane)
        head = {"format": FORMAT, "layout": _layout_hash(layout), "base": base, "depth": str(depth)}
        self._keep_layout(layout)
        data = safetensors.numpy.save(stored, head | {"codecs": json.dumps(codecs, separators=(",", ":"))})
        write_atomic(self._path(number), data)
        with self._lock:
            self._sizes[number] = len(data)
            self._heads[number] = (base, depth)
            self.version += 1

    def _choose(self, layout: str, flat: Flat, near: str | None) -> str:
        """The base that makes the state smallest, by a sample of the near one and of those it stands on; "" for none.
        Only what is in memory is looked at."""
        best, least = "", _cost(flat, None)
        with self._files:
            chain = [(each, self._head(each)[1]) for each in self._chain(near)] if near and near in self else []
        for candidate, depth in chain:
            with self._lock:
                kept = self._cache.get(candidate)
            if kept is None or kept[0] != layout or depth >= CHAIN:
                continue
            here = _cost(flat, kept[1])
            if here < least:
                best, least = candidate, here
        return best

    # -- out -------------------------------------------------------------------------------------------------------

    def get(self, number: str) -> dict[str, Tensor]:
        """The tensors of a state, as copies. OgiveError when its bytes are dropped or damaged."""
        layout, flat = self._read(number)
        return _unflatten(json.loads(layout), flat)

    def _read(self, number: str) -> tuple[str, Flat]:
        with self._lock:
            kept = self._cache.get(number)
            if kept is not None:
                self._cache.move_to_end(number)
                return kept[0], kept[1]
        if number in self._waiting:
            layout, flat, _ = self._waiting[number]
            return layout, flat
        with self._files:
            return self._read_file(number)

    def _read_file(self, number: str) -> tuple[str, Flat]:
        path = self._path(number)
        if number not in self._sizes:
            raise OgiveError(f"The weights of state {number[:12]} are not kept any more.", "They can be built again.")
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                head = file.metadata() or {}
                stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            codecs = json.loads(head["codecs"])
            layout = self._layout(head["layout"])
            base = self._read(head["base"]) if head["base"] else None
            if base is not None and base[0] != layout:
                raise ValueError("its base has other tensors")
            flat: Flat = {}
            for width in sorted({int(name.partition(".")[0]) for name in codecs}):
                parts = [delta.unpack(codecs[f"{width}.{b}"], stored[f"{width}.{b}"]) for b in range(width)]
                dtype = np.dtype(_WIDTHS[width])
                if base is None:
                    flat[width] = delta.undo_planes(parts, dtype, None)
                    continue
                values = base[1][width].copy()
                count = -(-len(values) // delta.STRETCH)
                stretches = np.unpackbits(stored[f"{width}.changed"], count=count).astype(bool)
                which = delta.spread(stretches, len(values))
                values[which] = delta.undo_planes(parts, dtype, values[which])
                flat[width] = values
        except OSError as error:
            raise os_failure("read", path, error) from error
        except (safetensors.SafetensorError, KeyError, ValueError) as error:
            raise _damaged(path) from error
        if _hash(layout, flat) != number:
            raise _damaged(path)
        self._remember(number, layout, flat)
        return layout, flat

    def _remember(self, number: str, layout: str, flat: Flat) -> None:
        with self._lock:
            self._cache[number] = (layout, flat, sum(values.nbytes for values in flat.values()))
            self._cache.move_to_end(number)
            while len(self._cache) > 3 and sum(size for _, _, size in self._cache.values()) > CACHE:
                self._cache.popitem(last=False)

    def forget(self) -> None:
        """Empty the memory; everything is read from disk again."""
        self.flush()
        with self._lock:
            self._cache.clear()

    # -- dropping --------------------------------------------------------------------------------------------------

    def drop(self, numbers: Iterable[str]) -> int:
        """Delete the bytes of these states; others that are differences to them are written anew first. Bytes freed."""
        self.flush()
        before = self.bytes
        self._writer.submit(self._drop, list(numbers)).result()
        return before - self.bytes

    def drop_later(self, numbers: Iterable[str]) -> None:
        """As `drop`, after what is being written, without waiting for it. What cannot be deleted stays."""
        chosen = list(numbers)
        if chosen:
            self._writer.submit(self._drop, chosen)

    def discard(self, number: str) -> None:
        """Delete a damaged state and all that are differences to it: none of them can be read."""
        self.flush()
        lost = {number}
        with self._files:
            while more := {each for each in self._sizes if each not in lost and self._head(each)[0] in lost}:
                lost |= more
            for each in lost:
                self._delete(each)

    def _drop(self, numbers: list[str]) -> None:
        with self._files:
            self._drop_files(numbers)

    def _drop_files(self, numbers: list[str]) -> None:
        gone = {number for number in numbers if number in self._sizes}
        for number in [each for each in self._sizes if each not in gone and self._head(each)[0] in gone]:
            layout, flat = self._read(number)
            near = next((each for each in self._chain(number)[1:] if each not in gone), "")
            self._write(number, layout, flat, near)
        # From the newest difference to the oldest: a kill in between leaves no difference without its base.
        for number in sorted(gone, key=lambda each: -self._head(each)[1]):
            self._delete(number)

    def _delete(self, number: str) -> None:
        try:
            self._path(number).unlink(missing_ok=True)
        except OSError as error:
            raise os_failure("delete", self._path(number), error) from error
        with self._lock:
            self._sizes.pop(number, None)
            self._heads.pop(number, None)
            self._cache.pop(number, None)
            self.version += 1

    def _chain(self, number: str) -> list[str]:
        """The state and those its bytes stand on, down to one that stands by itself."""
        found = [number]
        while base := self._head(found[-1])[0]:
            found.append(base)
        return found

    def _head(self, number: str) -> tuple[str, int]:
        """The base ("" = none) and how many differences deep a stored state is."""
        if number not in self._heads:
            path = self._path(number)
            try:
                with safetensors.safe_open(path, framework="numpy") as file:
                    head = file.metadata() or {}
                self._heads[number] = (head["base"], int(head["depth"]))
            except OSError as error:
                raise os_failure("read", path, error) from error
            except (safetensors.SafetensorError, KeyError, ValueError) as error:
                raise _damaged(path) from error
        return self._heads[number]

    # -- layouts ---------------------------------------------------------------------------------------------------

    def _path(self, number: str) -> Path:
        return self.folder / f"{number}.safetensors"

    def _keep_layout(self, layout: str) -> None:
        path = self.folder / f"layout-{_layout_hash(layout)}.json"
        if not path.is_file():
            write_atomic(path, layout + "\n")
            with self._lock:
                self._layout_bytes += len(layout) + 1

    def _layout(self, number: str) -> str:
        layout = to_json(read_json(self.folder / f"layout-{number}.json"))
        if _layout_hash(layout) != number:
            raise ValueError("its layout is damaged")
        return layout


def _damaged(path: Path) -> OgiveError:
    return OgiveError(f"{path} is torn or altered.", "Delete it: the state is built again from the journal.")


def _layout_hash(layout: str) -> str:
    return hashlib.sha256(layout.encode()).hexdigest()[:16]


def _hash(layout: str, flat: Flat) -> str:
    digest = hashlib.sha256(layout.encode())
    for width in sorted(flat):
        digest.update(flat[width].data.cast("B"))
    return digest.hexdigest()


def content_hash(tensors: Mapping[str, Tensor]) -> str:
    """The hash by which a state is known, without keeping it."""
    return _hash(*_flatten(tensors))


def _cost(flat: Flat, base: Flat | None) -> float:
    return sum(delta.cost(values, None if base is None else base[width]) for width, values in flat.items())


def _flatten(tensors: Mapping[str, Tensor]) -> tuple[str, Flat]:
    """Names, types and shapes as JSON, in the order of the names; the elements by width."""
    layout = []
    parts: dict[int, list[np.ndarray]] = {}
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        kind = str(tensor.dtype).removeprefix("torch.")
        if kind not in _DTYPES:
            raise OgiveError(f"A state cannot hold {name} of the type {kind}.")
        layout.append([name, kind, list(tensor.shape)])
        width = tensor.element_size()
        parts.setdefault(width, []).append(tensor.reshape(-1).view(torch.uint8).numpy().view(_WIDTHS[width]))
    return to_json(layout), {width: np.concatenate(each) for width, each in sorted(parts.items())}


def _unflatten(layout: list[list], flat: Flat) -> dict[str, Tensor]:
    """The tensors, each with memory of its own."""
    places = dict.fromkeys(flat, 0)
    found: dict[str, Tensor] = {}
    for name, kind, shape in layout:
        dtype = _DTYPES[kind]
        width = torch.empty(0, dtype=dtype).element_size()
        count = int(np.prod(shape, dtype=np.int64)) if shape else 1
        part = flat[width][places[width] : places[width] + count].copy()
        places[width] += count
        found[name] = torch.from_numpy(part.view(np.uint8)).view(dtype).reshape(shape)
    return found
