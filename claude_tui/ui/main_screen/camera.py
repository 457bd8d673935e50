"""Takes what a view draws: asks the source, off the screen's thread, and knows the zone days are cut in.

Must not know when to, nor draw.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

from claude_tui.engine.queries.allowances.blocks import Window
from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import Snapshot
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.text.open_block import OpenBlock
from claude_tui.ui.views.base.view import Scope, Shown, View


class Camera:
    """Takes pictures of a source."""

    def __init__(self, source: SnapshotSource) -> None:
        self._source = source
        self._zone: tzinfo = timezone.utc
        self._zone_name = ""
        self._open_block = OpenBlock()
        self.window: Window | None = None
        """The five-hour block that is open, as far as that is known."""

    def day(self, now_ms: int) -> date:
        """The local day of an instant."""
        return datetime.fromtimestamp(now_ms / 1000, self._zone).date()

    async def take(self, view: View, scope: Scope, period: Period, now_ms: int, frozen: Shown | None) -> Shown:
        """Return what a view draws of a scope and a period at an instant; from `frozen`, if that is of the same.

        The first time it may be of the wrong days, as the zone is known only afterwards: then `day` of the same
        instant is another one.
        """
        query = view.wanted(period, scope, self.day(now_ms))
        if frozen is not None and frozen.query == query:
            snapshot = frozen.snapshot
        else:
            snapshot = await asyncio.to_thread(self._source.snapshot, query, now_ms)
        self._learn_zone(snapshot)
        extra = await asyncio.to_thread(view.fetch, self._source, snapshot, scope, now_ms)
        self.window = await asyncio.to_thread(self._open_block.at, self._source, snapshot, now_ms)
        return Shown(snapshot, now_ms, self.day(now_ms), period, scope, self._zone, extra, self._source, query)

    def _learn_zone(self, snapshot: Snapshot) -> None:
        if snapshot.timezone != self._zone_name:
            self._zone_name = snapshot.timezone
            try:
                self._zone = ZoneInfo(snapshot.timezone)
            except (KeyError, ValueError, OSError):
                self._zone = datetime.now().astimezone().tzinfo or timezone.utc
