"""The `ogive` command: finds the command in a table, imports that one module, and turns failures into a sentence.

A command is one file in `core/cli/` with `add_arguments(parser)` and `run(args) -> int`, and one line in COMMANDS.
`args` also carries `workspace` (a Workspace), `json` (bool) and `open_app(screen, **arguments) -> int`, which shows
a screen of the app, or None when there is no app.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from core import __version__
from core.errors import OgiveError, nearest
from core.files import os_failure
from core.workspace import Workspace

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("core.cli.init", "make a workspace from the shipped settings"),
    "doctor": ("core.cli.doctor", "what is found on this machine, and what could be better"),
    "demo": ("core.cli.demo", "from nothing to a trained model on the built-in corpus"),
    "train": ("core.cli.train", "train a model by a recipe"),
    "resume": ("core.cli.resume", "continue a run from its last good checkpoint"),
    "fork": ("core.cli.fork", "a new run from another run's checkpoint"),
    "pipeline": ("core.cli.pipeline", "run a chain of stages: data, tokenizer, pretrain, fine-tune, ..."),
    "merge": ("core.cli.merge", "merge an adapter into its base, and compare the two"),
    "settings": ("core.cli.settings", "list, show, explain, new, compare settings"),
    "model": ("core.cli.model", "list, show, new: models and their shapes"),
    "data": ("core.cli.data", "list, show, preview, splits, add, delete data"),
    "tokenizer": ("core.cli.tokenizer", "list, train, report, compare, search tokenizers"),
    "runs": ("core.cli.runs", "list, show, compare, stop, delete runs"),
    "monitor": ("core.cli.monitor", "watch a run, live or finished"),
    "status": ("core.cli.status", "one line on a run, for a shell or a tmux status bar"),
    "chat": ("core.cli.chat", "talk to a model"),
    "steer": ("core.cli.steer", "shape a model pick by pick"),
    "journal": ("core.cli.journal", "list, show, stats, export, delete steering sessions"),
    "generate": ("core.cli.generate", "continue a text with a model"),
    "export": ("core.cli.export", "a model for other programs: a Hugging Face folder or a GGUF file"),
    "import": ("core.cli.imports", "another family's checkpoint as a model of this workspace"),
    "evaluate": ("core.cli.evaluate", "measure a model: answers, voices, loss on text"),
}

OpenApp = Callable[..., int]


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are OgiveErrors and name the nearest option or command."""

    def error(self, message: str) -> NoReturn:
        hint = f"See `{self.prog} --help`."
        if message.startswith("unrecognized arguments: "):
            word = message.removeprefix("unrecognized arguments: ").split()[0]
            close = nearest(word.partition("=")[0], self.options())
            raise OgiveError(f"`{self.prog}` does not know {word!r}.", close if close.startswith("Did") else hint)
        if "invalid choice: " in message:
            for action in self._actions:
                if isinstance(action, argparse._SubParsersAction):
                    word = message.partition("invalid choice: ")[2].partition("'")[2].partition("'")[0]
                    raise OgiveError(f"`{self.prog}` has no command {word!r}.", nearest(word, action.choices))
        raise OgiveError(f"`{self.prog}`: {message}.", hint)

    def options(self) -> set[str]:
        """Every option of this parser and of the commands below it."""
        found = {option for action in self._actions for option in action.option_strings}
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found.update(*(child.options() for child in action.choices.values()))
        return found


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, (_, text) in COMMANDS.items()]
    return (
        "usage: ogive [--workspace DIR] [COMMAND ...]\n\n"
        "Grow a model. Shape it by hand. Without a command the app opens.\n\n"
        "commands:\n" + "\n".join(lines) + "\n\n"
        "options:\n"
        "  --workspace DIR  folder with configs, checkpoints, journal (default: OGIVE_WORKSPACE, else here)\n"
        "  --json           what the command shows, as JSON (where it shows something)\n"
        "  --theme NAME     the app's colours: dark, light, or ansi (the terminal's own)\n"
        "  --ascii          the app draws with ASCII only\n"
        "  --no-mouse       the app leaves the mouse to the terminal\n"
        "  --version        the program's version\n"
        "  --help           this; `ogive COMMAND --help` for one command"
    )


def _take_common(argv: Sequence[str]) -> tuple[list[str], str | None, bool]:
    """`argv` without `--workspace DIR` and `--json`, wherever they stand before `--`, and their values."""
    rest: list[str] = []
    workspace: str | None = None
    as_json = False
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--json":
            as_json = True
        elif word == "--workspace":
            workspace = next(words, "")
        elif word.startswith("--workspace="):
            workspace = word.partition("=")[2]
        else:
            rest.append(word)
            continue
        if workspace == "":
            raise OgiveError("--workspace needs a folder.", "For example: ogive --workspace ~/models")
    return rest, workspace, as_json


def _dispatch(argv: Sequence[str], open_app: OpenApp | None) -> int:
    words, given, as_json = _take_common(argv)
    first = words[0] if words else ""
    if first in ("-h", "--help", "help"):
        print(_help())
        return 0
    if first in ("--version", "-V"):
        print(f"ogive {__version__}")
        return 0
    if first.startswith("-"):
        raise OgiveError(f"`ogive` has no option {first!r}.", "See `ogive --help`.")
    if first and first not in COMMANDS:
        raise OgiveError(f"`ogive` has no command {first!r}.", nearest(first, COMMANDS))
    workspace = Workspace.find(given)
    if not first:
        if open_app is None:
            print(_help())
            return 0
        return open_app("home", workspace=workspace)
    module = importlib.import_module(COMMANDS[first][0])
    parser = Parser(
        prog=f"ogive {first}",
        description=(module.__doc__ or "").strip() or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Also: --workspace DIR, and --json where something is shown.",
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    args = parser.parse_args(words[1:])
    args.workspace, args.json, args.open_app = workspace, as_json, open_app
    return int(module.run(args) or 0)


def log_failure() -> Path | None:
    """Append the traceback in flight to the program's log; its path, or None when no place can be written."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    for folder in (state / "ogive", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / "ogive-errors.txt"
            with path.open("a", encoding="utf-8") as file:
                stamp = datetime.now(UTC).isoformat(timespec="seconds")
                file.write(f"--- {stamp} ogive {__version__} {' '.join(sys.argv[1:])}\n{traceback.format_exc()}\n")
        except OSError:
            continue
        return path
    return None


def _say(error: OgiveError) -> int:
    print(f"ogive: {error}", file=sys.stderr)
    return 2


def main(argv: Sequence[str] | None = None, open_app: OpenApp | None = None) -> int:
    """Run one command and return its exit status: 2 for what a person can mend, 1 for a defect, 130 for Ctrl+C."""
    try:
        status = _dispatch(sys.argv[1:] if argv is None else argv, open_app)
        sys.stdout.flush()
    except OgiveError as error:
        return _say(error)
    except KeyboardInterrupt:
        print("ogive: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): what is left is not written, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except OSError as error:
        log_failure()
        return _say(os_failure("use", error.filename or "a file", error))
    except Exception as error:  # noqa: BLE001 - the edge of the program: no traceback ever reaches a person
        path = log_failure()
        where = f" The traceback is in {path}." if path else ""
        print(f"ogive: this is a defect of ours: {type(error).__name__}: {error}.{where}", file=sys.stderr)
        return 1
    return status
