"""The monitor in a real terminal: what it sends, what it weighs, how soon a key is seen, on runs of other processes."""

from __future__ import annotations

import math
import statistics
import threading
import time
from pathlib import Path

import pytest

from core.runs.writer import RunWriter
from core.workspace import Workspace


class Trainer(threading.Thread):
    """Writes a run as a trainer does: 50 steps a second, measurements, samples, answers."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(daemon=True)
        self.writer = RunWriter.create(Workspace(workspace), "tale-demo", {"training": {"steps": 100_000}})
        self.over = threading.Event()
        self.step = 0

    def run(self) -> None:
        writer = self.writer
        writer.update(status="training", device="cpu", parameters=2_100_000)
        paused = False
        while not self.over.wait(0.02):
            for asked in writer.requests():
                paused = asked.kind == "pause"
                writer.update(status="paused" if paused else "training", step=self.step)
                writer.event("paused" if paused else "resumed", step=self.step)
                writer.answer(asked, "done", step=self.step)
            if not paused:
                self._step()
            writer.heartbeat(step=self.step, eta_s=72.0, last_loss=1.4)
        writer.update(status="stopped")
        writer.close()

    def _step(self) -> None:
        self.step += 1
        loss = 1.2 + 3 * math.exp(-self.step / 200) + 0.1 * math.sin(self.step * 1.7)
        record = {"step": self.step, "tokens": self.step * 8192, "loss": loss, "lr": 3e-3, "epoch": self.step / 1e4}
        record |= {"grad_norm": 0.4 + 0.1 * math.sin(self.step), "step_ms": 20.1, "tokens_per_s": 1.2e6 + self.step % 9}
        self.writer.metrics(record)
        if self.step % 100 == 0:
            self.writer.metrics({"step": self.step, "eval_loss": loss, "eval_bpb": loss})
            self.writer.sample({"step": self.step, "prompt": "The crow", "text": f" said it {self.step} times."})


@pytest.fixture
def trainer(workspace):
    working = Trainer(workspace)
    working.start()
    yield working
    working.over.set()
    working.join()


def resident(pid: int) -> float:
    """Megabytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def test_a_steady_monitor_sends_little(terminal, trainer):
    program = terminal("monitor", env={"TERM": "xterm-256color"})
    program.wait_for("ema")
    time.sleep(3)
    before = len(program.raw)
    begun = time.monotonic()
    time.sleep(5)
    rate = (len(program.raw) - before) / (time.monotonic() - begun) / 1000
    print(f"{rate:.1f} kB/s at 80x24")
    assert rate < 40


def test_a_key_is_seen_at_once(terminal, trainer):
    program = terminal("monitor")
    program.wait_for("ema")
    waits = []
    for _ in range(12):
        for key, wanted in (("b", "the bell is silent"), ("b", "the bell rings")):
            begun = time.monotonic()
            program.send(key)
            program.wait_for(wanted)
            waits.append(time.monotonic() - begun)
            time.sleep(0.05)
    print(f"key to paint: median {statistics.median(waits) * 1e3:.0f} ms, most {max(waits) * 1e3:.0f} ms")
    assert statistics.median(waits) < 0.1


def test_pause_and_go_on_are_acknowledged(tmux, trainer):
    program = tmux("monitor", "tale", cols=80, rows=24)
    program.wait_for("training")
    program.wait_for("loss")
    begun = time.monotonic()
    program.keys("p")
    program.wait_for("paused")
    assert time.monotonic() - begun < 3
    assert "go on" in program.wait_for("go on")
    program.keys("p")
    program.wait_for(lambda text: "● training" in text)


def test_a_million_steps_open_soon_and_weigh_little(terminal, workspace):
    with RunWriter.create(Workspace(workspace), "long", {"training": {"steps": 1_000_000}}) as writer:
        writer.update(status="finished", step=1_000_000)
    with (writer.path / "metrics.jsonl").open("w") as file:
        for block in range(100):
            file.write(
                "".join(
                    f'{{"step":{step},"tokens":{step * 8192},"time":{1.7e9 + step},"loss":{1 + 6 * 0.99999**step:.4f},'
                    f'"lr":0.001,"grad_norm":0.41,"tokens_per_s":1210000.5,"step_ms":7.1,"epoch":0.1}}\n'
                    for step in range(block * 10_000, (block + 1) * 10_000)
                )
            )
    program = terminal("monitor", "long")
    program.wait_for("ema")
    shown = time.monotonic() - program.started
    time.sleep(3)  # it goes on to read the whole
    megabytes = resident(program.process.pid)
    print(f"a million steps: shown after {shown:.2f} s from the start of the program, {megabytes:.0f} MB resident")
    assert shown < 4
    assert megabytes < 150
