"""Glyphs of width one for states and drawings, and the ASCII that stands for each of them."""

from __future__ import annotations

from functools import lru_cache

CARET = "▸"
RUNNING = "●"
WAITING = "○"
DONE = "✓"
FAILED = "✗"
DEAD = "†"
MARK = "◆"
DOT = "·"
PAUSED = "‖"

ARCH = ("  ╱╲  ", " ╱  ╲ ", "╱ ╱╲ ╲", "│ ││ │")
SMALL_ARCH = "╱╲"

_PLAIN = {
    **{ord(char): "|" for char in "│┃║╎╏┆┇┊┋▏▎▍▌▐▕╷╵╹╻‖"},
    **{ord(char): "-" for char in "─━═╌╍┄┅┈┉╴╶╸╺▔–—"},
    ord("╱"): "/",
    ord("╲"): "\\",
    ord("╳"): "X",
    ord("▸"): ">",
    ord("▾"): "v",
    ord("▴"): "^",
    ord("◂"): "<",
    ord("●"): "*",
    ord("○"): "o",
    ord("✓"): "v",
    ord("✗"): "x",
    ord("†"): "+",
    ord("◆"): "#",
    ord("◇"): "o",
    ord("·"): ".",
    ord("•"): "*",
    ord("…"): "~",
    ord("→"): ">",
    ord("←"): "<",
    ord("↑"): "^",
    ord("↓"): "v",
    ord("×"): "x",
    ord("≥"): ">",
    ord("≤"): "<",
    **dict(zip(map(ord, "▁▂▃▄▅▆▇█"), "_.:-=+*#")),
    **dict(zip(map(ord, "░▒▓▀"), ".:#'")),
}
_NAMED = frozenset(_PLAIN)


def _braille(code: int) -> str:
    return " .:-=+*##"[bin(code - 0x2800).count("1")]


for _code in range(0x2500, 0x2580):
    _PLAIN.setdefault(_code, "+")
for _code in range(0x2580, 0x25A0):
    _PLAIN.setdefault(_code, "#")
for _code in range(0x2800, 0x2900):
    _PLAIN[_code] = _braille(_code)


@lru_cache(4096)
def plain(text: str) -> str:
    """`text` with drawings and state glyphs in ASCII, character for character, so nothing moves."""
    return text if text.isascii() else text.translate(_PLAIN)
