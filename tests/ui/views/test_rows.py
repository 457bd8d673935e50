from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_tui.model import AgentRow, Response, Totals
from claude_tui.sources.turns.turn import TurnDetails
from claude_tui.ui.table import export as rows_out
from claude_tui.ui.table.kinds.agent_rows import AgentLine, unfold
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.terminal import editor
from claude_tui.ui.views import turns
from claude_tui.ui.views.projects import project_columns
from claude_tui.ui.widgets.row_detail import kinds
from tests.replacing import replace
from tests.ui.fakes import FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled, wait_until


async def test_the_tree_shows_sub_agents_below_their_session_in_any_order() -> None:
    async with running() as (app, pilot):
        table = app.main.view.table
        assert table is not None
        await press(pilot, "t")
        assert "└ Explore 0" in screen_text(app)
        for keys in (["s"], ["s"], ["o"]):
            await press(pilot, *keys)
            for index, row in enumerate(table.rows):
                if isinstance(row, AgentLine):
                    above = table.rows[index - 1]
                    assert above == row.session or (isinstance(above, AgentLine) and above.session == row.session)
        await press(pilot, "4")
        assert "└ Explore 0" in screen_text(app), "the tree is the same in both views"
        await press(pilot, "t", "1")
        assert "Explore" not in screen_text(app)


def test_sub_agents_are_unfolded_by_cost() -> None:
    session = (
        snapshot()
        .sessions[0]
        ._replace(
            agents=(AgentRow("a", "cheap", Totals(cost_nano=1)), AgentRow("b", "dear", Totals(cost_nano=9))),
        )
    )
    assert [line.name for line in unfold(session)] == ["├ dear", "└ cheap"]
    assert len({line.key for line in unfold(session)} | {session.key}) == 3


async def test_follow_goes_to_the_busiest_until_one_is_chosen() -> None:
    given = snapshot()
    source = FakeSource(given)
    async with running(source) as (app, pilot):
        table = app.main.view.table
        assert table is not None
        await press(pilot, "F")
        assert "follow" in screen_text(app)
        busy = given.sessions[2]._replace(cost_per_hour_nano=99_000_000_000)
        source.change(replace(given, sessions=(*given.sessions[:2], busy, *given.sessions[3:])))
        await settled(pilot)
        row = table.cursor_row
        assert row is not None and row.key == busy.key
        await press(pilot, "g")
        chosen = table.cursor_key
        source.change(given)
        await settled(pilot)
        assert table.cursor_key == chosen


async def test_explaining_a_row_says_what_is_not_exact() -> None:
    async with running() as (app, pilot):
        await press(pilot, "2", "G")
        await pilot.press("i")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.pause()
        text = screen_text(app)
        assert "mystery-9" in text
        assert "41" in text and "responses without a known price" in text
        await wait_until(pilot, lambda: "dropped, repeated" in screen_text(app))
        await pilot.press("escape")
        await wait_until(pilot, lambda: len(app.screen_stack) == 1)
        await press(pilot, "4", "enter", "i")
        await pilot.pause()
        assert "counted from" in screen_text(app)
        await wait_until(pilot, lambda: "Read ×2, Edit" in screen_text(app))


async def test_copying_gives_the_row_as_text() -> None:
    async with running() as (app, pilot):
        await press(pilot, "3", "y")
        assert app.clipboard.startswith("webshop\t")
        assert "█" not in app.clipboard


async def test_an_export_asks_where_and_proposes_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running() as (app, pilot):
        await press(pilot, "3", "x")
        assert "claude-top-projects-2026-11-20.csv" in screen_text(app)
        await press(pilot, "escape")
        assert not os.listdir(tmp_path) and len(app.screen_stack) == 1
        for number in (1, 2):
            await pilot.press("x", "enter")
            await wait_until(pilot, lambda number=number: len(os.listdir(tmp_path)) == number)  # type: ignore[misc]
            await wait_until(pilot, lambda: len(app.screen_stack) == 1)
    names = sorted(os.listdir(tmp_path))
    assert names == ["claude-top-projects-2026-11-20-2.csv", "claude-top-projects-2026-11-20.csv"]
    lines = (tmp_path / names[1]).read_text().splitlines()
    assert lines[0].startswith("Project,")
    assert len(lines) == 9


async def test_an_export_replaces_a_file_only_after_it_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    mine.write_text("mine")
    async with running() as (app, pilot):
        await press(pilot, "3", "x", "ctrl+u", *"mine", "enter")
        await wait_until(pilot, lambda: "Enter replaces it" in screen_text(app))
        assert mine.read_text() == "mine"
        await pilot.press("2")
        await wait_until(pilot, lambda: "Enter replaces it" not in screen_text(app))
        await pilot.press("backspace", "enter")
        await wait_until(pilot, lambda: "Enter replaces it" in screen_text(app))
        assert mine.read_text() == "mine", "it was said of another name last"
        await pilot.press("enter")
        await wait_until(pilot, lambda: mine.read_text().startswith("Project,"))
    assert os.listdir(tmp_path) == ["mine"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("no/such/folder.csv", "No such file"), ("", "needs a name"), ("~nobody-of-this-name/x", "not written")],
)
async def test_an_export_that_cannot_be_written_says_why_and_asks_again(
    name: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(size=(60, 15)) as (app, pilot):
        await press(pilot, "3", "x", "ctrl+u", *name, "enter")
        await wait_until(pilot, lambda: why in screen_text(app))
        await pilot.press("ctrl+u", *"good.csv", "enter")
        await wait_until(pilot, lambda: os.listdir(tmp_path) == ["good.csv"])


def exported(folder: Path) -> list[dict[str, str]]:
    """The rows of the one file in a folder."""
    (path,) = folder.iterdir()
    return list(csv.DictReader(path.read_text().splitlines()))


async def test_exported_turns_name_tools_of_replies_that_were_never_on_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(size=(140, 14)) as (app, pilot):
        await press(pilot, "4", "enter")
        assert app.main.view.table is not None and len(app.main.view.table.visible_rows) < 20
        await pilot.press("x", "enter")
        await wait_until(pilot, lambda: [*map(os.path.getsize, tmp_path.iterdir())] > [0])
    rows = exported(tmp_path)
    assert {row["Tools"] for row in rows} == {"Read ×2, Edit"}
    assert {row["Read"] for row in rows} == {"60000"}
    assert {row["Wr 5m"] for row in rows} == {"0"}


async def test_tools_beyond_the_bound_are_empty_and_never_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(turns, "EXPORTED", 0)
    async with running(size=(140, 14)) as (app, pilot):
        await press(pilot, "4", "enter")
        await wait_until(pilot, lambda: "Read ×2, Edit" in screen_text(app))
        await pilot.press("x", "enter")
        await wait_until(pilot, lambda: [*map(os.path.getsize, tmp_path.iterdir())] > [0])
    assert {row["Tools"] for row in exported(tmp_path)} == {"Read ×2, Edit", ""}


def test_a_spreadsheet_does_not_calculate_names() -> None:
    row = snapshot().projects[0]._replace(name="=cmd|' /C calc'!A0")
    assert "'=cmd" in rows_out.as_csv(project_columns(Frame()), [row])


async def test_the_column_chooser_hides_and_shows() -> None:
    async with running(size=(160, 50)) as (app, pilot):
        assert "Branch" in screen_text(app)
        await pilot.press("C")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("end", "space", "escape")
        await wait_until(pilot, lambda: len(app.screen_stack) == 1)
        await settled(pilot)
        assert "Branch" not in screen_text(app)


def remembering(calls: list[tuple[str, int]]) -> Callable[[object, str, int], str]:
    """An editor that only remembers what it was to open."""

    def open_editor(view: object, path: str, offset: int) -> str:
        calls.append((path, offset))
        return ""

    return open_editor


async def test_editing_a_turn_opens_the_editor_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int]] = []
    async with running() as (app, pilot):
        await press(pilot, "4", "enter")
        monkeypatch.setattr(type(app.main.view), "_open_editor", remembering(calls))
        await press(pilot, "e")
        assert calls == [("/home/me/.claude/projects/x/y.jsonl", 19 * 900)]
        await press(pilot, "escape", "e")
        assert len(calls) == 1
        assert "has a log line to open" in [*app._notifications][-1].message


@pytest.mark.parametrize("name", ["kilo.db", "rollout-a.jsonl.zst"])
async def test_a_log_that_is_no_text_is_not_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", lambda *words, **more: pytest.fail("a reader was run"))
    async with running() as (app, pilot):
        await press(pilot, "4", "enter")
        monkeypatch.setattr(type(app.main.view), "location", lambda view, row: (f"/logs/{name}", 12))
        await press(pilot, "e")
        assert [*app._notifications][-1].message == f"{name} is no text; i says which row of it was counted"


async def test_the_editor_opens_from_the_explanation_of_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int]] = []
    async with running() as (app, pilot):
        await press(pilot, "4", "enter")
        monkeypatch.setattr(type(app.main.view), "_open_editor", remembering(calls))
        await pilot.press("i")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("e")
        await wait_until(pilot, lambda: len(calls) == 1)


def test_lines_are_counted_to_the_byte(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"{}\n" * 5)
    assert [editor.line_number(str(log), offset) for offset in (0, 2, 3, 6, 12)] == [1, 1, 2, 3, 5]


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"PAGER": "less -S"}, ["less", "-S", "+7", "/l"]),
        ({"PAGER": "my-pager"}, ["my-pager", "/l"]),
        ({"PAGER": "'broken", "PATH": ""}, []),
        ({"VISUAL": "code --wait", "EDITOR": "vi", "PATH": ""}, []),
    ],
)
def test_editors_are_told_the_line_their_way(env: dict[str, str], words: list[str]) -> None:
    assert editor.command("/l", 7, env) == words


@pytest.mark.parametrize("pager", ["vim", "/usr/bin/vi", "nvim -n", "vim -R", "nano"])
def test_an_editor_as_the_pager_cannot_write(pager: str) -> None:
    words = editor.command("/l", 7, {"PAGER": pager})
    assert words[: len(pager.split())] == pager.split()
    assert words.count("-v" if pager == "nano" else "-R") == 1
    assert words[-1] == "/l"


@pytest.mark.parametrize("pager", ["emacs -nw", "/usr/bin/micro", "kak"])
def test_an_editor_that_may_write_gets_a_copy_that_goes_away(pager: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"{}\n" * 5)
    with editor.reading(str(log), 6, {"PAGER": pager}) as words:
        *others, path = words
        copy = Path(path)
        assert others == [*pager.split(), "+3"]
        assert copy != log and copy.name == log.name and copy.read_bytes() == log.read_bytes()
        assert not copy.stat().st_mode & 0o222
        copy.chmod(0o600)
        copy.write_bytes(b"changed")
    assert not copy.parent.exists() and log.read_bytes() == b"{}\n" * 5


@pytest.mark.parametrize("pager", ["less", "vim", "my-pager"])
def test_what_only_reads_gets_the_log_itself(pager: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"{}\n")
    with editor.reading(str(log), 0, {"PAGER": pager}) as words:
        assert words[-1] == str(log)


async def test_the_tools_of_replies_on_screen_are_read_once_each() -> None:
    source = FakeSource()
    asked: list[tuple[str, int]] = []
    answer = source.turn_details

    def turn_details(response: Response, /) -> TurnDetails:
        asked.append((response.path, response.offset))
        return answer(response)

    source.turn_details = turn_details  # type: ignore[method-assign]
    async with running(source, size=(140, 24)) as (app, pilot):
        await press(pilot, "4", "enter")
        await wait_until(pilot, lambda: "Read ×2, Edit" in screen_text(app))
        await settled(pilot)
        table = app.main.view.table
        assert table is not None
        assert len(asked) == len(set(asked)) <= len(table.visible_rows)


@pytest.mark.parametrize("width", range(24, 70, 5))
def test_the_detail_of_a_row_is_whole_at_every_width(width: int) -> None:
    sums = Totals(responses=3, input=9, cache_read=99, read_saved_nano=123_456_000_000_000, write_extra_nano=10**12)
    assert all(len(line) <= width for line in kinds(sums, width, 9).plain.split("\n"))


async def test_the_youngest_on_top_is_the_least_age_on_top() -> None:
    async with running(view="sessions") as (app, pilot):
        assert "Age▲" in screen_text(app) and "age ▲" in screen_text(app)
        table = app.main.view.table
        assert table is not None
        ages = [-row.totals.last_ms for row in table.rows]
        assert ages == sorted(ages) and len(set(ages)) > 1
        await press(pilot, "I")
        assert "Age▼" in screen_text(app)


def test_a_folder_is_cut_at_its_start() -> None:
    row = snapshot().projects[0]._replace(name="/home/user/code/日本/atlas-api")
    folder = next(column for column in project_columns(Frame()) if column.id == "folder")
    assert folder.draw(row, 16).text == "…/日本/atlas-api"
    assert folder.draw(row, 15).text == "…/atlas-api"
    assert folder.draw(row, 10).text == "…atlas-api", "there is no room for the whole name"
    assert folder.draw(row, 60).text == row.name
