"""The `ogive` command's entry: parses what only the app knows, and opens the app when a command asks for it.

Nothing heavy is imported here: `ogive --help` must not wait for Textual, and Textual reads its switches from the
environment when it is first imported.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import OgiveError, nearest
from core.workspace import Workspace

THEME_NAMES = ("ogive-dark", "ogive-light", "ogive-ansi")


@dataclass
class AppOptions:
    """What may be said of the app on any command line that opens it."""

    ascii_only: bool = False
    mouse: bool = True
    theme: str | None = None


def take_options(argv: Sequence[str]) -> tuple[list[str], AppOptions]:
    """`argv` without `--ascii`, `--no-mouse` and `--theme NAME`, and their values."""
    rest: list[str] = []
    options = AppOptions(ascii_only=bool(os.environ.get("OGIVE_ASCII")), mouse=not os.environ.get("OGIVE_NO_MOUSE"))
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--ascii":
            options.ascii_only = True
        elif word == "--no-mouse":
            options.mouse = False
        elif word == "--theme" or word.startswith("--theme="):
            given = word.partition("=")[2] or next(words, "") if "=" in word or word == "--theme" else ""
            name = given if given.startswith("ogive-") else f"ogive-{given}"
            if name not in THEME_NAMES:
                raise OgiveError(f"There is no theme {given!r}.", nearest(name, THEME_NAMES))
            options.theme = name
        else:
            rest.append(word)
    return rest, options


def main(argv: Sequence[str] | None = None) -> int:
    """Run one `ogive` command; without a command the app opens at home."""
    from core.cli.main import main as run

    try:
        words, options = take_options(sys.argv[1:] if argv is None else argv)
    except OgiveError as error:
        print(f"ogive: {error}", file=sys.stderr)
        return 2

    def open_app(screen: str = "home", *, workspace: Workspace, **arguments: Any) -> int:
        return run_app(screen, workspace, options, arguments)

    return run(words, open_app=open_app)


def run_app(screen: str, workspace: Workspace, options: AppOptions, arguments: dict[str, Any]) -> int:
    """Show `screen` until the person leaves; the exit status. The terminal is as before, whatever happened."""
    if not (sys.stdin.isatty() and (sys.stderr.isatty() or sys.stdout.isatty())):
        raise OgiveError("The app needs a terminal.", "`ogive --help` lists the commands that work without one.")
    # Most of what is made until the first picture stays for good: looking through it for rubbish, again and again, is a
    # quarter of the time until then. The app turns collection on when it has drawn.
    gc.disable()
    from tui.terminal import drawing_apart, log_file, prepare_environment, watched_terminal

    prepare_environment(os.environ)
    path = log_file()
    with watched_terminal():
        from tui.overview import FirstReading

        first_reading = FirstReading(workspace)
        with drawing_apart(path):
            from tui.app import OgiveApp

            app = OgiveApp(
                workspace,
                screen=screen,
                arguments=arguments,
                theme_name=options.theme,
                ascii_only=options.ascii_only,
                log_path=path,
                advice=advice(os.environ),
                first_reading=first_reading,
            )
            for name in ("SIGTERM", "SIGHUP"):
                signal.signal(getattr(signal, name), lambda number, _: app.leave_by_signal(number))
            app.run(mouse=options.mouse)
        if app.runner.active is not None and app.runner.active.handle.alive:
            _say([f"Saving {app.runner.active.id} ..."])
        _say(app.finish())
    failed = app.failure
    if failed:
        print(f"ogive: {failed} The traceback is in {path}.", file=sys.stderr)
        return 1
    return app.return_value if app.return_value is not None else 0


def _say(lines: list[str]) -> None:
    """Print for the normal screen; a terminal that has gone is no failure."""
    try:
        for line in lines:
            print(line, flush=True)
    except OSError:
        # What could not be written must not be tried again when Python ends.
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)


def advice(environ: os._Environ[str]) -> str:
    """One line, once, for a terminal that a network failure would close."""
    if environ.get("SSH_TTY") and not (environ.get("TMUX") or environ.get("STY")):
        return (
            "Over SSH without tmux: a lost connection saves and stops what runs here; `d` in the monitor detaches it."
        )
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
