"""The decoder's own source as one file that needs nothing but torch and transformers.

A model that is no other family's travels with `modeling_ogive.py`, put together from the very modules it was trained
with, so its numbers cannot differ. Only what reads settings is written anew: there the settings come from `config.json`
with every default already worked out.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from core.bricks import Table
from core.models.decoder import Decoder
from core.models.folder import config_of
from core.settings.base import BrickChoice
from core.settings.model import ModelSettings

FILE = "modeling_ogive.py"
AUTO_MAP = {"AutoConfig": "modeling_ogive.DecoderConfig", "AutoModelForCausalLM": "modeling_ogive.DecoderForCausalLM"}
MODULES: tuple[tuple[str, frozenset[str] | None], ...] = (
    ("core.errors", frozenset({"OgiveError"})),
    ("core.models.counting", frozenset({"VOCAB_STEP", "CHUNK", "CHUNK_ABOVE", "PLAIN_UP_TO", "padded"})),
    ("core.models.eager", None),
    ("core.models.grouped", None),
    ("core.models.blank", None),
    ("core.models.positions", None),
    ("core.models.norms", None),
    ("core.models.feedforward", None),
    ("core.models.experts", None),
    ("core.models.cache", None),
    ("core.models.loss", None),
    ("core.models.attention", None),
    ("core.models.decoder", None),
    ("core.models.huggingface", frozenset({"_ForeignCache", "DecoderForCausalLM", "_allowed"})),
)
"""What goes in, in order, and which of its names (None: all)."""
_BIASES = ("qkv", "out", "ffn", "norm")
_HEAD = '''"""The model of this folder. It needs torch and transformers 5.24 or newer:

    AutoModelForCausalLM.from_pretrained(FOLDER, trust_remote_code=True)

Made by Ogive from its own modules; see LICENSE of Ogive (MIT).
"""
'''
_SETTINGS = '''

class _Choice:
    """A brick by name with its options."""

    def __init__(self, table, given):
        self.name = given["name"]
        self.options = {key: value for key, value in given.items() if key != "name"}
        self._class = _BRICKS[table][self.name]

    @property
    def brick(self):
        return self

    def load(self):
        return globals()[self._class]


class ModelSettings:
    """The settings of `config.json`, every default already worked out when the folder was written."""

    def __init__(self, model, resolved):
        self.__dict__.update(model)
        self.__dict__.update({key: value for key, value in resolved.items() if key != "biases"})
        for table in _BRICKS:
            setattr(self, table, _Choice(table, model[table]))
        self._biases = resolved["biases"]

    def has_bias(self, part):
        return self._biases[part]


class DecoderConfig(PreTrainedConfig):
    """`model` holds the settings whole, `resolved` what follows from them."""

    model_type = "ogive"
    keys_to_ignore_at_inference = ["cache"]

    def __init__(self, model=None, resolved=None, vocab_size=512, use_cache=True, **others):
        self.model = model or {}
        self.resolved = resolved or {}
        self.vocab_size = vocab_size
        self.use_cache = use_cache
        super().__init__(**others)

    @property
    def settings(self):
        return ModelSettings(self.model, self.resolved)

'''
_VERSION = """
if tuple(int(part) for part in transformers.__version__.split(".")[:2]) < (5, 24):
    raise ImportError("This model's code needs transformers 5.24 or newer.")
"""


def source() -> str:
    """The text of `modeling_ogive.py`; the same for every model of this version."""
    imports: dict[str, None] = {}
    body: list[str] = []
    aliased: set[str] = set()
    for name, wanted in MODULES:
        module = importlib.import_module(name)
        if name == MODULES[-1][0]:
            body.append(f"\n\n_BRICKS = {json.dumps(_bricks(), indent=4)}\n{_SETTINGS}")
        body += _inlined(module, wanted, imports, aliased)
    head = [_HEAD, "from __future__ import annotations\n\n", *(f"{line}\n" for line in sorted(imports)), _VERSION]
    return "".join([*head, *body])


def config(decoder: Decoder, ids: dict[str, Any]) -> dict[str, Any]:
    """`config.json` for a folder that carries `source()`."""
    return {**config_of(decoder, ids), "resolved": resolved(decoder.settings), "auto_map": AUTO_MAP, "use_cache": True}


def resolved(settings: ModelSettings) -> dict[str, Any]:
    """What the decoder asks of its settings besides their fields, worked out."""
    properties = {
        name: getattr(settings, name)
        for name, value in vars(ModelSettings).items()
        if isinstance(value, property) and isinstance(getattr(settings, name), bool | int | float | str)
    }
    return {**properties, "biases": {part: settings.has_bias(part) for part in _BIASES}}


def _bricks() -> dict[str, dict[str, str]]:
    """For each choice of the settings, the class of each brick."""
    found: dict[str, dict[str, str]] = {}
    for name, given in ModelSettings.model_fields.items():
        kind = given.annotation
        if isinstance(kind, type) and issubclass(kind, BrickChoice):
            table: Table = kind.table
            found[name] = {brick.name: brick.path.partition(":")[2] for brick in table.values()}
    return found


def _inlined(
    module: ModuleType, wanted: frozenset[str] | None, imports: dict[str, None], aliased: set[str]
) -> Iterator[str]:
    """The module's statements as they stand, comments too; what it imports from elsewhere goes to `imports`, the names
    it has for our own modules to `aliased`."""
    text = inspect.getsource(module)
    lines = text.splitlines(keepends=True)
    statements = ast.parse(text).body
    aliases: list[tuple[str, str]] = []
    kept: list[str] = []
    keep_text = False  # A string after an assignment documents it.
    for number, node in enumerate(statements):
        if isinstance(node, ast.Import | ast.ImportFrom):
            aliases += _imported(node, imports)
        elif isinstance(node, ast.If):
            continue  # Only for type checkers.
        elif isinstance(node, ast.Expr):
            if keep_text:
                kept.append(_lines(lines, node))
        else:
            keep_text = wanted is None or bool(wanted & set(_names(node)))
            if keep_text:
                space = "\n\n" if number and isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
                kept.append(space + _lines(lines, node))
    for alias, path in aliases:
        if alias in aliased:
            continue
        aliased.add(alias)
        other = importlib.import_module(path)
        names = [name for node in ast.parse(inspect.getsource(other)).body for name in _names(node)]
        yield f"\n\n{alias} = types.SimpleNamespace({', '.join(f'{name}={name}' for name in names)})\n"
    yield "\n" + "".join(kept)


def _imported(node: ast.Import | ast.ImportFrom, imports: dict[str, None]) -> Iterator[tuple[str, str]]:
    """Notes an import from elsewhere; yields (alias, module) for each of our modules that is used by its name."""
    imports["import types"] = imports["import transformers"] = None
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "core":
        for name in node.names:
            path = f"{node.module}.{name.name}"
            if path in dict(MODULES):
                yield name.asname or name.name, path
    elif not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        module = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
        for name in node.names:
            imports[module + (f"{name.name} as {name.asname}" if name.asname else name.name)] = None


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _lines(lines: list[str], node: ast.stmt) -> str:
    """A statement with its decorators."""
    decorated = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorated)])
    return "".join(lines[first - 1 : node.end_lineno])
