"""The picture of a model: it fits, it says what is there, and its figures are the counted ones."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core import bricks
from core.models.counting import count
from core.models.diagram import WIDTH, diagram, short
from core.settings.model import ModelSettings


@st.composite
def shapes(draw):
    heads = draw(st.sampled_from([1, 4, 128]))
    return ModelSettings(
        layers=draw(st.sampled_from([1, 12, 512])),
        heads=heads,
        hidden_size=heads * draw(st.sampled_from([8, 128])),
        kv_heads=draw(st.sampled_from([None, 1])),
        ffn_size=draw(st.sampled_from([None, 40, 40000])),
        context=draw(st.sampled_from([8, 1_048_576])),
        positions=draw(st.sampled_from(list(bricks.POSITIONS))),
        norm=draw(st.sampled_from(list(bricks.NORMS))),
        feedforward=draw(st.sampled_from(list(bricks.FEEDFORWARDS))),
        experts=draw(st.sampled_from(["none", {"name": "topk", "count": 512, "active": 16}])),
        window=draw(st.sampled_from([None, 7])),
        qk_norm=draw(st.booleans()),
        embedding_norm=draw(st.booleans()),
        tied=draw(st.booleans()),
        bias=draw(st.booleans()),
    )


@given(shapes(), st.sampled_from([1, 50257, 250_880]), st.booleans())
@hypothesis_settings(max_examples=100, deadline=None)
def test_it_fits_whatever_is_drawn(settings, vocab_size, ascii):
    lines = diagram(settings, vocab_size, ascii=ascii)
    assert max(map(len, lines)) <= WIDTH == 76
    assert len(lines) <= 24
    assert "".join(lines).isascii() == ascii
    box = [line[:51] for line in lines if line.startswith(("│", "┌", "└", "|", "+"))]
    assert {line[-1] for line in box} <= set("│┐┘|+")
    assert {len(line) for line in box} == {51}


def test_its_figures_are_the_counted_ones():
    settings = ModelSettings(experts="topk", window=64, positions="learned", norm="layernorm", tied=False, bias=True)
    counted, lines = count(settings, 1000), diagram(settings, 1000)
    by_part = {part.name: part for part in counted.parts}
    for begin, part in (
        ("embedding", "embedding"), ("q 8", "attention"), ("router", "router"), ("swiglu", "experts"),
        ("head 256", "head"), ("+ a learned", "positions"),
    ):  # fmt: skip
        line = next(line for line in lines if begin in line)
        assert short(by_part[part].parameters) in line, part
        if by_part[part].flops:
            assert line.endswith(short(by_part[part].flops)), part
    text = "\n".join(lines)
    for told in (
        "6 blocks",
        "MHA over the last 64",
        "2 of 8 experts",
        "256 → 2 × 688 → 256 + bias",
        "weights of its own",
    ):
        assert told in text
    assert short(counted.parameters) in lines[-2]
    assert short(counted.active) in lines[-1]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1 k"), (27_533_824, "27.5 M"), (999_600, "1 M"), (2e9, "2 G")]
)
def test_numbers_are_short(number, text):
    assert short(number) == text


def test_drawing_needs_no_torch():
    code = (
        "import sys; from core.models.diagram import diagram; from core.settings.model import ModelSettings\n"
        "diagram(ModelSettings(), 512); assert not {'torch', 'numpy', 'transformers'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
