"""The chat's slash commands as one table, and the sampling settings they change. No torch, no screen.

A command that sets a field of `SamplingSettings` is complete here; the others are done by whoever shows the chat, by
name (`action`). To add one, add a line.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pydantic import ValidationError

from core.errors import OgiveError
from core.settings.forms import FieldInfo, describe
from core.settings.sampling import SamplingSettings

FRESH = ("off", "none", "random", "fresh")


@dataclass(frozen=True)
class Command:
    """`/name argument`. `field` is the setting it shows and sets; without one it is an action."""

    name: str
    argument: str
    help: str
    field: str = ""

    @property
    def written(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("temp", "[NUMBER]", "Temperature: 0 takes the likeliest token", "temperature"),
        Command("topk", "[NUMBER]", "Keep the k likeliest tokens; 0 keeps all", "top_k"),
        Command("topp", "[NUMBER]", "Keep the likeliest tokens up to this probability", "top_p"),
        Command("minp", "[NUMBER]", "Keep tokens at least this likely beside the likeliest", "min_p"),
        Command("rep", "[NUMBER]", "Repetition penalty: above 1 avoids what was said", "repetition_penalty"),
        Command("max", "[NUMBER]", "Longest reply, in tokens", "max_new_tokens"),
        Command("seed", "[NUMBER|off]", "The same seed draws the same reply; off for a fresh one", "seed"),
        Command("system", "[TEXT|off]", "What the model is told before all else"),
        Command("model", "[NAME]", "Go on with another model; without a name, pick one"),
        Command("models", "", "Pick a model from the list"),
        Command("again", "", "Draw the last reply anew"),
        Command("edit", "", "Take back the last thing said, to say it otherwise"),
        Command("new", "", "Begin another conversation; this one is kept"),
        Command("list", "", "The kept conversations: go on with one, or delete it"),
        Command("delete", "", "Delete this conversation; asks first"),
        Command("reset", "", "Forget everything said in this conversation"),
        Command("save", "[FILE]", "Save the conversation now, perhaps to a file of yours"),
        Command("params", "", "All sampling settings as they are"),
        Command("help", "", "These commands"),
        Command("quit", "", "Leave"),
    )
}


def parse(text: str) -> tuple[Command, str]:
    """The command and its argument in `/name argument`; OgiveError names the nearest when there is none such."""
    name, _, argument = text.strip().removeprefix("/").partition(" ")
    name = name.lower()
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        hint = f"Did you mean /{close[0]}?" if close else "/help lists them."
        raise OgiveError(f"There is no command /{name}.", hint)
    return COMMANDS[name], argument.strip()


def completions(text: str) -> list[Command]:
    """The commands that `text` may become; none once an argument has begun."""
    if not text.startswith("/") or " " in text or "\n" in text:
        return []
    return [command for command in COMMANDS.values() if command.name.startswith(text[1:].lower())]


def info_of(field: str) -> FieldInfo:
    """Help, unit and bounds of a sampling setting."""
    return next(info for info in describe(SamplingSettings) if info.path == field)


def range_of(field: str) -> str:
    """`a number, at least 0, at most 5`: what the setting may be."""
    info = info_of(field)
    kind = "a whole number" if info.kind == "integer" else "a number"
    return ", ".join(part for part in (kind, str(info.bounds)) if part) + (" or off" if info.optional else "")


def show(sampling: SamplingSettings, field: str) -> str:
    """`temperature 0.8`: a setting as it is."""
    info, value, label = info_of(field), getattr(sampling, field), field.replace("_", " ")
    shown = "off (fresh each time)" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    if field == "top_k" and value == 0:
        shown = "0 (all tokens)"
    elif info.unit and value is not None and not label.endswith(info.unit):
        shown += f" {info.unit}"
    return f"{label} {shown}"


def change(sampling: SamplingSettings, field: str, text: str) -> SamplingSettings:
    """A copy with `field` set to what a person typed; OgiveError says the range."""
    value: float | int | None
    info = info_of(field)
    label = field.replace("_", " ")
    try:
        if info.optional and text.lower() in FRESH:
            value = None
        else:
            value = int(text) if info.kind == "integer" else float(text.replace(",", "."))
        return SamplingSettings.model_validate(sampling.model_dump() | {field: value})
    except (ValueError, ValidationError):
        raise OgiveError(f"{label} cannot be {text!r}.", f"It is {range_of(field)}.") from None


def known(sampling: dict[str, object]) -> SamplingSettings:
    """Saved sampling settings; those that are unknown or impossible now take their defaults."""
    chosen = SamplingSettings()
    for field, value in sampling.items():
        if field in SamplingSettings.model_fields:
            try:
                chosen = SamplingSettings.model_validate(chosen.model_dump() | {field: value})
            except ValidationError:
                continue
    return chosen
