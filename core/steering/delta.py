"""Numbers stored as their exact difference to other numbers, in byte planes, each packed where that makes it smaller.

Two states a pick apart differ little, so the difference of floats, taken as integers in the order of their values, has
few high bytes. The planes of high bytes pack well; the lowest are noise and are kept as they are. Everything is exact:
unpacking gives the same bits.
"""

from __future__ import annotations

import zlib

import numpy as np

RAW, PACKED = "raw", "zlib"
_SAMPLE = 1 << 16
_BLOCK = 1 << 16
_WORTH = 0.97
STRETCH = 2048
"""Elements that are stored or left out together."""
_SIGNED = {2: np.int16, 4: np.int32, 8: np.int64}


def planes(values: np.ndarray, base: np.ndarray | None) -> list[np.ndarray]:
    """`values` (unsigned, one-dimensional, of 1, 2, 4 or 8 bytes each) less `base`, as one byte array per byte of an
    element, the lowest first. `undo_planes` is the inverse."""
    width = values.dtype.itemsize
    parts = [np.empty(len(values), np.uint8) for _ in range(width)]
    for start in range(0, len(values), _BLOCK):  # by blocks that stay in the processor's cache
        block = values[start : start + _BLOCK]
        if base is not None:
            other = base[start : start + _BLOCK]
            block = _zigzag(_ordered(block) - _ordered(other)) if width > 1 else block ^ other
        table = np.ascontiguousarray(block).view(np.uint8).reshape(-1, width)
        for byte, part in enumerate(parts):
            part[start : start + len(block)] = table[:, byte]
    return parts


def undo_planes(parts: list[np.ndarray], dtype: np.dtype, base: np.ndarray | None) -> np.ndarray:
    """The values that `planes` took apart."""
    values = np.empty(len(parts[0]), dtype)
    for start in range(0, len(values), _BLOCK):
        table = np.stack([part[start : start + _BLOCK] for part in parts], axis=1)
        block = table.reshape(-1).view(dtype)
        if base is not None:
            other = base[start : start + _BLOCK]
            block = _unordered(_unzigzag(block) + _ordered(other)) if dtype.itemsize > 1 else block ^ other
        values[start : start + len(block)] = block
    return values


def changed(values: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Which stretches of STRETCH elements differ from the base, as bools: the others need not be stored at all."""
    differ = values != base
    return np.logical_or.reduceat(differ, range(0, len(differ), STRETCH)) if len(differ) else differ


def spread(stretches: np.ndarray, length: int) -> np.ndarray:
    """The answer of `changed` for each of `length` elements."""
    return np.repeat(stretches, STRETCH)[:length]


def pack(plane: np.ndarray) -> tuple[str, np.ndarray]:
    """A plane and how it is kept: packed when a sample of it says that this is worth the time."""
    if not len(plane) or len(_deflate(_sample(plane))) > _WORTH * min(len(plane), _SAMPLE):
        return RAW, plane
    packed = np.frombuffer(_deflate(plane), np.uint8)
    return (PACKED, packed) if len(packed) < len(plane) else (RAW, plane)


def unpack(codec: str, stored: np.ndarray) -> np.ndarray:
    """What `pack` packed. Raises ValueError when the bytes are damaged or the codec is unknown."""
    if codec == RAW:
        return stored
    if codec != PACKED:
        raise ValueError(f"unknown packing {codec!r}")
    try:
        return np.frombuffer(zlib.decompress(stored.tobytes()), np.uint8)
    except zlib.error as error:
        raise ValueError(str(error)) from None


def cost(values: np.ndarray, base: np.ndarray | None) -> float:
    """About how many bytes `values` take, from a sample."""
    if not len(values):
        return 0.0
    chosen = _sample(values)
    parts = planes(chosen, None if base is None else _sample(base))
    return sum(min(len(_deflate(part)), len(part)) for part in parts) / len(chosen) * len(values)


def _sample(values: np.ndarray) -> np.ndarray:
    """64 stretches spread over `values`; all of them when they are few."""
    if len(values) <= _SAMPLE:
        return values
    gap, length = len(values) // 64, _SAMPLE // 64
    return np.concatenate([values[start : start + length] for start in range(0, 64 * gap, gap)])


def _deflate(plane: np.ndarray) -> bytes:
    # Run lengths and Huffman codes only: differences have no repeats for a search to find, and it is the slow part.
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    return packer.compress(plane.data) + packer.flush()


def _negative(values: np.ndarray) -> np.ndarray:
    """All bits set where the top bit is, else none."""
    width = values.dtype.itemsize
    return (values.view(_SIGNED[width]) >> (8 * width - 1)).view(values.dtype)


def _top(values: np.ndarray) -> np.generic:
    return values.dtype.type(1 << (8 * values.dtype.itemsize - 1))


def _ordered(values: np.ndarray) -> np.ndarray:
    """Bit patterns of floats as unsigned integers in the order of the floats (a bijection on all patterns)."""
    return values ^ (_negative(values) | _top(values))


def _unordered(values: np.ndarray) -> np.ndarray:
    return values ^ (~_negative(values) | _top(values))


def _zigzag(values: np.ndarray) -> np.ndarray:
    """Small differences of either sign as small unsigned numbers."""
    return (values << values.dtype.type(1)) ^ _negative(values)


def _unzigzag(values: np.ndarray) -> np.ndarray:
    one = values.dtype.type(1)
    return (values >> one) ^ (~(values & one) + one)
