"""Shape a model pick by pick. In a terminal the screen opens; --headless lets a chooser decide in a person's place.

ogive steer tale                                     ogive steer --resume latest
ogive steer tale --headless --chooser voice:gothic --picks 12
ogive steer PleIAs/Baguettotron --config baguettotron --estimate
ogive steer tale --set prompts.source=file --set prompts.source.path=asked.txt --preview

Choosers: voice:NAME, longest, shortest, regex:PATTERN, first, none, script:FILE.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from core.cli.progress import one_line
from core.cli.tables import count, duration
from core.errors import OgiveError
from core.settings.load import load_subject
from core.settings.steering import SteeringSettings

if TYPE_CHECKING:
    from core.steering.chooser import Chooser
    from core.steering.session import Session

DEFAULT = "default"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a run, a model's name or folder, a Hugging Face id")
    parser.add_argument("--config", metavar="NAME", help="settings (`ogive settings list steering`; default: default)")
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c", help="change one setting (repeatable)")
    parser.add_argument("--name", metavar="NAME", help="what the session is called")
    parser.add_argument("--resume", metavar="SESSION", help="go on with a session: id, name, or latest")
    parser.add_argument("--clone", metavar="SESSION", help="begin another with the settings of this session")
    parser.add_argument("--at", metavar="STATE", help="with --resume: go to this state, branch or bookmark first")
    parser.add_argument("--headless", action="store_true", help="no screen: --chooser decides")
    parser.add_argument("--chooser", metavar="NAME", help="who decides: voice:gothic, longest, regex:..., script:FILE")
    parser.add_argument("--picks", type=int, default=12, metavar="N", help="decisions to take (12)")
    parser.add_argument("--preview", action="store_true", help="only show the first prompts, and one as it is read")
    parser.add_argument("--estimate", action="store_true", help="only tell what it will take of memory")


def run(args: argparse.Namespace) -> int:
    if args.preview or args.estimate:
        settings = _settings(args)
        return max(_preview(args, settings) if args.preview else 0, _estimate(args, settings) if args.estimate else 0)
    if args.chooser or args.headless:
        return _headless(args)
    if args.open_app is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise OgiveError("Steering by hand needs a terminal.", "Let a chooser decide: --headless --chooser longest.")
    session = None
    if args.resume:
        from core.steering import catalog

        session = catalog.find(args.workspace, args.resume).name
    given = (
        None if session or not (args.model or args.config or args.set or args.clone or args.name) else _settings(args)
    )
    return args.open_app(
        "steer", workspace=args.workspace, model=args.model, session=session, node=args.at, settings=given
    )


def _settings(args: argparse.Namespace) -> SteeringSettings:
    """The settings that the command line asks for."""
    overrides = list(args.set)
    overrides += [f"model={json.dumps(args.model)}"] if args.model else []
    overrides += [f"name={json.dumps(args.name)}"] if args.name else []
    if args.clone:
        if args.config:
            raise OgiveError("--clone and --config both give settings.", "Give one of them.")
        from core.settings.load import change
        from core.steering.catalog import clone_settings

        return change(clone_settings(args.workspace, args.clone), overrides)
    found = load_subject("steering", args.config or DEFAULT, args.workspace, overrides)
    assert isinstance(found, SteeringSettings)
    return found


def _preview(args: argparse.Namespace, settings: SteeringSettings) -> int:
    from core.steering.preview import preview

    found = preview(args.workspace, settings)
    if args.json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        where = f", {found.column}" if found.column else ""
        print(f"{found.total} prompts from {found.title}{where}" if found.total else "prompts are typed as one goes")
        for number, text in enumerate(found.prompts, 1):
            print(f"  {number}  {one_line(text, 200)}")
        print(
            f"as the model reads it ({found.tokens} tokens):\n{_visible(found.shaped)}"
            if found.shaped
            else found.problem
        )
    return 2 if found.problem else 0


def _visible(text: str) -> str:
    from core.steering.markdown import safe

    return safe(text)


def _estimate(args: argparse.Namespace, settings: SteeringSettings) -> int:
    from core.steering.estimate import estimate

    found = estimate(args.workspace, settings)
    if args.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        mib = 1 << 20
        exact = "" if found.exact else " (guessed from its name)"
        print(f"{found.model}: {count(found.parameters)} parameters{exact}, {count(found.trained)} in the adapter")
        for name, size in sorted(found.memory.terms.items(), key=lambda item: -item[1]):
            print(f"  {name:20} {size / mib:10,.0f} MiB")
        verdict = "fits" if found.fits else "does not fit"
        print(f"needs {found.needed / mib:,.0f} MiB of {found.free / mib:,.0f} MiB free on {found.device}: {verdict}")
    return 0 if found.fits else 1


def _headless(args: argparse.Namespace) -> int:
    from core.steering.chooser import chooser

    if not args.chooser:
        raise OgiveError("--headless needs --chooser.", "For example: --chooser voice:gothic")
    if args.picks < 1:
        raise OgiveError(f"--picks cannot be {args.picks}.", "It is at least 1.")
    choose = chooser(args.chooser)
    from core.steering.session import Session

    if args.resume:
        session = Session.open(args.workspace, args.resume, node=args.at)
    else:
        session = Session.create(args.workspace, _settings(args))
    with session:
        told = steer(session, choose, args.picks, None if args.json else _line)
    if args.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print(f"\nsession {told['session']}: state {told['state']}, KL {told['kl']:.4f}, drift {told['drift']:.4f}")
        print(f"next: ogive steer --resume {told['session']}\n      ogive journal show {told['session']}")
    return 0


def steer(session: Session, choose: Chooser, picks: int, tell: Any = None) -> dict[str, Any]:
    """Let a chooser take up to `picks` decisions; what came of each and of all, as `--json` shows it."""
    began = time.monotonic()
    steps: list[dict[str, Any]] = []
    if session.settings.control_prompt:
        session.control()
    while len(steps) < picks:
        started = time.monotonic()
        *_, last = session.propose()
        assert last.group is not None
        drawn = time.monotonic() - started
        decision = choose(last.group)
        if decision is None:
            break
        node = session.accept(decision)
        answer = session.control() if session.settings.control_prompt else None
        step = {
            "state": node.id,
            "decision": decision.to_json(),
            "prompt": last.group.prompt,
            "picked": session.tree.picked(node),
            "alike": last.group.alike,
            "kl": node.kl,
            "drift": node.drift,
            "report": node.report,
            "drawn_s": round(drawn, 4),
            "seconds": round(time.monotonic() - started, 4),
        }
        steps.append(step if answer is None else {**step, "control": answer})
        if tell is not None:
            tell(session, steps[-1])
    session.states.flush()
    node = session.tree.node
    kinds = [step["decision"]["kind"] for step in steps]
    return {
        "session": session.id,
        "folder": str(session.folder),
        "model": session.policy.name,
        "state": node.id,
        "branch": session.view().branch,
        "decisions": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        "kl": node.kl,
        "drift": node.drift,
        "adapter_parameters": session.policy.parameters,
        "state_bytes": session.states.bytes,
        "states": len(session.states),
        "seconds": round(time.monotonic() - began, 3),
        "steps": steps,
    }


def _line(session: Session, step: dict[str, Any]) -> None:
    shown = step["picked"] or step["prompt"]
    print(
        f"{session.trail}  KL {step['kl']:.4f}  drift {step['drift']:.4f}  {duration(step['seconds'])}  "
        f"{_visible(one_line(shown, 80))}",
        flush=True,
    )
