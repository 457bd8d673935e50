"""The bottom of every drill-down: the responses of one session, one by one."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from textual import work
from textual.content import Content

from claude_tui import figures
from claude_tui.engine.queries.causes.costs.misses import CAUSES, CacheMiss
from claude_tui.engine.queries.causes.tables import CauseOf, Facts
from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import TOLD, UNLOGGED, Phase, Query, Response, Snapshot
from claude_tui.sources.turn import TurnDetails
from claude_tui.sources.values.display import display_name
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.text import causes
from claude_tui.ui.text import explanation as explain
from claude_tui.ui.text.names import short_model
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base.inquiry import Inquiry
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Scope, Shown
from claude_tui.widths import cut

READ_AT_ONCE: Final = 8
"""So many responses are looked up in their logs before what was found is shown."""
EXPORTED: Final = 2_000
"""So many responses are looked up for an export; of more the tools are left empty."""
KEPT: Final = 5_000
"""How many responses have their tools remembered."""

Asked = tuple[Query, CauseOf | None]
"""What is asked of why responses were made: of a session, and maybe of those alone that are of a cause."""


class Known(NamedTuple):
    """The answer: lost caches and what else the logs say by key, and what of each response went for the cause."""

    facts: Mapping[str, tuple[Facts, CacheMiss | None]]
    shares: Mapping[str, int] | None = None


Spot = tuple[str, int]
"""Where a response was counted from: file and byte. Another one when a later line of it counts."""


def price_cell(response: Response, width: int) -> Cell:
    """A price with its mark."""
    price = response.price
    if price.nano is None:
        return Cell(figures.NOT_AVAILABLE, "doubt")
    mark = "≥" if response.is_lower_bound else "~" if price.is_estimate else ""
    return Cell(mark + figures.money(price.nano, width - len(mark)), "money" if price.nano else "faint")


def tools_text(found: TurnDetails) -> str:
    """The tools a response called, each once."""
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in Counter(found.tools).items())


def _kind(name: str, label: str, priority: int) -> Column[Response]:
    return Column(
        name,
        label,
        6,
        lambda row, w: cells.tokens_cell(getattr(row.usage, name), w, "dim"),
        lambda row: getattr(row.usage, name),
        priority,
        narrow=5,
        short=label[:3],
        plain=lambda row: str(getattr(row.usage, name)),
    )


class TurnsView(TableView):
    """Every response of a session, newest first."""

    NUMBER = 0
    TITLE = "turns"
    COLUMNS_SORT = "time"
    KEYS = ("row-edit", "row-copy", "explain", "filter", "sort-next", "pause", "help")

    def __init__(self) -> None:
        super().__init__()
        self._tools: dict[Spot, str] = {}
        self._lines: dict[Spot, int] = {}
        """The lines of the replies whose tools are known, counted from 1."""
        self._known: Known | None = None
        self._inquiry: Inquiry[Asked, Known] = Inquiry(self, self._ask, "causes")
        self._is_reading = False

    def columns(self) -> Sequence[Column[Response]]:
        """The columns of the table."""
        return [
            Column("time", "Time", 15, self._time, lambda row: (row.time_ms, row.key), 0, narrow=8, right=False),
            cells.text(
                "model",
                "Model",
                14,
                lambda row: short_model(display_name(row.model)),
                1,
                style="name",
                narrow=10,
            ),
            client_column(4),
            replace(cells.text("agent", "Sub-agent", 12, _agent, 5, style="accent", narrow=8, flex=1), short="Agent"),
            Column(
                "tools",
                "Tools",
                14,
                self._tools_cell,
                self._known_tools,
                4,
                narrow=9,
                flex=1,
                right=False,
                descending=False,
                tooltip="Tools it called, read from its log",
                plain=self._known_tools,
            ),
            Column(
                "lost",
                "Cache lost",
                10,
                self._lost_cell,
                self._lost_nano,
                6,
                narrow=8,
                flex=1,
                right=False,
                tooltip="What a lost prompt cache cost above reading it, and why it was lost",
                short="Lost",
                plain=self._lost_text,
            ),
            _kind("input", "Input", 7),
            _kind("output", "Output", 3),
            _kind("cache_write_5m", "Wr 5m", 8),
            _kind("cache_write_1h", "Wr 1h", 9),
            _kind("cache_read", "Read", 6),
            Column(
                "tokens",
                "Tokens",
                6,
                lambda row, w: cells.tokens_cell(row.usage.tokens, w),
                lambda row: row.usage.tokens,
                2,
                plain=lambda row: str(row.usage.tokens),
            ),
            Column("cost", "Cost", 9, price_cell, lambda row: row.price.nano or 0, 0, narrow=8),
            Column(
                "part",
                "For it",
                8,
                self._part_cell,
                self._part_nano,
                0,
                narrow=7,
                tooltip="What of the cost went for the cause that was opened",
            ),
            Column(
                "where",
                "Where",
                16,
                self._where,
                lambda row: (row.path, row.offset),
                10,
                narrow=14,
                flex=1,
                right=False,
                descending=False,
            ),
        ]

    def _time(self, row: Response, width: int) -> Cell:
        zone = self.shown.zone if self.shown else None
        moment = figures.moment(row.time_ms, zone)
        text = (
            f"{moment.day:2d} {figures.MONTHS[moment.month - 1]} {moment:%H:%M:%S}"
            if width >= 15
            else f"{moment:%H:%M:%S}"
        )
        return Cell(text)

    def _miss(self, row: Response) -> CacheMiss | None:
        """The lost cache of a response, as far as it is known."""
        return self._known.facts.get(row.key, (None, None))[1] if self._known is not None else None

    def _lost_nano(self, row: Response) -> int:
        miss = self._miss(row)
        return miss.cost_nano if miss is not None else 0

    def _lost_text(self, row: Response) -> str:
        miss = self._miss(row)
        return f"{figures.money(miss.cost_nano)} {CAUSES[miss.cause]}" if miss is not None else ""

    def _lost_cell(self, row: Response, width: int) -> Cell:
        miss = self._miss(row)
        return Cell(causes.miss_text(miss, width), "warn") if miss is not None else Cell("")

    def _part_nano(self, row: Response) -> int:
        return self._known.shares.get(row.key, 0) if self._known is not None and self._known.shares else 0

    def _part_cell(self, row: Response, width: int) -> Cell:
        return Cell(figures.money(self._part_nano(row), width), "money")

    def _where(self, row: Response, width: int) -> Cell:
        """File and line, as far as that was looked up; if it does not fit, its end."""
        line = self._lines.get((row.path, row.offset), 0)
        text = f"{display_name(os.path.basename(row.path))}:{line or '…'}" if row.path else ""
        return Cell(text if len(text) <= width else "…" + text[1 - width :] if width > 1 else "", "faint")

    def _known_tools(self, row: Response) -> str:
        return self._tools.get((row.path, row.offset), "")

    def _tools_cell(self, row: Response, width: int) -> Cell:
        """The tools of a response; asked for if they are not known yet, which only happens for rows that are drawn."""
        if not row.path or row.extra:
            return Cell("")
        known = self._tools.get((row.path, row.offset))
        if known is None:
            if not self._is_reading:
                self._is_reading = True
                self.call_later(self._find_tools)
            return Cell("…", "faint")
        return Cell(cut(known, width), "dim") if known else Cell("·", "faint")

    @work(exit_on_error=False, group="tools")
    async def _find_tools(self) -> None:
        """Look up the tools of the responses on screen, and of none that is not."""
        try:
            while (shown := self.shown) is not None and shown.source is not None:
                wanted = self._unread(self._table.visible_rows)[:READ_AT_ONCE]
                if not wanted:
                    return
                if len(self._tools) > KEPT:
                    self._tools.clear()
                    self._lines.clear()
                await self._read(wanted, shown.source)
                self._table.redraw_changes()
        finally:
            self._is_reading = False

    def _unread(self, rows: Sequence[Response]) -> list[Response]:
        """The responses whose tools are in a log and not known yet."""
        return [row for row in rows if row.path and not row.extra and (row.path, row.offset) not in self._tools]

    async def _read(self, rows: Sequence[Response], source: SnapshotSource) -> None:
        found = await asyncio.to_thread(lambda: [*map(source.turn_details, rows)])
        self._lines |= {(row.path, row.offset): details.line for row, details in zip(rows, found, strict=True)}
        self._tools |= {(row.path, row.offset): tools_text(details) for row, details in zip(rows, found, strict=True)}

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

    def _ask(self, asked: Asked) -> Known:
        """Ask the source. Called in a thread of its own."""
        source = self.shown.source if self.shown is not None else None
        assert source is not None
        query, cause = asked
        facts = source.causes.facts(query)
        if cause is None:
            return Known(facts)
        return Known(facts, {one.response.key: one.cost_nano for one in source.causes.shares(query, cause)})

    def shows(self, scope: Scope, period: Period) -> bool:
        """Whether it is known which responses are of a cause, too."""
        if scope.cause is not None and not (self.shown and self._inquiry.has_answered(self._asked(self.shown))):
            return False
        return super().shows(scope, period)

    def draw(self, shown: Shown) -> None:
        """Give the responses to the table; those alone that are of a cause if one was opened."""
        rows = shown.extra or []
        is_counted = shown.snapshot.progress.phase not in (Phase.DISCOVERING, Phase.SCANNING)
        self._known = self._inquiry.answer(self._asked(shown), shown.snapshot.revision) if is_counted else None
        if shown.scope.cause is not None:
            shares = (self._known.shares if self._known is not None else None) or {}
            rows = [row for row in rows if row.key in shares]
        else:
            self._table.absent_columns |= {"part"}
        self._table.say_nothing_with(self.nothing(shown))
        self._table.show(rows)

    def nothing(self, shown: Shown) -> Content:
        """What is said if there is no row."""
        if self._table.filter:
            return super().nothing(shown)
        is_reading = shown.scope.cause is not None and self._known is None
        return Content.styled(causes.READING if is_reading else "no responses", "$quiet")

    def searched(self, row: Response) -> str:
        """Model, sub-agent, kind, flags."""
        return " ".join((row.model, row.agent, row.kind, row.extra, *row.price.flags, row.price.status.value))

    def row_name(self, row: Response) -> str:
        """What a response is called."""
        when = self._time(row, 15).text.strip()
        return f"response of {short_model(display_name(row.model))}, {when}"

    def location(self, row: Response) -> tuple[str, int] | None:
        """Where it was counted from."""
        return (row.path, row.offset) if row.path else None

    def explanation(self, row: Response, shown: Shown) -> Statements:
        """How a response was counted and priced."""
        lines = explain.of_response(row, shown.zone, shown.snapshot.prices)
        found, miss = self._known.facts.get(row.key, (None, None)) if self._known is not None else (None, None)
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


def _agent(row: Response) -> str:
    if row.extra == UNLOGGED:
        return "unlogged calls"
    if row.origin == TOLD and not row.extra:
        from claude_tui.engine.queries.telemetry import kind_name  # only where telemetry told of anything

        agent = f"{display_name(row.agent)} " if row.agent else ""
        return agent + display_name(kind_name(row.kind))
    return display_name(row.agent) + (f" {display_name(row.extra)}" if row.extra else "")
