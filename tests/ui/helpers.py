"""Waiting for the screen instead of sleeping, and reading it as text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot

from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.file import Settings
from tests.ui.fakes import NOW_MS, FakeSource

PATIENCE_S = 60.0
"""How long something may take to come true, on however slow a machine; not a measurement."""


async def wait_until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"did not come true; on screen:\n{screen_text(pilot.app)}")
        await pilot.pause(0.01)


def screen_text(app: App[None]) -> str:
    """What is on screen, line by line."""
    screen = app.screen
    lines = screen._compositor.render_strips()
    return "\n".join(strip.text for strip in lines[: screen.size.height])


@asynccontextmanager
async def running(
    source: FakeSource | None = None,
    size: tuple[int, int] = (120, 36),
    clock: Callable[[], int] | None = None,
    **settings: object,
) -> AsyncIterator[tuple[ClaudeTop, Pilot[None]]]:
    """The app with a fake source, its first picture drawn."""
    app = ClaudeTop(source or FakeSource(), Settings(**settings), clock=clock or (lambda: NOW_MS))  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, lambda: app.main.snapshot is not None)
        await settled(pilot)
        yield app, pilot


async def settled(pilot: Pilot[None]) -> None:
    """Let everything asked for so far be shown."""
    app = pilot.app
    assert isinstance(app, ClaudeTop)
    taken = app.main.refresher.taken
    app.main.refresher.request(urgent=True)
    await wait_until(pilot, lambda: app.main.refresher.taken > taken)
    await pilot.pause()
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def type_at_once(app: App[None], *keys: str) -> None:
    """Type faster than anything is drawn: all keys are there before the first is looked at. Wait until all were."""
    looked_at = asyncio.Event()
    for key in keys:
        character = key if len(key) == 1 else None
        app.post_message(events.Key(_character_to_key(character) if character else key, character))
    app.call_later(looked_at.set)
    await asyncio.wait_for(looked_at.wait(), PATIENCE_S)
