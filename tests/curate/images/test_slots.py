"""A slot is lent to one at a time, and nothing is left of the memory."""

import gc
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from curate.images.slots import Slot, Slots, attach


@pytest.fixture
def three() -> Iterator[Slots]:
    lender = Slots(3, 8)
    attach(lender.path)
    yield lender
    attach(None)


def files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_two_have_the_same_slot(three: Slots) -> None:
    lent = [three.lend() for _ in range(4)]
    assert lent[3] is None
    for number, slot in enumerate(lent[:3]):
        assert slot is not None
        slot.memory[:] = number
    assert [set(slot.memory) for slot in lent if slot] == [{0}, {1}, {2}]


def test_a_slot_is_free_when_the_last_array_of_it_has_gone(three: Slots) -> None:
    slot, *_others = (three.lend() for _ in range(3))
    assert slot is not None
    memory = slot.memory
    pictures = memory[:6].reshape(2, 3)
    del slot, memory
    second = pictures[1:]
    del pictures
    assert three.lend() is None
    column = second.T[1:][::-1].view(np.int8)
    del second
    assert three.lend() is None
    del column
    assert three.lend() is not None


def test_what_travels_is_the_place(three: Slots) -> None:
    slot = three.lend()
    assert slot is not None
    slot.memory[:] = range(8)
    sent = pickle.dumps(slot)
    slot.memory[3] = 77
    received = pickle.loads(sent)
    assert isinstance(received, Slot)
    assert received.memory.tolist() == [0, 1, 2, 77, 4, 5, 6, 7]
    received.memory[5] = 99
    assert slot.memory[5] == 99


def test_pictures_outlive_the_slots() -> None:
    lender = Slots(2, 8)
    slot = lender.lend()
    assert slot is not None
    picture = slot.memory[2:4]
    picture[:] = 5
    del slot, lender
    gc.collect()
    assert picture.tolist() == [5, 5]


def test_nothing_is_left_open() -> None:
    before = files()
    lender = Slots(2, 2**20)
    slot = lender.lend()
    assert slot is not None
    assert files() > before
    del lender, slot
    assert files() == before


def test_memory_that_nobody_has_written_is_not_taken() -> None:
    assert Slots(1, 2**40).lend() is not None


@pytest.mark.parametrize("failing", ["memfd_create", "ftruncate"])
def test_there_may_be_none(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError

    before = files()
    monkeypatch.setattr(os, failing, fail)
    lender = Slots(3, 8)
    assert (lender.path, lender.lend()) == (None, None)
    assert files() == before


def test_there_are_none_where_the_system_has_no_such_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    assert Slots(3, 8).lend() is None


def test_more_than_may_be_mapped_is_none() -> None:
    assert Slots(3, 2**60).lend() is None
