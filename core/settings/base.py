"""What all settings share: strict fields with help and unit, and the choice of a brick with the brick's own options."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from core.bricks import Brick, Table
from core.errors import OgiveError, nearest


class Settings(BaseModel):
    """A subject's settings: unknown keys are errors, assignments are checked, and every field explains itself."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, validate_default=True)


def setting(default: Any, help: str, *, unit: str = "", **bounds: Any) -> Any:
    """A field with its one-line help and its unit; `bounds` are pydantic's (ge, le, gt, lt)."""
    return Field(default=default, description=help, json_schema_extra={"unit": unit}, **bounds)


class BrickChoice(BaseModel):
    """A brick by name and the options only that brick has.

    In YAML either `norm: rmsnorm` or `norm: {name: rmsnorm, eps: 1.0e-6}`; `--set model.norm.eps=1e-5` reaches an
    option. Options left out take the brick's defaults, and changing the name drops options the new brick lacks
    only if they were never given.
    """

    model_config = ConfigDict(extra="forbid")
    table: ClassVar[Table]

    name: str
    options: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"name": value}
        if isinstance(value, dict):
            given = {key: item for key, item in value.items() if key not in ("name", "options")}
            return {"name": value.get("name"), "options": {**value.get("options", {}), **given}}
        return value

    @model_validator(mode="after")
    def _check(self) -> BrickChoice:
        if self.name not in self.table:
            raise ValueError(f"there is no {self.table.title} named {self.name!r}. {nearest(self.name, self.table)}")
        known = self.brick.options
        for key in self.options:
            if key not in known:
                hint = nearest(key, known) if known else f"{self.name} has no options."
                raise ValueError(f"{self.table.title} {self.name!r} has no option {key!r}. {hint}")
        checked = {key: option.check(self.options.get(key, option.default), key) for key, option in known.items()}
        object.__setattr__(self, "options", checked)
        return self

    @model_serializer
    def _flat(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}

    @property
    def brick(self) -> Brick:
        return self.table[self.name]

    def __getitem__(self, option: str) -> Any:
        try:
            return self.options[option]
        except KeyError:
            raise OgiveError(f"{self.table.title} {self.name!r} has no option {option!r}.") from None
