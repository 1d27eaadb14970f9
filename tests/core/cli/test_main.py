"""The command table, its errors, and what each failure looks like from a shell."""

import os
import subprocess
import sys
import types

import pytest

from core import __version__
from core.cli import main as cli
from core.errors import OgiveError


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """A command `probe` whose `run` the test sets."""
    module = types.ModuleType("ogive_probe", "Probe.")
    module.add_arguments = lambda parser: parser.add_argument("--steps", type=int, default=1)
    monkeypatch.setitem(sys.modules, "ogive_probe", module)
    monkeypatch.setitem(cli.COMMANDS, "probe", ("ogive_probe", "test"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return module


def test_help_lists_every_command(capsys):
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in cli.COMMANDS)


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"ogive {__version__}"


def test_unknown_command_names_the_nearest(capsys):
    assert cli.main(["setings", "list"]) == 2
    assert "Did you mean 'settings'?" in capsys.readouterr().err


def test_no_command_opens_the_app(tmp_path):
    opened = []

    def open_app(screen, **arguments):
        opened.append((screen, arguments["workspace"].root))
        return 0

    assert cli.main(["--workspace", str(tmp_path)], open_app) == 0
    assert opened == [("home", tmp_path)]


def test_workspace_and_json_are_taken_anywhere(probe, tmp_path):
    seen = []
    probe.run = lambda args: seen.append((args.workspace.root, args.json, args.steps)) or 0
    assert cli.main(["probe", "--json", "--steps", "3", f"--workspace={tmp_path}"]) == 0
    assert seen == [(tmp_path, True, 3)]


def test_person_error_is_one_sentence_and_status_2(probe, capsys):
    def run(args):
        raise OgiveError("No run is named x.", "See `ogive runs list`.")

    probe.run = run
    assert cli.main(["probe"]) == 2
    assert capsys.readouterr().err == "ogive: No run is named x. See `ogive runs list`.\n"


def test_defect_goes_to_the_log(probe, capsys, tmp_path):
    probe.run = lambda args: 1 // 0
    assert cli.main(["probe"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "ZeroDivisionError" in shown
    log = tmp_path / "state" / "ogive" / "ogive-errors.txt"
    assert str(log) in shown
    assert "Traceback" in log.read_text()


def test_keyboard_interrupt_is_130(probe, capsys):
    def run(args):
        raise KeyboardInterrupt

    probe.run = run
    assert cli.main(["probe"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_os_refusal_is_a_sentence(probe, capsys, tmp_path):
    probe.run = lambda args: (tmp_path / "absent").read_text()
    assert cli.main(["probe"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_unknown_option_names_the_nearest(probe, capsys):
    probe.run = lambda args: 0
    assert cli.main(["probe", "--stepz", "3"]) == 2
    assert "Did you mean '--steps'?" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["nonsense"]])
def test_quick_answers_are_quick_and_light(argv):
    code = (
        "import sys, time; from core.cli.main import main; main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'numpy', 'textual', 'pydantic'} & set(sys.modules);"
        "assert not heavy, heavy; print(time.process_time())"
    )
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.splitlines()[-1]) < 0.3


def test_a_reader_that_leaves_is_no_error():
    code = "import sys; from core.cli.main import main, _help; sys.exit(main(['--help']))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""
