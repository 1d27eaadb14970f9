"""The journal: torn lines and gaps, the lock of a dead process, and text of any kind in Markdown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.errors import OgiveError
from core.steering import journal
from core.steering.lock import Lock, holder
from core.steering.markdown import inline, quoted, safe
from core.steering.view import Decision

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07[red]bold[/red] [link](http://x)\n# heading\n- item\n1. one\n> quote\n```\ncode\n```\n"
    "<script>x</script>\n| a | b |\n|---|---|\n***\n===\n    indented\n\tab\x00nul \u202eright to left \u2066 "
    "e\u0301\u0301\u0301 ~~no~~ _em_ &amp; \\ end\\\n$x$ ![i](u) :smile: \ud800 \U000e0001 \r\n\x85\u2028 |"
)


def rendered(text: str) -> str:
    """The words of a document whose only markup is one block quote; line breaks as newlines."""
    found: list[str] = []
    depth = 0
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if token.type == "blockquote_open":
            depth += 1
        elif token.type == "paragraph_open":
            assert depth == 1
            if found:
                found.append("\n\n")
        elif token.type == "inline":
            for child in token.children or []:
                assert child.type in ("text", "hardbreak", "text_special"), child
                found.append("\n" if child.type == "hardbreak" else child.content)
        else:
            assert token.type in ("blockquote_close", "paragraph_close"), token
    return "".join(found)


def plain(text: str) -> list[str]:
    lines = [line.replace("\u00a0", " ").strip() for line in text.split("\n")]
    return [line for line in lines if line]


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\\`*_[]<>|~&$#+-=1.) >\n\t!:")), max_size=60))
@example(HOSTILE)
@example("a\\\nb")
@example("1) x\n2. y\n-\n+\n#\n=\n  - x")
@settings(max_examples=200, deadline=None)
def test_quotes_read_as_they_were_written(text):
    shown = quoted(text)
    assert all(character == "\n" or unicodedata.category(character) not in ("Cc", "Cs") for character in shown)
    assert plain(rendered(shown)) == plain(safe(text))


@given(st.text(max_size=60))
@example(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_inline_text_is_one_line_of_words(text):
    shown = inline(text)
    assert "\n" not in shown
    (block, *_) = [token for token in MarkdownIt().parse(f"x {shown}") if token.type == "inline"]
    assert {child.type for child in block.children or []} <= {"text", "text_special"}


def test_hostile_text_goes_through_the_whole_session(steer):
    session = steer.begin(prompts={"source": "typed", "typed": [HOSTILE[:150]]})
    steer.draw(session, prompt=HOSTILE[:100])
    session.update(Decision.write(HOSTILE[:60]))
    session.rename(HOSTILE[:40])
    session.bookmark("mark")
    with pytest.raises(OgiveError, match="cannot be a bookmark"):
        session.bookmark("\x1b[2J")
    with pytest.raises(OgiveError, match="cannot be a branch"):
        session.branch("a\x00b")
    again = steer.again(session)
    assert again.tree.nodes[2].decision.text == HOSTILE[:60].encode("utf-8", "replace").decode()
    told = (again.folder / journal.STORY).read_text(encoding="utf-8")
    assert not any(unicodedata.category(each) in ("Cc", "Cs") and each != "\n" for each in told)
    assert "\u202e" not in told
    assert all(json.loads(line) for line in (again.folder / journal.EVENTS).read_text(encoding="utf-8").splitlines())
    assert again.view().name


def test_a_torn_last_line_was_never_acknowledged(steer):
    session = steer.begin()
    steer.pick(session)
    session.close()
    path = session.folder / journal.EVENTS
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind":"decide","n":4,"node":1,"id":2,"deci')
    again = steer.again(session.id)
    assert again.tree.here == 1
    steer.pick(again)
    assert steer.again(again).tree.here == 2


def test_a_missing_or_altered_line_is_named(steer):
    session = steer.begin()
    steer.pick(session)
    steer.pick(session)
    session.close()
    path = session.folder / journal.EVENTS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(OgiveError, match="has lost event 2"):
        journal.read(session.folder)
    path.write_bytes(
        b"".join([*lines[:3], b'{"kind":"node","n":3,"id":9,"state":"x","place":1,"seed":1}\n', *lines[4:]])
    )
    with pytest.raises(OgiveError, match="decision that made it"):
        journal.read(session.folder)


def test_a_dead_holder_is_noticed_and_does_not_lock(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from core.steering.lock import Lock\n"
        "Lock.take(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert (holder(tmp_path) or {})["pid"] == child.pid
        with pytest.raises(OgiveError, match=f"process {child.pid}"):
            Lock.take(tmp_path)
    finally:
        child.kill()
        child.wait()
    assert holder(tmp_path) is None
    lock = Lock.take(tmp_path)
    assert lock.stale
    lock.release()
    lock.release()
    assert not Lock.take(tmp_path).stale
