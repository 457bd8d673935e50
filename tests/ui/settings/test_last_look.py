"""The next start begins where the last one was left: its view, and what each is sorted by; never with fewer rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.file import Settings
from claude_tui.ui.settings.last_look import LastLook, read
from tests.ui.fakes import NOW_MS, FakeSource
from tests.ui.helpers import press, settled, wait_until


async def start(path: Path, *keys: str, view: str = Settings.view) -> tuple[str, str, bool, int]:
    """Start, press keys, and leave. Returns the view it began with, how that was sorted, and how many rows it had."""
    app = ClaudeTop(FakeSource(), Settings(view=view), clock=lambda: NOW_MS, look_path=path)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_until(pilot, lambda: app.main.snapshot is not None)
        await settled(pilot)
        began, table = app.main.view.TITLE, app.main.view.table
        sort = (table.arrangement.sort_id, table.arrangement.is_reversed, len(table.rows)) if table else ("", False, 0)
        await press(pilot, *keys)
        app.leave(0)
    return began, *sort


async def test_the_next_start_has_the_view_and_the_sorting_but_not_the_filter(tmp_path: Path) -> None:
    path = tmp_path / "state" / "screen.json"
    _, _, _, _ = await start(path, "3", "f6", "home", "enter", "o", "slash", *"web", "enter")
    view, sort, is_reversed, rows = await start(path, "5")
    assert (view, sort, is_reversed) == ("projects", "name", True) and rows == 8
    assert (await start(path))[0] == "days"
    assert (await start(path, view="projects"))[:3] == ("projects", "name", True), "a setting goes before"
    await start(path, "3", "f6", "end", "enter", view="models")
    assert (await start(path, "1"))[:2] != ("projects", "name")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "[" * 9999, '{"state": 3}', '{"state": {"view": 3, "sorts": [1]}}',
     '{"state": {"view": "nope", "sorts": {"models": ["nope", false], "live": ["cost", 1], "turns": 3}}}'],
)  # fmt: skip
async def test_what_makes_no_sense_there_is_left_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "screen.json"
    path.write_text(text)
    assert (await start(path, "2"))[0] == "live"
    assert json.loads(path.read_text())["state"]["view"] == "models"
    assert read(path).view == "models"


async def test_that_it_cannot_be_kept_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "screen.json"
    assert (await start(path, "2"))[0] == "live"
    assert read(path) == LastLook()
