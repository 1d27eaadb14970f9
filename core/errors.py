"""The one error a person can cause or mend: a plain sentence and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OgiveError(Exception):
    """A failure told to a person: `message` names the thing and says why, `hint` says what to do next.

    The command line prints both and exits with status 2; the app shows them in a panel. Anything else that escapes
    is a defect of ours and goes to the log with its traceback.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def nearest(word: str, choices: Iterable[str]) -> str:
    """A hint that names the choice closest to `word`, or lists the choices when none is close."""
    names = sorted(choices)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Choose one of: {', '.join(names)}."
