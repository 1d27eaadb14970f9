"""Drives the real program in terminals of our own: a pty read by an emulator, and a tmux server on its own socket."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "tui.launch"]
# Sequences that the emulator does not know and would print: keyboard protocols, mode queries, device strings.
UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]|\x1bP.*?\x1b\\|\x1b\[\?[0-9;]*u", re.DOTALL)
INCOMPLETE = re.compile(rb"\x1b(\[[<>=?0-9;$]*)?$|\x1bP[^\x1b]*$")


def environment(state: Path, **extra: str) -> dict[str, str]:
    """A plain terminal's environment: nothing of the caller's terminal, no network, no colour switches."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(state),
        "TERM": "xterm-256color",
        "HF_HUB_OFFLINE": "1",
        # Two of torch's threads on two cores that other tests use too wait for each other: 0.1 s a step become 3 s.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        **extra,
    }


class Terminal:
    """A program on a pty. A thread reads all it writes into an emulated screen, so the program never waits for us."""

    def __init__(
        self, args: list[str], *, cols: int = 80, rows: int = 24, env: dict[str, str], program: list[str] | None = None
    ) -> None:
        self.screen = pyte.Screen(cols, rows)
        self.emulated = True
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.raw = bytearray()
        self.started = time.monotonic()
        self.last_output = self.started
        self.arrivals: list[tuple[float, int]] = []
        """When output came, and how much there was in all by then."""
        self._pending = b""
        self.master, self.slave = pty.openpty()
        self._size(cols, rows)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [*(program or PROGRAM), *args],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=env,
            cwd=ROOT,
            preexec_fn=self._take_terminal,
        )
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _take_terminal(self) -> None:
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def _size(self, cols: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def _read(self) -> None:
        while not self._closed.is_set():
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if not ready:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self._lock:
                self.raw += data
                self.last_output = time.monotonic()
                self.arrivals.append((self.last_output, len(self.raw)))
                if not self.emulated:
                    continue
                data = UNKNOWN.sub(b"", self._pending + data)
                cut = INCOMPLETE.search(data)
                self._pending = data[cut.start() :] if cut else b""
                self._stream.feed(data[: cut.start()] if cut else data)

    @property
    def lines(self) -> list[str]:
        with self._lock:
            return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def wait_for(self, wanted: str | Callable[[str], object], seconds: float = 20.0) -> str:
        """The screen's text as soon as it holds `wanted`; fails with the screen when time runs out."""
        fits = (lambda text: wanted in text) if isinstance(wanted, str) else wanted
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.text
            if fits(text):
                return text
            if self.process.poll() is not None and not fits(self.text):
                time.sleep(0.2)
                break
            time.sleep(0.01)
        text = self.text
        if fits(text):
            return text
        raise AssertionError(f"waited {seconds} s for {wanted!r}; exit {self.process.poll()}; the screen:\n{text}")

    def resize(self, cols: int, rows: int) -> None:
        with self._lock:
            self.screen.resize(rows, cols)
        self._size(cols, rows)
        self.process.send_signal(signal.SIGWINCH)

    def wait(self, seconds: float = 20.0) -> int:
        """The exit status; what was written last has been read."""
        status = self.process.wait(seconds)
        quiet = time.monotonic()
        while time.monotonic() - max(quiet, self.last_output) < 0.3:
            time.sleep(0.05)
        return status

    def wait_gone(self, seconds: float = 30.0) -> None:
        """Wait until the program has left in good order and the terminal is whole again."""
        assert self.wait(seconds) == 0, self.text
        assert self.restored

    def mode(self, number: int) -> bool:
        """Whether the private mode `number` (1049 other screen, 25 cursor, 1000 mouse, ...) is on at the end."""
        found = re.findall(rb"\x1b\[\?%d([hl])" % number, bytes(self.raw))
        return found[-1] == b"h" if found else number == 25

    @property
    def restored(self) -> bool:
        """Normal screen, cursor shown, no mouse or paste reports, line discipline as before."""
        modes = not any(map(self.mode, (1049, 1000, 1002, 1003, 1006, 2004))) and self.mode(25)
        return modes and termios.tcgetattr(self.slave)[:4] == self.before[:4]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._closed.set()
        self._reader.join(2)
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Tmux:
    """One window of a tmux server that nobody else uses, with tmux's own defaults."""

    def __init__(self, args: list[str], *, cols: int, rows: int, env: dict[str, str], folder: Path) -> None:
        self.socket = f"ogive-test-{uuid.uuid4().hex[:8]}"
        self._env = {**env, "TMUX_TMPDIR": str(folder)}
        self._run("-f", "/dev/null", "new-session", "-d", "-x", str(cols), "-y", str(rows), "bash --norc --noprofile")
        variables = " ".join(f"{name}={value}" for name, value in env.items() if name not in ("TERM", "PATH", "HOME"))
        self.command = " ".join(["env", variables, *PROGRAM, *args])
        self.type(f"cd {ROOT} && clear && {self.command}")
        self.keys("Enter")

    def _run(self, *args: str) -> str:
        done = subprocess.run(["tmux", "-L", self.socket, *args], env=self._env, capture_output=True, timeout=10)
        return done.stdout.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        return self._run("capture-pane", "-p")

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def keys(self, *names: str) -> None:
        """Keys by tmux's names: Enter, Escape, C-p, n, ..."""
        self._run("send-keys", *names)

    def send(self, text: str) -> None:
        """As `Terminal.send`: plain text, and control characters as the keys that make them."""
        named = {"\r": "Enter", "\x1b": "Escape"}
        for part in re.split(r"([\x00-\x1f])", text):
            if part and part.isprintable():
                self.type(part)
            elif part:
                self.keys(named.get(part, f"C-{chr(ord(part) + 96)}"))

    def wait_gone(self, seconds: float = 30.0) -> None:
        """Wait until the shell's prompt is back."""
        self.wait_for(lambda text: "─" not in text and re.search(r"bash-\S+\s*$", text), seconds)

    def wait_for(self, wanted: str | Callable[[str], object], seconds: float = 20.0) -> str:
        fits = (lambda text: wanted in text) if isinstance(wanted, str) else wanted
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.text
            if fits(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"waited {seconds} s for {wanted!r}; the screen:\n{self.text}")

    def resize(self, cols: int, rows: int) -> None:
        self._run("resize-window", "-x", str(cols), "-y", str(rows))

    def close(self) -> None:
        self._run("kill-server")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def terminal(tmp_path: Path, workspace: Path) -> Iterator[Callable[..., Terminal]]:
    """Start `ogive ARGS` on a pty: `terminal("--ascii", cols=120)`. Closed at the test's end."""
    opened: list[Terminal] = []

    def start(
        *args: str,
        cols: int = 80,
        rows: int = 24,
        program: list[str] | None = None,
        env: dict[str, str] | None = None,
    ) -> Terminal:
        variables = environment(tmp_path / "state", OGIVE_WORKSPACE=str(workspace), **(env or {}))
        opened.append(Terminal(list(args), cols=cols, rows=rows, env=variables, program=program))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def tmux(tmp_path: Path, workspace: Path) -> Iterator[Callable[..., Tmux]]:
    """Start `ogive ARGS` in a tmux of its own: `tmux("chat", cols=120, rows=40)`."""
    opened: list[Tmux] = []
    # A socket's path must be short; pytest's temporary folders are not.
    folder = Path(tempfile.mkdtemp(prefix="ogive-tmux-"))

    def start(*args: str, cols: int = 80, rows: int = 24, env: dict[str, str] | None = None) -> Tmux:
        variables = environment(tmp_path / "state", OGIVE_WORKSPACE=str(workspace), **(env or {}))
        opened.append(Tmux(list(args), cols=cols, rows=rows, env=variables, folder=folder))
        return opened[-1]

    yield start
    for each in opened:
        each.close()
    shutil.rmtree(folder, ignore_errors=True)
