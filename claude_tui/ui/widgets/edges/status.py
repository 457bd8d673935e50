"""What the lines above the view show beside a snapshot. Must not know how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from claude_tui.engine.queries.allowances.blocks import Window
from claude_tui.model import Phase, Snapshot, Totals
from claude_tui.records import NamedTuple
from claude_tui.ui.settings.declared import Settings
from claude_tui.ui.widgets.empty import is_empty

if TYPE_CHECKING:
    from claude_tui.telemetry.status import Shortcoming

COUNTING: Final = "counting…"
NO_LOGS: Final = "no logs yet"


class HeaderStatus(NamedTuple):
    """What the header shows beside the snapshot. `totals` are those of the period, `tab` is the numbered view.

    `window` is the five-hour block that is open, as far as that is known.

    `trail` is what the totals are narrowed to beside the period: the rows that were opened, the last one last.

    `client` is the one that is shown alone, `account` the folder of one that is. `by_client` are the parts of the
    totals if there are several. `unlogged_nano` of the totals is for calls that no log shows.
    `telemetry` is what is wrong with receiving what clients say of their calls.
    """

    view: str
    now_ms: int
    period: str
    totals: Totals
    trail: tuple[str, ...] = ()
    paused: bool = False
    interval_s: float = Settings.interval_s
    error: str = ""
    saved_ms: int = 0
    exceeded: tuple[str, ...] = ()
    client: str = ""
    account: str = ""
    tab: str = ""
    window: Window | None = None
    period_short: str = ""
    by_client: Mapping[str, Totals] = MappingProxyType({})
    unlogged_nano: int = 0
    telemetry: Shortcoming | None = None
    day_limit_nano: int | None = None
    """What today may cost, if there is a budget."""
    has_shades: bool = True
    """Whether a background can be a shade of another; the terminal's own colours have none, nor has NO_COLOR."""

    def is_over(self, snapshot: Snapshot) -> bool:
        """Whether today cost more than it may."""
        return self.day_limit_nano is not None and snapshot.today.cost_nano > self.day_limit_nano

    def is_known(self, snapshot: Snapshot) -> bool:
        """Whether the sums are known: all is counted, or was once and is only looked at again."""
        return not self.unknown(snapshot)

    def unknown(self, snapshot: Snapshot) -> str:
        """Why no sum is known: they are counted for the first time, or there are no logs; "" if they are known."""
        if snapshot.progress.phase in (Phase.DISCOVERING, Phase.SCANNING):
            return "" if self.saved_ms else COUNTING
        return NO_LOGS if is_empty(snapshot) and snapshot.progress.phase is not Phase.MERGED else ""

    def is_recent_known(self, snapshot: Snapshot) -> bool:
        """Whether the figures of the last hour are known; those found so far are shown while the rest is counted."""
        is_found = any(snapshot.burn) or any(snapshot.tokens_per_minute)
        return snapshot.is_recent_known and (self.is_known(snapshot) or is_found)
