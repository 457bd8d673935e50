"""What hands expect: the filter knows columns, F6 chooses one to sort by, Y copies how a session is resumed."""

from __future__ import annotations

from tests.ui.helpers import press, running, screen_text


async def test_a_filter_by_value_narrows_the_rows_and_a_bad_one_is_said_and_hides_nothing() -> None:
    async with running(view="models") as (app, pilot):
        table = app.main.view.table
        assert table is not None
        every = len(table.rows)
        await press(pilot, "f4", *"cost>800", "enter")
        assert 0 < len(table.rows) < every
        assert all(row.totals.cost_nano > 800 * 10**9 for row in table.rows)
        await press(pilot, "slash", *" model:opus", "enter")
        assert [row.key for row in table.rows] == ["claude-opus-4-5-20251101"]
        await press(pilot, "escape", "slash", *"modle:opus", "enter")
        assert len(table.rows) == every
        assert "no column modle here" in screen_text(app)


async def test_a_column_to_sort_by_is_chosen_from_a_list_by_keys_or_mouse() -> None:
    async with running(view="models") as (app, pilot):
        table = app.main.view.table
        assert table is not None and table.arrangement.sort_id == "cost"
        await press(pilot, "f6", "home", "enter")
        assert table.arrangement.sort_id == "name" and not table.arrangement.is_descending
        await press(pilot, "greater_than_sign", "enter")
        assert table.arrangement.is_descending, "chosen again, it is the other way round"
        await press(pilot, "f6", "escape")
        assert table.arrangement.sort_id == "name"
        await pilot.press("f6")
        await pilot.click("#column-list", offset=(8, 4))
        assert table.arrangement.sort_id not in ("name", "cost") and len(app.screen_stack) == 1


async def test_columns_chosen_are_kept_when_one_clicks_beside_the_dialog() -> None:
    async with running(view="models") as (app, pilot):
        await pilot.press("C", "space")
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert app.main.view.table is not None and app.main.view.table.hidden_columns


async def test_how_a_session_is_resumed_is_copied() -> None:
    async with running(view="sessions") as (app, pilot):
        row = app.main.view.table.cursor_row if app.main.view.table is not None else None
        assert row is not None
        await press(pilot, "Y")
        assert app.clipboard == f"cd {row.project} && claude --resume {row.key}"


async def test_f10_leaves() -> None:
    async with running() as (app, pilot):
        await pilot.press("f10")
        assert app._exit
