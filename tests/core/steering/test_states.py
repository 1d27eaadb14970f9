"""States: any tensors come back bit for bit, whatever they are a difference to; damage is seen; drops are safe."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import OgiveError
from core.steering import delta
from core.steering.states import States, content_hash

KINDS = (torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.uint8, torch.bool)


def walk(count: int = 12, size: int = 4000) -> list[dict[str, torch.Tensor]]:
    torch.manual_seed(1)
    states = [{"b": torch.randn(size) * 0.05, "a": torch.randn(7, size // 7).bfloat16(), "n": torch.tensor(3)}]
    for number in range(count - 1):
        last = states[-1]
        states.append({"b": last["b"] + 1e-3 * torch.randn(size), "a": last["a"], "n": torch.tensor(number)})
    return states


def same(a, b) -> bool:
    bits = {2: torch.int16, 4: torch.int32, 8: torch.int64, 1: torch.uint8}
    return a.keys() == b.keys() and all(
        a[name].dtype == b[name].dtype
        and a[name].shape == b[name].shape
        and torch.equal(a[name].view(bits[a[name].element_size()]), b[name].view(bits[b[name].element_size()]))
        for name in a
    )


@given(
    st.sampled_from((np.uint8, np.uint16, np.uint32, np.uint64)).flatmap(
        lambda dtype: st.integers(0, 40).flatmap(
            lambda size: st.tuples(arrays.arrays(dtype, size), arrays.arrays(dtype, size), st.booleans())
        )
    )
)
@settings(max_examples=150, deadline=None)
def test_planes_are_exact_for_all_bit_patterns(given_arrays):
    values, other, alone = given_arrays
    base = None if alone else other
    parts = [delta.unpack(*delta.pack(plane)) for plane in delta.planes(values, base)]
    back = delta.undo_planes(parts, values.dtype, base)
    assert back.dtype == values.dtype
    assert (back == values).all()


def test_every_kind_of_tensor_comes_back(tmp_path):
    torch.manual_seed(0)
    tensors = {str(kind): (torch.randn(5, 3) * 9).to(kind) for kind in KINDS}
    tensors |= {
        "odd": torch.tensor([float("nan"), float("inf"), -0.0, 1e-45]),
        "none": torch.zeros(0, 4),
        "one": torch.tensor(2.5),
    }
    states = States(tmp_path)
    number = states.put(tensors)
    other = states.put({name: tensor.clone() for name, tensor in tensors.items()}, number)
    assert number == other
    states.forget()
    assert same(states.get(number), tensors)
    got = states.get(number)
    got["one"].fill_(0)  # what is given is a copy
    assert same(states.get(number), tensors)
    states.close()


def test_a_walk_is_small_and_comes_back_from_the_disk(tmp_path):
    states, kept = States(tmp_path), []
    for tensors in walk():
        kept.append(states.put(tensors, kept[-1] if kept else None))
    states.close()
    again = States(tmp_path)
    for number, tensors in zip(kept, walk(), strict=True):
        again.forget()
        assert same(again.get(number), tensors)
        assert content_hash(tensors) == number
    whole = again.size(kept[0])
    assert max(again.size(number) for number in kept[1:]) < 0.75 * whole  # what stays the same is stored once
    assert again.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    again.close()


def test_dropping_keeps_the_others_readable(tmp_path):
    states, kept, made = States(tmp_path), [], walk()
    for tensors in made:
        kept.append(states.put(tensors, kept[-1] if kept else None))
    freed = states.drop([kept[number] for number in (0, 3, 4, 7)])
    assert freed > 0
    states.forget()
    for index, number in enumerate(kept):
        if index in (0, 3, 4, 7):
            assert number not in states
            with pytest.raises(OgiveError, match="not kept any more"):
                states.get(number)
        else:
            assert same(states.get(number), made[index])
    states.close()


def test_reading_and_adding_go_on_while_others_are_dropped(tmp_path):
    states, kept, made = States(tmp_path), [], walk(60)
    for tensors in made:
        kept.append(states.put(tensors, kept[-1] if kept else None))
    states.close()
    again, problems = States(tmp_path), set()
    again.drop_later(kept[:58])
    for index in reversed(range(60)):
        try:
            assert same(again.get(kept[index]), made[index])
        except OgiveError as error:
            problems.add(error.message.partition(" are ")[2])
        again._cache.clear()  # the next one is read from its files
        again.put({"b": torch.full((4000,), float(index)), "n": torch.tensor(index)}, kept[index])
    again.flush()
    assert problems <= {"not kept any more."}
    assert kept[59] in again
    assert kept[57] not in again
    again.close()


def test_damage_is_named_and_discarding_it_takes_what_stands_on_it(tmp_path):
    states, kept, made = States(tmp_path), [], walk(5)
    for tensors in made:
        kept.append(states.put(tensors, kept[-1] if kept else None))
    states.close()
    path = tmp_path / f"{kept[2]}.safetensors"
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    again = States(tmp_path)
    with pytest.raises(OgiveError, match="torn or altered"):
        again.get(kept[2])
    again.discard(kept[2])
    assert kept[2] not in again
    for number in again.kept():
        assert same(again.get(number), made[kept.index(number)])
    path = tmp_path / f"{kept[0]}.safetensors"
    path.write_bytes(path.read_bytes()[:-20])
    torn = States(tmp_path)
    with pytest.raises(OgiveError, match="torn or altered"):
        torn.get(kept[0])
    torn.close()
    again.close()


def test_a_full_disk_is_told_and_the_state_is_tried_again(tmp_path, monkeypatch):
    import core.steering.states as module

    states, real = States(tmp_path), module.write_atomic
    monkeypatch.setattr(module, "write_atomic", lambda *_: (_ for _ in ()).throw(OgiveError("the disk is full")))
    made = walk(2)
    first = states.put(made[0])
    with pytest.raises(OgiveError, match="disk is full"):
        states.flush()
    assert same(states.get(first), made[0])
    monkeypatch.setattr(module, "write_atomic", real)
    states.flush()
    states.put(made[1], first)
    states.close()
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
