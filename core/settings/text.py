"""Settings as YAML text: reading with the line of every key, and writing with a comment per setting.

Scalars follow YAML 1.2, not PyYAML's 1.1: `off` is a word, `1e-3` a number, `1:30` and dates are text.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from core.errors import OgiveError
from core.files import os_failure

Path = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: ten times as fast
_INTEGER = re.compile(r"[-+]?[0-9][0-9_]*")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass
class Document:
    """A value read from YAML, and where each path in it was written: `demo.yaml, line 3` or `--set a.b=c`."""

    value: Any
    marks: dict[Path, str] = field(default_factory=dict)

    def where(self, path: Path) -> str:
        """The place of the nearest written ancestor of `path`."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.marks:
                return self.marks[path[:end]]
        return ""


def read(path: str | os.PathLike[str]) -> Document:
    """The YAML file `path`; OgiveError names the line of what is not YAML or stands twice."""
    file = FilePath(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise os_failure("read", file, error) from error
    except UnicodeDecodeError as error:
        raise OgiveError(f"{file} is not UTF-8 text.") from error
    return parse(text, str(file))


def parse(text: str, source: str = "") -> Document:
    """YAML `text` as a Document; `source` names it in errors and marks."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or "it cannot be read"
        raise OgiveError(f"{source}, line {line}: this is not YAML: {problem}.", "Check colons and indents.") from error
    except yaml.YAMLError as error:
        raise OgiveError(f"{source}: this is not YAML: {error}.") from error
    document = Document(None)
    document.value = _build(node, (), source, document.marks) if node is not None else None
    return document


def parse_value(text: str) -> Any:
    """One value as `--set` takes it: `8`, `1e-3`, `muon`, `[a, b]`, `{name: muon, momentum: 0.9}`; else plain text."""
    try:
        return parse(text).value
    except OgiveError:
        return text


def _build(node: yaml.Node, path: Path, source: str, marks: dict[Path, str]) -> Any:
    line = node.start_mark.line + 1
    marks.setdefault(path, f"{source}, line {line}")
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), source, marks) for index, item in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise OgiveError(f"{source}, line {line}: a key must be a word.")
        key = str(key_node.value)
        if key in found:
            raise OgiveError(f"{source}, line {line}: {key!r} stands twice here.", "Keep one of them.")
        marks[(*path, key)] = f"{source}, line {line}"
        found[key] = _build(value_node, (*path, key), source, marks)
    return found


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style not in (None, ""):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def write(tree: dict[str, Any], comments: dict[str, str] | None = None, indent: int = 0, prefix: str = "") -> str:
    """`tree` as YAML, one key a line, with `comments[path]` behind each; reads back to the same value."""
    notes = comments or {}
    pad = "  " * indent
    lines: list[str] = []
    for key, value in tree.items():
        path = f"{prefix}{key}"
        note = f"  # {notes[path]}" if path in notes else ""
        if isinstance(value, dict) and value:
            lines.append(f"{pad}{key}:{note}")
            lines.append(write(value, notes, indent + 1, f"{path}."))
        else:
            lines.append(f"{pad}{key}: {_flow(value)}{note}")
    return "\n".join(lines)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        # YAML 1.1 readers take 1e-05 for a word; a dot makes it a number for everyone.
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    if isinstance(value, int):
        return str(value)
    text = str(value)
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@+-]+)*", text)
    words = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
    return text if plain and text.lower() not in words else _quoted(text)


def _quoted(text: str) -> str:
    """A double-quoted scalar; what does not print is escaped."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    found = [
        escapes.get(char)
        or (char if char.isprintable() else f"\\u{ord(char):04x}" if ord(char) < 65536 else f"\\U{ord(char):08x}")
        for char in text
    ]
    return '"' + "".join(found) + '"'
