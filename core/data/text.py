"""Text files as text, lines and pieces: UTF-8 only, read in stretches, one plain sentence for what is not text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from core.data.typed import Text
from core.errors import OgiveError
from core.files import os_failure

LONGEST = 1 << 26  # characters in one line or record
CHUNK = 1 << 20
PIECE = 1 << 20  # characters of a long text in one row


def read_text(path: Path) -> Iterator[str]:
    """The file's text in stretches of about a megabyte. OgiveError tells the line of a byte that is not UTF-8, or of
    a zero byte, which no text holds."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, start = 1, True
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if b"\0" in chunk:
                    line += chunk[: chunk.index(b"\0")].count(b"\n")
                    raise OgiveError(
                        f"{path}, line {line}, has a zero byte: it is not UTF-8 text.",
                        "Convert UTF-16 with `iconv -f utf-16 -t utf-8`; leave out what is not text.",
                    )
                text = _decoded(decoder, chunk, path, line, final=False)
                line += chunk.count(b"\n")
                if start and text:
                    text, start = text.removeprefix("\ufeff"), False
                yield text
        yield _decoded(decoder, b"", path, line, final=True)
    except OSError as error:
        raise os_failure("read", path, error) from error


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, path: Path, line: int, final: bool) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line += error.object[: error.start].count(b"\n")
        raise OgiveError(
            f"{path}, line {line}, is not UTF-8 text: it has the byte 0x{error.object[error.start]:02x}.",
            "Convert it, for example with `iconv -f latin1 -t utf-8`.",
        ) from None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and lines with their ends. OgiveError for a line of more than LONGEST characters."""
    number, begun, size = 0, [], 0
    for text in read_text(path):
        end = text.rfind("\n") + 1
        if not end:
            begun.append(text)
            size += len(text)
        else:
            begun.append(text[:end])
            for line in "".join(begun).split("\n")[:-1]:
                number += 1
                if len(line) > LONGEST:
                    raise _too_long(path, number)
                yield number, line + "\n"
            begun, size = [text[end:]], len(text) - end
        if size > LONGEST:
            raise _too_long(path, number + 1)
    if rest := "".join(begun):
        yield number + 1, rest


def _too_long(path: Path, number: int) -> OgiveError:
    return OgiveError(
        f"{path}, line {number}, has more than {LONGEST >> 20} million characters.",
        "Break it into lines; a text file that is one long document is read with --documents file.",
    )


def read_pieces(path: Path) -> Iterator[Text]:
    """A whole file as one text, in pieces when it is long: cut before a single space, where tokenizers cut too."""
    held, name = "", path.name
    for text in read_text(path):
        held += text
        start = 0
        while len(held) - start > PIECE:
            cut = place_to_cut(held, start, start + PIECE)
            yield Text(held[start:cut], name, continues=True)
            start = cut
        held = held[start:]
    if held:
        yield Text(held, name)


def place_to_cut(text: str, start: int, end: int) -> int:
    """Where `text` from `start` to `end` is cut so that the tokens of both parts are those of the whole: the last place
    before a space between two visible characters, in the second half; `end` when there is none."""
    place = end
    while (place := text.rfind(" ", start + (end - start) // 2, place)) > 0:
        if not text[place - 1].isspace() and not text[place + 1].isspace():
            return place
    return end


def read_parts(path: Path, unit: str) -> Iterator[Text]:
    """Every line of the file that is not blank, or with the unit `blank-line` every paragraph."""
    gathered: list[str] = []
    first, name = 1, path.name
    for number, line in read_lines(path):
        if unit == "line":
            if line.strip():
                yield Text(line.rstrip("\r\n"), f"{name}:{number}")
        elif line.strip():
            first = first if gathered else number
            gathered.append(line)
        elif gathered:
            yield Text("".join(gathered).rstrip("\r\n"), f"{name}:{first}")
            gathered = []
    if gathered:
        yield Text("".join(gathered).rstrip("\r\n"), f"{name}:{first}")
