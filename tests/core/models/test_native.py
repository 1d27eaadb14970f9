"""Same weights, same logits: our decoder beside transformers' own code of each family, both ways, through folders."""

from __future__ import annotations

import json

import pytest
import torch
import transformers
from safetensors.torch import save_file

from core.errors import OgiveError
from core.models import native
from core.models.folder import assemble
from core.models.loading import import_decoder
from core.settings.model import ModelSettings

GPT2 = {"positions": "learned", "norm": "layernorm", "bias": True}
TANH = {"name": "gelu", "approximate": "tanh"}
STARCODER2 = {"norm": "layernorm", "kv_heads": 2, "feedforward": TANH}
YARN = {"name": "yarn", "theta": 5000.0, "factor": 4.0}
BLOOM = {"positions": "alibi", "norm": "layernorm", "feedforward": TANH, "bias": True, "embedding_norm": True}
MPT = {"positions": "alibi", "norm": "layernorm", "feedforward": "gelu"}
EXPERTS = {"name": "topk", "count": 5, "active": 2}
CASES = {
    "llama-tied": ("llama", {}),
    "llama-free-gqa": ("llama", {"tied": False, "kv_heads": 2}),
    "llama-mqa-bias-wide-heads": ("llama", {"kv_heads": 1, "bias": True, "head_size": 24}),
    "llama-theta": ("llama", {"positions": {"name": "rope", "theta": 500000.0}, "ffn_size": 72}),
    "llama-yarn": ("llama", {"positions": YARN, "kv_heads": 2}),
    "llama-yarn-all-options": (
        "llama",
        {"positions": {**YARN, "original": 24, "temperature": 1.3, "beta_fast": 8.0, "beta_slow": 0.5}},
    ),
    "llama-geglu": ("llama", {"feedforward": {"name": "geglu", "approximate": "tanh"}}),
    "llama-exact-geglu": ("llama", {"feedforward": "geglu"}),
    "llama-reglu-half-biased": ("llama", {"feedforward": "reglu", "ffn_bias": True}),
    "mistral-window": ("mistral", {"window": 9, "kv_heads": 2}),
    "qwen2": ("qwen2", {"qkv_bias": True, "kv_heads": 2, "tied": False}),
    "qwen2-window": ("qwen2", {"qkv_bias": True, "window": 20}),
    "qwen3": ("qwen3", {"qk_norm": True, "kv_heads": 2}),
    "qwen3-biased-window": ("qwen3", {"qk_norm": True, "head_size": 24, "bias": True, "ffn_bias": False, "window": 12}),
    "arcee": ("arcee", {"feedforward": "relu2", "kv_heads": 2}),
    "arcee-yarn-silu": ("arcee", {"feedforward": "silu", "positions": YARN, "tied": False, "bias": True}),
    "arcee-leaky": ("arcee", {"feedforward": "leakyrelu", "out_bias": True, "qkv_bias": True}),
    "starcoder2": ("starcoder2", {**STARCODER2, "bias": True}),
    "starcoder2-window-half-biased": ("starcoder2", {**STARCODER2, "norm_bias": True, "window": 7, "positions": YARN}),
    "gpt2-tied": ("gpt2", {**GPT2, "feedforward": TANH}),
    "gpt2-free-exact-gelu": ("gpt2", {**GPT2, "feedforward": "gelu", "tied": False, "ffn_size": 96}),
    "gpt2-relu": ("gpt2", {**GPT2, "feedforward": "relu"}),
    "bloom": ("bloom", BLOOM),
    "bloom-six-heads-free": ("bloom", {**BLOOM, "heads": 6, "hidden_size": 72, "tied": False}),
    "mpt": ("mpt", MPT),
    "mixtral": ("mixtral", {"experts": EXPERTS, "kv_heads": 2, "tied": False}),
    "mixtral-window-reglu": ("mixtral", {"experts": EXPERTS, "window": 16, "feedforward": "reglu", "ffn_size": 40}),
}
IDS = torch.randint(101, (2, 50), generator=torch.Generator().manual_seed(1))


def peer_config(family, settings):
    config = native.native_config(family, settings, 101)
    config.pop("architectures")
    return transformers.AutoConfig.for_model(config.pop("model_type"), **config)


@torch.no_grad()
@pytest.mark.parametrize("case", CASES)
def test_logits_equal_the_family_s_own_code(make, case, tmp_path):
    name, changes = CASES[case]
    decoder = make(**changes)
    family = native.FAMILIES[name]
    assert family in native.families_of(decoder.settings)
    (tmp_path / "config.json").write_text(json.dumps(native.native_config(family, decoder.settings, 101)))
    state = native.to_native(family, decoder.state_dict(), decoder.settings, 101)
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    peer, report = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.float32, output_loading_info=True
    )
    assert type(peer).__name__ == family.architecture
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    ours, theirs = decoder(IDS), peer.eval()(IDS).logits
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max().item() < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("case", CASES)
def test_a_family_s_checkpoint_becomes_our_decoder(case, tmp_path):
    name, changes = CASES[case]
    torch.manual_seed(3)
    settings = ModelSettings(**{"layers": 3, "hidden_size": 64, "heads": 4, "context": 64, **changes})
    peer = transformers.AutoModelForCausalLM.from_config(peer_config(native.FAMILIES[name], settings)).float().eval()
    for weight in peer.parameters():
        weight.add_(torch.randn_like(weight), alpha=0.1)
    peer.save_pretrained(tmp_path)
    decoder = import_decoder(tmp_path)
    assert decoder.settings.differs(settings) == []
    assert (decoder(IDS) - peer(IDS).logits).abs().max().item() < 1e-5
    family, read = native.settings_from(peer.config.to_dict())
    assert family.model_type == name
    in_memory = assemble(read, 101, native.from_native(family, peer.state_dict(), read, 101), "memory")
    assert torch.equal(in_memory(IDS), decoder(IDS))


def test_every_family_has_a_case_and_one_that_is_preferred():
    assert {name for name, _ in CASES.values()} == set(native.FAMILIES)
    for case, (name, changes) in CASES.items():
        settings = ModelSettings(**{"hidden_size": 64, "heads": 4, **changes})
        first = native.families_of(settings)[0].model_type
        assert first == name, case


def test_a_checkpoint_of_the_bare_base_model_is_read(make):
    decoder = make(**BLOOM)
    family = native.FAMILIES["bloom"]
    state = native.to_native(family, decoder.state_dict(), decoder.settings, 101)
    bare = {name.removeprefix("transformer."): tensor for name, tensor in state.items()}
    found = assemble(decoder.settings, 101, native.from_native(family, bare, decoder.settings, 101), "memory")
    assert torch.equal(found(IDS), decoder(IDS))


def test_what_has_no_brick_here_is_said():
    llama = native.native_config(native.FAMILIES["llama"], ModelSettings(), 101)
    with pytest.raises(OgiveError, match="'llama3'"):
        native.settings_from({**llama, "rope_parameters": {"rope_type": "llama3", "factor": 4.0}})
    with pytest.raises(OgiveError, match="'gpt_neox'"):
        native.settings_from({"model_type": "gpt_neox"})
    with pytest.raises(OgiveError, match="'relu2'"):
        native.settings_from({**llama, "hidden_act": "relu2"})
    with pytest.raises(OgiveError, match="no entry 'hidden_size'"):
        native.settings_from({key: value for key, value in llama.items() if key != "hidden_size"})
    with pytest.raises(OgiveError, match="Only some of its layers"):
        native.settings_from({**llama, "model_type": "qwen2", "use_sliding_window": True, "sliding_window": 4096,
                              "max_window_layers": 3})  # fmt: skip
    for unlike in (
        {"positions": {"name": "rope", "recency": 0.5}},
        {"positions": "sinusoidal"},
        {"positions": "none"},
        {"feedforward": {"name": "leakyrelu", "slope": 0.2}},
        {"experts": {"name": "topk", "renormalise": False}},
        {**MPT, "heads": 6, "hidden_size": 60},
    ):
        assert native.families_of(ModelSettings(**unlike)) == []
    with pytest.raises(OgiveError, match=r"no weight 'model\.embed_tokens\.weight'"):
        native.from_native(native.FAMILIES["llama"], {}, ModelSettings(), 101)


def test_yarn_of_older_configs_and_of_mscale():
    old = {
        "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 96, "max_position_embeddings": 256, "rope_theta": 1e6,
        "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
    }  # fmt: skip
    positions = native.settings_from(old)[1].positions
    assert (positions.name, positions["theta"], positions["original"], positions["temperature"]) == (
        "yarn", 1e6, 32, None,
    )  # fmt: skip
    rope = {**old["rope_scaling"], "mscale": 1.0, "mscale_all_dim": 0.5}
    settings = native.settings_from({**old, "rope_scaling": rope})[1]
    config = transformers.AutoConfig.for_model(**{**old, "rope_scaling": rope})
    _, factor = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["yarn"](config)
    assert settings.positions["temperature"] == pytest.approx(factor)
