from __future__ import annotations

import asyncio

import pytest

from claude_tui.waiting import in_time, is_set_in_time


async def test_the_result_or_that_it_takes_too_long() -> None:
    event = asyncio.Event()
    assert not await is_set_in_time(event, 0.0)
    assert not await is_set_in_time(event, 0.001)
    event.set()
    assert await is_set_in_time(event, 30.0)

    async def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_time(fails(), 30.0)


@pytest.mark.parametrize("steps", range(4))
async def test_whoever_is_cancelled_while_it_waits_is_cancelled(steps: int) -> None:
    """Also in the moment in which what it waited for is there."""
    event = asyncio.Event()
    went_on = False

    async def wait() -> None:
        nonlocal went_on
        await is_set_in_time(event, 30.0)
        went_on = True
        await asyncio.Event().wait()

    waiting = asyncio.create_task(wait())
    for _ in range(3):
        await asyncio.sleep(0)
    event.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    waiting.cancel()
    assert await asyncio.wait({waiting}, timeout=30) == ({waiting}, set())
    assert waiting.cancelled()
