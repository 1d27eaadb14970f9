"""Talk to a model. In a terminal the app opens; otherwise each line read is a message and each reply is printed.

ogive chat tale
printf 'Who keeps the mill?\\n/temp 0\\nAnd by day?\\n' | ogive chat tale
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from core.cli.generate import add_model_options, load_model
from core.cli.sampling import add_sampling, sampling_from
from core.errors import OgiveError
from core.files import write_json
from core.generation import commands
from core.generation.conversation import Conversation
from core.settings.sampling import SamplingSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the workspace's newest")
    parser.add_argument("--system", default="", metavar="TEXT", help="what the model is told before all else")
    add_model_options(parser)
    add_sampling(parser)


def run(args: argparse.Namespace) -> int:
    sampling = sampling_from(args)
    if sys.stdin.isatty() and sys.stdout.isatty() and not args.json and args.open_app is not None:
        return args.open_app(
            "chat",
            workspace=args.workspace,
            model=args.model,
            system=args.system,
            sampling=sampling.model_dump(),
            trust_remote_code=args.trust_remote_code,
        )
    return Lines(args, sampling).run()


class Lines:
    """The chat over plain lines: commands work as in the app where they need no screen."""

    def __init__(self, args: argparse.Namespace, sampling: SamplingSettings) -> None:
        self._args = args
        self._sampling = sampling
        self._loaded = load_model(args, args.model)
        self._conversation = Conversation.new(self._loaded.name, args.system)

    def run(self) -> int:
        failed = False
        for line in sys.stdin:
            text = line.strip()
            try:
                if text.startswith("/"):
                    if self._command(*commands.parse(text)):
                        break
                elif text:
                    self._answer(text)
            except OgiveError as error:
                print(f"ogive: {error}", file=sys.stderr)
                failed = True
        return 2 if failed else 0

    def _answer(self, text: str) -> None:
        self._conversation.say(text)
        self._reply()

    def _reply(self) -> None:
        from core.generation.talk import reply

        parts: list[str] = []
        facts: dict[str, Any] = {}
        for said in reply(self._loaded, self._conversation, self._sampling):
            parts.append(said.text)
            if not self._args.json:
                sys.stdout.write(said.text)
                sys.stdout.flush()
            facts = {
                "model": self._loaded.name,
                "seed": said.seed,
                "tokens": said.tokens,
                "context_used": said.used,
                "context": said.context,
                "dropped_messages": said.dropped,
                "seconds": round(said.seconds, 4),
                "ended": said.ended,
            }
        content = "".join(parts)
        self._conversation.reply(content, **facts)
        if self._args.json:
            print(json.dumps({"reply": content, **facts}, ensure_ascii=False), flush=True)
        else:
            print(flush=True)

    def _command(self, command: commands.Command, argument: str) -> bool:
        """Do one command; True to leave."""
        if command.field:
            if argument:
                self._sampling = commands.change(self._sampling, command.field, argument)
            self._note(commands.show(self._sampling, command.field))
        elif command.name == "quit":
            return True
        elif command.name in ("help", "params"):
            fields = SamplingSettings.model_fields
            lines = (
                [f"{one.written:22}{one.help}" for one in commands.COMMANDS.values()]
                if command.name == "help"
                else [commands.show(self._sampling, field) for field in fields]
            )
            self._note("\n".join(lines))
        elif command.name == "system":
            if argument:
                self._conversation.system = "" if argument == "off" else argument
            self._note(f"system: {self._conversation.system or 'nothing'}")
        elif command.name in ("reset", "new"):
            self._conversation = Conversation.new(self._loaded.name, self._conversation.system)
            self._note("a new conversation")
        elif command.name == "again":
            if self._conversation.take_back_reply() is None:
                raise OgiveError("There is no reply to draw anew.")
            self._reply()
        elif command.name == "model" and argument:
            self._loaded = load_model(self._args, argument)
            self._conversation.model = self._loaded.name
            self._note(f"model: {self._loaded.name}")
        elif command.name in ("model", "models"):
            from core.models.catalog import list_models

            self._note("\n".join(entry.name for entry in list_models(self._args.workspace)) or "no models")
        elif command.name == "save":
            self._note(f"saved {save(self._conversation, self._args.workspace, argument)}")
        else:
            raise OgiveError(f"/{command.name} works in the app only.", "`ogive chat` in a terminal opens it.")
        return False

    def _note(self, text: str) -> None:
        """What is not the model's goes to stderr, so that stdout is the replies."""
        print(text, file=sys.stderr)


def save(conversation: Conversation, workspace: Any, argument: str = "") -> Path:
    """Keep the conversation in the workspace, and also in the file a person names; the path that was asked for."""
    path = conversation.save(workspace)
    if not argument:
        return path
    wanted = Path(argument).expanduser()
    if wanted.is_dir():
        wanted = wanted / path.name
    from core.files import read_json

    write_json(wanted, read_json(path))
    return wanted
