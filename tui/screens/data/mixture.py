"""A mixture: several sources weighed against each other, sent to a new run or kept under a name."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from core.errors import OgiveError
from core.settings.data import DataSettings
from core.settings.forms import describe
from tui import keys, words
from tui.screens.data import work as jobs
from tui.screens.data.work import Entry, Kept
from tui.screens.working import WorkingScreen
from tui.widgets.ask import Ask
from tui.widgets.cells import cell
from tui.widgets.form import Form, FormLine
from tui.widgets.picker import Choice, Picker
from tui.widgets.reader import Reader

SHARED = ("exhausted", "held_out", "split_by", "seed")
"""Settings of the mixture as a whole."""


class MixtureScreen(WorkingScreen):
    """Opened over the data screen. Dismisses with what it was kept as, or None."""

    NAME = "mixture"
    ALSO = ("form", "list")
    CSS_PATH = "data.tcss"
    BINDINGS = keys.bindings("mixture")
    TEXT: ClassVar[str] = (
        "Weights are relative: 3 and 1 give three quarters and one quarter of the text. With no weight at all every "
        "document is read once. `exhausted` says what happens when a source has been read to its end."
    )

    def __init__(self, chosen: list[Entry], known: list[Entry]) -> None:
        super().__init__()
        self.chosen = list(chosen)
        self.known = list(known)
        self.weights: dict[str, str] = {}
        self.rules: dict[str, str] = {}
        """What was typed for the settings of the whole, by path."""
        for entry in chosen:
            self.weights[entry.name] = _weight_of(entry)

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Form(self._check, id="form")
            with Vertical(id="right"):
                yield Reader(id="view")

    def on_mount(self) -> None:
        super().on_mount()
        self.add_class("-two")
        self._draw()
        self.query_one(Form).focus()

    # What is shown

    def settings(self) -> dict[str, Any]:
        """The data settings as they stand; a source that is itself a mixture brings its sources."""
        sources = []
        for entry in self.chosen:
            text = self.weights[entry.name].strip()
            for source in entry.settings.get("sources", []):
                given = {key: value for key, value in source.items() if key != "weight"}
                own = source.get("weight")
                if text:
                    share = 1.0 if own is None else float(own)
                    total = sum(float(one.get("weight") or 1.0) for one in entry.settings["sources"])
                    given["weight"] = float(text) * share / total
                sources.append(given)
        return {**{path: _value(text) for path, text in self.rules.items()}, "sources": sources}

    def _checked(self) -> DataSettings:
        for name, text in self.weights.items():
            if wrong_weight(text):
                raise OgiveError(f"{name}: {wrong_weight(text)}.")
        return jobs.settings_of(self.settings())

    def _draw(self) -> None:
        lines = [FormLine("Sources", help="weight of each, relative to the others")]
        for entry in self.chosen:
            text = self.weights[entry.name]
            about = ", ".join(part for part in (entry.holds, _size(entry)) if part)
            line = FormLine(
                entry.name, f"weight.{entry.name}", text, help=about, problem=wrong_weight(text), empty="(none)"
            )
            lines.append(line)
        lines.append(FormLine("All of it", help="rules of the mixture"))
        for info in describe(DataSettings):
            if info.path in SHARED:
                text = self.rules.get(info.path, _text(info.default))
                wrong = self._check(info.path, text)
                lines.append(FormLine(info.label, info.path, text, help=info.help, problem=wrong, choices=info.choices))
        self.query_one(Form).show(lines)
        self.query_one("#view", Reader).show(self._shares)
        self.headline(words.plural(len(self.chosen), "source"), "s sends it to setup")
        self.key_line.refresh_keys()

    def _shares(self, width: int) -> list[Content]:
        shares, by = shares_of(self.chosen, self.weights)
        lines = [Content.styled(f" Share of the text, {by}", "$ash")]
        room = max(8, width - 38)
        for entry, share in zip(self.chosen, shares, strict=True):
            name = cell(entry.name, 20)
            if share is None:
                lines.append(Content.assemble(" ", name, ("  not counted yet", "$ash")))
                continue
            bar = "█" * round(share * room) or "▏"
            lines.append(Content.assemble(" ", name, f" {share:>6.1%}  ", (bar, "$brass")))
        return lines

    # Changing

    def _check(self, path: str, text: str) -> str:
        if path.startswith("weight."):
            return wrong_weight(text)
        try:
            jobs.settings_of({path: _value(text), "sources": ["demo"]})
        except OgiveError as error:
            return error.message.removeprefix("data: ")
        return ""

    @on(Form.Given)
    def _changed(self, event: Form.Given) -> None:
        if event.path.startswith("weight."):
            self.weights[event.path[7:]] = event.text.strip()
        else:
            self.rules[event.path] = event.text.strip()
        self._draw()

    @on(Form.Moved)
    def _moved(self) -> None:
        form = self.query_one(Form)
        if form.problem:
            self.trail(form.problem, "bad")
        elif form.marked is not None:
            self.trail(f"{form.marked.label}: {form.marked.help}")
        self.key_line.refresh_keys()

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one(Form).typing:
            return [("enter", "accept"), ("esc", "cancel"), ("↑↓", "accept and move"), ("ctrl+u", "clear")]
        return [("enter", "weight"), *super().key_entries()]

    @property
    def _marked(self) -> str:
        line = self.query_one(Form).marked
        return line.path[7:] if line is not None and line.path.startswith("weight.") else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "less":
            return len(self.chosen) > 1 and bool(self._marked)
        return True

    @work(exclusive=True, group="ask")
    async def action_more(self) -> None:
        there = {entry.name for entry in self.chosen}
        choices = [
            Choice(one.name, one.name, ", ".join(part for part in (one.holds, _size(one)) if part))
            for one in self.known
            if one.name not in there
        ]
        answer = await self.app.push_screen_wait(Picker("Put which source in?", choices, "", "All are in already."))
        entry = next((one for one in self.known if one.name == answer), None)
        if entry is not None:
            self.chosen.append(entry)
            self.weights[entry.name] = _weight_of(entry)
            self._draw()
            self.query_one(Form).mark(f"weight.{entry.name}")

    def action_less(self) -> None:
        name = self._marked
        if name and len(self.chosen) > 1:
            self.chosen = [one for one in self.chosen if one.name != name]
            del self.weights[name]
            self._draw()

    # What becomes of it

    def action_use(self) -> None:
        try:
            settings = self._checked()
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        self.dismiss(None)
        self.ogive.open("setup", data=settings.model_dump(mode="json"))

    @work(exclusive=True, group="ask")
    async def action_keep(self) -> None:
        try:
            settings = self._checked()
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        name = "-and-".join(re.sub(r"@.*", "", entry.name) for entry in self.chosen[:2])
        answer = await self.app.push_screen_wait(Ask("Keep the mixture as:", name, wrong_name))
        if not answer:
            return
        told = "mixture of " + ", ".join(entry.name for entry in self.chosen)

        def kept(reference: str) -> None:
            self.dismiss(Kept(answer, f"kept as {reference}; in a recipe: data: {answer}"))

        work = jobs.keep(self.ogive.workspace, answer, settings.model_dump(mode="json"), told)
        self.give("keep", work, kept, doing=f"keeping {answer}")

    def action_back(self) -> None:
        self.dismiss(None)


def shares_of(chosen: list[Entry], weights: dict[str, str]) -> tuple[list[float | None], str]:
    """The share of each source, and by what: by weights when any is given (none counts as 1), else by size."""
    given = [weights[entry.name].strip() for entry in chosen]
    if any(given):
        numbers = [0.0 if wrong_weight(text) else float(text) if text else 1.0 for text in given]
        total = sum(numbers) or 1.0
        return [number / total for number in numbers], "by weight"
    sizes = [entry.size for entry in chosen]
    total = sum(size for size in sizes if size is not None)
    if any(size is None for size in sizes) or not total:
        return [None for _ in sizes], "by size: every document is read once"
    return [(size or 0) / total for size in sizes], "by size: every document is read once"


def wrong_weight(text: str) -> str:
    """What is wrong with a weight, or ''."""
    if not text.strip():
        return ""
    try:
        number = float(text)
    except ValueError:
        return f"must be a number, not {text.strip()!r}"
    return "" if 1e-6 <= number < 1e9 else "must be more than 0"


def wrong_name(text: str) -> str:
    """What is wrong with a name for the mixture, or ''."""
    return "" if re.fullmatch(r"[A-Za-z0-9._-]+", text) else "letters, digits, dots and dashes only"


def _weight_of(entry: Entry) -> str:
    sources = entry.settings.get("sources") or []
    given = [source.get("weight") for source in sources if source.get("weight") is not None]
    return f"{sum(given):g}" if given else ""


def _size(entry: Entry) -> str:
    return words.plural(entry.documents, "document")


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _value(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
