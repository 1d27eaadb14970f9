"""What the speed benchmarks share: other projects' own training loops, unmodified, paced step by step from outside.

A worker prints `ready` when it is warm, then reads numbers of steps, makes that many and answers with milliseconds per
step and the last loss. Workers stay alive together and are given bursts in turn, so that a change of the machine's
mood falls on all of them.
"""

from __future__ import annotations

import os
import runpy
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WARM = 5
NANOGPT_CPU = {
    "device": "cpu",
    "dtype": "float32",
    "block_size": 64,
    "batch_size": 12,
    "n_layer": 4,
    "n_head": 4,
    "n_embd": 128,
    "max_iters": 2000,
    "lr_decay_iters": 2000,
    "dropout": 0.0,
    "eval_iters": 20,
    "log_interval": 1,
}
"""The character-level recipe for CPUs of nanoGPT's README."""


class Pacer:
    """Called by a loop once per step: makes the loop wait until the next burst is asked for."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers
        self._left = WARM
        self._steps = 0
        self._begun = 0.0

    def tick(self, loss: Callable[[], float] = lambda: 0.0) -> None:
        self._left -= 1
        if self._left > 0:
            return
        if self._steps:
            taken = (time.perf_counter() - self._begun) / self._steps
            print(f"{1e3 * taken:.6f} {loss():.6f}", file=self._answers, flush=True)
        else:
            print("ready", file=self._answers, flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            os._exit(0)
        self._steps = self._left = int(line)
        self._begun = time.perf_counter()


def answers() -> Any:
    """Standard output for the pacer alone; whatever the peer prints is dropped."""
    kept = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return kept


class Worker:
    """A process that makes steps when told."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.times: list[float] = []
        self.loss = 0.0
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment()
            )
        begun = time.perf_counter()
        self._read()
        self.ready_seconds = time.perf_counter() - begun

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended:\n{self._log.read_text()[-2000:]}")
        return line

    def burst(self, steps: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        taken, loss = self._read().split()
        self.times.append(float(taken))
        self.loss = float(loss)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def interleave(workers: list[Worker], rounds: int, steps: int) -> None:
    """`rounds` times a burst of each, one after another, in an order that turns."""
    for number in range(rounds):
        for place in range(len(workers)):
            workers[(place + number) % len(workers)].burst(steps)


def ratio(baseline: Worker, other: Worker) -> float:
    """How many times faster `other` is: the median over rounds."""
    return statistics.median(a / b for a, b in zip(baseline.times, other.times, strict=True))


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def copy_nanogpt(checkout: Path, text: Path, folder: Path) -> Path:
    """A copy of the checkout with the text prepared by nanoGPT's own script."""
    target = folder / "nanoGPT"
    shutil.copytree(checkout, target, ignore=shutil.ignore_patterns(".git", "assets"))
    data = target / "data" / "shakespeare_char"
    shutil.copy(text, data / "input.txt")
    # prepare.py imports requests to download the text, which is there already.
    code = "import sys, types, runpy; sys.modules['requests'] = types.ModuleType('requests'); "
    code += "runpy.run_path('prepare.py', run_name='__main__')"
    subprocess.run([sys.executable, "-c", code], cwd=data, check=True, stdout=subprocess.DEVNULL)
    return target


def nanogpt_arguments(**changes: Any) -> list[str]:
    """The README's recipe with changes, as train.py takes them."""
    chosen = {**NANOGPT_CPU, "compile": False, **changes}
    return ["config/train_shakespeare_char.py", *(f"--{key}={value}" for key, value in chosen.items())]


def nanogpt_worker(checkout: str, compiled: bool) -> None:
    """train.py as it is, paced where it asks for the time."""
    os.chdir(checkout)
    pacer = Pacer(answers())
    clock = time.time

    def paced() -> float:
        caller = sys._getframe(1).f_globals
        if caller.get("__name__") == "__main__" and "iter_num" in caller:
            pacer.tick(lambda: caller["loss"].item())
        return clock()

    time.time = paced
    quiet = {"eval_interval": 10**9, "eval_iters": 1, "log_interval": 10, "max_iters": 10**9, "out_dir": "out-pace"}
    sys.argv = ["train.py", *nanogpt_arguments(compile=compiled, **quiet)]
    sys.path.insert(0, ".")
    runpy.run_path("train.py", run_name="__main__")


def trainer_worker(text: str) -> None:
    """transformers' Trainer on a Llama of the same width, depth, batch and context, with its defaults."""
    channel = answers()
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments

    context = NANOGPT_CPU["block_size"]
    written = Path(text).read_text(encoding="utf-8")
    known = {character: number for number, character in enumerate(sorted(set(written)))}
    tokens = torch.tensor([known[character] for character in written[: int(0.9 * len(written))]])

    class Windows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(tokens) // context

        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            window = tokens[index * context : (index + 1) * context]
            return {"input_ids": window, "labels": window}

    class Paced(TrainerCallback):
        pacer = Pacer(channel)

        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            self.pacer.tick()

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(known),
            hidden_size=128,
            intermediate_size=344,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=context,
            tie_word_embeddings=True,
            use_cache=False,
        )
    )
    arguments = TrainingArguments(
        "out-trainer",
        per_device_train_batch_size=NANOGPT_CPU["batch_size"],
        max_steps=10**8,
        learning_rate=1e-3,
        adam_beta2=0.99,
        weight_decay=0.1,
        use_cpu=True,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        logging_steps=10,
    )
    Trainer(model=model, args=arguments, train_dataset=Windows(), callbacks=[Paced()]).train()


def ours_worker(text: str, shape: str, choices: list[str], workspace: str) -> None:
    """Our whole loop on the same shape, paced where it lets short jobs through."""
    channel = answers()
    from core.cancel import Cancel
    from core.settings.run import RunSettings
    from core.training.job import create_run, execute
    from core.workspace import Workspace

    gpt2 = {"positions": "learned", "norm": "layernorm", "feedforward": "gelu"}
    llama = {"positions": "rope", "norm": "rmsnorm", "feedforward": "swiglu", "ffn_size": 344}
    settings = {
        "name": "pace",
        "model": {
            "layers": 4,
            "hidden_size": 128,
            "heads": 4,
            "context": 64,
            "tied": True,
            **(gpt2 if shape == "gpt2" else llama),
        },
        "tokenizer": "characters",
        "data": {"sources": [{"name": "files", "path": text}], "held_out": 0.1, "split_by": "position"},
        "training": {
            "steps": 10**8,
            "batch_size": NANOGPT_CPU["batch_size"],
            "optimizer": {"name": "adamw", "beta2": 0.99},
            "eval_every": 10**8,
            "eval_tokens": 64,
            "save_every": 10**8,
            "sample_every": 0,
            **dict(choice.split("=") for choice in choices),
        },
    }
    pacer = Pacer(channel)
    losses: list[float] = []

    def between() -> None:
        if losses:  # Not while data and model are prepared.
            pacer.tick(lambda: losses[-1])

    def listen(kind: str, record: dict[str, Any]) -> None:
        if kind == "metrics" and record.get("loss") is not None:
            losses[:] = [record["loss"]]

    run = create_run(RunSettings.model_validate(settings), Workspace(Path(workspace)))
    execute(run, Cancel(between), listen)
