"""The decoder as a transformers model: one folder both ways, generate, labels, masks, LoRA, recomputed activations."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, StaticCache

from core.models.folder import load_decoder, save_model
from core.models.huggingface import DecoderConfig, DecoderForCausalLM

IDS = torch.randint(101, (2, 20), generator=torch.Generator().manual_seed(1))


def wrap(decoder) -> DecoderForCausalLM:
    model = DecoderForCausalLM(DecoderConfig(model=decoder.settings, vocab_size=decoder.vocab_size)).eval()
    model.decoder.load_state_dict(decoder.state_dict())
    return model


@torch.no_grad()
def test_one_folder_loads_both_ways(decoder, tmp_path):
    save_model(decoder, None, tmp_path / "ours")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "ours")
    assert isinstance(model, DecoderForCausalLM)
    assert torch.equal(model(IDS).logits, decoder(IDS))
    assert model.config.num_hidden_layers == 3
    model.save_pretrained(tmp_path / "theirs")
    assert torch.equal(load_decoder(tmp_path / "theirs")(IDS), decoder(IDS))
    assert AutoConfig.from_pretrained(tmp_path / "theirs").settings == decoder.settings


@torch.no_grad()
def test_generate_is_the_same_with_and_without_cache(decoder):
    model = wrap(decoder)
    options = {"max_new_tokens": 20, "do_sample": False, "pad_token_id": 0}
    plain = IDS.clone()
    for _ in range(20):
        plain = torch.cat((plain, decoder(plain)[:, -1:].argmax(-1)), dim=1)
    assert torch.equal(model.generate(IDS, use_cache=True, **options), plain)
    assert torch.equal(model.generate(IDS, use_cache=False, **options), plain)


@torch.no_grad()
def test_left_padded_prompts_and_beams(decoder):
    model = wrap(decoder)
    ids = torch.cat((torch.zeros(2, 4, dtype=torch.int64), IDS), dim=1)
    mask = (torch.arange(24) >= 4).long().expand(2, -1).contiguous()
    options = {"max_new_tokens": 10, "do_sample": False, "pad_token_id": 0}
    padded = model.generate(ids, attention_mask=mask, **options)
    assert torch.equal(padded[:, 4:], model.generate(IDS, **options))
    assert model.generate(IDS, num_beams=3, **options).shape == (2, 30)


@torch.no_grad()
def test_a_static_cache_gives_the_same_logits(decoder):
    model = wrap(decoder)
    cache = StaticCache(config=model.config, max_cache_len=32)
    first = model(IDS[:, :12], cache=cache).logits
    second = model(IDS[:, 12:], cache=cache).logits
    assert (torch.cat((first, second), dim=1) - decoder(IDS)).abs().max() < 1e-5


def test_labels_vectors_and_kept_logits(decoder):
    model = wrap(decoder)
    out = model(IDS, labels=IDS)
    total, count = decoder.loss(IDS[:, :-1], IDS[:, 1:])
    assert out.loss.item() == pytest.approx((total / count).item(), rel=1e-5)
    assert torch.equal(model(inputs_embeds=model.get_input_embeddings()(IDS)).logits, out.logits)
    assert torch.allclose(model(IDS, logits_to_keep=3).logits, out.logits[:, -3:], atol=1e-5)


def test_fresh_weights_start_as_the_decoder_s_own(make):
    decoder = make(tied=False, zero_init=True)
    torch.manual_seed(2)
    model = AutoModelForCausalLM.from_config(DecoderConfig(model=decoder.settings, vocab_size=101))
    assert model.decoder.blocks[0].attention.out.weight.abs().max() == 0
    assert model.decoder.embedding.weight.std().item() == pytest.approx(0.02, rel=0.15)
    assert model.decoder.norm.weight.mean() == 1


def test_lora_attaches_trains_and_merges(decoder, tmp_path):
    model = wrap(decoder)
    before = model(IDS).logits.detach()
    tuned = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    assert (tuned(IDS).logits - before).abs().max() < 1e-5
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-2)
    losses = []
    for _ in range(5):
        loss = tuned(IDS, labels=IDS).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    tuned.save_pretrained(tmp_path)
    after = tuned(IDS).logits.detach()
    merged = tuned.merge_and_unload()
    assert (merged(IDS).logits - after).abs().max() < 1e-4


def test_recomputed_activations_give_the_same_gradients(make):
    grads = []
    for recompute in (False, True):
        model = wrap(make()).train()
        if recompute:
            model.activation_checkpointing_enable()
            assert model.decoder.gradient_checkpointing
        model(IDS, labels=IDS).loss.backward()
        grads.append([weight.grad for weight in model.parameters()])
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(*grads))
