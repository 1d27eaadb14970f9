"""Conversations as pieces of text and special tokens, so that what a message says can never act as a special token."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

import tokenizers

from core.errors import OgiveError, nearest
from core.tokenization.specials import END


class Piece(NamedTuple):
    """A stretch of text to encode as text, or the name of one special token."""

    text: str
    special: bool


def own_plan(messages: Sequence[Any], roles: Mapping[str, str], add_generation_prompt: bool) -> list[Piece]:
    """The pieces of our own chat template, without going through Jinja."""
    plan: list[Piece] = []
    for message in messages:
        role, content = message["role"], message["content"]
        if role not in roles:
            raise OgiveError(f"A message has the role {role!r}.", nearest(str(role), roles))
        plan += [Piece(roles[role], True), Piece(content, False), Piece(END, True)]
    if add_generation_prompt:
        plan.append(Piece(roles["assistant"], True))
    return plan


def template_plan(
    template: str,
    messages: Sequence[Any],
    specials: Sequence[tokenizers.AddedToken],
    add_generation_prompt: bool,
    names: Mapping[str, str],
) -> list[Piece]:
    """The pieces of any Jinja chat template.

    The template sees the real contents (many trim or cut them), but with a mark inside each written special token;
    the rendered text is cut at the unmarked ones, and the marks are taken out again.
    """
    written = "|".join(re.escape(token.content) for token in sorted(specials, key=lambda t: -len(t.content)))
    contents = "".join(str(message["content"]) for message in messages)
    mark = next(chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in contents and chr(code) not in template)
    inside = re.compile(written) if written else None

    def guarded(value: Any) -> Any:
        if isinstance(value, str) and inside:
            return inside.sub(lambda found: found[0][0] + mark + found[0][1:], value)
        if isinstance(value, Mapping):
            return {key: guarded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [guarded(item) for item in value]
        return value

    text = _render(template, [guarded(dict(message)) for message in messages], add_generation_prompt, names)
    if not inside:
        return [Piece(text, False)] if text else []
    plan: list[Piece] = []
    cut = re.compile("|".join(_pattern(token) for token in sorted(specials, key=lambda t: -len(t.content))))
    place = 0
    for found in cut.finditer(text):
        if found.start() > place:
            plan.append(Piece(text[place : found.start()].replace(mark, ""), False))
        plan.append(Piece(found[0].strip() if found[0].strip() in written else found[0], True))
        place = found.end()
    if place < len(text):
        plan.append(Piece(text[place:].replace(mark, ""), False))
    return plan


def _pattern(token: tokenizers.AddedToken) -> str:
    return (r"\s*" if token.lstrip else "") + re.escape(token.content) + (r"\s*" if token.rstrip else "")


def _render(template: str, messages: list[Any], add_generation_prompt: bool, names: Mapping[str, str]) -> str:
    import jinja2

    try:
        compiled = _compile(template)
        return compiled.render(
            messages=messages, add_generation_prompt=add_generation_prompt, tools=None, documents=None, **names
        )
    except jinja2.TemplateError as error:
        raise OgiveError(f"The chat template refuses this conversation: {error}.") from None


@lru_cache(maxsize=8)
def _compile(template: str) -> Any:
    import json

    import jinja2
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """`{% generation %}` marks the assistant's words for training; rendering leaves it out."""

        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: str) -> NoReturn:
        raise jinja2.TemplateError(message)

    def to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = to_json
    helpers: dict[str, Any] = {
        "raise_exception": refuse,
        "strftime_now": lambda pattern: datetime.now().strftime(pattern),
    }
    environment.globals.update(helpers)
    return environment.from_string(template)
