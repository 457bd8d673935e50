from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from claude_tui.ui.table.columns import Cell, Column, contents, place
from claude_tui.ui.table.line_table import LineTable
from claude_tui.widths import fit
from tests.ui.helpers import running, wait_until

HOSTILE = (
    "[/x]",
    "[red] notes",
    "[@click=app.quit]x[/]",
    "\ufffd[31mred",
    "الف \ufffd left",
    "日本語のプロジェクト",
    "a" * 300,
)


@dataclass(frozen=True)
class Thing:
    key: str
    name: str
    cost: int


def table() -> LineTable[Thing]:
    columns = [
        Column[Thing](
            "name",
            "Name",
            10,
            lambda row, w: Cell(row.name, "name"),
            lambda row: row.name,
            0,
            flex=1,
            right=False,
            descending=False,
        ),
        Column[Thing]("extra", "Extra", 8, lambda row, w: Cell(f"x{row.cost}"), lambda row: row.cost, 3),
        Column[Thing]("cost", "Cost", 6, lambda row, w: Cell(str(row.cost)), lambda row: row.cost, 0),
    ]
    return LineTable(columns, lambda row: row.key, lambda row: row.name, sort="cost")


class Host(App[None]):
    CSS = "LineTable { width: 100%; height: 100%; scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.table = table()

    def compose(self) -> ComposeResult:
        yield self.table


@asynccontextmanager
async def shown(
    rows: list[Thing], size: tuple[int, int] = (40, 12)
) -> AsyncIterator[tuple[LineTable[Thing], Pilot[None]]]:
    app = Host()
    async with app.run_test(size=size) as pilot:
        app.table.show(rows)
        app.table.focus()
        await pilot.pause()
        yield app.table, pilot


def text(of: LineTable[Thing], y: int) -> str:
    return of.render_line(y).text


THINGS = [Thing(f"k{number}", f"thing {number}", number * 10) for number in range(30)]


async def test_rows_are_sorted_and_the_header_says_how() -> None:
    async with shown(THINGS) as (of, pilot):
        assert "Cost▼" in text(of, 0)
        assert "thing 29" in text(of, 1)
        await pilot.press("o")
        assert "Cost▲" in text(of, 0)
        assert "thing 0" in text(of, 1)
        await pilot.press("s")
        assert "Name▲" in text(of, 0)


async def test_the_selection_stays_on_its_row_when_the_order_changes() -> None:
    async with shown(THINGS) as (of, pilot):
        await pilot.press("j", "j")
        assert of.cursor_key == "k27"
        of.show([*THINGS[:27], Thing("k27", "thing 27", 5), *THINGS[28:]])
        assert of.cursor_key == "k27"
        assert of.cursor_row is not None and of.cursor_row.cost == 5
        await pilot.press("I")
        assert of.cursor_key == "k27"


async def test_the_selection_moves_to_the_neighbour_when_its_row_goes() -> None:
    async with shown(THINGS) as (of, pilot):
        await pilot.press("j")
        of.show([thing for thing in THINGS if thing.key != "k28"])
        assert of.cursor_key == "k27"
        of.show([])
        assert of.cursor_key is None


async def test_a_refresh_draws_only_the_cells_that_changed() -> None:
    async with shown(THINGS) as (of, pilot):
        before = of.changed_cells
        of.show(list(THINGS))
        await pilot.pause()
        assert of.changed_cells == before
        of.show([*THINGS[:29], Thing("k29", "thing!29", 290)])
        await pilot.pause()
        assert of.changed_cells == before + 1
        of.show([Thing("k0", "not on screen", 1), *THINGS[1:29], Thing("k29", "thing!29", 290)])
        await pilot.pause()
        assert of.changed_cells == before + 1


async def test_scrolling_is_left_alone_by_a_refresh() -> None:
    async with shown(THINGS) as (of, pilot):
        await pilot.press("G")
        await wait_until(pilot, lambda: of.scroll_y > 0)
        at = of.scroll_y
        of.show(list(THINGS))
        await pilot.pause()
        assert (of.scroll_y, of.cursor_key) == (at, "k0")
        assert "thing 0" in text(of, 11)


async def test_moving() -> None:
    async with shown(THINGS) as (of, pilot):
        for key, expected in (
            ("down", 1),
            ("j", 2),
            ("k", 1),
            ("pagedown", 11),
            ("ctrl+d", 17),
            ("ctrl+u", 11),
            ("G", 29),
            ("j", 29),
            ("home", 0),
        ):
            await pilot.press(key)
            assert of.cursor_index == expected, key


async def test_the_filter_shows_what_matches_or_what_does_not() -> None:
    async with shown(THINGS) as (of, _):
        of.set_filter("thing 1")
        assert [row.key for row in of.rows][-1] == "k1"
        assert len(of.rows) == 12
        of.set_filter("!THING 1")
        assert len(of.rows) == 18
        of.set_filter("!")
        assert len(of.rows) == 30
        of.set_filter("nothing like it")
        assert of.cursor_key is None


@pytest.mark.parametrize("name", HOSTILE)
async def test_names_are_drawn_as_they_are(name: str) -> None:
    async with shown([Thing(name, name, 1)], size=(60, 5)) as (of, pilot):
        await pilot.pause()
        line = of.render_line(1)
        assert line.cell_length == 60
        assert line.text.startswith(name[:20])


async def test_clicks_sort_and_select() -> None:
    async with shown(THINGS) as (of, pilot):
        await pilot.click(of, offset=(2, 0))
        assert of.arrangement.sort_id == "name"
        await pilot.click(of, offset=(2, 3))
        assert of.cursor_index == 2


def test_columns_go_by_priority_and_never_overlap() -> None:
    columns = table().columns
    for width in range(1, 60):
        placed = place(columns, width)
        ends = [(one.x, one.x + one.width) for one in placed]
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))
        assert ends[-1][1] <= max(width, 1)
    assert [one.column.id for one in place(columns, 40)] == ["name", "extra", "cost"]
    assert [one.column.id for one in place(columns, 20)] == ["name", "cost"]
    assert [one.column.id for one in place(columns, 40, frozenset({"extra"}))] == ["name", "cost"]


def test_text_is_cut_to_terminal_cells() -> None:
    assert fit("日本語", 5) == "日本…"
    assert fit("日本語", 4) == "日… "
    assert fit("ab", 4, right=True) == "  ab"
    assert fit("abc", 0) == ""


@pytest.mark.parametrize("theme", ["claude-dark", "claude-light", "colour-blind", "ansi-dark", "ansi-light"])
async def test_the_bar_of_the_selected_row_keeps_its_colour_where_it_is_seen(theme: str) -> None:
    async with running(theme=theme, view="models") as (app, _):
        table = app.main.view.table
        assert table is not None and table.cursor_index == 0
        name, *others = [*table.render_line(1)]
        bar = next(segment for segment in others if "▄" in segment.text)
        assert name.style is not None and bar.style is not None
        assert bar.style.bgcolor == name.style.bgcolor != bar.style.color
        if not theme.startswith("ansi"):
            assert bar.style.color != name.style.color


async def test_a_row_that_moves_leaves_no_stain_of_the_selection() -> None:
    class Coloured(Host):
        CSS = Host.CSS + "LineTable > .line-table--cursor { background: red; }"

    host = Coloured()
    async with host.run_test(size=(40, 8)) as pilot:
        same = [Thing(f"k{number}", "alike", 9) for number in range(5)]
        host.table.show(same)
        host.table.focus()
        await pilot.pause()
        host.table.move_to(1)
        await pilot.pause()
        for turn in range(1, 5):
            # All cells of two rows have the same text, so that only the selection moves.
            host.table.show([Thing(f"k{(number + turn) % 5}", "alike", 9) for number in range(5)])
            host.table.sort_by("cost", reverse=bool(turn % 2))
            await pilot.pause()
            drawn = [[*host.screen._compositor.render_strips()[y]] for y in range(6)]
            grounds = [{segment.style.bgcolor for segment in line if segment.style} for line in drawn]
            index = host.table.cursor_index
            assert index is not None
            marked = [y for y, found in enumerate(grounds) if found != grounds[0]]
            assert index + 1 in marked and len(marked) == 1


def test_columns_are_as_wide_as_what_stands_in_them_and_names_are_cut_last() -> None:
    def column(id: str, text: str, priority: int, flex: int = 0) -> Column[str]:
        return Column(id, id, 14, lambda row, w: Cell(text), str, priority, narrow=6, flex=flex, right=not flex)

    columns = [column("n", "Refactor the invoice renderer", 0, 3), column("m", "$1", 1), column("x", "1.234.567", 9)]
    content = contents(columns, ["a row"])

    def widths(available: int) -> dict[str, int]:
        return {one.column.id: one.width for one in place(columns, available, content=content)}

    assert widths(29 + 1 + 2 + 1 + 9) == {"n": 29, "m": 2, "x": 9}
    assert widths(32) == {"n": 29, "m": 2}, "a name is not cut for what nobody misses"
    assert widths(12) == {"n": 9, "m": 2}
    assert widths(120) == {"n": 30, "m": 3, "x": 10}, "more room is a second blank, not a hole"


async def test_a_wider_text_widens_its_column_and_a_narrower_leaves_it() -> None:
    async with shown([Thing("k0", "ab", 1)]) as (of, pilot):

        async def start_of_cost(name: str) -> int:
            of.show([Thing("k0", name, 1)])
            await pilot.pause()
            return of._placed[-1].x

        first = await start_of_cost("ab")
        assert await start_of_cost("a much longer") > first
        assert await start_of_cost("ab") == await start_of_cost("a much longer")


async def test_columns_fit_the_rows_scrolled_to_at_once_and_not_when_they_are_drawn_again() -> None:
    rows = [Thing(str(number), "short", number) for number in range(900)]
    rows += [Thing("wide", "a name that is very much longer", -1_234)]
    async with shown(rows) as (widget, pilot):
        before = list(widget._placed)
        await pilot.press("end")
        await wait_until(pilot, lambda: "very much" in text(widget, widget.size.height - 1))
        scrolled = list(widget._placed)
        widget.show(list(rows))
        assert scrolled == widget._placed != before
