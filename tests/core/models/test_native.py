"""Same weights, same logits: our decoder beside transformers' own Llama, Qwen3 and GPT-2, both ways."""

from __future__ import annotations

import pytest
import torch
import transformers

from core.errors import OgiveError
from core.models import native
from core.models.folder import assemble
from core.settings.model import ModelSettings

GPT2 = {"positions": "learned", "norm": "layernorm", "bias": True}
TANH = {"name": "gelu", "approximate": "tanh"}
CASES = {
    "llama-tied": ("llama", {}),
    "llama-free-gqa": ("llama", {"tied": False, "kv_heads": 2}),
    "llama-mqa-bias-wide-heads": ("llama", {"kv_heads": 1, "bias": True, "head_size": 24}),
    "llama-theta": ("llama", {"positions": {"name": "rope", "theta": 500000.0}, "ffn_size": 72}),
    "qwen3": ("qwen3", {"qk_norm": True, "kv_heads": 2}),
    "gpt2-tied": ("gpt2", {**GPT2, "feedforward": TANH}),
    "gpt2-free-exact-gelu": ("gpt2", {**GPT2, "feedforward": "gelu", "tied": False, "ffn_size": 96}),
}
IDS = torch.randint(101, (2, 50), generator=torch.Generator().manual_seed(1))


def foreign(family, settings, vocab_size):
    config = native.native_config(family, settings, vocab_size)
    config.pop("architectures")
    model = transformers.AutoModelForCausalLM.from_config(
        transformers.AutoConfig.for_model(config.pop("model_type"), **config)
    )
    return model.float().eval()


@torch.no_grad()
@pytest.mark.parametrize("case", CASES)
def test_logits_equal_the_family_s_own_code(make, case):
    name, changes = CASES[case]
    decoder = make(**changes)
    family = native.FAMILIES[name]
    assert family in native.families_of(decoder.settings)
    peer = foreign(family, decoder.settings, 101)
    state = native.to_native(family, decoder.state_dict(), decoder.settings, 101)
    expected = {key for key in peer.state_dict() if not (decoder.settings.tied and key == "lm_head.weight")}
    assert set(state) == expected
    peer.load_state_dict(state, strict=False)
    ours, theirs = decoder(IDS), peer(IDS).logits
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max().item() < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("case", CASES)
def test_a_family_s_checkpoint_becomes_our_decoder(case):
    name, changes = CASES[case]
    torch.manual_seed(3)
    settings = ModelSettings(layers=3, hidden_size=64, heads=4, context=64, **changes)
    peer = foreign(native.FAMILIES[name], settings, 101)
    for weight in peer.parameters():
        weight.add_(torch.randn_like(weight), alpha=0.1)
    family, read = native.settings_from(peer.config.to_dict())
    assert family.model_type == name
    decoder = assemble(read, 101, native.from_native(family, peer.state_dict(), read, 101), "a checkpoint")
    assert (decoder(IDS) - peer(IDS).logits).abs().max().item() < 1e-5


def test_what_has_no_brick_here_is_said():
    llama = native.native_config(native.FAMILIES["llama"], ModelSettings(), 101)
    with pytest.raises(OgiveError, match="'yarn'"):
        native.settings_from({**llama, "rope_parameters": {"rope_type": "yarn", "factor": 4.0}})
    with pytest.raises(OgiveError, match="'bloom'"):
        native.settings_from({"model_type": "bloom"})
    with pytest.raises(OgiveError, match="'relu'"):
        native.settings_from({**llama, "hidden_act": "relu"})
    assert native.families_of(ModelSettings(feedforward="relu2")) == []
    assert native.families_of(ModelSettings(positions={"name": "rope", "recency": 0.5})) == []
    with pytest.raises(OgiveError, match=r"no weight 'model\.embed_tokens\.weight'"):
        native.from_native(native.FAMILIES["llama"], {}, ModelSettings(), 101)
