"""Sampling flags, made from `SamplingSettings`: what `generate` and `chat` share."""

from __future__ import annotations

import argparse

from core.settings.forms import FieldInfo, describe
from core.settings.load import load_subject
from core.settings.problems import validate
from core.settings.sampling import SamplingSettings

_SHORT = {"temperature": "--temp", "repetition_penalty": "--rep", "max_new_tokens": "--max-tokens"}


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """One flag per sampling setting, and `--sampling NAME` for a kept set of them."""
    group = parser.add_argument_group("sampling")
    group.add_argument("--sampling", metavar="NAME", help="start from a kept set (`ogive settings list sampling`)")
    for info in describe(SamplingSettings):
        names = [f"--{info.path.replace('_', '-')}", *([_SHORT[info.path]] if info.path in _SHORT else [])]
        group.add_argument(*names, metavar="N", dest=info.path, help=_help(info))


def sampling_from(args: argparse.Namespace) -> SamplingSettings:
    """The settings that the flags ask for; OgiveError names a value that cannot be."""
    base: SamplingSettings | None = None
    if args.sampling:
        loaded = load_subject("sampling", args.sampling, args.workspace)
        base = loaded if isinstance(loaded, SamplingSettings) else None
    given = {
        info.path: _number(getattr(args, info.path))
        for info in describe(SamplingSettings)
        if getattr(args, info.path) is not None
    }
    return validate(SamplingSettings, (base or SamplingSettings()).model_dump() | given, "the command line")


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _help(info: FieldInfo) -> str:
    limits = str(info.bounds)
    default = "fresh" if info.default is None else f"{info.default:g}"
    return f"{info.help} ({', '.join(part for part in (limits, f'default {default}') if part)})".replace("%", "%%")
