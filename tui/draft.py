"""A recipe being edited: the values as typed, what is wrong with each, and what it was made from. No screen here."""

from __future__ import annotations

import copy
import json
import re
import shlex
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from core.errors import OgiveError
from core.settings.forms import FieldInfo, describe
from core.settings.load import load_subject
from core.settings.problems import explain_problem
from core.settings.run import RunSettings
from core.settings.store import compare, list_settings
from core.settings.text import parse_value
from core.workspace import Workspace

HIDDEN = frozenset({"version", "parent", "created_at"})
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Unreadable:
    """Text that is not a value of its field's kind; kept as typed."""

    text: str
    problem: str


class Draft:
    """Values may be wrong for a while (a width that no longer fits the heads); `problems` says which and why.

    `base` is the recipe it began as, `settings` the last values that were valid as a whole.
    """

    KIND: ClassVar[type[Any]] = RunSettings
    SUBJECT: ClassVar[str] = "training"
    FIRST: ClassVar[str] = "demo"
    """The recipe that a newcomer begins from."""

    def __init__(self, base: Any, reference: str = "") -> None:
        self.base = base
        self.reference = reference
        """`name@version` of the recipe, empty when it began from the defaults."""
        self.settings: Any = base
        self._tree = base.model_dump(mode="json")
        self._unreadable: dict[str, Unreadable] = {}
        self.problems: dict[str, str] = {}
        self.fields: list[FieldInfo] = []
        self._last = ""
        self._check()

    @classmethod
    def begin(cls, workspace: Workspace, reference: str = "", tree: dict[str, Any] | None = None) -> Self:
        """From a recipe (default: the first that fits a newcomer), then the remembered values laid over it."""
        recipes = [stored.reference for stored in list_settings(workspace, cls.SUBJECT)]
        if not reference:
            names = [stored.partition("@")[0] for stored in recipes]
            reference = cls.FIRST if cls.FIRST in names else (recipes[0] if recipes else "")
        draft = cls(load_subject(cls.SUBJECT, reference, workspace), reference) if reference else cls(cls.KIND())
        if reference and "@" not in reference:
            draft.reference = f"{draft.base.name}@{draft.base.version}"
        if tree is not None:
            draft.replace(tree)
        return draft

    def replace(self, tree: dict[str, Any]) -> None:
        """Take all values from `tree`; one that does not fit the schema any more is left out whole."""
        try:
            settings = self.KIND.model_validate(tree)
        except ValidationError:
            return
        self.settings, self._tree = settings, settings.model_dump(mode="json")
        self._check()

    @property
    def valid(self) -> bool:
        return not self.problems

    @property
    def tree(self) -> dict[str, Any]:
        """The values as a plain mapping, for remembering."""
        return self._tree

    # Reading

    def value(self, path: str) -> Any:
        """The value at a dot path; the text itself where it could not be read."""
        if path in self._unreadable:
            return self._unreadable[path].text
        here: Any = self._tree
        for key in path.split("."):
            if isinstance(here, str):
                return None
            here = here[int(key)] if isinstance(here, list) else here.get(key)
        return _flat(here)

    def text(self, info: FieldInfo) -> str:
        """The value as one types it."""
        value = self.value(info.path)
        if isinstance(value, str) and (info.path in self._unreadable or info.kind != "list"):
            return value
        return write(value)

    def base_value(self, path: str) -> Any:
        here: Any = self.base.model_dump(mode="json")
        for key in path.split("."):
            try:
                here = here[int(key)] if isinstance(here, list) else here[key]
            except (KeyError, IndexError, TypeError, ValueError):
                return None
        return _flat(here)

    def changed(self, info: FieldInfo) -> bool:
        """Whether the value is not the recipe's."""
        return info.path in self._unreadable or self.value(info.path) != self.base_value(info.path)

    @property
    def changes(self) -> int:
        return len(compare(self.base, self.settings))

    # Writing

    def put(self, path: str, text: str) -> str:
        """Set the field at `path` from text; what is wrong with it now, or ''."""
        info = self.field(path)
        self._last = path
        self._unreadable.pop(path, None)
        try:
            value = read(info, text)
        except ValueError as error:
            self._unreadable[path] = Unreadable(text, str(error))
        else:
            self._assign(path, value, info)
        self._check()
        return self.problems.get(path, "")

    def try_out(self, path: str, text: str) -> str:
        """What would be wrong with `text` at `path`; nothing is changed."""
        trial = copy.copy(self)
        trial._tree = copy.deepcopy(self._tree)
        trial._unreadable = dict(self._unreadable)
        return trial.put(path, text)

    def reset(self, path: str) -> None:
        """Put the field back to the recipe's value, or to its default where the recipe has none."""
        info = self.field(path)
        before = self.base_value(path)
        self._unreadable.pop(path, None)
        self._last = path
        self._assign(path, before if before is not None or info.optional else info.default, info)
        self._check()

    def field(self, path: str) -> FieldInfo:
        for info in self.fields:
            if info.path == path:
                return info
        raise OgiveError(f"There is no field {path!r}.")

    def _assign(self, path: str, value: Any, info: FieldInfo) -> None:
        *above, last = path.split(".")
        here: Any = self._tree
        for key in above:
            here = here[int(key)] if isinstance(here, list) else here[key]
        if info.kind == "brick" and _flat(here[last]) != value:
            # Another brick has other options: what was typed for the old one goes.
            value = {"name": value}
            self._unreadable = {at: bad for at, bad in self._unreadable.items() if not at.startswith(f"{path}.")}
        elif info.kind == "brick":
            return
        elif info.kind == "bricks":
            old = {item["name"] if isinstance(item, dict) else item: item for item in here[last]}
            value = [old.get(name, {"name": name}) for name in value]
        here[int(last) if isinstance(here, list) else last] = value

    def _check(self) -> None:
        problems = {path: bad.problem for path, bad in self._unreadable.items()}
        try:
            self.settings = self.KIND.model_validate(self._tree)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                message, hint = explain_problem(each, self.KIND)
                place = self._place(".".join(map(str, each["loc"])), message)
                problems.setdefault(place, f"{message}. {hint}".strip() if hint else message)
            self._follow()
        else:
            self._tree = self.settings.model_dump(mode="json")
        self.fields = [info for info in describe(self.settings) if info.path not in HIDDEN]
        self.problems = problems

    def _follow(self) -> None:
        """With something else still wrong, let the last change alone reach `settings`, so that its options show."""
        if not self._last or self._last in self._unreadable:
            return
        tree = self.settings.model_dump(mode="json")
        *above, last = self._last.split(".")
        source, target = self._tree, tree
        try:
            for key in above:
                source, target = source[key], target[key]
            target[last] = copy.deepcopy(source[last])
            self.settings = self.KIND.model_validate(tree)
        except (KeyError, TypeError, ValidationError):
            return

    def _place(self, path: str, message: str) -> str:
        """The field a complaint belongs to: the one just edited if it is named, else the first named, else the path."""
        paths = [
            info.path for info in self.fields if info.path == path or info.path.startswith(f"{path}." if path else "")
        ]
        if path in paths and not any(p.startswith(f"{path}.") for p in paths):
            return path
        words = set(re.findall(r"[a-z_]+", message))
        named = [each for each in paths if each.rpartition(".")[2] in words]
        if self._last in named:
            return self._last
        return named[0] if named else (path or self._last)

    # What comes out

    def arguments(self) -> list[str]:
        """The words of `ogive train` that make this run: the recipe, then what differs from it."""
        return [*self._command(), *self._changes()]

    def _command(self) -> list[str]:
        if self.reference and self.base.version > 1:
            return ["ogive", "train", self.reference]
        return ["ogive", "train", self.base.name if self.reference else "RECIPE"]

    def _changes(self) -> list[str]:
        words: list[str] = []
        tree, before = self.settings.model_dump(mode="json"), self.base.model_dump(mode="json")
        for info in self.fields:
            if info.path == "name" or ("." in info.path and _is_inside_brick(tree, info.path)):
                continue
            now, then = _at(tree, info.path), _at(before, info.path)
            for path, value in _differences(info, now, then, self.fields):
                words += ["--set", f"{path}={literal(value)}"]
        if self.settings.name != self.base.name:
            words += ["--name", self.settings.name]
        return words

    def command(self) -> str:
        """`arguments` as one types them in a shell."""
        return shlex.join(self.arguments())


def _flat(value: Any) -> Any:
    """A brick as its name, a list of bricks as names."""
    if isinstance(value, dict) and "name" in value:
        return value["name"]
    if isinstance(value, list):
        return [_flat(item) for item in value]
    return value


_ABSENT = object()


def _at(tree: Any, path: str) -> Any:
    here = tree
    for key in path.split("."):
        try:
            here = here[int(key)] if isinstance(here, list) else here[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return _ABSENT
    return here


def _is_inside_brick(tree: Any, path: str) -> bool:
    """Whether a path leads into a brick, or into a list of them: its owner tells of it."""
    keys = path.split(".")
    above = [_at(tree, ".".join(keys[:depth])) for depth in range(1, len(keys))]
    return any(isinstance(here, list) or (isinstance(here, dict) and "name" in here) for here in above)


def _differences(info: FieldInfo, now: Any, then: Any, fields: list[FieldInfo]) -> list[tuple[str, Any]]:
    """The (path, value) pairs that turn `then` into `now`."""
    if now == then:
        return []
    if info.kind == "bricks" and [_flat(one) for one in now] == [_flat(one) for one in then or []]:
        parts = [_brick_differences(f"{info.path}.{i}", a, b) for i, (a, b) in enumerate(zip(now, then))]
        return [pair for part in parts for pair in part]
    if info.kind == "brick" and _flat(now) == _flat(then):
        return _brick_differences(info.path, now, then)
    if info.kind == "brick":
        defaults = {each.path: each.default for each in fields}
        options = {key: defaults.get(f"{info.path}.{key}", _ABSENT) for key in now}
        return [(info.path, now["name"]), *_brick_differences(info.path, now, {**options, "name": now["name"]})]
    return [(info.path, now)]


def _brick_differences(path: str, now: dict[str, Any], then: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(f"{path}.{key}", value) for key, value in now.items() if value != then.get(key, _ABSENT)]


def literal(value: Any) -> str:
    """A value as `--set` reads it back: YAML on one line, quoted only where it must be."""
    if value is None:
        return "null"
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _./-]*", value) and parse_value(value) == value
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else write(value)


def write(value: Any) -> str:
    """A value as text that `read` and `--set` understand."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list):
        if all(isinstance(item, str) and re.fullmatch(r"[A-Za-z0-9_.-]+", item) for item in value):
            return ", ".join(value)
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def read(info: FieldInfo, text: str) -> Any:
    """Text as a value of the field's kind; ValueError says what was expected."""
    given = text.strip()
    if info.kind == "text":
        return text if given or not info.optional else None
    if not given and info.optional:
        return None
    if info.kind == "integer":
        try:
            return int(given.replace("_", "").replace(" ", ""))
        except ValueError:
            raise ValueError(f"must be a whole number{_limits(info)}, not {given!r}") from None
    if info.kind == "number":
        try:
            return float(given.replace("_", ""))
        except ValueError:
            raise ValueError(f"must be a number{_limits(info)}, not {given!r}") from None
    if info.kind == "flag":
        if given.lower() not in WORDS:
            raise ValueError(f"must be true or false, not {given!r}")
        return WORDS[given.lower()]
    if info.kind == "bricks":
        names = [name.strip() for name in given.strip("[]").split(",") if name.strip()]
        for name in names:
            if name not in info.choices:
                raise ValueError(f"must be some of {', '.join(info.choices)}, not {name!r}")
        return names
    if info.kind == "list":
        try:
            value = parse_value(given if given.startswith("[") else f"[{given}]" if given else "[]")
        except OgiveError:
            value = None
        if not isinstance(value, list):
            raise ValueError('must be a list, such as "Once", "The crow said"')
        return value
    return given


def _limits(info: FieldInfo) -> str:
    return f", {info.bounds}" if str(info.bounds) else ""
