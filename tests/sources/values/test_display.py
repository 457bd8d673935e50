from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.sources.values.display import display_name

UNSAFE_RANGES = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200B), (0x200E, 0x200F),
    (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xD800, 0xDFFF), (0xE0000, 0xE007F),
)  # fmt: skip


@pytest.mark.parametrize(("first", "last"), UNSAFE_RANGES)
def test_every_unsafe_character_is_replaced_and_counted(first: int, last: int) -> None:
    for code in range(first, last + 1):
        assert display_name(f"a{chr(code)}b") == "a\ufffdb"


@pytest.mark.parametrize("name", ["", "claude-opus-4-5", "/home/me/[red] notes", "Grüße", "日本語", "👍🏽", "e\u0301"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert display_name(name) == name


def test_marks_stacked_on_one_letter_are_capped_at_four() -> None:
    assert display_name("a" + "\u0301" * 9 + "b" + "\u0302" * 4) == "a" + "\u0301" * 4 + "b" + "\u0302" * 4


def test_long_names_are_cut_with_an_ellipsis() -> None:
    assert display_name("x" * 256) == "x" * 256
    assert display_name("x" * 257) == "x" * 255 + "…"
    assert display_name("abcdef", limit=4) == "abc…"


@given(st.text(st.characters(), max_size=400))
def test_result_is_encodable_short_and_free_of_controls(raw: str) -> None:
    shown = display_name(raw)
    shown.encode()
    assert len(shown) <= 256
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown)
    assert display_name(shown) == shown
