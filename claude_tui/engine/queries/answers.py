"""Everything that can be asked of a store, in one place: for the screen, the server and their stand-ins in tests.

Safe from any thread. Must not change what is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.engine.queries.allowances.budgets import Budget, BudgetState, check
from claude_tui.engine.queries.allowances.limits import Limits
from claude_tui.engine.queries.allowances.windows import BlocksPicture, WindowBook
from claude_tui.engine.queries.periods.hours import HourBook, Hours
from claude_tui.engine.queries.plan_limits import Roots
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.queries.snapshots.recent import Course, cost_course, session_tokens
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.model import NamedActivity, Query, Response, Snapshot
from claude_tui.units import MINUTE_MS

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.causes import Causes
    from claude_tui.engine.queries.causes.known.book import Archive
    from claude_tui.engine.queries.explain import Explanation
    from claude_tui.engine.queries.plan import PlanPicture
    from claude_tui.engine.queries.turns import TurnDetails

EVERYTHING: Final = Query()


class Answers:
    """The answers of one store.

    `roots` are the clients' folders, each with its client, that snapshots name as counted; `limits_folder` is where
    reported limits are kept, and `cache_folder` what takes long to read and may be deleted. `archive` has
    what logs that are gone said of causes. `ticket` is what a ticket
    looks like in the name of a branch.
    """

    def __init__(
        self,
        store: Store,
        *,
        roots: Roots | None = None,
        limits_folder: Path | None = None,
        cache_folder: Path | None = None,
        archive: Archive | None = None,
        ticket: re.Pattern[str] | None = None,
    ) -> None:
        self.store = store
        self.maker = SnapshotMaker(store, roots=tuple(root for _, root in roots or ()))
        self._hours = HourBook(store)
        self._windows = WindowBook(store, limits_folder, roots=roots)
        self._window_of: dict[str, WindowBook] = {}
        self._cover = (-1, 0), (0, 0)
        self._limits_folder, self._roots = limits_folder, roots
        self._cache_folder, self._archive, self._ticket = cache_folder, archive, ticket

    groupings: tuple[str, ...] = ("project",)
    """What its projects can be summed by. Over many machines there is more than their folders."""
    grouped_by: str = "project"

    def group(self, by: str) -> None:
        """Sum projects by one of `groupings` from now on. Not for the event loop."""

    @cached_property
    def causes(self) -> Causes:
        """Where the money went; asking reads what the logs say of it. Not for the event loop."""
        from claude_tui.engine.queries.causes.causes import Causes  # only for those who ask

        return Causes(self.store, self._cache_folder, archive=self._archive, ticket=self._ticket)

    def snapshot(self, query: Query, now_ms: int) -> Snapshot:
        """Return the state at `now_ms`; the same object again while nothing moved."""
        if self._limits_folder is not None:
            self.maker.context_windows = self._windows.limits(now_ms).contexts
        return self.maker.take(query, now_ms)

    def call_sessions(self, by: str) -> None:
        """Call sessions by "title", "prompt" or "id". There are no prompts where no logs are followed."""
        self.maker.has_titles = by != "id"

    def activities(self) -> Mapping[SessionKey, NamedActivity]:
        """Return what every session with a process is doing, whatever has been counted of it."""
        return self.maker.activities()

    def turns(self, session: str) -> Sequence[Response]:
        """Return every response of a session with its extras, by time."""
        return list_responses(self.store, Query(session=session))

    def responses(self, query: Query) -> Sequence[Response]:
        """Return every response a query covers with its extras, by time. Not for the event loop."""
        return list_responses(self.store, query)

    def telemetry_cover(self, now_ms: int) -> tuple[int, int]:
        """Return how many responses of today the logs have, and how many of them telemetry has, too (`cover_of_today`).

        Not for the event loop: takes a microsecond per response of today, once a minute or if anything moved.
        """
        asked = self.store.revision, now_ms // MINUTE_MS
        if self._cover[0] != asked:
            from claude_tui.engine.queries.telemetry import cover_of_today  # only for those who have telemetry

            self._cover = asked, cover_of_today(self.store, now_ms) if self.store.is_table_loaded else (0, 0)
        return self._cover[1]

    def budgets(self, budgets: Iterable[Budget], now_ms: int, week_starts_on: str = "monday") -> Sequence[BudgetState]:
        """Return how budgets stand. Takes a few milliseconds."""
        return check(self.store, budgets, now_ms, week_starts_on=week_starts_on)

    def hours(self, query: Query) -> Hours | None:
        """Return the cost of each local hour of the day over `query`; None while responses are still loaded.

        Not for the event loop: the first answer for a query takes a few microseconds per response.
        """
        return self._hours.hours(query)

    def hours_by_day(self, query: Query) -> Mapping[date, Hours] | None:
        """Return the cost of each local hour of each day over `query`, else as `hours`."""
        return self._hours.by_day(query)

    def cost_course(self, since_ms: int, until_ms: int, step_ms: int, query: Query = EVERYTHING) -> Course | None:
        """Return the cost of each step of `step_ms` from `since_ms` to `until_ms`; None while responses are loaded.

        `query` says whose. Takes about 2 us per response in between.
        """
        if not self.store.is_table_loaded:
            return None
        with self.store.lock:
            return cost_course(self.store, since_ms, until_ms, step_ms, query)

    def session_tokens(self, now_ms: int, minutes: int) -> Mapping[SessionKey, Course]:
        """Return the tokens of each session with any in each of the last minutes, the running one last."""
        with self.store.lock:
            return session_tokens(self.store, now_ms, minutes)

    def blocks(self, now_ms: int, account: str = "") -> BlocksPicture:
        """Return the five-hour blocks and the window that is open, of all or of one account; the same object while
        nothing moved.

        Not for the event loop: the first answer takes a few microseconds per response.
        """
        return self._book_of(account).picture(now_ms)

    def plan(self, query: Query, now_ms: int) -> PlanPicture:
        """Return the limits of all clients and accounts, and what a query covers beside the days before.

        Not for the event loop: it takes a few microseconds per response of both.
        """
        from claude_tui.engine.queries.periods.active_time import active_time
        from claude_tui.engine.queries.periods.comparison import compared, spans
        from claude_tui.engine.queries.plan import PlanLimit, PlanPicture, heading

        now, before = spans(query, self.store.calendar.day(now_ms))
        limits = []
        for window in self.limits(now_ms).windows:
            if window.resets_ms > now_ms:
                is_known = (window.source, window.account) in self.store.accounts.all
                own = Query(source=window.source, account=window.account if is_known else "")
                hours = self.hours_by_day(own) or {}
                limits.append(PlanLimit(window, heading(window, hours, self.store.calendar, now_ms)))
        times = (active_time(self.store, now), active_time(self.store, before))
        parts = compared(self.snapshot(now, now_ms), self.snapshot(before, now_ms), *times)
        return PlanPicture(now, before, tuple(limits), parts)

    def _book_of(self, account: str) -> WindowBook:
        if not account:
            return self._windows
        book = self._window_of.get(account)
        if book is None:
            book = WindowBook(self.store, self._limits_folder, roots=self._roots, account=account)
            self._window_of[account] = book
        return book

    def limits(self, now_ms: int) -> Limits:
        """Return the limits and prompt caches that clients reported last."""
        return self._windows.limits(now_ms)

    def turn_details(self, response: Response) -> TurnDetails:
        """Return what the log says of one response beside its numbers. Reads its file: not for the event loop."""
        from claude_tui.engine.queries.turns import turn_details  # as below, for who looks at one

        return turn_details(response)

    def explain(self, about: Query | Response) -> Explanation:
        """Explain the sum over a query, or a single response. Takes seconds at most; not for the event loop."""
        from claude_tui.engine.queries.explain import explain

        return explain(self.store, about)
