"""How rows are arranged, and how little each is asked: there may be ten thousand, and a key press waits for it."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from claude_tui.ui.table.arrangement import Arrangement
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.filters import Filter
from claude_tui.ui.table.placement import ColumnChoice, Placement

Row = tuple[str, int]


class Asked:
    """A table's column and key, and how often they were asked."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def key(self, row: Row) -> str:
        self.times["key"] += 1
        return row[0]

    def order(self, row: Row) -> int:
        self.times["order"] += 1
        return row[1]

    def draw(self, row: Row, width: int) -> Cell:
        self.times["draw"] += 1
        return Cell(str(row[1]))

    @property
    def column(self) -> Column[Row]:
        return Column("cost", "Cost", 6, self.draw, self.order)


def rows(seed: int, count: int) -> list[Row]:
    dice = random.Random(seed)
    return [(f"k{dice.randrange(count)}", dice.randrange(5)) for _ in range(count)]


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("text", ["", "k1", "!k1", "cost>2"])
@pytest.mark.parametrize("is_tree", [False, True])
def test_rows_stand_in_the_order_of_column_and_key(is_reversed: bool, text: str, is_tree: bool) -> None:
    asked = Asked()
    arrangement: Arrangement[Any] = Arrangement([asked.column], asked.key, asked.key, "cost")
    arrangement.given, arrangement.is_reversed = rows(3, 200), is_reversed
    arrangement.filter = Filter(text)
    if is_tree:
        arrangement.children_of = lambda row: [(f"{row[0]}/{number}", number) for number in range(row[1])]
    arrangement.arrange()
    matches = arrangement.filter.compiled([asked.column]).matches
    expected = [row for row in arrangement.given if matches(row, row[0])]
    expected.sort(key=lambda row: (row[1], row[0]), reverse=not is_reversed)
    if is_tree:
        expected = [line for row in expected for line in (row, *arrangement.children_of(row))]  # type: ignore[misc]
    assert arrangement.rows == expected
    assert {key: arrangement.index_of(key) for key, _ in expected} == {
        key: index for index, (key, _) in enumerate(expected)
    }


def test_each_row_is_asked_once() -> None:
    asked = Asked()
    arrangement = Arrangement([asked.column], asked.key, asked.key, "cost")
    arrangement.given = rows(1, 1_000)
    arrangement.arrange()
    assert asked.times == {"key": 1_000, "order": 1_000}


def test_nothing_is_measured_where_there_is_no_room_yet() -> None:
    asked = Asked()
    placement: Placement[Row] = Placement()
    given = rows(1, 100)
    assert not placement.update(ColumnChoice(0), [asked.column], given, [])
    assert not asked.times
    assert placement.update(ColumnChoice(40), [asked.column], given, given[:10])
    assert asked.times == {"draw": 100}
    assert [placed.column.id for placed in placement.placed] == ["cost"]
