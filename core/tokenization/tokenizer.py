"""The tokenizer every room uses: text and conversations to token ids and back, kept as a Hugging Face folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from core.errors import OgiveError
from core.files import os_failure
from core.tokenization import chat
from core.tokenization.specials import (
    CHAT_TEMPLATE,
    END,
    EOS,
    PAD,
    ROLES,
    UNKNOWN,
    byte_characters,
    character_bytes,
)

_BYTE_FALLBACK = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_ESCAPED = re.compile("([\udc80-\udcff]+)")


@dataclass(frozen=True)
class Names:
    """Which tokens of the vocabulary play a special part; None where a tokenizer has none."""

    pad: str | None = PAD
    eos: str | None = EOS
    end: str | None = END
    unknown: str | None = None
    bos: str | None = None
    roles: dict[str, str] = field(default_factory=lambda: dict(ROLES))


class Tokenizer:
    """A `tokenizers.Tokenizer` with the parts of its special tokens and its chat template.

    `kind` is bytes, bpe, characters or pretrained. Text never turns into special tokens unless that is asked for, so
    what a person types cannot end a turn or open another role.
    """

    def __init__(
        self,
        backend: tokenizers.Tokenizer,
        kind: str,
        names: Names | None = None,
        chat_template: str | None = CHAT_TEMPLATE,
    ) -> None:
        self.kind = kind
        self.names = names or Names()
        self.chat_template = chat_template
        self.backend = backend
        backend.encode_special_tokens = True
        backend.no_padding()
        backend.no_truncation()
        self._direct = _direct_encoder(kind, backend, self.names)

    # -- what it is --------------------------------------------------------------------------------------------

    @cached_property
    def vocab_size(self) -> int:
        """Entries in the vocabulary, special tokens included; ids are below this."""
        return max(self.backend.get_vocab(with_added_tokens=True).values()) + 1

    @property
    def lossless(self) -> bool:
        """Whether every text, and every sequence of bytes, comes back exactly as it was."""
        return not self.losses

    @cached_property
    def losses(self) -> tuple[str, ...]:
        """What text may lose on its way through, in words; empty when it is lossless."""
        parts = json.loads(self.backend.to_str())
        cutting = json.dumps(parts.get("pre_tokenizer"))
        found = []
        if parts.get("normalizer") is not None:
            found.append(f"text is normalised ({_kinds(parts['normalizer'])})")
        if '"add_prefix_space": true' in cutting or '"Metaspace"' in cutting:
            found.append("a space is put before a text")
        if '"Removed"' in cutting:
            found.append("what the text is cut at is dropped")
        if any(token.lstrip or token.rstrip for token in self._specials):
            found.append("spaces beside special tokens are dropped")
        if self._byte_ids is None:
            found.append("what the vocabulary lacks becomes an unknown token")
        elif '"ByteLevel"' not in json.dumps(parts.get("decoder")):
            found.append("its decoder does not give every byte back")
        return tuple(found)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of all that decides the ids it gives."""
        content = json.dumps([self.backend.to_str(), self.chat_template, self._config()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def _id(self, name: str | None) -> int | None:
        return None if name is None else self.backend.token_to_id(name)

    @cached_property
    def eos_id(self) -> int:
        """Ends every document. A foreign tokenizer that has no such token cannot be used."""
        found = self._id(self.names.eos)
        if found is None:
            raise OgiveError("The tokenizer has no end-of-text token.", "Choose another, or train one here.")
        return found

    @cached_property
    def pad_id(self) -> int:
        """Fills up batches. It never carries meaning: masks come from lengths. Falls back to `eos_id` if foreign."""
        found = self._id(self.names.pad)
        return self.eos_id if found is None else found

    @cached_property
    def end_id(self) -> int:
        """Ends a turn of a conversation."""
        found = self._id(self.names.end)
        return self.eos_id if found is None else found

    @cached_property
    def unknown_id(self) -> int | None:
        """Stands for what the vocabulary cannot say; None for byte-level tokenizers, which can say everything."""
        return self._id(self.names.unknown)

    @cached_property
    def bos_id(self) -> int | None:
        """The token some foreign models want before every text."""
        return self._id(self.names.bos)

    @cached_property
    def stop_ids(self) -> tuple[int, ...]:
        """The tokens that end a reply."""
        return tuple(dict.fromkeys((self.end_id, self.eos_id)))

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Tokens that are not text."""
        added = self.backend.get_added_tokens_decoder()
        return frozenset(number for number, token in added.items() if token.special)

    @property
    def has_chat_template(self) -> bool:
        return bool(self.chat_template)

    # -- text to ids -------------------------------------------------------------------------------------------

    def encode(self, text: str, allow_special: bool = False) -> list[int]:
        """The ids of `text`, with nothing put before or after.

        Written special tokens (`<|end|>`) are plain text, unless `allow_special` says that `text` is a prompt whose
        special tokens are meant.
        """
        if allow_special:
            return self._parsing.encode(text, add_special_tokens=False).ids
        try:
            if self._direct is not None:
                return self._direct(text)
            return self.backend.encode(text, add_special_tokens=False).ids
        except TypeError:  # a lone surrogate: not a character, but Python's str can hold one
            return self.encode_bytes(text.encode("utf-8", "surrogatepass"))

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` of each text, on all cores where the tokenizer can."""
        if self._direct is not None:
            return [self.encode(text) for text in texts]
        try:
            encodings = self.backend.encode_batch_fast(list(texts), add_special_tokens=False)
        except TypeError:
            return [self.encode(text) for text in texts]
        return [encoding.ids for encoding in encodings]

    def encode_bytes(self, data: bytes) -> list[int]:
        """The ids of any bytes, also of those that are not UTF-8; `decode_bytes` gives them back exactly."""
        ids: list[int] = []
        for number, piece in enumerate(_ESCAPED.split(data.decode("utf-8", "surrogateescape"))):
            if number % 2 == 0:
                ids += self.encode(piece) if piece else []
            elif self._byte_ids is None:
                raise OgiveError(f"A {self.kind} tokenizer cannot hold bytes that are not UTF-8.")
            else:
                ids += [self._byte_ids[byte] for byte in piece.encode("utf-8", "surrogateescape")]
        return ids

    def render(self, messages: Sequence[Any], add_generation_prompt: bool = False) -> list[int]:
        """The ids of a conversation by the chat template; text inside a message never becomes a special token.

        `messages` are {"role", "content"}. With `add_generation_prompt` the assistant's turn is opened at the end.
        """
        return self.render_batch([messages], add_generation_prompt)[0]

    def render_batch(
        self, conversations: Sequence[Sequence[Any]], add_generation_prompt: bool = False
    ) -> list[list[int]]:
        """`render` of each conversation, encoding all their texts in one call."""
        if not self.chat_template:
            raise OgiveError(
                "The tokenizer has no chat template, so it cannot hold a conversation.",
                "Use `ogive generate` to continue plain text, or fine-tune the model on conversations.",
            )
        if self.chat_template == CHAT_TEMPLATE:
            plans = [chat.own_plan(messages, self.names.roles, add_generation_prompt) for messages in conversations]
        else:
            specials = [token for token in self._specials if token.special]
            bos, eos = self.names.bos or "", self.names.eos or ""
            plans = [
                chat.template_plan(
                    self.chat_template, messages, specials, add_generation_prompt, {"bos_token": bos, "eos_token": eos}
                )
                for messages in conversations
            ]
        texts = [piece.text for plan in plans for piece in plan if not piece.special]
        encoded = iter(self.encode_batch(texts))
        rendered = []
        for plan in plans:
            ids: list[int] = []
            for piece in plan:
                if piece.special:
                    ids.append(self._known(piece.text))
                else:
                    ids += next(encoded)
            rendered.append(ids)
        return rendered

    # -- ids to text -------------------------------------------------------------------------------------------

    def decode(self, ids: Iterable[int], skip_special: bool = True) -> str:
        """The text of `ids`; bytes that are not UTF-8 show as U+FFFD. Special tokens are left out by default."""
        return self.backend.decode(list(ids), skip_special_tokens=skip_special)

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The exact bytes of `ids`, special tokens left out."""
        return b"".join(self.token_bytes(number) for number in ids)

    def token_bytes(self, number: int) -> bytes:
        """The bytes this token stands for in text: perhaps part of a character; empty for a special token."""
        return self._table[number] if 0 <= number < len(self._table) else b""

    def token_name(self, number: int) -> str:
        """One token for people: white space, control codes and stray bytes made visible, special tokens by name."""
        if number in self.special_ids or number >= len(self._table):
            return self.backend.id_to_token(number) or f"<{number}>"
        text = self._table[number].decode("utf-8", "backslashreplace")
        text = text.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "␣")
        if text.isprintable():
            return text
        return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

    # -- folders -----------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json, tokenizer_config.json and chat_template.jinja, as `AutoTokenizer` reads them.

        Raises OgiveError when the disk is full or the folder cannot be written.
        """
        folder = Path(folder)
        files = {
            "tokenizer.json": self.backend.to_str(pretty=True),
            "tokenizer_config.json": json.dumps(self._config(), indent=2, ensure_ascii=False) + "\n",
        }
        if self.chat_template:
            files["chat_template.jinja"] = self.chat_template
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_text(content, encoding="utf-8")
        except OSError as error:
            raise os_failure("write the tokenizer", folder, error) from error

    def _config(self) -> dict[str, Any]:
        names = self.names
        parts = {"pad_token": names.pad, "eos_token": names.eos, "bos_token": names.bos, "unk_token": names.unknown}
        others = [name for name in dict.fromkeys([*names.roles.values(), names.end]) if name not in parts.values()]
        return {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": False,
            "model_max_length": 1_000_000_000,
            **{key: name for key, name in parts.items() if name is not None},
            "additional_special_tokens": [name for name in others if name],
            "ogive": {"kind": self.kind, "end": names.end, "roles": names.roles},
        }

    # -- made at need ------------------------------------------------------------------------------------------

    def _known(self, name: str) -> int:
        number = self.backend.token_to_id(name)
        if number is None:
            raise OgiveError(f"The chat template uses {name!r}, which the tokenizer does not have.")
        return number

    @cached_property
    def _parsing(self) -> tokenizers.Tokenizer:
        parsing = tokenizers.Tokenizer.from_str(self.backend.to_str())
        parsing.encode_special_tokens = False
        return parsing

    @cached_property
    def _specials(self) -> list[tokenizers.AddedToken]:
        return list(self.backend.get_added_tokens_decoder().values())

    @cached_property
    def _byte_ids(self) -> tuple[int, ...] | None:
        for names in (byte_characters(), tuple(f"<0x{byte:02X}>" for byte in range(256))):
            found = [self.backend.token_to_id(name) for name in names]
            ids = tuple(number for number in found if number is not None)
            if len(ids) == 256:
                return ids
        return None

    @cached_property
    def _table(self) -> list[bytes]:
        """The bytes of every token, by id."""
        alphabet = character_bytes()
        described = json.loads(self.backend.to_str())
        byte_level = "ByteLevel" in json.dumps(described.get("decoder"))
        metaspace = "▁" in json.dumps(described.get("decoder"), ensure_ascii=False)
        added = self.backend.get_added_tokens_decoder()
        table = [b""] * self.vocab_size
        for token, number in self.backend.get_vocab(with_added_tokens=True).items():
            if number in added:
                table[number] = b"" if added[number].special else added[number].content.encode()
            elif byte_level and all(character in alphabet for character in token):
                table[number] = bytes(alphabet[character] for character in token)
            elif fallback := _BYTE_FALLBACK.fullmatch(token):
                table[number] = bytes([int(fallback[1], 16)])
            else:
                table[number] = (token.replace("▁", " ") if metaspace else token).encode()
        return table


def _kinds(normalizer: dict[str, Any]) -> str:
    """The types of a normaliser and of those inside it, such as `NFKC, Lowercase`."""
    inner = normalizer.get("normalizers")
    return ", ".join(map(_kinds, inner)) if inner else str(normalizer.get("type"))


def _direct_encoder(kind: str, backend: tokenizers.Tokenizer, names: Names) -> Callable[[str], list[int]] | None:
    """A plain Python encoder for the kinds where that is faster than the library; the same ids, tested."""
    if kind == "bytes":
        return lambda text: list(text.encode("utf-8", "surrogatepass"))
    if kind == "characters":
        unknown = backend.token_to_id(names.unknown or UNKNOWN) or 0
        known = backend.get_vocab(with_added_tokens=False)
        single = {token: number for token, number in known.items() if len(token) == 1}
        return lambda text: [single.get(character, unknown) for character in text]
    return None


def load(folder: str | Path) -> Tokenizer:
    """The tokenizer in a Hugging Face folder, read without transformers.

    Raises OgiveError when the files are missing or damaged.
    """
    folder = Path(folder)
    try:
        backend = tokenizers.Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        template = config.get("chat_template")
        if (folder / "chat_template.jinja").exists():
            template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise OgiveError(
            f"There is no tokenizer in {folder}: {Path(str(error.filename)).name} is missing.",
            "Give a model folder, or load its tokenizer by `pretrained`.",
        ) from None
    except OSError as error:
        raise os_failure("read the tokenizer", folder, error) from error
    except Exception as error:  # noqa: BLE001 - the tokenizers library raises bare Exception for a damaged file
        raise OgiveError(
            f"The tokenizer in {folder} is damaged: {str(error).splitlines()[0]}.", "Copy the folder again."
        ) from None
    own = config.get("ogive") or {}

    def name(key: str) -> str | None:
        value = config.get(key)
        return value.get("content") if isinstance(value, dict) else value

    names = Names(
        pad=name("pad_token"),
        eos=name("eos_token"),
        bos=name("bos_token"),
        unknown=name("unk_token"),
        end=own.get("end") or turn_end(backend, name("eos_token")),
        roles=own.get("roles") or {},
    )
    return Tokenizer(backend, own.get("kind", "pretrained"), names, template if isinstance(template, str) else None)


def turn_end(backend: tokenizers.Tokenizer, eos: str | None) -> str | None:
    """The token by which a foreign tokenizer's chat template ends a turn, as far as its name tells."""
    for known in ("<|im_end|>", "<|eot_id|>", "<|eot|>", "<end_of_turn>", "<turn|>", "<|end|>", "<|endoftext|>"):
        if backend.token_to_id(known) is not None:
            return known
    return eos
