"""The palette: seven named colours in a dark, a light and an ANSI variant, and the choice among them.

Style sheets and `Content` name the roles (`$bone`, `$ash`, `$brass`, `$blood`, `$verdigris`, `$amethyst`,
`$hairline`, `$raised`), never a colour. The hues sit on the 256-colour cube, so tmux shows them as meant.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

DARK: dict[str, str] = {
    "ground": "#121212",
    "raised": "#1c1c1c",
    "bone": "#d7d7af",
    "ash": "#8a8a8a",
    "brass": "#d7af5f",
    "blood": "#d75f5f",
    "verdigris": "#5fafaf",
    "amethyst": "#af87d7",
    "hairline": "#767676",
}
LIGHT: dict[str, str] = {
    "ground": "#ffffd7",
    "raised": "#ffffaf",
    "bone": "#303030",
    "ash": "#585858",
    "brass": "#875f00",
    "blood": "#af0000",
    "verdigris": "#005f5f",
    "amethyst": "#875faf",
    "hairline": "#767676",
}
ANSI: dict[str, str] = {
    "ground": "ansi_default",
    "raised": "ansi_default",
    "bone": "ansi_default",
    "ash": "ansi_default",
    "brass": "ansi_yellow",
    "blood": "ansi_red",
    "verdigris": "ansi_cyan",
    "amethyst": "ansi_magenta",
    "hairline": "ansi_default",
}

ROLES = tuple(DARK)
SIXTEEN_COLOUR_TERMS = frozenset({"xterm", "screen", "tmux", "linux", "vt100", "vt220", "ansi", "cygwin", "rxvt"})


def _theme(name: str, palette: Mapping[str, str], *, dark: bool, ansi: bool = False) -> Theme:
    variables = {
        # Textual's own style sheets name variables that only an ANSI theme has.
        **(BUILTIN_THEMES["ansi-dark"].variables if ansi else {}),
        **palette,
        "block-cursor-background": palette["raised"],
        "block-cursor-foreground": palette["brass"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": palette["raised"],
        "block-cursor-blurred-foreground": palette["bone"],
        "block-cursor-blurred-text-style": "none",
        "border": palette["brass"],
        "border-blurred": palette["hairline"],
        "input-cursor-background": palette["brass"],
        "input-cursor-foreground": "ansi_black" if ansi else palette["ground"],
        "input-cursor-text-style": "none",
        "input-selection-background": "ansi_blue" if ansi else palette["hairline"],
        "input-selection-foreground": "ansi_white" if ansi else palette["ground"],
        "screen-selection-background": "ansi_blue" if ansi else palette["hairline"],
        "screen-selection-foreground": "ansi_white" if ansi else palette["ground"],
        "scrollbar": palette["hairline"],
        "scrollbar-hover": palette["brass"],
        "scrollbar-active": palette["brass"],
        "scrollbar-background": palette["ground"],
        "scrollbar-background-hover": palette["ground"],
        "scrollbar-background-active": palette["ground"],
        "scrollbar-corner-color": palette["ground"],
        "footer-key-foreground": palette["brass"],
    }
    return Theme(
        name=name,
        primary=palette["brass"],
        secondary=palette["verdigris"],
        accent=palette["brass"],
        warning=palette["brass"],
        error=palette["blood"],
        success=palette["verdigris"],
        foreground=palette["bone"],
        background=palette["ground"],
        surface=palette["ground"],
        panel=palette["raised"],
        boost=palette["raised"],
        dark=dark,
        ansi=ansi,
        text_alpha=1.0,
        variables=variables,
    )


THEMES: tuple[Theme, ...] = (
    _theme("ogive-dark", DARK, dark=True),
    _theme("ogive-light", LIGHT, dark=False),
    _theme("ogive-ansi", ANSI, dark=True, ansi=True),
)
NAMES = tuple(theme.name for theme in THEMES)


def choose(environ: Mapping[str, str], wanted: str | None = None, saved: str | None = None) -> str:
    """The theme to start with.

    No colour at all (NO_COLOR, TERM=dumb) needs the ANSI theme, whatever else is asked for: an RGB theme without
    colour becomes unreadable greys. Then what the person asks for now, what they chose last, and for a terminal of
    sixteen colours, whose tints would collapse, its own palette.
    """
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return "ogive-ansi"
    for name in (wanted, environ.get("OGIVE_THEME"), saved):
        if name in NAMES:
            return str(name)
    if environ.get("TERM", "") in SIXTEEN_COLOUR_TERMS and not environ.get("COLORTERM"):
        return "ogive-ansi"
    return "ogive-dark"


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
