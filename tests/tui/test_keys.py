"""The key table: consistent in itself, and a user's keymap that cannot lock anybody in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import keys
from tui.screens import SCREENS

SWALLOWED = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+j", "ctrl+z", "shift+enter", "ctrl+enter"}


def test_ids_are_unique_and_each_screen_has_a_way_back() -> None:
    ids = [key.id for key in keys.KEYS]
    assert len(ids) == len(set(ids))
    for name in SCREENS:
        rows = keys.of(name)
        assert rows, name
        assert any({"escape", "q"} & set(key.keys.split(",")) for key in rows), name


def test_no_two_keys_of_a_screen_clash() -> None:
    for name in {key.screen for key in keys.KEYS}:
        taken: dict[str, str] = {}
        for key in [*keys.of(name), *(keys.of("app") if name != "app" else [])]:
            for one in key.keys.split(","):
                assert one not in taken, f"{one}: {key.id} and {taken[one]}"
                taken[one] = key.id


def test_nothing_needs_a_key_that_terminals_swallow() -> None:
    for key in keys.KEYS:
        reachable = [
            one
            for one in key.keys.split(",")
            if one not in SWALLOWED and not one.startswith("alt+") and not (one[0] == "f" and one[1:].isdigit())
        ]
        assert reachable, key.id


def test_every_key_explains_itself() -> None:
    for key in keys.KEYS:
        assert len(key.help) > 5, key.id
        assert key.label, key.id


def test_actions_exist() -> None:
    from tui.app import OgiveApp
    from tui.widgets.form import Form

    owners = {name: entry.load() for name, entry in SCREENS.items()} | {"app": OgiveApp, "form": Form, "list": Form}
    for key in keys.KEYS:
        owner = owners.get(key.screen)
        if owner is None or key.screen == "dialog":
            continue
        target, _, name = key.action.partition("(")[0].rpartition(".")
        assert hasattr(OgiveApp if target == "app" else owner, f"action_{name}"), key.id


def test_keymap_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    assert keys.read_keymap(path) == ({}, [])
    path.write_text("home.new: ctrl+n\napp.quit: ctrl+y\n")
    keymap, problems = keys.read_keymap(path)
    assert keymap == {"home.new": "ctrl+n", "app.quit": "ctrl+y,ctrl+q"}
    assert problems == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("home.nwe: n", "Did you mean 'home.new'?"),
        ("home.new: c", "already home.chat"),
        ("home.new: ctrl+q", "already app.quit"),
        ("home.new: 3", "needs a key"),
        ("home.new: ''", "needs a key"),
        ("- a\n- b", "lines of `id: key`"),
        ("a: [", "cannot be read"),
    ],
)
def test_keymap_complaints(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    keymap, problems = keys.read_keymap(path)
    assert "home.new" not in keymap
    assert told in problems[0]


@given(st.dictionaries(st.sampled_from([key.id for key in keys.KEYS]), st.sampled_from("abcnqx") | st.just("ctrl+q")))
def test_quit_is_never_lost(given_keys: dict[str, str]) -> None:
    keymap, _ = keys.check_keymap(given_keys)
    quits = keymap.get("app.quit", "ctrl+q").split(",")
    assert "ctrl+q" in quits
    for name, value in keymap.items():
        if name != "app.quit" and keys._together(name.partition(".")[0], "app"):
            assert "ctrl+q" not in value.split(",")


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=6), st.text("xyz", max_size=8))), st.integers(1, 120))
def test_the_key_line_fits_or_holds_one_entry(entries: list[tuple[str, str]], width: int) -> None:
    shown = keys.fit([*entries, ("?", "help"), ("q", "quit")], width)
    length = 1 + sum(len(k) + (1 + len(v) if v else 0) for k, v in shown) + 3 * (len(shown) - 1)
    assert length <= width or len(shown) == 1
    if width >= 20:
        assert ("q", "quit") in shown
