"""What a session would ask, before it is begun: the first prompts, their column, one as the model reads it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.cancel import Cancel
from core.errors import OgiveError
from core.models.catalog import resolve_model
from core.settings.steering import SteeringSettings
from core.steering import prompts as prompt_sources
from core.steering.shaping import Shaper
from core.tokenization.pretrained import load_foreign
from core.tokenization.tokenizer import Tokenizer
from core.workspace import Workspace


@dataclass(frozen=True)
class Preview:
    """`prompts` are the first in the order they will be asked, `total` how many there are (0: typed as one goes),
    `column` where they were found, `shaped` the first one as the model reads it, special tokens by their names, and
    `tokens` how many it has. What could not be had is told in `problem`, the rest is still there."""

    prompts: tuple[str, ...]
    total: int
    title: str
    column: str
    shaped: str
    tokens: int
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def preview(workspace: Workspace, settings: SteeringSettings, count: int = 3, cancel: Cancel | None = None) -> Preview:
    """Reads prompts and the model's tokenizer, never its weights. OgiveError when the prompts cannot be read."""
    found = prompt_sources.load(settings.prompts, workspace, cancel)
    shown = tuple(text for place in range(min(count, len(found))) if (text := found.at(place)) is not None)
    shaped, tokens, problem = "", 0, ""
    try:
        shaper = Shaper(tokenizer_of(workspace, settings), settings.shaping)
        asked = shown[0] if shown else "…"
        shaped, tokens = shaper.shown(asked), len(shaper.ids(asked))
    except OgiveError as error:
        problem = str(error)
    return Preview(shown, len(found), found.found.title, found.found.column, shaped, tokens, problem)


def tokenizer_of(workspace: Workspace, settings: SteeringSettings) -> Tokenizer:
    """The tokenizer of the model that the settings name; of the model beneath when that is an adapter without one."""
    location = resolve_model(workspace, settings.model or None).location
    folder = Path(location)
    if (
        folder.is_dir()
        and not (folder / "tokenizer_config.json").is_file()
        and (folder / "adapter_config.json").is_file()
    ):
        from core.models.adapted import find_base

        location = find_base(folder).path
    return load_foreign(location, trust_remote_code=settings.trust_remote_code)
