"""Where the screen gets its numbers from.

The app depends on this protocol and on the model only; it must not know what stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from claude_tui.model import Query, Response, Snapshot


class SnapshotSource(Protocol):
    """What counts in the background and can be asked for a picture of it at any time, from any thread."""

    @property
    def saved_ms(self) -> int:
        """When the numbers of the first picture were saved; 0 where there were none."""

    async def run(self) -> None:
        """Count and watch until cancelled."""

    def subscribe(self, callback: Callable[[], None], /) -> object:
        """Have `callback` called, from whatever thread, when there is something new to show."""

    def snapshot(self, query: Query, now_ms: int, /) -> Snapshot:
        """Everything to show for `query`; the same object again while nothing has moved."""

    def turns(self, session_key: str, /) -> Sequence[Response]:
        """The responses of one session, oldest first."""

    def responses(self, query: Query, /) -> Sequence[Response]:
        """Every response a query covers, oldest first."""

    def refresh(self) -> object:
        """Look at every file again now."""
