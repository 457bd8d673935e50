"""Where the screen gets its numbers from.

The app depends on this protocol and on the engine's nouns only; it must not know what stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from claude_tui.engine.queries.allowances.budgets import Budget, BudgetState
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.engine.queries.periods.hours import Hours
from claude_tui.engine.queries.snapshots.recent import Course
from claude_tui.model import NamedActivity, Query, Response, Snapshot

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.costs.misses import CacheMiss
    from claude_tui.engine.queries.causes.tables import CauseOf, CauseTable, Facts, Pause, ShareOf
    from claude_tui.engine.queries.causes.waste import Waste
    from claude_tui.engine.queries.explain import Explanation
    from claude_tui.engine.queries.plan import PlanPicture
    from claude_tui.sources.turns.turn import TurnDetails


class CauseSource(Protocol):
    """What can be asked of where the money went; all but `pauses` reads logs, and takes seconds the first time."""

    def table(self, query: Query, by: str, /) -> CauseTable:
        """What a query covers by a dimension; the same object again while nothing moved."""

    def shares(self, query: Query, of: CauseOf, /) -> Sequence[ShareOf]:
        """The responses a row of a table is made of, the dearest first."""

    def facts(self, query: Query, /) -> Mapping[str, tuple[Facts, CacheMiss | None]]:
        """What is known of each response a query covers, by its key."""

    def waste(self, query: Query, /) -> Sequence[Waste]:
        """The dearest things that could have been avoided."""

    def pauses(self, now_ms: int, /) -> Mapping[str, Pause]:
        """When warm prompt caches get cold and what that costs, by session."""


class SnapshotSource(Protocol):
    """What counts in the background and can be asked for a picture of it at any time, from any thread."""

    @property
    def saved_ms(self) -> int:
        """When the numbers of the first picture were saved; 0 if there were none."""

    @property
    def is_counting(self) -> bool:
        """Whether the first count is still under way."""

    @property
    def causes(self) -> CauseSource:
        """Where the money went."""

    async def run(self) -> None:
        """Count and watch until cancelled."""

    def subscribe(self, callback: Callable[[], None], /) -> object:
        """Have `callback` called, from whatever thread, when there is something new to show."""

    def snapshot(self, query: Query, now_ms: int, /) -> Snapshot:
        """Everything to show for `query`; the same object again while nothing has moved."""

    def call_sessions(self, by: str, /) -> None:
        """Call sessions by their "title", those without one by their first "prompt", or all by "id"."""

    def activities(self) -> Mapping[tuple[str, str], NamedActivity]:
        """What every session with a process is doing, by client and id."""

    def turns(self, session_key: str, /) -> Sequence[Response]:
        """The responses of one session, oldest first."""

    def blocks(self, now_ms: int, account: str = "", /) -> BlocksPicture:
        """The five-hour blocks and the window that is open, of one account if given; the same object while nothing
        moved."""

    def plan(self, query: Query, now_ms: int, /) -> PlanPicture:
        """The limits of all clients and accounts, and what a query covers beside the days before."""

    def hours(self, query: Query, /) -> Hours | None:
        """What each local hour of the day cost over all that a query covers; None while that is not known yet."""

    def hours_by_day(self, query: Query, /) -> Mapping[date, Hours] | None:
        """What each local hour of each day cost of all that a query covers; None while that is not known yet."""

    def cost_course(self, since_ms: int, until_ms: int, step_ms: int, query: Query, /) -> Course | None:
        """The cost of each step of time, of the clients and accounts of a query; None while that is not known yet."""

    def session_tokens(self, now_ms: int, minutes: int, /) -> Mapping[tuple[str, str], Course]:
        """The tokens of each session with any in each of the last minutes, the running one last."""

    def telemetry_cover(self, now_ms: int, /) -> tuple[int, int]:
        """Return how many responses of today the logs have, and how many of them telemetry has, too. Not for the event
        loop."""

    def budgets(self, budgets: Iterable[Budget], now_ms: int, /) -> Sequence[BudgetState]:
        """How budgets stand."""

    def turn_details(self, response: Response, /) -> TurnDetails:
        """What the log says of one response beside its numbers. Reads its file."""

    def explain(self, about: Query | Response, /) -> Explanation:
        """How a sum, or a single response, came to be. May take seconds."""

    @property
    def groupings(self) -> Sequence[str]:
        """What the rows of projects can be summed by: their folders, and over many machines whose they are."""

    @property
    def grouped_by(self) -> str:
        """Which of `groupings` they are summed by."""

    def group(self, by: str, /) -> None:
        """Sum them by another from now on. May take seconds."""

    def refresh(self) -> object:
        """Look at every file again now."""
