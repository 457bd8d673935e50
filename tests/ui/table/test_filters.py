"""What the filter finds, against rows told one by one, and what it says of terms that make no sense."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.filters import Filter
from tests.ui.helpers import press, running


class Row(NamedTuple):
    model: str
    cost_nano: int
    tokens: int


ROWS = [
    Row("opus-4-5", 5_000_000_000, 2_500_000),
    Row("opus-4-5", 5_000_000_001, 900),
    Row("sonnet-4-5", 400_000_000, 2_000),
    Row("Haiku", 0, 0),
]
COLUMNS: list[Column[Row]] = [
    Column("name", "Model", 9, lambda row, w: Cell(row.model), lambda row: row.model),
    Column("cost", "Cost", 9, lambda row, w: Cell("x"), lambda row: row.cost_nano, unit=10**9),
    Column("tokens", "Tokens", 9, lambda row, w: Cell("x"), lambda row: row.tokens, unit=1),
    Column("bar", "", 9, lambda row, w: Cell("x"), lambda row: row.tokens),
]


def found(text: str) -> tuple[list[int], tuple[str, ...]]:
    compiled = Filter(text).compiled(COLUMNS)
    return [n for n, row in enumerate(ROWS) if compiled.matches(row, row.model.lower())], compiled.wrong


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("4-5", [0, 1, 2]),
        ("OPUS 5", [0, 1]),
        ("!opus", [2, 3]),
        ("model:opus", [0, 1]),
        ("name:haiku", [3]),
        ("cost>5", [1]),
        ("cost>=5", [0, 1]),
        ("cost>=$5", [0, 1]),
        ("cost<.5", [2, 3]),
        ("cost=0", [3]),
        ("tokens>2k", [0]),
        ("tokens>=2K", [0, 2]),
        ("tokens<2.5M", [1, 2, 3]),
        ("model:4-5 cost<=5", [0, 2]),
        ("model:4-5 !opus", [2]),
        ("cost<1 !model:haiku", [2]),
        ("!cost<1", [0, 1]),
        ("10:30", []),
    ],
)
def test_words_texts_and_figures(text: str, rows: list[int]) -> None:
    assert found(text) == (rows, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cost>much", "much is not a number"),
        ("cost>", "cost> lacks what to look for"),
        ("model:", "model: lacks"),
        ("modle:opus", "no column modle here; there are cost, model, tokens"),
        ("speed>3", "no column speed here; there are cost, tokens"),
        ("model>3", "model cannot be compared; write model:3"),
    ],
)
def test_a_term_without_sense_is_said_and_hides_nothing(text: str, said: str) -> None:
    rows, wrong = found(text)
    assert rows == [0, 1, 2, 3] and said in wrong[0]
    assert found(f"opus {text}")[0] == [0, 1], "what makes sense beside it holds"
    assert found(f"!{text}")[0] == [0, 1, 2, 3]


async def test_what_the_filter_found_is_marked_in_the_rows_and_nothing_else() -> None:
    def marked(app: ClaudeTop) -> set[str]:
        table = app.main.view.table
        assert table is not None
        lines = [table.render_line(y) for y in range(1, table.size.height)]
        return {one.text for line in lines for one in line if one.style is not None and one.style.underline}

    async with running(view="models") as (app, pilot):
        assert marked(app) == set()
        await press(pilot, "slash", *"OPUS cost>1", "enter")
        assert {text.lower() for text in marked(app)} == {"opus"}
        await press(pilot, "slash", "ctrl+u", *"model:on !opus", "enter")
        assert marked(app) == {"on"}
        await press(pilot, "slash", "ctrl+u", *"!opus", "enter")
        assert marked(app) == set()
        await press(pilot, "escape")
        assert marked(app) == set()
