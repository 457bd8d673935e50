from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.reports.table import TextColumn, TextTable, plain, ruled
from claude_tui.widths import cut
from claude_tui.widths import width as cells

COLUMNS = (
    TextColumn("name", is_text=True, may_shrink=True),
    TextColumn("small", priority=2),
    TextColumn("middle", priority=1),
    TextColumn("cost"),
)
ROWS = (("a-name-that-is-rather-long-for-a-terminal", "1", "22", "$1,234.56"), ("b", "9,999", "1", "$0.10"))
TABLE = TextTable("Title", COLUMNS, ROWS, ("Total", "10,000", "23", "$1,234.66"))


def test_plain_is_aligned() -> None:
    assert plain(TABLE).splitlines() == [
        "Title",
        "name                                        small  middle       cost",
        "-----------------------------------------  ------  ------  ---------",
        "a-name-that-is-rather-long-for-a-terminal       1      22  $1,234.56",
        "b                                           9,999       1      $0.10",
        "-----------------------------------------  ------  ------  ---------",
        "Total                                      10,000      23  $1,234.66",
    ]


@pytest.mark.parametrize("draw", [plain, lambda table, width: ruled(table, width, is_coloured=False)])
@given(width=st.integers(24, 140))
def test_numbers_are_whole_or_gone_at_any_width(draw: object, width: int) -> None:
    text = draw(TABLE, width)  # type: ignore[operator]
    assert max(map(len, text.splitlines())) <= max(width, 26)
    assert {"$1,234.56", "$0.10", "$1,234.66"} <= set(text.replace("│", " ").split())
    numbers = set(re.findall(r"\d[\d,.]*", text))
    assert numbers <= {"1,234.56", "0.10", "1,234.66", "1", "22", "9,999", "10,000", "23"}


def test_the_least_important_columns_go_first() -> None:
    assert "small" in plain(TABLE, 50)
    assert "small" not in plain(TABLE, 35) and "middle" in plain(TABLE, 35)
    assert "middle" not in plain(TABLE, 25) and "cost" in plain(TABLE, 25)


def test_cells_of_several_lines() -> None:
    table = TextTable("", (TextColumn("models", is_text=True), TextColumn("n")), (("- a\n- b", "1"), ("- c", "2")))
    assert plain(table).splitlines()[2:] == ["- a     1", "- b", "- c     2"]
    assert "│ - b    │   │" in ruled(table, 80, is_coloured=False)


def test_markup_in_names_is_shown_as_it_is() -> None:
    table = TextTable("[/x]", (TextColumn("[b]", is_text=True),), (("[red] notes [/nope]",),))
    text = ruled(table, 80)
    assert "[red] notes [/nope]" in text and "[/x]" in text and "[b]" in text


@given(st.text(max_size=40), st.integers(1, 30))
def test_cut_fits(text: str, width: int) -> None:
    assert cells(cut(text, width)) <= width
    assert cut(text, width) == text or cut(text, width).endswith("…")


def test_wide_characters_take_two_columns() -> None:
    table = TextTable("", (TextColumn("name", is_text=True), TextColumn("n")), (("日本語", "1"), ("abc", "2")))
    assert plain(table).splitlines()[2:] == ["日本語  1", "abc     2"]
