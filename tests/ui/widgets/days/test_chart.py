from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.ui.terminal.ascii import TABLE
from claude_tui.ui.text.drawings.graph import nice_top
from claude_tui.ui.text.drawings.stacks import Stack, stack, unit_for
from claude_tui.ui.widgets.days.chart import (
    MARGIN,
    SIGNS,
    CostChart,
    bar_cells,
    beside,
    draw,
    whole_cells,
    without_colour,
)
from claude_tui.ui.widgets.days.legend import fitted_names
from tests.ui.helpers import running

DAYS = tuple(date(2026, 11, 1) + timedelta(days=number) for number in range(20))


def text(lines: list[list[tuple[str, int, int]]]) -> list[str]:
    return ["".join(piece for piece, _, _ in line) for line in lines]


def test_bars_are_as_high_as_their_costs() -> None:
    dollars = 1_000_000_000
    lines = text(draw(Stack(DAYS[:3], ("a",), ((8 * dollars, 4 * dollars, 0),)), 40, 9))
    bars = [line[MARGIN:] for line in lines[:-1]]
    assert bars[0].count("█") > 0
    full, half = bars[-1].count("█"), bars[0].count("█")
    assert full == 2 * half
    assert "$8" in lines[0]
    assert "1 Nov" in lines[-1]


def test_series_are_stacked_in_order() -> None:
    cells = bar_cells((30, 10), 40, 4)
    assert cells == [("█", 1, 0), ("█", 1, 0), ("█", 1, 0), ("█", 2, 0)]
    assert bar_cells((25, 15), 40, 4)[2] == ("▄", 1, 2)
    assert bar_cells((1, 0), 1000, 4)[0][0] == "▁"
    assert bar_cells((0, 0), 1000, 4) == []


def test_the_costliest_models_are_named_and_the_rest_is_one() -> None:
    daily = {DAYS[0]: {f"m{number}": 100 - number for number in range(9)}}
    made = stack(daily, {f"m{number}": f"name {number}" for number in range(9)}, DAYS[0], DAYS[1])
    assert made.names == ("name 0", "name 1", "name 2", "name 3", "name 4", "4 others")
    assert sum(values[0] for values in made.values) == sum(daily[DAYS[0]].values())


def test_weeks_and_months_lose_nothing() -> None:
    daily = {day: {"m": 7} for day in DAYS}
    for unit in ("day", "week", "month"):
        made = stack(daily, {}, DAYS[0], DAYS[-1], unit)
        assert sum(map(sum, made.values)) == 7 * len(DAYS)


@pytest.mark.parametrize(
    ("days", "columns", "unit"), [(30, 70, "day"), (60, 70, "week"), (365, 70, "month"), (7, 30, "day")]
)
def test_bars_stand_for_what_can_be_read(days: int, columns: int, unit: str) -> None:
    assert unit_for(days, columns) == unit


@given(st.floats(0.0001, 1e7))
def test_axes_end_above_the_greatest_value_but_not_far(value: float) -> None:
    assert value * 0.999 <= nice_top(value) <= value * 2.6


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), min_size=1, max_size=60),
    st.integers(1, 120),
    st.integers(1, 40),
)
def test_any_size_and_any_data_give_lines_of_that_size(values: list[tuple[int, int]], width: int, height: int) -> None:
    days = tuple(date(2026, 1, 1) + timedelta(days=number) for number in range(len(values)))
    lines = text(draw(Stack(days, ("a", "b"), tuple(zip(*values, strict=True))), width, height))
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)
    if any(map(any, values)) and width >= MARGIN + 8 and height >= 3:
        assert "$0┤" in lines[-2]


def test_series_differ_without_colours() -> None:
    assert without_colour("██", 1, 0) != without_colour("██", 2, 0)
    assert without_colour("▄", 1, 2) in "█▓"
    assert without_colour("$8", 0, 0) == "$8"


def test_no_cell_holds_two_series_where_characters_are_plain() -> None:
    assert whole_cells("▂▆", 1, 2) == [("█", 2, 0), ("█", 1, 0)]
    assert whole_cells("▂▆ $40", 1, 0) == [("▂▆ $40", 1, 0)]


def test_signs_of_series_stay_apart_as_plain_characters() -> None:
    plain = SIGNS.translate(TABLE)
    assert plain.isascii() and len(set(plain)) == len(SIGNS)


async def test_a_plain_chart_has_no_background_in_its_bars() -> None:
    async with running(ascii=True, view="days") as (app, _):
        chart = app.query_one(CostChart)
        backgrounds = {
            segment.style.bgcolor for y in range(chart.size.height) for segment in chart.render_line(y) if segment.style
        }
        assert len(backgrounds) == 1


def test_plotext_is_not_loaded_before_it_draws() -> None:
    code = "import sys; import claude_tui.ui.app; print('plotext' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )


@pytest.mark.parametrize(("at", "marked"), [(0, 0), (4, 10), (6, 10), (9, 10), (10, 10), (12, 11), (16, 11)])
def test_the_mark_stands_beside_the_name_of_a_bar_and_not_in_it(at: int, marked: int) -> None:
    assert beside("    30 Nov  7 Dec", at) == marked


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (60, ["sonnet-4-5", "opus-4-5", "haiku-4-5", "2 others"]),
        (24, ["so…", "op…", "ha…", ""]),
        (8, ["", "", "", ""]),
    ],
)
def test_every_series_has_its_sign_in_the_legend(columns: int, names: list[str]) -> None:
    fitted = fitted_names(["sonnet-4-5", "opus-4-5", "haiku-4-5", "2 others"], columns)
    assert fitted == names
    assert sum(len(name) + 4 if name else 2 for name in fitted) - 2 <= columns
    assert len(fitted) == 4


async def test_names_of_the_legend_are_whole_as_long_as_there_is_room_and_cut_by_no_more() -> None:
    names = ("sonnet-4-5", "opus-4-5")
    assert [fitted_names(names, columns) for columns in (24, 23)] == [[*names], ["sonnet-4…", "opus-4-5"]]
    async with running(view="days") as (app, _):
        chart = app.query_one(CostChart)
        long = "x" * chart.size.width
        chart.show(Stack(DAYS[:3], (long, "opus-4-5"), ((1, 1, 1), (1, 1, 1))))
        legend = chart.render_line(0).text
    assert "…" in legend and "opus-4-5" in legend


async def test_a_chart_of_nothing_says_so_once_that_is_known() -> None:
    async with running(view="days") as (app, _):
        chart = app.query_one(CostChart)

        def said() -> int:
            return sum("nothing on these days" in chart.render_line(y).text for y in range(chart.size.height))

        assert not said()
        chart.show(Stack(DAYS[:3], ("a",), ((0, 0, 0),)), is_known=False)
        assert not said()
        chart.show(Stack(DAYS[:3], ("a",), ((0, 0, 0),)))
        assert said() == 1
