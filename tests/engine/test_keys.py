"""Rows by key: whether keys were added or taken over makes no difference."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.engine.keys import KeyIndex

KEYS = st.lists(st.integers(0, 40), unique=True)


@given(KEYS, KEYS, st.lists(st.lists(st.integers(0, 40), max_size=3), max_size=4), st.booleans())
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
    for keys in questions:
        asked = array("q", keys)
        assert found.is_disjoint(asked) is plain.is_disjoint(asked) is set(keys).isdisjoint(column)
    if is_sealed:
        assert found.seal_run() == plain.seal_run()
    assert [found.get(key) for key in range(41)] == [plain.get(key) for key in range(41)]
    assert [found[key] for key in column] == list(range(len(column)))
