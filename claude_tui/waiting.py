"""Waiting with a limit, for tasks that are cancelled. Must not know what is waited for.

Instead of `asyncio.wait_for`: until Python 3.12 that swallows a cancellation that arrives together with the result, and
a task that waits in a loop then goes on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def in_time(work: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Await a coroutine. Raises asyncio.TimeoutError, and cancels it, if it takes longer than `timeout_s`."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # somebody looked at it
    try:
        if not (await asyncio.wait([task], timeout=timeout_s))[0]:
            raise asyncio.TimeoutError
    finally:
        task.cancel()
    return task.result()


async def is_set_in_time(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for an event, at most `timeout_s`. Returns whether it is set."""
    try:
        await in_time(event.wait(), timeout_s)
    except asyncio.TimeoutError:
        return False
    return True
