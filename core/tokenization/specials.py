"""The special tokens of our own tokenizers, their chat template, and the byte alphabet of byte-level tokenizers."""

from __future__ import annotations

from functools import cache

PAD, EOS, END, UNKNOWN = "<|pad|>", "<|eos|>", "<|end|>", "<|unk|>"
ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
SPECIALS = (PAD, EOS, *ROLES.values(), END)

# No white space is added or removed, so a rendered conversation is the role tokens, the contents and the end tokens.
CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- if message['role'] not in ('system', 'user', 'assistant') -%}
{{- raise_exception('unknown role ' ~ message['role']) -}}
{%- endif -%}
{{- '<|' ~ message['role'] ~ '|>' ~ message['content'] ~ '<|end|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}
"""

# For models that never had a template: the words the chat uses for them, and the end-of-text token after each reply.
PLAIN_TEMPLATE = """\
{%- for message in messages -%}
{%- if message['role'] == 'system' -%}{{- message['content'] ~ '\n\n' -}}
{%- elif message['role'] == 'user' -%}{{- 'User: ' ~ message['content'] ~ '\n' -}}
{%- elif message['role'] == 'assistant' -%}{{- 'Assistant: ' ~ message['content'] ~ eos_token ~ '\n' -}}
{%- else -%}{{- raise_exception('unknown role ' ~ message['role']) -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- 'Assistant:' -}}{%- endif -%}
"""


@cache
def byte_characters() -> tuple[str, ...]:
    """The visible character that stands for each byte 0..255 in a byte-level vocabulary (the table of GPT-2)."""
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    characters, extra = [], 256
    for byte in range(256):
        if byte in visible:
            characters.append(chr(byte))
        else:
            characters.append(chr(extra))
            extra += 1
    return tuple(characters)


@cache
def character_bytes() -> dict[str, int]:
    """The inverse of `byte_characters`."""
    return {character: byte for byte, character in enumerate(byte_characters())}
