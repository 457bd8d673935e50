"""When snapshots are taken: on news, at most so often, never two at once, and off the screen's thread.

Must not know what is drawn from a snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from textual.message import Message

from claude_tui.model import Phase, Snapshot
from claude_tui.waiting import is_set_in_time


def pace_ms(snapshot: Snapshot, now_ms: int) -> int:
    """How long a picture is good for while nothing is counted: only what the clock changes grows old.

    Ages of less than a minute change every second, burn rates for an hour, after that only minutes and days.
    """
    if snapshot.progress.phase in (Phase.DISCOVERING, Phase.SCANNING):
        return 1_000
    quiet_ms = now_ms - snapshot.newest_ms
    return 1_000 if quiet_ms < 90_000 else 5_000 if quiet_ms < 3_700_000 else 30_000


class NewsArrived(Message):
    """There is something new to show. Says nothing more, so that one can stand for a thousand."""

    def can_replace(self, message: Message) -> bool:
        """One is enough."""
        return isinstance(message, NewsArrived)


GROUP: Final = "refresh"
"""The name of the worker that runs a `Refresher`: if it fails, nothing is drawn any more."""

COUNTING_INTERVAL_S: Final = 0.5
"""The first count is over sooner the fewer pictures are taken of it."""


class Refresher:
    """Calls `take` once for any number of requests, with at least `interval_s` between two calls.

    While `is_counting`, it is called less often; when that ends, at once.
    """

    def __init__(self, take: Callable[[], Awaitable[None]], interval_s: float, is_counting: Callable[[], bool]) -> None:
        self._take = take
        self._is_counting = is_counting
        self._was_counting = False
        self.interval_s = interval_s
        self._requested = asyncio.Event()
        self._urgent = asyncio.Event()
        self.taken = 0
        """How often `take` was called."""

    def request(self, *, urgent: bool = False) -> None:
        """Have `take` called soon; at once if a person waits for it."""
        self._requested.set()
        if urgent or (self._was_counting and not self._is_counting()):
            self._urgent.set()

    async def run(self) -> None:
        """Serve requests until cancelled."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            self._urgent.clear()
            self._was_counting = self._is_counting()
            await self._take()
            self.taken += 1
            pause_s = max(self.interval_s, COUNTING_INTERVAL_S) if self._was_counting else self.interval_s
            await is_set_in_time(self._urgent, pause_s)
