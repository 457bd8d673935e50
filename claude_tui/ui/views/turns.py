"""The bottom of every drill-down: the responses of one session, one by one.

Must not read logs on the screen's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from textual import work
from textual.content import Content

from claude_tui import figures
from claude_tui.engine.queries.causes.tables import CauseOf
from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import Phase, Query, Response, Snapshot
from claude_tui.sources.values.display import display_name
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds.response_columns import KnownCauses, ReadResponse, ResponseFrame, response_columns, spot
from claude_tui.ui.text import causes
from claude_tui.ui.text import explanation as explain
from claude_tui.ui.text.names import short_model
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base.inquiry import Inquiry
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Scope, Shown

READ_AT_ONCE: Final = 8
"""Number of responses that are looked up in their logs before the results are shown."""
EXPORTED: Final = 2_000
"""Number of responses that are looked up for an export; the tools of more are left empty."""
KEPT: Final = 5_000
"""How many responses have their tools remembered."""

Asked = tuple[Query, CauseOf | None]
"""What is asked of why responses were made: of a session, and maybe of those alone that are of a cause."""


class TurnsView(TableView):
    """Every response of a session, newest first."""

    NUMBER = 0
    TITLE = "turns"
    CAPTION = "responses"
    COLUMNS_SORT = "time"
    KEYS = ("row-edit", "row-copy", "explain", "filter", "sort-next", "pause", "help")

    def __init__(self) -> None:
        self._cells = ResponseFrame(self._want_tools)  # which the columns of the table are made with
        super().__init__()
        self._inquiry: Inquiry[Asked, KnownCauses] = Inquiry(self, self._ask, "causes")
        self._is_reading = False

    def columns(self) -> Sequence[Column[Response]]:
        """The columns of the table."""
        return response_columns(self._cells)

    def _want_tools(self) -> None:
        """The tools of a row that is drawn are not known yet."""
        if not self._is_reading:
            self._is_reading = True
            self.call_later(self._find_tools)

    @work(exit_on_error=False, group="tools")
    async def _find_tools(self) -> None:
        """Look up the tools of the responses on screen, and of none that is not."""
        try:
            while (shown := self.shown) is not None and shown.source is not None:
                wanted = self._unread(self._table.visible_rows)[:READ_AT_ONCE]
                if not wanted:
                    return
                if len(self._cells.read) > KEPT:
                    self._cells.read.clear()
                await self._read(wanted, shown.source)
                self._table.redraw_changes()
        finally:
            self._is_reading = False

    def _unread(self, rows: Sequence[Response]) -> list[Response]:
        """The responses whose tools are in a log and not known yet."""
        return [row for row in rows if row.path and not row.extra and spot(row) not in self._cells.read]

    async def _read(self, rows: Sequence[Response], source: SnapshotSource) -> None:
        found = await asyncio.to_thread(lambda: [*map(source.turn_details, rows)])
        self._cells.read |= zip(map(spot, rows), map(ReadResponse.of, found), strict=True)

    async def complete(self, rows: Sequence[Response]) -> None:
        """Look up the tools of the responses that were never on screen; of the first `EXPORTED` of them."""
        unread = self._unread(rows)[:EXPORTED]
        if unread and self.shown is not None and self.shown.source is not None:
            self.notify(f"reading the tools of {figures.many(len(unread), 'response')}", timeout=2, markup=False)
            for at in range(0, len(unread), READ_AT_ONCE):
                await self._read(unread[at : at + READ_AT_ONCE], self.shown.source)

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> Any:
        """The responses of the session; those of one sub-agent if one was opened."""
        found = source.turns(scope.session)
        return [
            turn
            for turn in found
            if (not scope.agent or turn.agent == scope.agent) and (not scope.source or turn.source == scope.source)
        ]

    def _asked(self, shown: Shown) -> Asked:
        """What is asked of the causes: of the whole session, or of the days in which the cause was opened."""
        scope = shown.scope
        if scope.cause is not None and shown.query is not None:
            return shown.query, scope.cause
        return Query(session=scope.session, source=scope.source), None

    def _ask(self, asked: Asked) -> KnownCauses:
        """Ask the source. Called in a thread of its own."""
        source = self.shown.source if self.shown is not None else None
        assert source is not None
        query, cause = asked
        facts = source.causes.facts(query)
        if cause is None:
            return KnownCauses(facts)
        return KnownCauses(facts, {one.response.key: one.sums for one in source.causes.shares(query, cause)})

    def shows(self, scope: Scope, period: Period) -> bool:
        """Whether it is known which responses are of a cause, too."""
        if scope.cause is not None and not (self.shown and self._inquiry.has_answered(self._asked(self.shown))):
            return False
        return super().shows(scope, period)

    def draw(self, shown: Shown) -> None:
        """Give the responses to the table; those alone that are of a cause if one was opened."""
        rows = shown.extra or []
        is_counted = shown.snapshot.progress.phase not in (Phase.DISCOVERING, Phase.SCANNING)
        self._cells.zone = shown.zone
        known = self._inquiry.answer(self._asked(shown), shown.snapshot.revision) if is_counted else None
        self._cells.known = known
        if shown.scope.cause is not None:
            shares = (known.shares if known is not None else None) or {}
            rows = [row for row in rows if row.key in shares]
        else:
            self._table.absent_columns |= {"part"}
        self._table.say_nothing_with(self.nothing(shown))
        self._table.show(rows)

    def nothing(self, shown: Shown) -> Content:
        """The text if there is no row."""
        if self._table.filter:
            return super().nothing(shown)
        is_reading = shown.scope.cause is not None and self._cells.known is None
        return Content.styled(causes.READING if is_reading else "no responses", "$quiet")

    def searched(self, row: Response) -> str:
        """Model, sub-agent, kind, flags."""
        return " ".join((row.model, row.agent, row.kind, row.extra, *row.price.flags, row.price.status.value))

    def row_name(self, row: Response) -> str:
        """What a response is called."""
        when = self._cells.time(row, 15).text.strip()
        return f"response of {short_model(display_name(row.model))}, {when}"

    def location(self, row: Response) -> tuple[str, int] | None:
        """Where it was counted from."""
        return spot(row) if row.path else None

    def explanation(self, row: Response, shown: Shown) -> Statements:
        """How a response was counted and priced."""
        lines = explain.of_response(row, shown.zone, shown.snapshot.prices)
        found, miss = self._cells.found(row)
        if found is not None:
            lines += [Content(""), *causes.of_facts(found)]
        return [*lines, *causes.of_miss(miss)] if miss is not None else lines

    def about(self, row: Response, shown: Shown) -> Response:
        """The response."""
        return row

    def find_out(self, about: Query | Response | None, shown: Shown) -> Statements:
        """What the log says of a response, and which of its rows counts."""
        if shown.source is None or not isinstance(about, Response):
            return []
        details = explain.of_details(shown.source.turn_details(about)) if about.path else []
        return [*details, Content(""), *explain.of_explanation(shown.source.explain(about), shown.zone)]
