"""Text written from fixed prompts while training, so that a person sees the model learn."""

from __future__ import annotations

from typing import Any

from core.cancel import Cancel
from core.settings.run import RunSettings
from core.tokenization.tokenizer import Tokenizer
from core.training.records import Records


def write_samples(
    records: Records, model: Any, tokenizer: Tokenizer, settings: RunSettings, step: int, cancel: Cancel
) -> None:
    """One sample per prompt of `training.sample_prompts` (an empty one begins a new document) and per question of
    `training.sample_questions`, which the record marks with `reply`.

    The same step of the same run draws the same text, unless `sampling.seed` says otherwise. Stops early, writing
    nothing more, when `cancel` is requested.
    """
    from core.generation.decode import complete

    sampling = settings.sampling
    if sampling.seed is None:
        sampling = sampling.model_copy(update={"seed": settings.training.seed + step})
    training = settings.training
    asked = [(prompt, False) for prompt in training.sample_prompts] + [
        (text, True) for text in training.sample_questions
    ]
    for prompt, reply in asked:
        if reply:
            ids = tokenizer.render([{"role": "user", "content": prompt}], add_generation_prompt=True)
        else:
            ids = tokenizer.encode(prompt, allow_special=True) or [tokenizer.eos_id]
        completion = complete(model, ids, sampling, 1, tokenizer.stop_ids, cancel)[0]
        if cancel.requested:
            return
        records.sample(
            {
                "step": step,
                "prompt": prompt,
                "reply": reply,
                "text": tokenizer.decode(completion.content),
                "ended": completion.ended,
                "sampling": sampling.model_dump(mode="json"),
            }
        )
