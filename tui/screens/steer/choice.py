"""Which settings a session begins with: what was used last, or a recipe, and the model that was asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from core.settings.load import load_subject
from core.settings.names import list_settings
from core.settings.steering import SteeringSettings
from core.workspace import Workspace

if TYPE_CHECKING:
    from tui.app import OgiveApp

UNNAMED = "untitled"
"""A session of this name is called after its model when it is begun."""
MEMORY = "steering"
"""Where the app remembers the settings used last."""


def settings_for(app: OgiveApp, model: str | None) -> SteeringSettings:
    """The settings used last, else the recipe `default`, else the defaults; with `model` in place of theirs."""
    found = remembered(app) or first_recipe(app.workspace)
    if model is not None and model != found.model:
        found = found.model_copy(update={"model": model, "name": name_for(model)})
    elif found.name == UNNAMED and found.model:
        found = found.model_copy(update={"name": name_for(found.model)})
    return found


def remembered(app: OgiveApp) -> SteeringSettings | None:
    """What a session was begun with last; None when that does not fit the schema any more."""
    kept = app.remembered.get(MEMORY)
    values = kept.get("values") if isinstance(kept, dict) else None
    if not isinstance(values, dict):
        return None
    try:
        return SteeringSettings.model_validate(values)
    except ValidationError:
        return None


def first_recipe(workspace: Workspace) -> SteeringSettings:
    """The recipe named `default`, when there is one, else the defaults."""
    if any(stored.name == "default" for stored in list_settings(workspace, "steering")):
        found = load_subject("steering", "default", workspace)
        assert isinstance(found, SteeringSettings)
        return found.model_copy(update={"name": UNNAMED})
    return SteeringSettings()


def name_for(model: str) -> str:
    """A session's name from its model's: the last part, in letters that a name may have."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", model.rstrip("/").rpartition("/")[2].partition(":")[0]).strip("-.")
    stem = re.sub(r"^\d{4}-\d{4}-", "", stem)
    return stem or "steering"
