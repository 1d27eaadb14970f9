"""The split: leak-free, of the asked size, the same every time."""

import pytest

from core.cancel import Cancel, Stopped
from core.data.corpus import Corpus
from core.errors import OgiveError


def sides(settings):
    found = {"train": [], "held-out": []}
    for part, document in Corpus(settings).tagged():
        found[part].append(document.plain())
    return found


def test_documents_are_split_by_content(lines, files_settings):
    settings = files_settings(lines, unit="line", held_out=0.1)
    found = sides(settings)
    assert found == sides(settings)
    assert not set(found["train"]) & set(found["held-out"])
    assert sum(map(len, found["train"])) + sum(map(len, found["held-out"])) == sum(
        len(line) for line in lines.read_text().splitlines()
    )
    share = sum(map(len, found["held-out"])) / sum(len(text) for side in found.values() for text in side)
    assert share == pytest.approx(0.1, abs=0.01)
    assert len({found[side].count("The refrain.") for side in found} | {0, 10}) == 2


def test_another_seed_holds_out_others(lines, files_settings):
    one = sides(files_settings(lines, unit="line", seed=1))
    two = sides(files_settings(lines, unit="line", seed=2))
    assert set(one["held-out"]) != set(two["held-out"])


def test_documents_move_sides_with_nothing_but_content_and_seed(lines, files_settings, tmp_path):
    shuffled = tmp_path / "shuffled.txt"
    shuffled.write_text("\n".join(reversed(lines.read_text().splitlines())))
    one = sides(files_settings(lines, unit="line"))
    two = sides(files_settings(shuffled, unit="line"))
    assert set(one["held-out"]) == set(two["held-out"])


def test_one_file_is_cut_at_its_tail(lines, files_settings):
    text = lines.read_text()
    found = sides(files_settings(lines, held_out=0.1))
    cut = int(len(text) * 0.9)
    assert found == {"train": [text[:cut]], "held-out": [text[cut:]]}


def test_position_cuts_through_documents(lines, files_settings):
    found = sides(files_settings(lines, unit="line", held_out=0.3, split_by="position"))
    every = lines.read_text().splitlines()
    assert "".join(found["train"] + found["held-out"]) == "".join(every)
    assert len("".join(found["train"])) == int(len("".join(every)) * 0.7)


def test_a_long_document_stays_on_one_side(tmp_path, files_settings):
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(f"tower {number} and rain, " * 300_000)
    corpus = Corpus(files_settings(tmp_path, split_by="document", held_out=0.25))
    found = {"train": set(), "held-out": set()}
    for part, document in corpus.tagged():
        found[part].add(document.origin)
    assert (len(found["train"]), len(found["held-out"])) == (3, 1)
    assert not found["train"] & found["held-out"]


def test_what_cannot_be_split_says_so(tmp_path, files_settings):
    (tmp_path / "a.txt").write_text("one")
    with pytest.raises(OgiveError, match=r"one document.*split_by to position"):
        sides(files_settings(tmp_path / "a.txt", split_by="document"))
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(OgiveError, match="holds no text"):
        sides(files_settings(tmp_path / "empty.txt"))


def test_it_tells_how_far_it_is_and_stops_when_asked(lines, files_settings):
    told = []
    settings = files_settings(lines, unit="line")
    list(Corpus(settings, progress=lambda *news: told.append(news)).tagged("Packing"))
    assert told[-1] == ("Packing", 300, 300)
    cancel = Cancel()
    cancel.request("no time")
    with pytest.raises(Stopped, match="no time"):
        list(Corpus(settings, cancel).tagged())


def test_the_tokenizer_never_sees_held_out_text(lines, files_settings):
    settings = files_settings(lines, unit="line")
    assert list(Corpus(settings).texts()) == sides(settings)["train"]


def test_the_fingerprint_knows_the_split(lines, files_settings):
    plain = Corpus(files_settings(lines)).fingerprint
    assert plain == Corpus(files_settings(lines)).fingerprint
    for change in ({"held_out": 0.2}, {"split_by": "document"}, {"seed": 9}, {"unit": "line"}):
        assert Corpus(files_settings(lines, **change)).fingerprint != plain
