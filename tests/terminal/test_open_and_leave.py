"""The real program in a pty and in tmux: opens, explains itself, follows its size, and leaves the terminal whole."""

from __future__ import annotations

import signal
import time

import pytest


def test_opens_explains_itself_and_leaves(terminal) -> None:
    ogive = terminal()
    text = ogive.wait_for("q quit")
    assert "OGIVE" in text
    assert "tale-chat" in text
    ogive.send("?")
    ogive.wait_for("HOME · keys")
    ogive.send("\x1b")
    ogive.wait_for(lambda text: "HOME · keys" not in text)
    ogive.send("\x10")
    ogive.wait_for("Search")
    ogive.send("theme")
    ogive.wait_for("theme ogive-light")
    ogive.send("\x1b")
    ogive.wait_for(lambda text: "theme ogive-light" not in text)
    ogive.send("q")
    assert ogive.wait() == 0
    assert ogive.restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_it_and_restores_the_terminal(terminal, number: signal.Signals) -> None:
    ogive = terminal()
    ogive.wait_for("q quit")
    started = time.monotonic()
    ogive.process.send_signal(number)
    assert ogive.wait() == 128 + number
    assert time.monotonic() - started < 3.5
    assert ogive.restored


def test_terminal_is_restored_when_the_program_is_killed(terminal) -> None:
    ogive = terminal()
    ogive.wait_for("q quit")
    assert not ogive.restored
    ogive.process.kill()
    ogive.wait()
    ogive.wait_for("the program was killed", 5)
    assert ogive.restored


def test_resize_redraws_quickly(terminal) -> None:
    ogive = terminal()
    ogive.wait_for("q quit")
    ogive.resize(120, 40)
    started = time.monotonic()
    ogive.wait_for(
        lambda text: len(text.splitlines()) == 40 and "─" * 120 in text and "q quit" in text.splitlines()[39]
    )
    assert time.monotonic() - started < 1.0
    ogive.resize(60, 18)
    ogive.wait_for(lambda text: len(text.splitlines()) == 18 and "q quit" in text.splitlines()[17])
    ogive.send("\x11")
    assert ogive.wait() == 0


def test_ascii_mode_draws_ascii_only(terminal) -> None:
    ogive = terminal("--ascii")
    text = ogive.wait_for("q quit")
    assert text.isascii()
    ogive.send("?")
    assert ogive.wait_for("HOME . keys").isascii()


def test_no_mouse_leaves_the_mouse_to_the_terminal(terminal) -> None:
    ogive = terminal("--no-mouse")
    ogive.wait_for("q quit")
    assert b"\x1b[?1000h" not in ogive.raw
    assert b"\x1b[?1049h" in ogive.raw


def test_no_colour_means_none(terminal) -> None:
    ogive = terminal(env={"NO_COLOR": "1"})
    ogive.wait_for("q quit")
    assert b"38;5;" not in ogive.raw
    assert b"38;2;" not in ogive.raw
    assert b"48;" not in ogive.raw


def test_ctrl_c_never_ends_the_program(terminal) -> None:
    ogive = terminal()
    ogive.wait_for("q quit")
    ogive.send("\x03")
    ogive.wait_for("ctrl+q leaves")
    assert ogive.process.poll() is None


def test_without_a_terminal_it_says_so(tmp_path, terminal) -> None:
    ogive = terminal("-c", "exec </dev/null; exec " + " ".join(_program()), program=["bash"])
    assert ogive.wait() == 2
    assert "needs a terminal" in ogive.text


def _program() -> list[str]:
    import sys

    return [sys.executable, "-m", "tui.launch"]


def test_wrong_theme_is_told_before_anything_opens(terminal) -> None:
    ogive = terminal("--theme", "drak")
    assert ogive.wait() == 2
    assert "There is no theme 'drak'." in ogive.text
    assert "ogive-dark" in ogive.text


def test_keymap_problems_are_told_and_quit_is_never_lost(terminal, workspace) -> None:
    (workspace / "configs").mkdir()
    (workspace / "configs" / "keys.yaml").write_text("app.quit: ctrl+y\nhome.nwe: b\n")
    ogive = terminal()
    ogive.wait_for("Did you mean 'home.new'?")
    ogive.send("\x11")
    assert ogive.wait() == 0


@pytest.mark.parametrize(("cols", "rows"), [(80, 24), (120, 40)])
def test_in_tmux(tmux, cols: int, rows: int) -> None:
    ogive = tmux(cols=cols, rows=rows)
    text = ogive.wait_for("q quit")
    assert "─" * cols in text
    ogive.keys("?")
    ogive.wait_for("HOME · keys")
    ogive.keys("Escape")
    ogive.wait_for(lambda text: "HOME · keys" not in text)
    ogive.keys("q")
    ogive.wait_for(lambda text: "OGIVE" not in text and "bash-" in text)
