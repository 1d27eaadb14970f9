"""Models: what there is to use, what one costs before and after it is built, and new shapes from old ones."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any, cast

from core.cli.tables import count as short
from core.cli.tables import table
from core.errors import OgiveError, nearest
from core.models import counting, presets
from core.models.catalog import ModelEntry, list_models, resolve_model
from core.models.diagram import diagram
from core.models.names import CONFIG, MODEL_TYPE
from core.settings import load, names, store
from core.settings.model import ModelSettings
from core.settings.run import RunSettings
from core.settings.training import Optimizer
from core.workspace import Workspace

DEFAULT_VOCAB = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.add_parser("list", help="the models here: of runs, in folders, bundled")
    one = commands.add_parser("show", help="a model or a shape: parameters and arithmetic by part, memory by term")
    one.add_argument("name", nargs="?", help="a model, a shape (configs/model) or a recipe (default: the newest model)")
    one.add_argument("--vocab-size", type=_positive, help=f"for a shape: tokens (default: {DEFAULT_VOCAB})")
    one.add_argument("--batch", type=_positive, help="sequences in memory at once (default: the recipe's, or 8)")
    one.add_argument("--context", type=_positive, help="length of a sequence (default: the model's)")
    one.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of training (default: fp32)")
    one.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where it trains (default: cpu)")
    _set(one)
    one = commands.add_parser("new", help="a new shape, from what there is")
    one.add_argument("name")
    one.add_argument("--from", dest="parent", help="the shape to start from (default: NAME itself, else tiny)")
    one.add_argument("--depth", type=_positive, help="in place of --from: so many layers, all else follows from it")
    one.add_argument("--recipe", metavar="FROM", help="with --depth: save a recipe too, with the data of recipe FROM")
    one.add_argument("--description", default=None, help="one line for the list")
    _set(one)


def _set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], metavar="a=b", help="change one setting (repeatable)")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def run(args: argparse.Namespace) -> int:
    return {"list": _list, "show": _show, "new": _new}[args.action](args)


# -- list --------------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    entries = list_models(args.workspace)
    if args.json:
        print(json.dumps([entry.as_json() for entry in entries], indent=2))
        return 0
    if not entries:
        print(f"There are no models in {args.workspace.checkpoints} yet. `ogive demo` makes the first.")
        return 0
    rows = [
        [
            entry.name,
            entry.source,
            ", ".join(entry.marks) or "-",
            "-" if entry.step is None else str(entry.step),
            short(entry.parameters),
            "-" if entry.context is None else str(entry.context),
            entry.title,
        ]
        for entry in entries
    ]
    print(table(["model", "from", "is", "step", "parameters", "context", "title"], rows))
    return 0


# -- show --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Subject:
    """What is shown: settings, vocabulary, and where they come from."""

    title: str
    settings: ModelSettings
    vocab_size: int
    batch: int
    optimizer: Optimizer
    context: int
    entry: ModelEntry | None = None


def _show(args: argparse.Namespace) -> int:
    subject = _find(args)
    settings, vocab_size = subject.settings, subject.vocab_size
    context = args.context or subject.context
    if context > settings.context:
        raise OgiveError(f"A context of {context} is longer than the model's {settings.context}.")
    batch = args.batch or subject.batch
    counted = counting.count(settings, vocab_size, context)
    training = counting.training_memory(
        settings,
        vocab_size,
        batch=batch,
        context=context,
        precision=args.precision,
        optimizer=subject.optimizer,
        device=args.device,
    )
    inference = counting.inference_memory(settings, vocab_size, batch=1, length=context)
    if args.json:
        shown = _as_json(subject, counted, training, inference) | {"batch": batch, "precision": args.precision}
        print(json.dumps(shown, indent=2))
        return 0
    print(subject.title)
    print(_sentence(settings, vocab_size))
    print()
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    print("\n".join(diagram(settings, vocab_size, context, ascii=plain)))
    print()
    total = counted.parameters
    rows = [
        [
            part.name,
            f"{part.parameters:,}" if part.parameters else "shared",
            f"{part.parameters / total:.1%}" if part.parameters else "-",
            f"{short(part.flops)}FLOP" if part.flops else "-",
        ]
        for part in counted.parts
        if part.parameters or part.flops
    ]
    rows.append(["all", f"{total:,}", "", short(counted.forward_flops) + "FLOP"])
    print(table(["part", "parameters", "share", "per token read"], rows))
    if counted.active < total:
        print(f"\n{counted.active:,} parameters are active: a token meets only some of the experts")
    print(f"\ntraining costs {short(counted.training_flops)}FLOP per token at context {context}")
    print(f"\nmemory while training on {batch} x {context} tokens ({args.precision}, {subject.optimizer.name})")
    print(_memory(training))
    print(f"\nmemory while writing one text of {context} tokens")
    print(_memory(inference))
    return 0


def _memory(memory: counting.Memory) -> str:
    rows = [
        [f"  {name}", size(held), "largest" if name == memory.largest else ""] for name, held in memory.terms.items()
    ]
    if memory.spared:
        rows.append(["  not at once", f"-{size(memory.spared)}", "gradients come as activations go"])
    rows.append(["  all", size(memory.total), ""])
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{name:{width}}  {held:>9}  {note}".rstrip() for name, held, note in rows)


def size(held: float) -> str:
    """Bytes for people: `812 B`, `4.2 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if held < 1024:
            return f"{held:.0f} {unit}" if unit == "B" or held >= 100 else f"{held:.1f} {unit}"
        held /= 1024
    return f"{held:.1f} TiB"


def _sentence(settings: ModelSettings, vocab_size: int) -> str:
    s = settings
    kv = s.kv_heads_resolved
    kind = "MHA" if kv == s.heads else "MQA" if kv == 1 else f"GQA with {kv} key heads"
    switches = (
        ("QK-norm", s.qk_norm),
        (f"window {s.window}", s.window is not None),
        ("norm of the embedding", s.embedding_norm),
        ("biases", s.bias),
        ("zero start", s.zero_init),
    )
    extras = [name for name, on in switches if on]
    count, active = counting.expert_counts(s)
    routed = f"{active} of {count} experts of " if s.routed else ""
    return (
        f"{s.layers} layers of {s.hidden_size}, {s.heads} heads of {s.head_size_resolved} ({kind}), "
        f"{routed}{s.feedforward.name} {s.ffn_size_resolved}, {s.norm.name}, "
        f"{s.positions.name} positions, {'tied' if s.tied else 'free'} head"
        f"{''.join(f', {extra}' for extra in extras)}; context {s.context}, vocabulary {vocab_size}"
    )


def _as_json(
    subject: _Subject, counted: counting.Count, training: counting.Memory, inference: counting.Memory
) -> dict[str, Any]:
    return {
        "title": subject.title,
        "diagram": diagram(subject.settings, subject.vocab_size, counted.context),
        "settings": subject.settings.model_dump(mode="json"),
        "vocab_size": subject.vocab_size,
        "context": counted.context,
        "parameters": counted.parameters,
        "active_parameters": counted.active,
        "parts": [vars(part) for part in counted.parts],
        "forward_flops_per_token": counted.forward_flops,
        "training_flops_per_token": counted.training_flops,
        "training_memory": training.terms | {"all": training.total, "largest": training.largest},
        "inference_memory": inference.terms | {"all": inference.total, "largest": inference.largest},
        "model": subject.entry.as_json() if subject.entry else None,
    }


def _find(args: argparse.Namespace) -> _Subject:
    """A shape, else a model, else a recipe of that name."""
    name, workspace = args.name, args.workspace
    if name and _has(workspace, "model", name):
        settings = cast(ModelSettings, load.load_subject("model", name, workspace, args.set))
        return _shape(f"shape {name}", settings, args)
    try:
        entry = resolve_model(workspace, name)
    except OgiveError:
        if not name:
            raise
        if _has(workspace, "training", name):
            return _recipe(name, load.load_run(name, workspace, args.set), args)
        if "/" in name:
            raise
        known = {item.name for subject in ("model", "training") for item in names.list_settings(workspace, subject)}
        known |= {entry.name for entry in list_models(workspace)}
        raise OgiveError(f"There is no model, shape or recipe {name!r}.", nearest(name, known)) from None
    if args.set or args.vocab_size:
        raise OgiveError(f"{entry.name} is built already: its shape cannot be changed.", "Start from a shape instead.")
    return _built(entry)


def _has(workspace: Workspace, subject: str, name: str) -> bool:
    try:
        names.find(workspace, subject, name)
    except OgiveError:
        return False
    return True


def _shape(title: str, settings: ModelSettings, args: argparse.Namespace) -> _Subject:
    adamw = Optimizer.model_validate("adamw")
    return _Subject(title, settings, args.vocab_size or DEFAULT_VOCAB, 8, adamw, settings.context)


def _recipe(name: str, recipe: RunSettings, args: argparse.Namespace) -> _Subject:
    training = recipe.training
    return _Subject(
        f"recipe {name}",
        recipe.model,
        args.vocab_size or recipe.tokenizer.options.get("vocab_size", DEFAULT_VOCAB),
        training.micro_batch_size or training.batch_size,
        training.optimizer,
        training.context or recipe.model.context,
    )


def _built(entry: ModelEntry) -> _Subject:
    # The room that reads config.json knows tensors too, so it is imported only for a model that is built.
    from core.models.folder import read_config, settings_of
    from core.models.native import settings_from

    if entry.source == "hub":
        raise OgiveError(f"{entry.name} is not here.", "Download it first, or use it with `ogive chat`.")
    config = read_config(entry.location)
    if config.get("model_type") == MODEL_TYPE:
        settings, vocab_size = settings_of(config, entry.location)
    else:
        settings, vocab_size = settings_from(config)[1], int(config.get("vocab_size", 0))
        if not vocab_size:
            raise OgiveError(f"{entry.location}/{CONFIG} names no vocab_size.")
    title = f"model {entry.name}: {entry.location}"
    return _Subject(title, settings, vocab_size, 8, Optimizer.model_validate("adamw"), settings.context, entry)


# -- new ---------------------------------------------------------------------------------------------------------------


def _new(args: argparse.Namespace) -> int:
    if args.depth:
        return _by_depth(args)
    if args.recipe:
        raise OgiveError("--recipe goes with --depth.", "`ogive settings new` makes recipes from other ones.")
    parent = args.parent or (args.name if _has(args.workspace, "model", args.name) else "tiny")
    stored = names.find(args.workspace, "model", parent)
    settings = cast(ModelSettings, load.load_subject("model", parent, args.workspace, args.set))
    if args.name.partition("@")[0] == stored.name and not args.set:
        raise OgiveError(f"{args.name} would be the same as {stored.reference}.", "Change something with --set a=b.")
    name = args.name.partition("@")[0]
    description = args.description if args.description is not None else f"From {stored.reference}"
    path = store.save_version(
        settings, args.workspace, subject="model", name=name, parent=stored.reference, description=description
    )
    counted = counting.count(settings, DEFAULT_VOCAB)
    saved = names.find(args.workspace, "model", path)
    if args.json:
        print(json.dumps(saved.as_json() | {"parameters": counted.parameters}, indent=2))
        return 0
    print(f"saved model/{saved.reference} (from {stored.reference}): {path}")
    print(f"{counted.parameters:,} parameters with a vocabulary of {DEFAULT_VOCAB}; use it with `model: {name}`.")
    return 0


def _by_depth(args: argparse.Namespace) -> int:
    """A shape by the dial, and with --recipe all that trains it."""
    if args.parent:
        raise OgiveError("--depth and --from are two beginnings.", "Give one of them.")
    recipe = load.load_run(args.recipe, args.workspace) if args.recipe else None
    vocab_size = DEFAULT_VOCAB if recipe is None else recipe.tokenizer.options.get("vocab_size", DEFAULT_VOCAB)
    preset = presets.by_depth(args.depth, vocab_size)
    settings = load.change(preset.model, args.set)
    name = args.name.partition("@")[0]
    about = f"The dial at depth {preset.depth}" if args.description is None else args.description
    path = store.save_version(settings, args.workspace, subject="model", name=name, description=about)
    saved = names.find(args.workspace, "model", path)
    paths = [path]
    if recipe is not None:
        tree = recipe.model_dump() | {"model": settings.model_dump()}
        tree["training"] |= preset.training | {"context": None, "micro_batch_size": None}
        made = RunSettings.model_validate(tree | {"name": name, "parent": f"{recipe.name}@{recipe.version}"})
        paths.append(store.save_version(made, args.workspace, description=f"{about}, data as in {recipe.name}"))
    figures = {
        "parameters": counting.count(settings, vocab_size).parameters,
        "vocab_size": vocab_size,
        **{key: getattr(preset, key) for key in ("depth", "lr", "batch_size", "steps", "tokens", "warmup")},
    }
    if args.json:
        print(json.dumps(saved.as_json() | figures | {"saved": [str(each) for each in paths]}, indent=2))
        return 0
    print(f"saved model/{saved.reference}: {', '.join(map(str, paths))}")
    print(_sentence(settings, vocab_size))
    print(
        f"{figures['parameters']:,} parameters; train on {short(preset.tokens)}tokens: {preset.steps} steps of "
        f"{preset.batch_size} x {settings.context}, learning rate {preset.lr:g}, {preset.warmup} steps of warm-up"
    )
    print(f"`ogive train {name}` begins." if recipe else f"Use it with `model: {name}`.")
    return 0
