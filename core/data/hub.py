"""Rows from data sets of the Hugging Face Hub, or from local folders that the `datasets` library reads.

The only file here that imports `datasets`, and only when something is read.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from core.data.columns import ColumnReader
from core.data.documents import Document, Gone, Input, Part
from core.data.formats import SAMPLE, Columns
from core.data.records import Record
from core.data.typed import Row, as_document
from core.data.where import Place
from core.errors import OgiveError, nearest
from core.files import sha256

TIMEOUT = 10.0  # seconds for the first answer of the Hub


class HuggingFaceSource:
    """The `huggingface` brick. `id` is a Hub id or a local folder, `subset` the configuration, `split` a split or a
    slice of one (`train[:5%]`); empty means the only one, else `default` and `train`.

    With `streaming` nothing is kept on disk and rows come in the order of the data set's files. `revision` is a commit
    of the data set; a run notes the one that it began with. `column`, `format` and `map` as in `ColumnReader`.
    """

    own_split = False

    def __init__(
        self,
        id: str = "",
        subset: str = "",
        split: str = "",
        column: str = "",
        format: str = "auto",
        map: str = "",
        streaming: bool = False,
        revision: str = "",
    ) -> None:
        if not id:
            raise OgiveError("The data source `huggingface` has no id.", "Give one, such as roneneldan/TinyStories.")
        self.id, self.subset, self.wanted, self.streaming = id, subset, split, streaming
        self.revision = revision
        self.reader = ColumnReader(column, format, map)

    @cached_property
    def split(self) -> str:
        """The split that is read."""
        if self.wanted:
            return self.wanted
        known = splits(self.id, self.subset)
        if len(known) == 1 or "train" in known:
            return known[0] if len(known) == 1 else "train"
        raise OgiveError(f"{self.id} has no split `train`.", f"Choose one with --split: {', '.join(known)}.")

    @cached_property
    def dataset(self) -> Any:
        """The opened `datasets.Dataset` or `IterableDataset`."""
        split = self.split
        with _library(self.id, self.subset, split) as datasets:
            return datasets.load_dataset(
                _place(self.id),
                self.subset or None,
                split=split,
                streaming=self.streaming,
                revision=self.revision or None,
            )

    @cached_property
    def _beginning(self) -> Any:
        return copy.deepcopy(self.dataset.state_dict())

    @property
    def name(self) -> str:
        """What its rows are called in complaints and origins."""
        parts = filter(None, (Path(self.id).name if local(self.id) else self.id, self.subset, self.split))
        return "/".join(parts)

    def settled(self) -> dict[str, Any]:
        """Options that mean the same from any folder and on any day."""
        if local(self.id):
            return {"id": str(Path(self.id).expanduser().resolve()), "subset": self.subset, "split": self.split}
        found = self.revision or revision(self.id)
        return {"id": self.id, "subset": self.subset, "split": self.split, "revision": found}

    def records(self, skip: int = 0, mark: Any = None) -> Iterator[tuple[Place, Record]]:
        """Every record but the first `skip`, with its place. With a `mark` they are not read again to be skipped."""
        dataset = self.dataset
        assert not self.streaming or self._beginning is not None  # taken before anything is read
        with _telling(self.id, self.subset, self.split):
            if self.streaming:
                # It would begin where it was last told to, not at its beginning.
                dataset.load_state_dict(copy.deepcopy(self._beginning if mark is None else mark))
            rest = dataset.skip(skip) if skip and mark is None else dataset
            for number, record in enumerate(rest, skip + 1):
                yield Place(self.name, number), record

    @cached_property
    def mapping(self) -> Columns:
        """How the columns are read."""
        return self.reader.columns(self.sample(SAMPLE), Place(self.name, 1))

    def sample(self, count: int) -> list[Record]:
        """The first `count` records as they are in the data set."""
        return [record for _, record in islice(self.records(), count)]

    def rows(self) -> Iterator[Row]:
        """Every row, in order."""
        return self.shard(0)

    @property
    def shards(self) -> int:
        """How many parts the rows come in: here they are one."""
        return 1

    def shard(self, number: int, skip: int = 0, mark: Any = None) -> Iterator[Row]:
        """All rows but the first `skip`, which end at `mark` when there is one."""
        known = self.mapping
        return self.reader.rows(self.records(skip, mark), known)

    def documents(self, part: Part = "train", share: float = 0.0) -> Iterator[Document]:
        """Every row as a document."""
        return map(as_document, self.rows())

    @cached_property
    def _files(self) -> list[Path]:
        """The files on this disk that hold the rows."""
        if not self.streaming:
            return [Path(file["filename"]) for file in self.dataset.cache_files]
        if not local(self.id):
            return []
        with _library(self.id, self.subset, self.split) as datasets:
            builder = datasets.load_dataset_builder(_place(self.id), self.subset or None)
            files = builder.config.data_files or {}
            return sorted(Path(path) for path in files.get(re.sub(r"\[.*", "", self.split), []))

    def inputs(self) -> list[Input]:
        """The files that hold the rows with their sha256, or the data set with its commit when it is streamed."""
        if self.streaming and not local(self.id):
            return [{"path": f"hf://datasets/{self.id}@{self._commit}", "bytes": 0, "sha256": ""}]
        return [{"path": str(path), "bytes": path.stat().st_size, "sha256": sha256(path)} for path in self._files]

    @cached_property
    def _commit(self) -> str:
        found = self.revision or revision(self.id)
        if not found:
            raise Gone(f"{self.id} cannot be reached, so its revision is not known.", "Name one with --revision.")
        return found

    def places(self) -> list[Input]:
        """The files that hold the rows, or the data set with its commit when it is streamed."""
        if self.streaming and not local(self.id):
            return self.inputs()
        return [{"path": str(path), "bytes": path.stat().st_size, "sha256": ""} for path in self._files]

    def glance(self) -> str:
        """The commit of a data set of the Hub; of a local one the fingerprint."""
        if local(self.id):
            return self.fingerprint()
        content = ["huggingface", self.id, self._commit, self.subset, self.split, self.reader.options]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def mark(self) -> Any:
        """Where the rows that are being read stand, for `shard`; None where a count of rows is enough."""
        return copy.deepcopy(self.dataset.state_dict()) if self.streaming else None

    def fingerprint(self) -> str:
        """Of the content: the files' hashes, or the commit when it is streamed from the Hub; and of the options."""
        held: list[Any] = [entry["sha256"] or entry["path"] for entry in self.inputs()]
        content = ["huggingface", held, self.subset, self.split, self.reader.options]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def local(id: str) -> bool:
    """Whether `id` is a folder or file of this machine."""
    return Path(id).expanduser().exists()


def _place(id: str) -> str:
    return str(Path(id).expanduser().resolve()) if local(id) else id


def revision(id: str) -> str:
    """The newest commit of a data set on the Hub; empty when the network cannot be reached."""
    found = _ask(id)
    return "" if found is None else str(found.sha or "")


def configs(id: str) -> list[str]:
    """The subsets of a data set. OgiveError when there is no such data set or the network is down."""
    with _library(id, "", "") as datasets:
        return list(datasets.get_dataset_config_names(_place(id)))


def splits(id: str, subset: str = "") -> list[str]:
    """The splits of a data set's subset. OgiveError when there is no such data set or the network is down."""
    with _library(id, subset, "") as datasets:
        return [str(name) for name in datasets.get_dataset_split_names(_place(id), subset or None)]


def _ask(id: str) -> Any:
    """What the Hub says of a data set; None when it cannot be reached, OgiveError when there is no such data set."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    # The base is the HTTP library's own, whichever of several the hub uses.
    no_network: Any = (OSError, HfHubHTTPError.__bases__[0])
    try:
        return HfApi().dataset_info(id, timeout=TIMEOUT)
    except OfflineModeIsEnabled:
        return None
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code in (401, 403, 404):
            raise Gone(
                f"There is no data set {id!r} on the Hugging Face Hub that you may read.",
                "Check the id; for a private or gated one log in with `hf auth login`.",
            ) from None
        return None
    except HFValidationError:
        raise Gone(f"{id!r} is neither a folder here nor a Hugging Face id.", "Check the path or the id.") from None
    except no_network:
        return None


@contextmanager
def _library(id: str, subset: str, split: str) -> Generator[Any]:
    """The `datasets` library, quiet, with its refusals told as OgiveErrors. A Hub that does not answer is asked once,
    not five times with pauses; then what is in the cache is taken."""
    import datasets
    from datasets import config

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    before = config.HF_HUB_OFFLINE
    offline = not local(id) and _ask(id) is None
    config.HF_HUB_OFFLINE = before or offline
    try:
        with _telling(id, subset, split, offline):
            yield datasets
    finally:
        config.HF_HUB_OFFLINE = before


@contextmanager
def _telling(id: str, subset: str, split: str, offline: bool = False) -> Generator[None]:
    from datasets.exceptions import DatasetsError

    try:
        yield
    except (DatasetsError, ValueError, OSError, KeyError, NotImplementedError) as error:
        raise _told(error, id, subset, split, offline) from error


def _told(error: Exception, id: str, subset: str, split: str, offline: bool) -> OgiveError:
    """The library's refusal as a sentence."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    text = (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(". ")
    known = re.findall(r"'([^']+)'", text.rpartition("[")[2]) if "[" in text else []
    if "split" in text.lower() and known:
        return OgiveError(f"{id} has no split {split!r}.", nearest(split, known))
    if "BuilderConfig" in text and known:
        return OgiveError(f"{id} has no subset {subset!r}.", nearest(subset, known))
    if "Config name is missing" in text and known:
        return OgiveError(f"{id} has several subsets.", f"Choose one with --subset: {', '.join(known)}.")
    if offline:
        return Gone(
            f"The network cannot be reached, and {id!r} is neither a folder here nor in the Hugging Face cache.",
            "Connect and try again, or use a local folder.",
        )
    if isinstance(cause, FileNotFoundError):
        return Gone(f"There is no data in {id!r}: {text}.", "Check the path or the id.")
    return OgiveError(f"{id} cannot be read: {text}.", "Check the data set, its subset and its split.")
