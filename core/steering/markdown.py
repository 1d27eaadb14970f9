"""Any text inside Markdown, so that it reads as it was written and can never act as markup or move a cursor."""

from __future__ import annotations

import re
import unicodedata

_ANYWHERE = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")
_AT_START = re.compile(r"^(?:([#+\-=])|(\d+)([.)]))")
_MARKS = {"\t": "    "}


def safe(text: str) -> str:
    """`text` with what does not print shown by its code: control characters, direction marks, stray surrogates.

    Line ends of every kind become newlines; what is left prints or is a newline.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character if _prints(character) else _shown(character) for character in lines)


def _prints(character: str) -> bool:
    if character == "\n":
        return True
    kind = unicodedata.category(character)
    if kind == "Cf":  # joiners shape emoji and scripts; marks of direction turn the line around
        return character in "\u200c\u200d"
    return kind not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")


def _shown(character: str) -> str:
    return _MARKS.get(character) or f"⟨{ord(character):04X}⟩"


def inline(text: str, most: int = 0) -> str:
    """`text` on one line as plain words; `most` > 0 cuts it there with an ellipsis."""
    flat = " ".join(safe(text).split())
    if most and len(flat) > most:
        flat = flat[: most - 1].rstrip() + "…"
    return _plain(flat)


def quoted(text: str, most: int = 0) -> str:
    """`text` as a block quote, line for line; `most` > 0 cuts it there with an ellipsis."""
    shown = safe(text).strip("\n")
    if most and len(shown) > most:
        shown = shown[: most - 1].rstrip() + "…"
    lines = [_line(line) for line in shown.split("\n")]
    # A backslash at a line's end breaks the line; two spaces would too, but editors take them away.
    return "\n".join(
        f"> {line}\\" if line and index + 1 < len(lines) and lines[index + 1] else f"> {line}".rstrip()
        for index, line in enumerate(lines)
    )


def _line(line: str) -> str:
    """One line of a quote, its indentation kept by spaces that do not collapse."""
    bare = line.rstrip().lstrip(" ")
    indent = "\u00a0" * (len(line.rstrip()) - len(bare)) if bare else ""
    return indent + _plain(bare)


def _plain(line: str) -> str:
    """One line with a backslash before whatever Markdown would take for more than a character."""
    escaped = _ANYWHERE.sub(lambda found: "\\" + found[0], line)
    return _AT_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", escaped)
