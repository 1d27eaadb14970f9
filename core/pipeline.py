"""A chain of stages run in order: what is done is skipped, what was broken off goes on, what changed is done anew.

A stage's key is a hash of its settings and of what it takes from earlier stages; a stage is done when it ended under
the same key and what it made is still there. The state is one JSON file under the workspace's data/pipelines/.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from core.bricks import PIPELINE_STAGES
from core.cancel import Cancel, Stopped
from core.errors import OgiveError, nearest
from core.files import os_failure, read_json, to_json, write_json
from core.settings import load, names
from core.settings.pipeline import PREVIOUS, PipelineSettings, StageSettings
from core.workspace import Workspace

FORMAT = 1
Told = Callable[[str, str, dict[str, Any]], None]
"""Called with the stage's name, a kind (`begin`, `skip`, `end`, or what a run tells) and figures."""


@dataclass
class Record:
    """How one stage stands. `status`: waiting, running, done, stopped or failed; `output` is what it made by kind of
    thing (`run`, `model`, `tokenizer`, `data`), `figures` what a person wants to know of it."""

    name: str
    kind: str
    status: str = "waiting"
    key: str = ""
    output: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    started_at: float | None = None
    seconds: float = 0.0
    error: str = ""

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Record:
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in kept.items() if key in known})


class Stage(Protocol):
    """A kind of stage: made as `Kind(stage, pipeline, job)`, it tells its key, then does its work."""

    def key(self) -> Any:
        """All that decides what this stage makes, as JSON."""
        ...

    def there(self, output: dict[str, Any]) -> bool:
        """Whether what an earlier run of this stage made is still whole."""
        ...

    def run(self, record: Record) -> None:
        """Do the work, or go on with it: fill `record.output` and `record.figures`. Raises Stopped when asked to."""
        ...


@dataclass
class Job:
    """What a stage needs of the pipeline: the workspace, what earlier stages made, and whom to tell."""

    name: str
    workspace: Workspace
    records: dict[str, Record]
    cancel: Cancel
    told: Told
    save: Callable[[], None]

    @property
    def folder(self) -> Path:
        """Where stages may keep what is neither a run nor a model."""
        return self.workspace.data / "pipelines" / self.name

    def made(self, stage: StageSettings, wanted: str, thing: str) -> Record | None:
        """The stage called `wanted` when it made a `thing`, for `previous` the newest before `stage` that did; None
        when there is no stage of that name."""
        earlier = [record for record in self.records.values() if record.name != stage.name and record.status == "done"]
        if wanted == PREVIOUS:
            having = [record for record in earlier if thing in record.output]
            if not having:
                raise OgiveError(f"No stage before {stage.name!r} makes a {thing}.", "Put one before it.")
            return having[-1]
        for record in earlier:
            if record.name == wanted:
                if thing not in record.output:
                    raise OgiveError(f"Stage {wanted!r} makes no {thing}, which {stage.name!r} asks it for.")
                return record
        return None


@dataclass(frozen=True)
class Pipeline:
    """A pipeline's settings under its name, and its state in a workspace."""

    name: str
    settings: PipelineSettings
    workspace: Workspace

    @property
    def path(self) -> Path:
        return self.workspace.data / "pipelines" / f"{self.name}.json"

    def records(self) -> dict[str, Record]:
        """How each stage stood when it was last told, in order; a stage that never began is waiting."""
        kept: dict[str, Record] = {}
        if self.path.is_file():
            found = read_json(self.path)
            try:
                kept = {each["name"]: Record.from_json(each) for each in found["stages"]}
            except (KeyError, TypeError):
                raise OgiveError(
                    f"{self.path} is damaged.", "Delete it: finished runs are found by `ogive runs`."
                ) from None
        return {
            stage.name: kept[stage.name]
            if stage.name in kept and kept[stage.name].kind == stage.kind
            else Record(stage.name, stage.kind)
            for stage in self.settings.stages
        }

    def save(self, records: dict[str, Record]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise os_failure("write", self.path.parent, error) from error
        stages = [asdict(record) for record in records.values()]
        write_json(self.path, {"format": FORMAT, "name": self.name, "updated_at": time.time(), "stages": stages})


def open_pipeline(
    path_or_name: str | os.PathLike[str], workspace: Workspace, overrides: Sequence[str] = ()
) -> Pipeline:
    """The pipeline in a file or under a name of `configs/pipeline/`; an override `sft.training.steps=100` changes the
    recipe of the stage `sft`."""
    settings = load.load_subject("pipeline", path_or_name, workspace)
    assert isinstance(settings, PipelineSettings)
    stages = {stage.name: stage for stage in settings.stages}
    for override in overrides:
        name, dot, rest = override.partition(".")
        if not dot or "=" in name:
            raise OgiveError(f"--set {override}: say which stage.", f"For example: {next(iter(stages))}.{override}")
        if name not in stages:
            raise OgiveError(f"--set {override}: there is no stage {name!r}.", nearest(name, stages))
        stages[name].set = [*stages[name].set, rest]
    return Pipeline(names.find(workspace, "pipeline", path_or_name).name, settings, workspace)


def run(
    pipeline: Pipeline, cancel: Cancel | None = None, told: Told = lambda stage, kind, figures: None, again: str = ""
) -> dict[str, Record]:
    """Do every stage that is not done; the records as they then stand. `again` names a stage to do anew, and with it
    all that follows from it.

    Raises Stopped when asked to stop, and what a stage raises; the state says where it was, and the next call goes on.
    """
    cancel = cancel or Cancel()
    records = pipeline.records()
    if again and again not in records:
        raise OgiveError(f"The pipeline has no stage {again!r}.", nearest(again, records))
    earlier: dict[str, Record] = {}
    for stage in pipeline.settings.stages:
        record = earlier[stage.name] = records[stage.name]
        job = Job(pipeline.name, pipeline.workspace, earlier, cancel, told, lambda: pipeline.save(records))
        work: Stage = PIPELINE_STAGES[stage.kind].load()(stage, job)
        key = hashlib.sha256(to_json(work.key()).encode()).hexdigest()[:16]
        if stage.name == again:
            record.key = ""
        if record.status == "done" and record.key == key and work.there(record.output):
            told(stage.name, "skip", asdict(record))
            continue
        if record.key != key:
            record = earlier[stage.name] = records[stage.name] = Record(stage.name, stage.kind, key=key)
        _do(work, record, job)
    return records


def _do(work: Stage, record: Record, job: Job) -> None:
    """One stage, its state told before, after, and when it breaks."""
    begun = time.monotonic()
    record.status, record.error, record.started_at = "running", "", time.time()
    job.save()
    job.told(record.name, "begin", asdict(record))
    try:
        work.run(record)
        record.status = "done"
    except Stopped as error:
        record.status, record.error = "stopped", error.message
        raise
    except BaseException as error:
        record.status = "failed" if isinstance(error, Exception) else "stopped"
        record.error = error.message if isinstance(error, OgiveError) else f"{type(error).__name__}: {error}"
        raise
    finally:
        record.seconds = round(record.seconds + time.monotonic() - begun, 3)
        job.save()
    job.told(record.name, "end", asdict(record))
