"""Kill steering sessions (SIGKILL) at random moments, many times, and look for what was lost.

    python tests/benchmarks/steer_kill.py --kills 200

A process that has the model loaded forks children. Each opens the session, which replays what waits, then steers at
random: picks, none, written replies, skips, edits, undo, redo, checkout, branches, states dropped by the keep-limit. It
says through a pipe what was acknowledged and what each node's weights are, as soon as it knows. It is killed a random
time after it has said a random number of things. At the end (and, cheaply, before each next child) the parent checks:

- every acknowledged decision is in the tree, with the decision it was;
- every node's weights, restored from disk or built again, are those that were said when it was made;
- the journal reads without a gap, and no file is torn.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.settings.steering import SteeringSettings
from core.steering import journal
from core.steering.policy import Policy
from core.steering.session import Session
from core.steering.states import content_hash
from core.steering.view import Decision
from core.tokenization.byte import build
from core.workspace import Workspace


def prepare(root: Path) -> tuple[Workspace, SteeringSettings, Policy]:
    torch.set_num_threads(1)  # a forked child must not wait for threads that it did not inherit
    torch.manual_seed(0)
    tokenizer = build([])
    shape = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 192}
    decoder = Decoder(ModelSettings.model_validate(shape), tokenizer.vocab_size)
    with torch.no_grad():
        for weight in decoder.parameters():
            if weight.dim() == 2:
                weight.normal_(std=0.15)
    save_model(decoder, tokenizer, root / "checkpoints" / "tiny")
    given: dict[str, Any] = {
        "model": "tiny",
        "device": "cpu",
        "adapter": {"rank": 4},
        "sampling": {"max_new_tokens": 6},
        "prompts": {"source": "typed", "typed": [f"Question {number}?" for number in range(7)]},
        "keep_states": 6,
    }
    settings = SteeringSettings.model_validate(given)
    workspace = Workspace(root)
    return workspace, settings, Policy.load(settings, workspace)


class Steering:
    """What a child does until it is killed."""

    def __init__(self, session: Session, seed: int, pipe: int) -> None:
        self.session, self.draw, self._pipe = session, random.Random(seed), pipe

    def say(self, **what: Any) -> None:
        os.write(self._pipe, (json.dumps(what) + "\n").encode())

    def decide(self, decision: Decision) -> None:
        pending = self.session.acknowledge(decision)
        self.say(acknowledged=pending.node, decision=decision.to_json())
        node = self.session.apply(pending)
        self.say(node=node.id, weights=content_hash(self.session.policy.tensors()))

    def go_on(self) -> None:
        session, draw = self.session, self.draw
        kind = draw.choice(
            ("pick",) * 6 + ("none", "write", "skip", "edit", "undo", "undo", "redo", "checkout", "branch")
        )
        if kind in ("pick", "none", "write"):
            for _ in session.propose():
                pass
        if kind == "pick":
            self.decide(Decision.pick(draw.randrange(4)))
        elif kind == "none":
            self.decide(Decision.none())
        elif kind == "write":
            self.decide(Decision.write(draw.choice(("moon", "a bell"))))
        elif kind == "skip":
            self.decide(Decision.skip())
        elif kind == "edit":
            self.decide(Decision.edit("And why?"))
        elif kind == "undo" and session.view().can_undo:
            session.undo()
        elif kind == "redo" and session.view().can_redo:
            session.redo()
        elif kind == "checkout":
            session.checkout(draw.choice(sorted(session.tree.nodes)))
        elif kind == "branch":
            session.branch(f"line {len(session.tree.branches)}")


def child(workspace: Workspace, number: str, policy: Policy, seed: int, pipe: int) -> None:
    session = Session.open(workspace, number, policy=policy)
    node = session.tree.node
    steering = Steering(session, seed, pipe)
    steering.say(opened=node.id, weights=content_hash(policy.tensors()))
    while True:
        steering.go_on()


def kill_one(workspace: Workspace, number: str, policy: Policy, seed: int, most: float) -> tuple[list[dict], str]:
    """Fork, wait a random time, kill; what the child said, and its failure if it had one."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        try:
            child(workspace, number, policy, seed, into)
        except BaseException as error:  # noqa: BLE001 - told to the parent, which fails
            os.write(into, (json.dumps({"failed": f"{type(error).__name__}: {error}"}) + "\n").encode())
        finally:
            os._exit(1)
    os.close(into)
    draw = random.Random(seed)
    wanted, heard, end = draw.randrange(10), b"", time.monotonic() + 120.0
    while heard.count(b"\n") < wanted and time.monotonic() < end:  # so it goes on also where the machine is busy
        if select.select([out], [], [], 1.0)[0]:
            more = os.read(out, 1 << 16)
            if not more:
                break
            heard += more
    time.sleep(draw.random() * most)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(out, "rb") as pipe:
        heard += pipe.read()
    said = [json.loads(line) for line in heard.split(b"\n")[:-1]]
    failed = next((each["failed"] for each in said if "failed" in each), "")
    return said, failed


def run(kills: int, seed: int, most: float, quiet: bool = False) -> dict[str, Any]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        workspace, settings, policy = prepare(Path(scratch))
        with Session.create(workspace, settings) as session:
            number, folder = session.id, session.folder
        acknowledged: dict[int, dict] = {}
        weights: dict[int, str] = {}
        waiting = rebuilt = 0
        for kill in range(kills):
            said, failed = kill_one(workspace, number, policy, seed * 100_003 + kill, most)
            if failed:
                raise SystemExit(f"kill {kill}: a child failed: {failed}")
            for line in said:
                if "acknowledged" in line:
                    acknowledged[line["acknowledged"]] = line["decision"]
                if "weights" in line:
                    known = weights.setdefault(line.get("node", line.get("opened")), line["weights"])
                    assert known == line["weights"], f"kill {kill}: state {line} had other weights before"
            record = journal.read(folder)
            pending = record.tree.pending
            waiting += pending is not None
            for node, decision in acknowledged.items():
                found = record.tree.nodes.get(node)
                kept = (
                    found.decision
                    if found is not None
                    else pending.decision
                    if pending and pending.node == node
                    else None
                )
                assert kept is not None, f"kill {kill}: decision {node} is lost"
                assert kept.to_json() == decision, f"kill {kill}: decision {node} is another"
            if not quiet and (kill + 1) % 20 == 0:
                print(f"{kill + 1} kills, {len(record.tree.nodes)} states, {len(acknowledged)} decisions", flush=True)
        with Session.open(workspace, number, policy=policy) as session:
            for node in session.tree.walk():
                stored = node.state in session.states
                rebuilt += not stored
                session.checkout(node.id)
                assert content_hash(policy.tensors()) == node.state == weights.get(node.id, node.state)
            states = len(session.tree.nodes)
        return {
            "kills": kills,
            "decisions_acknowledged": len(acknowledged),
            "decisions_lost": 0,
            "states": states,
            "states_compared": len(weights),
            "states_built_again": rebuilt,
            "kills_with_a_decision_waiting": waiting,
            "seconds": round(time.monotonic() - began, 1),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=0.3, help="longest wait before a kill, in seconds")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = run(args.kills, args.seed, args.most, args.json)
    print(
        json.dumps(found)
        if args.json
        else "\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in found.items())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
