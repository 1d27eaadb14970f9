"""Fine-tuning speed against transformers' Trainer with padding, on conversations whose lengths vary as in real sets.

    python tests/benchmarks/sft.py [--rounds 5] [--steps 8] [--threads N] [--own]

The same model class with the same weights, the same conversations, the same optimizer and fp32. Trainer pads each batch
of random conversations to its longest; we take the conversations of two full rows and lay them out as `packing: auto`
finds faster. Rounds of both alternate, so that a busy machine slows both. Useful tokens are those of conversations,
filling not counted. With --own our decoder of the same shape is timed too. Lengths are drawn log-normal, as those of
instruction sets roughly are: replies of median 110 tokens and sigma 1, what is asked median 30 and sigma 0.8, at most
1024 in all.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging

from core.data.conversations import TalkData, gather
from core.data.turns import Rules
from core.models.decoder import Decoder
from core.optim.base import build_optimizer
from core.settings.data import DataSettings
from core.settings.model import ModelSettings
from core.settings.training import TrainingSettings
from core.tokenization import byte
from core.training.objectives.sft import Conversations
from core.training.step import Stepper
from core.workspace import Workspace

CONTEXT, BATCH, VOCAB = 1024, 8, 8192
SHAPE = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 8}


def conversations(folder: Path, count: int = 1200) -> TalkData:
    draw = random.Random(7)

    def words(median: float, sigma: float, most: int) -> str:
        length = max(2, min(most, round(median * draw.lognormvariate(0.0, sigma))))
        return "".join(draw.choices("etaoin shrdlu", k=length))

    with (folder / "talk.jsonl").open("w") as file:
        for _ in range(count):
            asked = {"role": "user", "content": words(30, 0.8, 300)}
            reply = {"role": "assistant", "content": words(110, 1.0, 700)}
            file.write(json.dumps({"messages": [asked, reply]}) + "\n")
    settings = DataSettings.model_validate({"sources": [{"name": "files", "path": str(folder / "talk.jsonl")}]})
    return gather(settings, byte.build(), Rules(CONTEXT + 1), Workspace(folder))


def llama() -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCAB, intermediate_size=688, max_position_embeddings=CONTEXT, use_cache=False, **SHAPE
    )
    return LlamaForCausalLM(config)


class Ours:
    """Our step, without what the loop writes down; two rows hold about as many useful tokens as Trainer's batch."""

    def __init__(self, model: Any, data: TalkData) -> None:
        given = {"objective": "sft", "batch_size": 2, "compile": "off", "lr": 1e-4, "clip": 1.0}
        training = TrainingSettings.model_validate(given)
        self.objective = Conversations(data, training, CONTEXT)
        self.choice = self.objective.suit(model, {})["packing"]
        model.train()
        self.stepper = Stepper(
            model,
            self.objective,
            build_optimizer(model, training),
            device=torch.device("cpu"),
            precision="fp32",
            clip=1.0,
            micro=2,
        )
        self.position = 0

    def run(self, steps: int) -> tuple[int, float]:
        tokens, begun = 0, time.perf_counter()
        for _ in range(steps):
            batch = self.objective.batch(self.position, 2)
            self.stepper.step(batch, 1.0)
            self.position += 2
            tokens += batch.tokens
        return tokens, time.perf_counter() - begun


class Clock(TrainerCallback):
    def __init__(self) -> None:
        self.begun = self.seconds = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 0:
            self.begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.seconds = time.perf_counter() - self.begun


class Theirs:
    """Trainer from its first step to its last; its set-up is not counted."""

    def __init__(self, data: TalkData, folder: Path) -> None:
        self.model, self.folder, self.round = llama(), folder, 0
        self.rows = []
        for number in range(len(data.train)):
            ids, learned = data.train.talk(number)
            self.rows.append((torch.from_numpy(ids.astype(np.int64)), torch.from_numpy(learned.astype(bool))))
        self.filler = data.tokenizer.pad_id
        self.tokens: list[int] = []

    def collate(self, rows: list[Any]) -> dict[str, torch.Tensor]:
        longest = max(len(ids) for ids, _ in rows)
        batch = {
            "input_ids": torch.full((len(rows), longest), self.filler),
            "labels": torch.full((len(rows), longest), -100),
            "attention_mask": torch.zeros(len(rows), longest, dtype=torch.long),
        }
        for number, (ids, learned) in enumerate(rows):
            batch["input_ids"][number, : len(ids)] = ids
            batch["labels"][number, : len(ids)] = torch.where(learned, ids, -100)
            batch["attention_mask"][number, : len(ids)] = 1
        self.tokens.append(sum(len(ids) - 1 for ids, _ in rows))  # As we count: the last token is only a label.
        return batch

    def run(self, steps: int) -> tuple[int, float]:
        self.tokens, self.round = [], self.round + 1
        arguments = TrainingArguments(
            output_dir=str(self.folder / "trainer"),
            per_device_train_batch_size=BATCH,
            max_steps=steps,
            learning_rate=1e-4,
            lr_scheduler_type="constant",
            max_grad_norm=1.0,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
            seed=self.round,
            dataloader_drop_last=True,
            remove_unused_columns=False,
        )
        clock = Clock()
        trainer = Trainer(
            model=self.model, args=arguments, train_dataset=self.rows, data_collator=self.collate, callbacks=[clock]
        )
        trainer.train()
        # Its loader fetches a batch ahead, which no step sees.
        return sum(self.tokens[:steps]), clock.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--own", action="store_true")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as root:
        data = conversations(Path(root))
        lengths = data.train.lengths
        contestants: dict[str, Any] = {"ours": Ours(llama(), data), "trainer": Theirs(data, Path(root))}
        if args.own:
            shape = ModelSettings(layers=4, hidden_size=256, heads=8, ffn_size=688, context=CONTEXT, tied=False)
            torch.manual_seed(0)
            contestants["decoder"] = Ours(Decoder(shape, VOCAB), data)
        speeds: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(args.rounds + 1):
            for name, contestant in contestants.items():
                tokens, seconds = contestant.run(args.steps if number else 2)
                if number:  # The first round warms up.
                    speeds[name].append(tokens / seconds)
                    print(f"round {number}: {name:8} {tokens / seconds:9.0f} useful tokens/s", flush=True)
        ratios = [ours / theirs for ours, theirs in zip(speeds["ours"], speeds["trainer"], strict=True)]
        result = {
            "useful_tokens_per_s": {name: round(statistics.median(each)) for name, each in speeds.items()},
            "ratio": round(statistics.median(ratios), 3),
            "ratios": [round(ratio, 3) for ratio in ratios],
            "lengths": {q: int(np.percentile(lengths, p)) for q, p in (("median", 50), ("p95", 95), ("longest", 100))},
            "packing": contestants["ours"].choice,
            "threads": torch.get_num_threads(),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
