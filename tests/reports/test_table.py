from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.reports.table import READABLE, TextColumn, TextTable, plain, ruled
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
    assert "small" in plain(TABLE, 55)
    assert "small" not in plain(TABLE, 54) and "middle" in plain(TABLE, 54)
    assert "middle" not in plain(TABLE, 46) and "cost" in plain(TABLE, 46)


@pytest.mark.parametrize("draw", [plain, lambda table, width: ruled(table, width, is_coloured=False)])
@given(width=st.integers(24, 140), name=st.text("abcdef-1", min_size=1, max_size=READABLE))
def test_a_name_is_whole_as_long_as_anything_else_can_go(draw: object, width: int, name: str) -> None:
    other = TextColumn("models", is_text=True, may_shrink=True, priority=1)
    table = TextTable("", (COLUMNS[0], other, *COLUMNS[1:]), ((name, "a-long-text-of-many-words", *ROWS[0][1:]),))
    text = draw(table, width)  # type: ignore[operator]
    left = next(line for line in text.splitlines() if "name" in line).replace("│", " ").split()
    assert name in text.replace("│", " ").split() or left == ["name", "cost"]


def test_lines_go_before_a_name_is_cut() -> None:
    assert "│" in ruled(TABLE.without(frozenset({"small", "middle"})), 60, is_coloured=False)
    names = TextTable("", COLUMNS[::3], (("claude-sonnet-4-5-20250929", "$1,234.56"),))
    assert "│" in ruled(names, 42, is_coloured=False)
    for width in (37, 41):
        text = ruled(names, width, is_coloured=False)
        assert "│" not in text and "claude-sonnet-4-5-20250929  $1,234.56" in text
    assert "claude-sonnet-4-5-202509…  $1,234.56" in ruled(names, 36, is_coloured=False)


def test_folders_keep_their_end() -> None:
    columns = (TextColumn("project", is_text=True, may_shrink=True, has_folders=True), TextColumn("cost"))
    table = TextTable("", columns, (("/home/me/code/a-rather-long-folder/product", "$1.00"),))
    for text in (plain(table, 30), ruled(table, 30, is_coloured=False)):
        assert re.search(r"…\S*/product", text), text


def test_a_pipe_cuts_nothing() -> None:
    assert "…" not in plain(TABLE) and ROWS[0][0] in plain(TABLE)


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
