"""Single responses as rows of a table: their columns, and what is known of one beside its counters. Pure.

Must not know how anything is found out: it only says when a tool is wanted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import tzinfo

from claude_tui import figures, moments
from claude_tui.engine.queries.causes.costs.misses import CAUSES, CacheMiss
from claude_tui.engine.queries.causes.tables import Facts, sums_of
from claude_tui.model import TOLD, UNLOGGED, Response, Totals
from claude_tui.records import NamedTuple
from claude_tui.sources.turns.turn import TurnDetails
from claude_tui.sources.values.display import display_name
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.text import causes
from claude_tui.ui.text.names import short_model
from claude_tui.widths import cut, cut_start

Spot = tuple[str, int]
"""Where a response was counted from: file and byte. Another one when a later line of it counts."""


def spot(response: Response) -> Spot:
    """Where a response was counted from."""
    return response.path, response.offset


class KnownCauses(NamedTuple):
    """Why responses were made: lost caches and what else logs say, by key, and what of each went for one cause."""

    facts: Mapping[str, tuple[Facts, CacheMiss | None]]
    shares: Mapping[str, Totals] | None = None


class ReadResponse(NamedTuple):
    """What was read of a response in its log: the tools it called, each once, and its line, counted from 1."""

    tools: str
    line: int

    @classmethod
    def of(cls, found: TurnDetails) -> ReadResponse:
        """The part of all details that columns say."""
        tools = (f"{name} ×{count}" if count > 1 else name for name, count in Counter(found.tools).items())
        return cls(", ".join(tools), found.line)


class ResponseFrame:
    """What cells need beside their response: the `zone`, what was `read` of single ones in their logs, and as far as it
    is `known`, why they were made."""

    def __init__(self, want_tools: Callable[[], None]) -> None:
        """Set up with nothing known. `want_tools` is called when a row is drawn whose tools were not read."""
        self.zone: tzinfo | None = None
        self.read: dict[Spot, ReadResponse] = {}
        self.known: KnownCauses | None = None
        self._want_tools = want_tools

    def found(self, row: Response) -> tuple[Facts | None, CacheMiss | None]:
        """What logs say of why a response was made, and its lost cache, as far as they are known."""
        return self.known.facts.get(row.key, (None, None)) if self.known is not None else (None, None)

    def time(self, row: Response, width: int) -> Cell:
        """When it was made, the day too if there is room."""
        moment = moments.moment(row.time_ms, self.zone)
        text = (
            f"{moment.day:2d} {moments.MONTHS[moment.month - 1]} {moment:%H:%M:%S}"
            if width >= 15
            else f"{moment:%H:%M:%S}"
        )
        return Cell(text)

    def tools(self, row: Response) -> str:
        """The tools it called, "" if they were not read."""
        read = self.read.get(spot(row))
        return read.tools if read is not None else ""

    def tools_cell(self, row: Response, width: int) -> Cell:
        """The tools it called; asked for if they were not read, which only happens for rows that are drawn."""
        if not row.path or row.extra:
            return Cell("")
        read = self.read.get(spot(row))
        if read is None:
            self._want_tools()
            return Cell("…", "faint")
        return Cell(cut(read.tools, width), "dim") if read.tools else Cell("·", "faint")

    def lost_nano(self, row: Response) -> int:
        """What its lost cache cost."""
        _, miss = self.found(row)
        return miss.cost_nano if miss is not None else 0

    def lost_text(self, row: Response) -> str:
        """What its lost cache cost, and why it was lost."""
        _, miss = self.found(row)
        return f"{figures.cost(sums_of(miss.cost_nano, miss.doubts))} {CAUSES[miss.cause]}" if miss is not None else ""

    def lost_cell(self, row: Response, width: int) -> Cell:
        """The same in a cell."""
        _, miss = self.found(row)
        return Cell(causes.miss_text(miss, width), "warn") if miss is not None else Cell("")

    def part_nano(self, row: Response) -> int:
        """What of its cost went for the cause that was opened."""
        return self._part(row).cost_nano

    def part_cell(self, row: Response, width: int) -> Cell:
        """The same in a cell."""
        return Cell(figures.cost(self._part(row), width), "money")

    def _part(self, row: Response) -> Totals:
        shares = self.known.shares if self.known is not None else None
        return (shares or {}).get(row.key, cells.NONE)

    def where(self, row: Response, width: int) -> Cell:
        """File and line, as far as that was read; if it does not fit, its end."""
        read = self.read.get(spot(row))
        text = f"{display_name(os.path.basename(row.path))}:{(read.line if read else 0) or '…'}" if row.path else ""
        return Cell(cut_start(text, width), "faint")


def response_columns(frame: ResponseFrame) -> list[Column[Response]]:
    """The columns of responses."""
    return [
        Column("time", "Time", 15, frame.time, lambda row: (row.time_ms, row.key), 0, narrow=8, right=False),
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
            frame.tools_cell,
            frame.tools,
            4,
            narrow=9,
            flex=1,
            right=False,
            descending=False,
            tooltip="Tools it called, read from its log",
            plain=frame.tools,
        ),
        Column(
            "lost",
            "Cache lost",
            10,
            frame.lost_cell,
            frame.lost_nano,
            6,
            narrow=8,
            flex=1,
            right=False,
            tooltip="What a lost prompt cache cost above reading it, and why it was lost",
            short="Lost",
            plain=frame.lost_text,
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
            frame.part_cell,
            frame.part_nano,
            0,
            narrow=7,
            tooltip="What of the cost went for the cause that was opened",
        ),
        Column(
            "where",
            "Where",
            16,
            frame.where,
            spot,
            10,
            narrow=14,
            flex=1,
            right=False,
            descending=False,
        ),
    ]


def price_cell(response: Response, width: int) -> Cell:
    """A price with its mark."""
    price = response.price
    if price.nano is None:
        return Cell(figures.NOT_AVAILABLE, "doubt")
    mark = "≥" if response.is_lower_bound else "~" if price.is_estimate else ""
    return Cell(mark + figures.money(price.nano, width - len(mark)), "money" if price.nano else "faint")


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


def _agent(row: Response) -> str:
    if row.extra == UNLOGGED:
        return "unlogged calls"
    if row.origin == TOLD and not row.extra:
        from claude_tui.engine.queries.telemetry import kind_name  # only where telemetry told of anything

        agent = f"{display_name(row.agent)} " if row.agent else ""
        return agent + display_name(kind_name(row.kind, row.source))
    return display_name(row.agent) + (f" {display_name(row.extra)}" if row.extra else "")
