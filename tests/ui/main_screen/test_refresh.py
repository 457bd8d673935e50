"""When pictures are taken: often enough to see what happens, seldom enough to let it happen."""

from __future__ import annotations

import asyncio

import pytest

from claude_tui.ui.main_screen import refresh
from claude_tui.ui.main_screen.refresh import Refresher


async def test_the_first_count_is_pictured_seldom_and_its_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "COUNTING_INTERVAL_S", 3600.0)
    is_counting = True
    taken = asyncio.Event()

    async def take() -> None:
        taken.set()

    refresher = Refresher(take, 0.0, lambda: is_counting)
    running = asyncio.create_task(refresher.run())
    refresher.request()
    await asyncio.wait_for(taken.wait(), 30)
    for _ in range(100):
        refresher.request()
        await asyncio.sleep(0)
    assert refresher.taken == 1
    is_counting = False
    for number in (2, 3):
        taken.clear()
        refresher.request()
        await asyncio.wait_for(taken.wait(), 30)
        assert refresher.taken >= number - 1
    running.cancel()


async def test_it_ends_even_if_it_is_cancelled_in_the_moment_a_picture_is_wanted() -> None:
    taken = asyncio.Event()

    async def take() -> None:
        taken.set()

    refresher = Refresher(take, 3600.0, lambda: False)
    running = asyncio.create_task(refresher.run())
    refresher.request()
    await asyncio.wait_for(taken.wait(), 30)
    await asyncio.sleep(0)  # it rests by now
    refresher.request(urgent=True)
    await asyncio.sleep(0)  # the rest is over, and nobody knows yet
    running.cancel()
    assert await asyncio.wait({running}, timeout=30) == ({running}, set())
    assert running.cancelled()
