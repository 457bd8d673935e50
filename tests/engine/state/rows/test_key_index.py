"""Rows by key: whether keys were added or taken over, or the core looks for them, makes no difference."""

from __future__ import annotations

from array import array
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_tui.engine.state.rows import key_index as keys
from claude_tui.engine.state.rows.key_index import KeyIndex
from claude_tui.native import library

KEYS = st.lists(st.integers(0, 40), unique=True)


@pytest.fixture(params=[False, True], ids=["python", "core"], autouse=True)
def has_core(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Lets the core look for keys, or not."""
    found = library.found()
    if request.param and found.core is None:
        pytest.skip(f"the native core is {found.reason}: `pip install -e .` where cargo is builds it")
    monkeypatch.setattr(keys, "at_hand", lambda: found.core if request.param else None)
    return bool(request.param)


@given(KEYS, KEYS, st.lists(st.lists(st.integers(0, 40), max_size=3), max_size=4), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_keys_that_were_kept_are_found_as_if_they_had_been_added(
    kept: list[int], more: list[int], questions: list[list[int]], is_sealed: bool
) -> None:
    more = [key for key in more if key not in kept]
    found, plain = KeyIndex(), KeyIndex()
    column = array("q", kept)
    found.keep(column)
    plain.extend(kept, 0)
    column.extend(more)  # the table goes on with the column
    for index in (found, plain):
        index.extend(more, len(kept))
    assert len(found) == len(plain) == len(kept) + len(more)
    rows = {key: row for row, key in enumerate(column)}
    for question in questions:
        want = [(place, rows[key]) for place, key in enumerate(question) if key in rows]
        for index in (found, plain):
            assert [*zip(*index.known(array("q", question)), strict=True)] == want
    if is_sealed:
        assert found.seal_run() == plain.seal_run()
    assert [found.get(key) for key in range(41)] == [plain.get(key) for key in range(41)]
    assert [found[key] for key in column] == list(range(len(column)))


def test_few_questions_are_answered_without_an_index(has_core: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_QUESTIONS", 3)
    index = KeyIndex()
    for row in range(5):
        assert not index.known(array("q", [7, row])).places
        index.extend(array("q", [row]), row)
        assert bool(index._recent) is (not has_core or row > 2)


@pytest.mark.parametrize("seed", range(20))
def test_keys_are_found_as_in_a_dictionary_wherever_they_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "RUN_LENGTH", 20)
    monkeypatch.setattr(keys, "MOST_RECENT", 25)
    monkeypatch.setattr(keys, "FEW_KEYS", 30)
    monkeypatch.setattr(keys, "FEW_BITS", 1 << 5)
    monkeypatch.setattr(keys, "BITMAP_BITS", 1 << 7)
    rng, index, known = Random(seed), KeyIndex(), dict[int, int]()
    for _ in range(40):
        fresh = array("q", {rng.getrandbits(64) - (1 << 63) for _ in range(rng.randrange(9))} - known.keys())
        assert not index.known(fresh).places
        index.extend(fresh, len(known))
        known |= {key: row for row, key in enumerate(fresh, len(known))}
        if rng.random() < 0.2:
            index.seal_run()
        assert len(index) == len(known)
        assert all(index[key] == row for key, row in known.items())
        # Every bit is taken or near one that is, so strange keys are looked for in the runs as well.
        assert all(index.get(key) is None for key in range(1 << 7) if key not in known)
        for key, row in known.items():
            assert [*map(list, index.known(array("q", [key])))] == [[0], [row]]
    with pytest.raises(KeyError):
        index[1 << 70]


def test_few_keys_take_little() -> None:
    index = KeyIndex()
    index.extend(range(keys.FEW_KEYS), 0)
    while index.seal_run():
        pass
    assert index.get(keys.FEW_KEYS - 1) == keys.FEW_KEYS - 1
    assert len(index._bitmap) <= 2 * len(index)
    index.extend(range(keys.FEW_KEYS, 2 * keys.FEW_KEYS), keys.FEW_KEYS)
    while index.seal_run():
        pass
    assert [index.get(key) for key in range(2 * keys.FEW_KEYS)] == list(range(2 * keys.FEW_KEYS))


@pytest.mark.parametrize("step", [1, 1000, 70_000])
def test_no_more_keys_than_are_said_wait_for_a_run(step: int, has_core: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "RUN_LENGTH", keys.RUN_LENGTH // 64)
    monkeypatch.setattr(keys, "MOST_RECENT", keys.MOST_RECENT // 64)
    index, most = KeyIndex(), 0
    for first in range(0, 8 * keys.RUN_LENGTH, step):
        index.extend(range(first, first + step), first)
        most = max(most, len(index._recent))
    assert most < keys.MOST_RECENT
    assert bool(index._runs) is not has_core
