"""A picture of a model in text: what a token passes through, with parameters and arithmetic beside each part."""

from __future__ import annotations

from core.models.counting import Count, count, expert_counts, padded
from core.settings.model import ModelSettings

WIDTH = 74
_LEFT, _RIGHT = 52, 11
"""Columns of the drawing, and of each of the two columns of figures."""
_ASCII = str.maketrans({**dict.fromkeys("│┃", "|"), **dict.fromkeys("─━", "-"), **dict.fromkeys("┌┐└┘├┤╮╯┴┬", "+")})
_ASCII |= str.maketrans({"→": ">", "×": "x", "·": "."})


def diagram(settings: ModelSettings, vocab_size: int, context: int | None = None, *, ascii: bool = False) -> list[str]:
    """Lines of at most 74 columns, from the tokens at the top to the next token at the bottom.

    The figures are those of the whole model, all blocks together; arithmetic is a forward pass for one token that sees
    `context` tokens (default: the model's). With `ascii` every character is one of ASCII, in the same place.
    """
    counted = count(settings, vocab_size, context)
    lines = [
        *_before(settings, vocab_size, counted),
        *_block(settings, counted),
        *_after(settings, vocab_size, counted),
    ]
    return [line.translate(_ASCII) for line in lines] if ascii else lines


def _before(s: ModelSettings, vocab_size: int, counted: Count) -> list[str]:
    rows = padded(vocab_size)
    extra = f" (+{rows - vocab_size} padding)" if rows > vocab_size else ""
    lines = [
        _line(f"tokens: one of {vocab_size}{extra}, at most {s.context}", "parameters", "FLOP/token"),
        _line(f"embedding {rows} × {s.hidden_size}", *_figures(counted, "embedding")),
    ]
    if s.embedding_norm:
        lines.append(_line(f"  │  {_norm(s)}"))
    if s.positions.name == "learned":
        lines.append(_line(f"  │  + a learned vector for each of {s.context} places", *_figures(counted, "positions")))
    elif s.positions.name == "sinusoidal":
        lines.append(_line("  │  + fixed waves that tell the place"))
    return lines


def _block(s: ModelSettings, counted: Count) -> list[str]:
    times = f" {s.layers} block{'s' if s.layers > 1 else ''} "
    size, heads, kv = s.head_size_resolved, s.heads, s.kv_heads_resolved
    kind = "MHA" if kv == heads else "MQA" if kv == 1 else "GQA"
    experts, active = expert_counts(s)
    inside = [
        ("├───╮", "", ""),
        ("│   │", _norm(s), ""),
        ("│   │", f"q {heads} · k {kv} · v {kv} heads of {size}{_bias(s, 'qkv')}", "attention"),
        ("│   │", _turned(s), ""),
        ("│   │", f"{kind} over {_sight(s)}", ""),
        ("│   │", f"out {heads * size} → {s.hidden_size}{_bias(s, 'out')}", ""),
        ("+───╯", "", ""),
        ("├───╮", "", ""),
        ("│   │", _norm(s), ""),
        ("│   │", f"router to {active} of {experts} experts, each:" if s.routed else "", "router"),
        (
            "│   │",
            f"{s.feedforward.name} {s.hidden_size} → {_inner(s)} → {s.hidden_size}{_bias(s, 'ffn')}",
            "experts" if s.routed else "feed-forward",
        ),
        ("+───╯", "", ""),
    ]
    lines = [_line(f"┌─┴{times:─>{_LEFT - 6}}─┐")]
    for drawing, text, part in inside:
        if text or drawing != "│   │":
            figures = _figures(counted, part) if part else ()
            lines.append(_line(f"│ {drawing}  {text}"[: _LEFT - 2].ljust(_LEFT - 2) + "│", *figures))
    return [*lines, _line(f"└─┬{'':─>{_LEFT - 5}}┘")]


def _after(s: ModelSettings, vocab_size: int, counted: Count) -> list[str]:
    head = "the embedding's own weights" if s.tied else "weights of its own"
    parameters, flops = _figures(counted, "head")
    lines = [
        _line(f"  │  {_norm(s)}; all norms", *_figures(counted, "norms")),
        _line(f"head {s.hidden_size} → {vocab_size}, {head}", "shared" if s.tied else parameters, flops),
        _line("next token", short(counted.parameters), short(counted.forward_flops)),
    ]
    if counted.active < counted.parameters:
        lines.append(_line("  of which one token uses", short(counted.active)))
    return lines


def _norm(s: ModelSettings) -> str:
    return s.norm.name + _bias(s, "norm")


def _bias(s: ModelSettings, part: str) -> str:
    return " + bias" if s.has_bias(part) else ""


def _inner(s: ModelSettings) -> str:
    return f"2 × {s.ffn_size_resolved}" if s.gated else str(s.ffn_size_resolved)


def _turned(s: ModelSettings) -> str:
    """What happens to queries and keys before they meet."""
    p = s.positions
    turn = p.name if p.brick.facts.get("rotary") else ""
    if p.name == "yarn":
        turn += f" × {p['factor']:g}"
    steps = ", ".join(filter(None, (s.norm.name if s.qk_norm else "", turn)))
    return f"q, k: {steps}" if steps else ""


def _sight(s: ModelSettings) -> str:
    sees = f"the last {s.window}" if s.window is not None and s.window < s.context else "all before"
    faded = s.positions.brick.facts.get("biased") or s.positions.options.get("recency")
    return f"{sees}{', near ones more' if faded else ''}"


def _figures(counted: Count, name: str) -> tuple[str, str]:
    part = next(part for part in counted.parts if part.name == name)
    return short(part.parameters) if part.parameters else "", short(part.flops) if part.flops else ""


def _line(drawing: str, *figures: str) -> str:
    shown = drawing if len(drawing) <= _LEFT else drawing[: _LEFT - 1] + "·"
    return (f"{shown:<{_LEFT}}" + "".join(f"{figure:>{_RIGHT}}" for figure in figures)).rstrip()


def short(number: float) -> str:
    """`27.5 M`, `813`, `1.1 G`: three figures and a thousand's letter."""
    for unit in ("", "k", "M", "G", "T"):
        if number < 999.5:
            return f"{number:.3g} {unit}".rstrip() if unit else f"{number:.0f}"
        number /= 1000
    return f"{number:.3g} P"
