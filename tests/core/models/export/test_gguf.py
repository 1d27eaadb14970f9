"""GGUF files: every number and every token read back, and Llama's rows in the order llama.cpp turns them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGUFReader

from core.cli.main import main
from core.errors import OgiveError
from core.models import native
from core.models.decoder import Decoder
from core.models.export.gguf import export
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.build import build

SHAPES: dict[str, dict[str, Any]] = {
    "llama": {"kv_heads": 2},
    "qwen3": {"qk_norm": True, "tied": False},
    "gpt2": {
        "positions": "learned",
        "norm": "layernorm",
        "feedforward": {"name": "gelu", "approximate": "tanh"},
        "bias": True,
    },
}


def make(path: Path, tokenizer: str = "bpe", **changes: Any) -> tuple[Path, Decoder]:
    made = build(TokenizerSettings.model_validate(tokenizer), ["Who keeps the mill? Nobody knows."] * 20)
    torch.manual_seed(0)
    decoder = Decoder(
        ModelSettings.model_validate({"layers": 2, "hidden_size": 64, "heads": 4, "context": 64, **changes}),
        made.vocab_size,
    )
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.1)
    save_model(decoder, made, path)
    return path, decoder


def value(reader: GGUFReader, key: str) -> Any:
    return reader.fields[key].contents()


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_is_what_the_model_holds(shape: str, tmp_path: Path) -> None:
    source, decoder = make(tmp_path / "mine", **SHAPES[shape])
    done = export(source, tmp_path / "mine.gguf")
    assert (done.architecture, done.largest_difference) == (shape, 0.0)
    reader = GGUFReader(tmp_path / "mine.gguf")
    assert value(reader, f"{shape}.block_count") == 2
    assert value(reader, f"{shape}.attention.head_count") == 4
    assert value(reader, f"{shape}.context_length") == 64
    tokens = value(reader, "tokenizer.ggml.tokens")
    assert len(tokens) == decoder.vocab_size
    read = {tensor.name: tensor.data for tensor in reader.tensors}
    assert np.array_equal(read["token_embd.weight"], decoder.embedding.weight[: decoder.vocab_size].detach().numpy())
    down = decoder.blocks[1].feedforward.down.weight.detach().numpy()
    assert np.array_equal(read["blk.1.ffn_down.weight"], down)
    assert sum(data.size for data in read.values()) >= sum(
        weight.numel()
        for weight in native.to_native(
            native.FAMILIES[shape], decoder.state_dict(), decoder.settings, decoder.vocab_size
        ).values()
    )


def test_llamas_queries_turn_by_neighbours_as_ours_do_by_halves(tmp_path: Path) -> None:
    """The scores of rotated queries and keys are the same under both orders: what llama.cpp computes is what we do."""
    source, decoder = make(tmp_path / "mine", kv_heads=4)
    export(source, tmp_path / "mine.gguf")
    read = {tensor.name: torch.from_numpy(tensor.data.copy()) for tensor in GGUFReader(tmp_path / "mine.gguf").tensors}
    heads, size, width = 4, 16, 64
    x = torch.randn(9, width)
    angles = torch.arange(9)[:, None] * 10000.0 ** (-torch.arange(0, size, 2) / size)

    def by_halves(rows: torch.Tensor) -> torch.Tensor:
        a, b = rows.chunk(2, dim=-1)
        return torch.cat((a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()), dim=-1)

    def by_neighbours(rows: torch.Tensor) -> torch.Tensor:
        a, b = rows[..., ::2], rows[..., 1::2]
        return torch.stack((a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()), dim=-1).flatten(
            -2
        )

    def scores(query: torch.Tensor, key: torch.Tensor, turn: Any) -> torch.Tensor:
        q, k = (turn((x @ matrix.T).view(9, heads, size).transpose(0, 1)) for matrix in (query, key))
        return q @ k.transpose(-1, -2)

    query, key, _ = decoder.blocks[0].attention.qkv.weight.detach().split(width)
    theirs = scores(read["blk.0.attn_q.weight"], read["blk.0.attn_k.weight"], by_neighbours)
    assert torch.allclose(scores(query, key, by_halves), theirs, atol=1e-4)
    assert not torch.allclose(scores(query, key, by_neighbours), theirs, atol=1e-2)


def test_half_and_eight_bits_are_smaller_and_close(tmp_path: Path) -> None:
    source, _ = make(tmp_path / "mine")
    sizes = [export(source, tmp_path / f"{kind}.gguf", kind).bytes for kind in ("f32", "f16", "q8_0")]
    assert sizes == sorted(sizes, reverse=True)


def test_the_merges_and_specials_are_the_tokenizers_own(tmp_path: Path) -> None:
    source, _ = make(tmp_path / "mine")
    export(source, tmp_path / "mine.gguf")
    reader = GGUFReader(tmp_path / "mine.gguf")
    whole = json.loads((source / "tokenizer.json").read_text())
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in whole["model"]["merges"]]
    assert value(reader, "tokenizer.ggml.merges") == merges
    tokens, types = value(reader, "tokenizer.ggml.tokens"), value(reader, "tokenizer.ggml.token_type")
    for token in whole["added_tokens"]:
        assert (tokens[token["id"]], types[token["id"]]) == (token["content"], 3)
    assert value(reader, "tokenizer.chat_template") == (source / "chat_template.jinja").read_text()


def test_what_llama_cpp_has_no_code_for_is_refused_with_the_reason(tmp_path: Path, capsys) -> None:
    source, _ = make(tmp_path / "odd", positions="sinusoidal")
    with pytest.raises(OgiveError, match="GGUF has no code for this model: for llama, positions is sinusoidal"):
        export(source, tmp_path / "odd.gguf")
    source, _ = make(tmp_path / "letters", tokenizer="characters")
    with pytest.raises(OgiveError, match="splits text another way"):
        export(source, tmp_path / "letters.gguf")
    assert main(["export", str(source), "--format", "gguf", "--out", str(tmp_path / "x.gguf"), "--push", "a/b"]) == 2
    assert "goes with --format hf" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.gguf"))


def test_pushing_asks_for_a_login_before_anything_is_sent(tmp_path: Path, monkeypatch) -> None:
    from core.models.export.hub import push

    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    source, _ = make(tmp_path / "mine")
    with pytest.raises(OgiveError, match="logged in"):
        push(source, "somebody/tale")
    with pytest.raises(OgiveError, match="no repository"):
        push(source, "tale")
    monkeypatch.setattr("huggingface_hub.get_token", lambda: "hf_not_a_token")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OgiveError, match="cannot be reached"):
        push(source, "somebody/tale")
