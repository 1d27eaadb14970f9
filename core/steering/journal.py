"""The journal of a session: `journal.jsonl`, one event a line, only ever added to. It is the truth; the tree is read
from it, and what `journal.md` tells people is written from it.

Every line has a number of its own. A line that a kill tore was never acknowledged and is passed over; a line that is
missing or damaged in the middle is told, by its number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import LineFile, os_failure, read_json, write_json
from core.steering.tree import Tree

EVENTS, ABOUT, STORY = "journal.jsonl", "session.json", "journal.md"
FORMAT = 1
_HEAVY = (b'{"kind":"group"', b'{"kind":"control"')


class Journal:
    """The events file, open for adding."""

    def __init__(self, folder: Path, written: int) -> None:
        self._file = LineFile(folder / EVENTS)
        self._next = written

    def write(self, event: Mapping[str, Any], sync: bool = False) -> dict[str, Any]:
        """Add an event and return it as it stands there; with `sync` it is on the disk before this returns."""
        line = {"kind": event["kind"], "n": self._next, "at": stamp(), **event}
        self._file.append(line)
        self._next += 1
        if sync:
            self._file.sync()
        return line

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Record:
    """A session as its files tell it: what `session.json` says, the tree, and how many events made it."""

    folder: Path
    about: dict[str, Any]
    tree: Tree
    events: int
    thought: dict[int, float]
    """Seconds from the group's last token to the decision, by the node that the decision made."""

    @property
    def id(self) -> str:
        return self.folder.name


def write_about(folder: Path, about: Mapping[str, Any]) -> None:
    """`session.json`, atomically."""
    write_json(folder / ABOUT, {"format": FORMAT, **about})


def read_about(folder: Path) -> dict[str, Any]:
    """What `session.json` says; OgiveError when this is no session or one of a newer program."""
    if not (folder / ABOUT).is_file():
        raise OgiveError(f"There is no session in {folder}.", "`ogive journal list` shows them.")
    about = read_json(folder / ABOUT)
    if not isinstance(about, dict) or not isinstance(about.get("settings"), dict):
        raise OgiveError(f"{folder / ABOUT} is damaged.", "Restore it from a copy.")
    if about.get("format") != FORMAT:
        raise OgiveError(f"{folder.name} was written by another version of Ogive.", "Use that version.")
    return about


def read(folder: Path) -> Record:
    """The whole session from its files, without torch and without locking it."""
    about = read_about(folder)
    tree, count = Tree(), 0
    thought: dict[int, float] = {}
    for event in events(folder):
        try:
            tree.apply(event)
            if event["kind"] == "decide" and event.get("thought") is not None:
                thought[int(event["id"])] = float(event["thought"])
        except (KeyError, TypeError, ValueError, IndexError):
            raise OgiveError(
                f"{folder / EVENTS}: event {event.get('n')} does not fit what came before it.", _RESTORE
            ) from None
        count = int(event["n"]) + 1
    if not tree.nodes:
        raise OgiveError(f"Session {folder.name} holds nothing: it was ended before it began.", "Delete it.")
    return Record(folder, about, tree, count, thought)


_RESTORE = "Restore the file from a copy; what comes before that line is whole."


def events(folder: Path, *, light: bool = False) -> Iterator[dict[str, Any]]:
    """The events in order; `light` leaves out the long ones (groups, control answers), unread.

    Raises OgiveError when one is missing.
    """
    path = folder / EVENTS
    expected = 0
    try:
        with path.open("rb") as file:
            for line in file:
                if light and line.startswith(_HEAVY):
                    expected += 1
                    continue
                event = _parsed(line)
                if event is None:
                    continue
                if event["n"] != expected and not light:
                    raise OgiveError(f"{path} has lost event {expected}.", _RESTORE)
                expected = event["n"] + 1
                yield event
    except OSError as error:
        raise os_failure("read", path, error) from error


def _parsed(line: bytes) -> dict[str, Any] | None:
    """One event; None for a torn line."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("n"), int) and "kind" in event else None


def stamp() -> str:
    """Now, as the journal writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
