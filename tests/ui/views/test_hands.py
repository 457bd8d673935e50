"""What hands expect: the filter knows columns, F6 chooses one to sort by, Y copies how a session is resumed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claude_tui.ui.widgets.days.heatmap import LABELS, Heatmap
from tests.replacing import replace
from tests.ui.fakes import FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled, wait_until
from tests.ui.terminal.test_opener import program


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


async def test_a_click_on_a_tab_goes_to_its_view_at_any_width() -> None:
    for width in (80, 120):
        async with running(size=(width, 30)) as (app, pilot):
            for name in ("plan", "sessions", "live"):
                line = screen_text(app).splitlines()[0]
                await pilot.click("#topbar", offset=(line.index(name[:4].capitalize()) + 1, 0))
                await settled(pilot)
                assert app.main.navigation.here.view == name


async def test_a_click_on_a_key_in_the_footer_does_what_the_key_does_also_when_it_is_another_key() -> None:
    async with running(view="sessions", size=(160, 36), keys={"sort-menu": "f9"}) as (app, pilot):
        for words, screen in (("sort by", "SortScreen"), ("period", "PeriodScreen"), ("help", "HelpScreen")):
            await pilot.click("#keybar", offset=(screen_text(app).splitlines()[-1].index(words), 0))
            while type(app.screen).__name__ != screen:
                await pilot.pause(0.01)
            await pilot.press("escape")
            await settled(pilot)
        await pilot.click("#keybar", offset=(screen_text(app).splitlines()[-1].index("copy resume"), 0))
        await wait_until(pilot, lambda: "--resume" in app.clipboard)
        await pilot.click("#keybar", offset=(screen_text(app).splitlines()[-1].index("open"), 0))
        await wait_until(pilot, lambda: app.main.navigation.here.view == "turns")


async def test_a_click_on_a_day_of_the_year_selects_it() -> None:
    async with running(view="days") as (app, pilot):
        heatmap = app.query_one(Heatmap)
        wanted = heatmap.grid[-3][2].day
        x = LABELS + (len(heatmap.grid) - 3) * heatmap.cell_width
        await pilot.click(heatmap, offset=(x, 3))
        await settled(pilot)
        assert heatmap.cursor_day == wanted


async def test_f10_leaves() -> None:
    async with running() as (app, pilot):
        await pilot.press("f10")
        assert app._exit


async def test_the_folder_of_a_session_or_a_project_is_shown_by_a_key_or_a_click(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "xdg-open", f'echo "$1" >>"{tmp_path}/told"')
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr("claude_tui.ui.terminal.opener.sys.platform", "linux")
    given = snapshot()
    folders = [tmp_path / "session", tmp_path / "project"]
    for folder in folders:
        folder.mkdir()
    first = given.sessions[0]._replace(folder=str(folders[0]))
    project = given.projects[0]._replace(key=str(folders[1]))
    given = replace(given, sessions=(first, *given.sessions[1:]), projects=(project, *given.projects[1:]))

    def told() -> list[str]:
        path = tmp_path / "told"
        return path.read_text().splitlines() if path.exists() else []

    async with running(FakeSource(given), view="sessions") as (app, pilot):
        await press(pilot, "g", "O")
        await wait_until(pilot, lambda: told() == [str(folders[0])])
        await press(pilot, "i")
        line = next(line for line in screen_text(app).splitlines() if "O folder" in line)
        y = screen_text(app).splitlines().index(line)
        await pilot.click(offset=(line.index("O folder") + 2, y))
        await wait_until(pilot, lambda: len(told()) == 2)
        await press(pilot, "escape", "Y")
        assert app.clipboard == f"cd {folders[0]} && claude --resume {first.key}"
        await press(pilot, "3", "O")
        await wait_until(pilot, lambda: told() == [*[str(folders[0])] * 2, str(folders[1])])
        await press(pilot, "2", "O")
        await wait_until(pilot, lambda: "only sessions and projects" in " ".join(n.message for n in app._notifications))


async def test_a_folder_that_cannot_be_shown_is_copied_and_why_is_said() -> None:
    async with running(view="sessions", size=(160, 40)) as (app, pilot):
        await press(pilot, "O")
        await wait_until(pilot, lambda: len(app._notifications) > 0)
        row = app.main.view.table.cursor_row if app.main.view.table is not None else None
        assert row is not None and app.clipboard == row.project
        assert [note.message for note in app._notifications] == [
            f"the folder is not there; copied instead: {row.project}"
        ]


async def test_keys_that_change_nothing_on_screen_say_what_they_did() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await pilot.press("plus")
        await wait_until(pilot, lambda: any(one.title == "refresh at most every" for one in app._notifications))
        await pilot.press("r")
        await wait_until(pilot, lambda: any("files are checked" in one.message for one in app._notifications))
