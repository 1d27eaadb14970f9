"""Adapters on our decoder and on foreign models: where they sit, on and off, in and out of files, merged."""

from __future__ import annotations

import copy
import importlib.util
import math
import shutil
from typing import Any

import pytest
import torch
from peft import PeftModel
from pydantic import ValidationError
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    BloomForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from core import adapters
from core.errors import OgiveError
from core.generation import graphs, packing
from core.generation.decode import complete
from core.generation.graphs import StaticDecoderRunner
from core.generation.runners import decoder_of
from core.models.adapted import enclosed, put_on
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.models.loading import load
from core.models.quantised import is_quantised
from core.settings.adapter import LoraSettings
from core.settings.model import ModelSettings
from core.settings.sampling import SamplingSettings
from core.tokenization import byte

VOCAB = 120


def own(**changes: Any) -> Decoder:
    torch.manual_seed(0)
    shape = {"layers": 2, "hidden_size": 64, "heads": 4, "kv_heads": 2, "context": 64, "tied": False}
    return spread(Decoder(ModelSettings.model_validate(shape | changes), VOCAB)).eval()


def spread(model: Any) -> Any:
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight.normal_(std=0.15)
    return model


def foreign(kind: str) -> Any:
    torch.manual_seed(0)
    if kind == "llama":
        config: Any = LlamaConfig(
            vocab_size=VOCAB,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=64,
        )
        return spread(LlamaForCausalLM(config)).eval()
    if kind == "gpt2":
        config = GPT2Config(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64)
        return spread(GPT2LMHeadModel(config)).eval()
    return spread(BloomForCausalLM(BloomConfig(vocab_size=VOCAB, hidden_size=32, n_layer=2, n_head=4))).eval()


def build(kind: str) -> Any:
    return own() if kind == "own" else foreign(kind)


@torch.no_grad()
def logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    out = model(ids)
    return out if isinstance(out, torch.Tensor) else out.logits


def disturb(model: Any, size: float = 0.3) -> None:
    """An adapter as after some training: B is no longer zero."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=size, generator=torch.Generator().manual_seed(len(name)))
            if "magnitude" in name:
                weight.mul_(1.1)


IDS = torch.arange(24).view(2, 12) % VOCAB

EXPECTED = {
    ("own", "minimal"): {"attention.qkv"},
    ("own", "attention_only"): {"attention.qkv", "attention.out"},
    ("own", "ffn_only"): {"feedforward.up", "feedforward.down"},
    ("own", "all"): {"attention.qkv", "attention.out", "feedforward.up", "feedforward.down"},
    ("llama", "minimal"): {"self_attn.q_proj", "self_attn.v_proj"},
    ("llama", "attention_only"): {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"},
    ("llama", "ffn_only"): {"mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"},
    ("gpt2", "minimal"): {"attn.c_attn"},
    ("gpt2", "attention_only"): {"attn.c_attn", "attn.c_proj"},
    ("gpt2", "ffn_only"): {"mlp.c_fc", "mlp.c_proj"},
    ("bloom", "minimal"): {"self_attention.query_key_value"},
    ("bloom", "attention_only"): {"self_attention.query_key_value", "self_attention.dense"},
    ("bloom", "ffn_only"): {"mlp.dense_h_to_4h", "mlp.dense_4h_to_h"},
}


@pytest.mark.parametrize(("kind", "preset"), EXPECTED)
def test_presets_mean_real_layers_in_every_block(kind, preset):
    model = enclosed(build(kind))
    names = adapters.resolve(model, LoraSettings(preset=preset))
    assert {".".join(name.split(".")[-2:]) for name in names} == EXPECTED[kind, preset]
    assert len(names) == 2 * len(EXPECTED[kind, preset])
    adapted = adapters.attach(model, LoraSettings(preset=preset))
    changed = {name.partition(".lora_")[0] for name, weight in adapted.named_parameters() if weight.requires_grad}
    assert changed == {f"base_model.model.{name}" for name in names}


@pytest.mark.parametrize("kind", ["own", "llama", "gpt2"])
def test_an_empty_match_says_what_there_is(kind):
    with pytest.raises(OgiveError, match=r"no linear layer 'nothing'.*linear layers: .*att"):
        adapters.attach(build(kind), LoraSettings(preset="custom", modules=["nothing"]))
    bare = torch.nn.Sequential(torch.nn.Linear(4, 4))
    with pytest.raises(OgiveError, match="matches no layer"):
        adapters.resolve(bare, LoraSettings(preset="attention_only"))


def test_settings_hold_each_other_to_sense():
    with pytest.raises(ValidationError, match="needs names"):
        LoraSettings(preset="custom")
    with pytest.raises(ValidationError, match="is for preset custom"):
        LoraSettings(preset="all", modules=["q_proj"])


@pytest.mark.parametrize("kind", ["own", "llama", "gpt2", "bloom"])
@pytest.mark.parametrize("switch", [{}, {"rslora": True}, {"dora": True}])
def test_fresh_off_and_on_merged_and_back(kind, switch):
    model = build(kind)
    before = logits(model, IDS)
    adapted = adapters.attach(model, LoraSettings(**switch)).eval()
    assert torch.allclose(logits(adapted, IDS), before, atol=2e-5)
    assert adapters.change_norm(adapted) == pytest.approx(0.0, abs=1e-5)
    fresh = adapters.adapter_state(adapted)
    disturb(adapted)
    after = logits(adapted, IDS)
    assert (after - before).abs().max() > 0.1
    with adapters.reference(adapted):
        assert torch.equal(logits(adapted, IDS), before)
        with adapters.reference(adapted):
            pass
        assert torch.equal(logits(adapted, IDS), before)
    assert torch.equal(logits(adapted, IDS), after)
    plain = adapters.merged(adapted)
    assert type(plain) is type(build(kind))
    assert (logits(plain, IDS) - after).abs().max() < 1e-4
    assert torch.equal(logits(adapted, IDS), after)
    kept = adapters.adapter_state(adapted)
    addresses = [weight.data_ptr() for weight in adapted.parameters()]
    adapters.load_adapter_state(adapted, fresh)
    assert torch.allclose(logits(adapted, IDS), before, atol=2e-5)
    adapters.load_adapter_state(adapted, kept)
    assert torch.equal(logits(adapted, IDS), after)
    assert addresses == [weight.data_ptr() for weight in adapted.parameters()]


@pytest.mark.parametrize("kind", ["own", "gpt2"])
@pytest.mark.parametrize("dora", [False, True])
def test_change_norm_is_that_of_the_weights(kind, dora):
    model = build(kind)
    before = copy.deepcopy(model).state_dict()
    adapted = adapters.attach(model, LoraSettings(dora=dora))
    disturb(adapted)
    after = adapters.merged(adapted).state_dict()
    whole = math.sqrt(sum((after[name].double() - before[name].double()).square().sum().item() for name in before))
    assert adapters.change_norm(adapted) == pytest.approx(whole, rel=1e-4)


def test_only_the_adapter_learns_and_zero_is_an_error():
    adapted = adapters.attach(own(), LoraSettings(rank=4, preset="minimal"))
    qkv = 64 + 2 * 32
    assert adapters.trainable_count(adapted) == 2 * 4 * (64 + qkv)
    inner = decoder_of(adapted)
    loss, _ = inner.loss(IDS[:, :-1], IDS[:, 1:])
    loss.backward()
    assert all((weight.grad is None) == ("lora_" not in name) for name, weight in adapted.named_parameters())
    adapted.requires_grad_(False)
    with pytest.raises(OgiveError, match="nothing"):
        adapters.trainable_count(adapted)
    with pytest.raises(OgiveError, match="already"):
        adapters.attach(adapted, LoraSettings())


def test_state_of_another_adapter_is_refused():
    adapted = adapters.attach(own(), LoraSettings())
    other = adapters.adapter_state(adapters.attach(own(), LoraSettings(rank=4)))
    with pytest.raises(OgiveError, match="does not fit"):
        adapters.load_adapter_state(adapted, other)
    other.popitem()
    with pytest.raises(OgiveError, match="is missing"):
        adapters.load_adapter_state(adapted, other)


@pytest.mark.parametrize("kind", ["own", "llama", "gpt2"])
@pytest.mark.parametrize("dora", [False, True])
def test_the_decode_loop_writes_what_the_whole_model_would(kind, dora, monkeypatch):
    monkeypatch.setattr(packing, "MIN_WEIGHTS", 1)
    monkeypatch.setattr(packing, "MIN_STEPS", 1)
    adapted = adapters.attach(build(kind), LoraSettings(dora=dora)).eval()
    disturb(adapted)
    prompt = [3, 14, 15, 92]
    plain = [*prompt]
    with torch.no_grad():
        for _ in range(20):
            plain.append(int(logits(adapted, torch.tensor([plain]))[0, -1].argmax()))
    sampling = SamplingSettings(temperature=0.0, max_new_tokens=20)
    for rows in (1, 4):
        found = complete(adapted, prompt, sampling, rows)
        assert all(row.tokens == plain[len(prompt) :] for row in found)
    if kind == "own" and torch.backends.mkl.is_available():
        twin = packing.packed(decoder_of(adapted), 4, 20)
        kinds = [type(module) for module in twin.modules()]
        assert packing.PackedLinear in kinds
        assert torch.nn.Linear not in kinds
    with adapters.reference(adapted):
        off = complete(adapted, prompt, sampling, 4)
    assert off[0].tokens != found[0].tokens
    assert off[0].tokens == complete(build(kind), prompt, sampling, 1)[0].tokens


def test_captured_steps_are_made_anew_when_the_adapter_is_switched():
    adapted = adapters.attach(own(), LoraSettings()).eval()
    disturb(adapted)
    runner = StaticDecoderRunner(decoder_of(adapted))
    prompt = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        runner.prefill(prompt, 2, 16)
        on = runner._key
        with adapters.reference(adapted):
            runner.prefill(prompt, 2, 16)
            assert runner._key != on
        runner.prefill(prompt, 2, 16)
        assert runner._key == on
    assert graphs.switches is adapters.switches


@pytest.fixture
def tokenizer():
    return byte.build()


@pytest.mark.parametrize("kind", ["own", "gpt2"])
def test_a_folder_holds_the_adapter_and_names_its_base(kind, tmp_path, tokenizer):
    base, place = tmp_path / "base", tmp_path / "adapter"
    model = build(kind)
    if kind == "own":
        save_model(model, tokenizer, base)
    else:
        model.save_pretrained(base)
        tokenizer.save(base)
    adapted = adapters.attach(load(base), LoraSettings(dora=kind == "gpt2"))
    disturb(adapted)
    adapters.save_adapter(adapted.eval(), place, adapters.identify(base), tokenizer)
    names = {path.name for path in place.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "base.json", "tokenizer.json"} <= names
    assert "model.safetensors" not in names
    loaded = load(place)
    assert torch.equal(logits(loaded.model, IDS), logits(adapted, IDS))
    assert loaded.context == 64
    assert loaded.kind == ("own" if kind == "own" else "foreign")
    # Plain peft reads the same folder.
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), place)
    assert torch.allclose(plain.eval()(IDS).logits, logits(adapted, IDS), atol=1e-6)
    # A moved pair is found by the near path; another base is refused; a lost one is named.
    with pytest.raises(OgiveError, match="another model"):
        (base / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes()[:-1] + b"x")
        load(place)
    shutil.rmtree(base)
    with pytest.raises(OgiveError, match="is not there"):
        load(place)
    (place / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(OgiveError, match="torn"):
        put_on(build(kind), place)
    (place / "adapter_model.safetensors").unlink()
    (place / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(OgiveError, match="never read"):
        put_on(build(kind), place)


def test_an_adapter_of_another_shape_does_not_fit(tmp_path):
    adapted = adapters.attach(own(), LoraSettings())
    adapters.save_adapter(adapted, tmp_path, adapters.Base("nowhere"))
    with pytest.raises(OgiveError, match="does not fit"):
        put_on(own(hidden_size=32), tmp_path)
    with pytest.raises(OgiveError, match="does not fit"):
        put_on(own(layers=1), tmp_path)


@pytest.mark.parametrize("bits", ["8bit", "4bit"])
@pytest.mark.parametrize("kind", ["own", "llama"])
def test_a_quantised_base_carries_an_adapter_where_the_machine_has_bitsandbytes(bits, kind, tmp_path, tokenizer):
    shape = {"layers": 1, "hidden_size": 64, "heads": 2, "context": 64}
    model = Decoder(ModelSettings.model_validate(shape | {"ffn_size": 128}), tokenizer.vocab_size)
    if kind == "own":
        save_model(model, tokenizer, tmp_path / "base")
    else:
        size = {"vocab_size": tokenizer.vocab_size, "hidden_size": 64, "intermediate_size": 128}
        llama = LlamaForCausalLM(LlamaConfig(**size, num_hidden_layers=1, num_attention_heads=2))
        llama.save_pretrained(tmp_path / "base")
        tokenizer.save(tmp_path / "base")
    if importlib.util.find_spec("bitsandbytes") is None:
        with pytest.raises(OgiveError, match=f"Weights in {bits} need bitsandbytes, which is not installed"):
            load(tmp_path / "base", quantise=bits)
        return
    plain = load(tmp_path / "base")
    loaded = load(tmp_path / "base", quantise=bits, dtype=torch.float32)
    assert is_quantised(loaded.model)
    assert loaded.parameters == plain.parameters
    gap = (logits(loaded.model, IDS) - logits(plain.model, IDS)).abs().max()
    assert 0 < gap < 2 * logits(plain.model, IDS).std()
    adapted = adapters.attach(loaded, LoraSettings(dropout=0.0))
    adapted.train()(input_ids=IDS, labels=IDS).loss.backward()
    assert sum(weight.grad is not None for weight in adapted.parameters()) == sum(
        weight.requires_grad for weight in adapted.parameters()
    )
    with pytest.raises(OgiveError, match="not merged into a quantised model"):
        adapters.merged(adapted)
    if kind == "own" and bits == "4bit":
        odd = Decoder(ModelSettings.model_validate(shape | {"ffn_size": 72}), tokenizer.vocab_size)
        save_model(odd, tokenizer, tmp_path / "odd")
        with pytest.raises(OgiveError, match="multiple of 64 wide; here one is 72"):
            load(tmp_path / "odd", quantise=bits)
