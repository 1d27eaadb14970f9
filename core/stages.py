"""The kinds of stages a pipeline has: data, tokenizer, train, merge, evaluate. No torch until one needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.cancel import Stopped
from core.errors import OgiveError, nearest
from core.models.catalog import is_model, resolve_model
from core.pipeline import Job, Record
from core.runs.info import RunInfo
from core.settings import load, names
from core.settings.data import DataSettings
from core.settings.pipeline import PREVIOUS, StageSettings
from core.settings.tokenizer import TokenizerSettings


class _Kind:
    def __init__(self, stage: StageSettings, job: Job) -> None:
        self.stage, self.job = stage, job

    def there(self, output: dict[str, Any]) -> bool:
        """Whether every folder it made is there."""
        return all(Path(output[thing]).exists() for thing in ("model", "tokenizer") if thing in output)

    def _data(self) -> DataSettings:
        """The data the stage names: of an earlier stage, or by name."""
        wanted = self.stage.data or self.stage.recipe
        record = self.job.records.get(wanted)
        if record is not None and "data" in record.output:
            return DataSettings.model_validate(record.output["data"])
        found = load.load_subject("data", wanted, self.job.workspace, self.stage.set if not self.stage.data else ())
        assert isinstance(found, DataSettings)
        return found

    def _model(self) -> tuple[str, str]:
        """The place of the model the stage looks at, and the key of the stage that made it ("": none here did)."""
        record = self.job.made(self.stage, self.stage.base, "model")
        if record is not None:
            return record.output["model"], record.key
        return resolve_model(self.job.workspace, self.stage.base).location, ""


class Data(_Kind):
    """Reads the data through and counts it, so that a wrong file shows before hours of training."""

    def key(self) -> Any:
        from core.data.corpus import Corpus, settled

        self.settings = settled(self._data(), self.job.workspace, rows=True)
        self.corpus = Corpus(self.settings, self.job.cancel, self._progress)
        return [self.settings.model_dump(mode="json"), self.corpus.fingerprint]

    def _progress(self, doing: str, done: int, total: int | None) -> None:
        self.job.told(self.stage.name, "event", {"kind": "phase", "name": doing, "done": done, "total": total})

    def run(self, record: Record) -> None:
        from core.data.survey import survey

        found = survey(self.corpus, samples=0).to_dict()
        record.output = {"data": self.settings.model_dump(mode="json")}
        record.figures = {f"{side}_documents": found[side]["documents"] for side in ("train", "held_out")}
        record.figures |= {"bytes": found["train"]["bytes"] + found["held_out"]["bytes"]}


class TrainedTokenizer(_Kind):
    """A tokenizer trained on the data of `data`, kept under the pipeline's name."""

    def key(self) -> Any:
        from core.data.corpus import Corpus, settled

        found = load.load_subject("tokenizer", self.stage.recipe, self.job.workspace, self.stage.set)
        assert isinstance(found, TokenizerSettings)
        if not self.stage.data:
            raise OgiveError(f"Stage {self.stage.name!r} does not say on which data.", f"Set {self.stage.name}.data.")
        self.settings = found
        self.corpus = Corpus(settled(self._data(), self.job.workspace), self.job.cancel)
        return [found.model_dump(mode="json"), self.corpus.fingerprint]

    def run(self, record: Record) -> None:
        from core.data.prepare import make_tokenizer

        made = make_tokenizer(self.settings, self.corpus, self.job.workspace, self.job.cancel)
        place = self.job.folder / f"{self.stage.name}-{record.key}"
        made.save(place)
        record.output = {"tokenizer": str(place)}
        record.figures = {"vocab_size": made.vocab_size, "kind": made.kind}


class Train(_Kind):
    """Trains by a recipe. One whose stage is not pretrain begins with an earlier stage's model."""

    def key(self) -> Any:
        settings = load.load_run(self.stage.recipe, self.job.workspace, self.stage.set)
        changes: dict[str, Any] = {"name": f"{self.job.name}-{self.stage.name}"}
        if self.stage.data:
            changes["data"] = self._data()
        if self.stage.tokenizer:
            made = self.job.made(self.stage, self.stage.tokenizer, "tokenizer")
            if made is None:
                raise OgiveError(f"No stage before {self.stage.name!r} is called {self.stage.tokenizer!r}.")
            place = made.output["tokenizer"]
            changes["tokenizer"] = TokenizerSettings.model_validate({"name": "pretrained", "path": place})
        came_from = ""
        if settings.stage != "pretrain" and not (settings.base.model and self.stage.base == PREVIOUS):
            # A recipe's own base model stands, unless the stage names another.
            place, came_from = self._model()
            changes["base"] = settings.base.model_copy(update={"model": place})
        self.settings = settings.model_copy(update=changes)
        dump = self.settings.model_dump(mode="json")
        return [came_from, {key: value for key, value in dump.items() if key not in names.META}]

    def there(self, output: dict[str, Any]) -> bool:
        return is_model(Path(output.get("model", "")))

    def run(self, record: Record) -> None:
        from core.training import checkpoint
        from core.training.job import create_run, execute

        folder = self._unfinished(record)
        if folder is None:
            folder = create_run(self.settings, self.job.workspace)
            record.output = {"run": folder.name}
            self.job.save()

        def listen(kind: str, figures: dict[str, Any]) -> None:
            self.job.told(self.stage.name, kind, {**figures, "run": str(folder)})

        if execute(folder, self.job.cancel, listen) != "finished":
            raise Stopped(f"Run {folder.name} was stopped: {self.job.cancel.reason or 'asked to'}.")
        info = RunInfo.read(folder)
        taken = checkpoint.pointed(folder, self.stage.checkpoint) or checkpoint.pointed(folder, "final")
        if taken is None:
            raise OgiveError(f"Run {folder.name} is finished and has no checkpoint.", "Was it deleted meanwhile?")
        record.output = {"run": folder.name, "model": str(taken)}
        record.figures = {
            "steps": info.step,
            "tokens": info.tokens,
            "parameters": info.parameters,
            "trainable": info.trainable,
            "best": info.best,
        }

    def _unfinished(self, record: Record) -> Path | None:
        """The run that an earlier start of this very stage made, to go on with."""
        folder = self.job.workspace.checkpoints / str(record.output.get("run") or "?")
        if not (folder / "run.json").is_file():
            return None
        info = RunInfo.read(folder)
        if info.live:
            raise OgiveError(f"Run {info.id} is {info.state} in another process.", f"`ogive monitor {info.id}`")
        return folder


class Merge(_Kind):
    """Merges the adapter of an earlier stage; the model is named after pipeline and stage."""

    def key(self) -> Any:
        return ["merge", *self._model()]

    def run(self, record: Record) -> None:
        from core.merging import merge
        from core.training.checkpoint import remove

        out = self.job.workspace.checkpoints / f"{self.job.name}-{self.stage.name}"
        remove(out)
        report = merge(self._model()[0], out)
        record.output = {"model": str(out)}
        record.figures = report.as_json()


class Evaluate(_Kind):
    """Measures a model by the suite that `recipe` names; `set` holds the suite's options, such as limit=100."""

    def key(self) -> Any:
        suites = {"talk": self._talk, "loss": self._loss}
        if self.stage.recipe not in suites:
            raise OgiveError(f"There is no suite {self.stage.recipe!r}.", nearest(self.stage.recipe, suites))
        self._suite = suites[self.stage.recipe]
        self._options = {}
        for path, value, said in load.parse_overrides(self.stage.set):
            if len(path) != 1 or path[0] not in ("limit", "voices", "seed") or not isinstance(value, int):
                raise OgiveError(f"{self.stage.name}.{said}: an evaluation has limit, voices and seed, whole numbers.")
            self._options[str(path[0])] = value
        return ["evaluate", self.stage.recipe, self._options, *self._model()]

    def run(self, record: Record) -> None:
        from core.hardware import pick_device
        from core.models.loading import load as load_model

        place, _ = self._model()
        record.figures = self._suite(load_model(place, pick_device("auto")))
        record.output = {"measured": place}

    def _talk(self, loaded: Any) -> dict[str, Any]:
        from core.evaluation.talk import evaluate

        return evaluate(loaded, **self._options, cancel=self.job.cancel).as_json()

    def _loss(self, loaded: Any) -> dict[str, Any]:
        from core.data.demo import documents
        from core.evaluation.perplexity import evaluate

        read = documents(self._options.get("seed", 1), self._options.get("limit", 200), "held-out", "all")
        return evaluate(loaded, read, self.job.cancel).as_json()
