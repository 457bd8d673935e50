"""Panes that have hardly any room: nothing breaks, and what matters most is seen."""

from __future__ import annotations

import pytest

from claude_tui.ui.widgets.days.heatmap import Heatmap
from tests.ui.fakes import TODAY
from tests.ui.helpers import press, running, screen_text

PAGES = ("pageup", "pagedown", "home", "end", "down", "up")


@pytest.mark.parametrize("height", [1, 2, 3])
@pytest.mark.parametrize("dialog", ["p", "C", "comma", "question_mark", "i", "colon"])
async def test_every_way_to_move_is_harmless_in_a_dialog_without_room(height: int, dialog: str) -> None:
    async with running(size=(80, height)) as (app, pilot):
        await pilot.press(dialog)
        await pilot.pause()
        for key in PAGES:
            await pilot.press(key)
            await pilot.pause()
        assert app.is_running and app.return_code is None


@pytest.mark.parametrize("digit", ["1", "3", "5", "6", "9"])
async def test_a_digit_in_a_dialog_is_the_dialogs_alone(digit: str) -> None:
    for dialog in ("p", "C", "comma", "question_mark"):
        async with running(view="models") as (app, pilot):
            await pilot.press(dialog)
            await pilot.pause()
            await pilot.press(digit)
            await pilot.pause()
            assert app.main.navigation.here.view == "models"


async def test_a_week_has_seven_days_in_forty_columns_and_eight_lines() -> None:
    async with running(size=(40, 8), view="days") as (app, _):
        heatmap = app.query_one(Heatmap)
        assert heatmap.size.height == 7
        assert screen_text(app).split("\n")[7].startswith("Sun")


@pytest.mark.parametrize("height", [3, 4, 5, 6])
async def test_the_selected_day_is_seen_in_fewer_lines_than_a_week_has_days(height: int) -> None:
    async with running(size=(40, height), view="days") as (app, pilot):
        for _ in range(9):
            heatmap = app.query_one(Heatmap)
            assert heatmap.cursor_day is not None
            lines = screen_text(app).split("\n")
            assert "‹" in "".join(lines), heatmap.cursor_day
            await press(pilot, "up")
        assert heatmap.cursor_day != TODAY


async def test_an_explanation_in_a_pane_of_a_few_cells_comes_to_rest() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await press(pilot, "i")
        for width in range(1, 24):
            await pilot.resize_terminal(width, 18)
            await pilot.pause()
            layouts: list[object] = []
            app.screen.screen_layout_refresh_signal.subscribe(app.screen, layouts.append)
            for _ in range(9):
                await pilot.pause()
            app.screen.screen_layout_refresh_signal.unsubscribe(app.screen)
            assert len(layouts) < 9, width
