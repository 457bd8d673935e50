"""What a terminal shows after sizes that came and went, notes that came and went, and dialogs closed twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual._styles_cache import StylesCache
from textual.screen import Screen
from textual.strip import Strip

from claude_tui.ui.settings.file import Settings
from claude_tui.ui.terminal import painted_app
from claude_tui.ui.terminal.painted_app import PIECE_LINES, PaintedApp
from tests.ui.fakes import NOW_MS, FakeSource
from tests.ui.helpers import PATIENCE_S
from tests.ui.monkey.actions import Action
from tests.ui.monkey.play import Play
from tests.ui.monkey.terminal import MonkeyApp


def key(name: str) -> Action:
    return Action("key", (name,))


def click(x: int, y: int, times: int = 1) -> Action:
    return Action("click", (x, y, 1, times))


SIZE = Action("resize", (80, 24))
NOTE = key("ctrl+z")
"""There is no shell behind this terminal, which a note says."""


@pytest.mark.parametrize(
    "done",
    [
        pytest.param([SIZE, SIZE], id="a size that is back before it was drawn"),
        pytest.param([Action("resize", (10, 2)), key("f2"), NOTE, NOTE, key("down"), NOTE], id="notes in a tiny pane"),
        pytest.param([key("colon"), click(1, 1, 2)], id="a palette that is left with two clicks"),
        pytest.param([key("colon"), key("escape"), key("colon"), click(0, 0), key("p"), click(1, 1, 2)], id="dialogs"),
        pytest.param([key("p"), click(30, 9, 3)], id="an answer that is clicked three times"),
    ],
)
async def test_what_is_shown_is_what_is_so(done: list[Action], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await Play(tmp_path, 0).follow(done)


async def test_a_size_that_is_back_before_it_is_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal has lost what was drawn, of which Textual sees nothing change."""
    monkeypatch.chdir(tmp_path)
    await Play(tmp_path, 0).flicker(60, 15)


async def test_the_first_picture_is_drawn_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses a key meanwhile waits for one piece: no turn of the event loop draws many lines."""
    monkeypatch.setattr(painted_app, "PIECE_S", 0.0)
    turn, is_sent = 0, asyncio.Event()
    drawn = Counter[int]()
    plain_line, plain_send = StylesCache.render_line, PaintedApp._send

    def render_line(cache: StylesCache, *arguments: Any) -> Strip:
        drawn[turn] += not is_sent.is_set() and cache is not app.main._styles_cache
        return plain_line(cache, *arguments)

    def send(app: PaintedApp, *arguments: Any) -> None:
        is_sent.set()
        plain_send(app, *arguments)

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(StylesCache, "render_line", render_line)
    monkeypatch.setattr(PaintedApp, "_send", send)
    app = MonkeyApp(FakeSource(), Settings(), clock=lambda: NOW_MS)
    tasks = [asyncio.create_task(count_turns()), asyncio.create_task(app.run_async(headless=False, size=(120, 36)))]
    await asyncio.wait_for(is_sent.wait(), PATIENCE_S)
    app.exit()
    await asyncio.wait(tasks[1:], timeout=PATIENCE_S)
    tasks[0].cancel()
    *ahead, last = drawn.values()
    assert max(ahead) <= PIECE_LINES
    assert last < sum(ahead) / 2, "only what changed at last is drawn when it is shown"


async def test_what_is_laid_out_and_repainted_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    play = Play(tmp_path, 0)
    displayed = 0
    plain_display = PaintedApp._display

    def display(app: PaintedApp, screen: Screen[Any], renderable: Any) -> None:
        nonlocal displayed
        displayed += 1
        plain_display(app, screen, renderable)

    async with play._playing():
        play.app.clear_notifications()
        await play.settle()
        monkeypatch.setattr(PaintedApp, "_display", display)
        play.app.screen.refresh(layout=True)
        await play.settle()
        assert displayed == 1
        play.look()
