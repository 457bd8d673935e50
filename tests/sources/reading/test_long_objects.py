"""An object of many megabytes is read in little more memory than its line takes, whatever its texts are."""

from __future__ import annotations

import tracemalloc
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.sources.reading import objects
from claude_tui.sources.reading.objects import LONG, decode_objects

LONE = b"\\ud83d"


@pytest.mark.parametrize("text", [LONE, b"\\uD83D\\ude00", b"x" + LONE, b"\\\\" + LONE, b"x"])
def test_a_long_text_of_anything_takes_little_beside_its_line(text: bytes) -> None:
    line = b'{"id":"m1","text":"' + text * ((2 * LONG) // len(text)) + b'"}'
    tracemalloc.start()
    try:
        values = list(decode_objects(line, is_slim=True))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values == [{"id": "m1", "text": ""}]
    assert peak < 1.5 * len(line) + (12 << 20)


@given(st.lists(st.sampled_from([LONE, b"x", b"\\\\", b"\\n", b"\\uDE00"]), max_size=40), st.integers(1, 12))
def test_a_surrogate_is_found_wherever_a_window_ends(parts: list[bytes], window: int) -> None:
    line = b'{"id":"' + b"".join(parts) + b'","more":"' + b"y" * 40 + b'"}'
    with patch.object(objects, "LONG", 1):
        whole = list(decode_objects(line, is_slim=True))
        with patch.object(objects, "REPLACED", window):
            assert list(decode_objects(line, is_slim=True)) == whole
    assert whole
