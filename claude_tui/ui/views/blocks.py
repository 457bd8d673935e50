"""View 6: five-hour blocks of usage, the open one on top, and what the weeks cost.

Must not divide usage into blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from claude_tui import moments
from claude_tui.engine.queries.allowances.blocks import LENGTH_MS, UsageBlock
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.model import Phase, Snapshot, Totals
from claude_tui.sources.values.display import display_name
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.text import clients
from claude_tui.ui.text import explanation as explain
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.names import short_model
from claude_tui.ui.text.statements import Statements, fact
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Scope, Shown
from claude_tui.ui.widgets.block_lines import week_lines, window_lines
from claude_tui.ui.widgets.line import TextLine


@dataclass(frozen=True)
class BlockRow:
    """A block as a row of the table."""

    block: UsageBlock
    is_active: bool
    source: str = ""

    @property
    def key(self) -> str:
        """When it began, and whether it is a gap."""
        return f"{self.block.start_ms}{'-' if self.block.is_gap else ''}"

    @property
    def totals(self) -> Totals:
        """What it holds, as the sums other rows have."""
        return self.block.totals


def rows_of(blocks: Sequence[UsageBlock], now_ms: int) -> list[BlockRow]:
    """The blocks as rows, and between them the time in which none was open.

    A gap of the engine is one by the rule of ccusage: from five hours after the last response to the next one. That
    response's block began before it, so here a gap lasts from the end of a block to the beginning of the next.
    """
    rows = []
    for before, block, after in zip((None, *blocks), blocks, (*blocks[1:], None), strict=False):
        if not block.is_gap:
            rows.append(BlockRow(block, block.is_active(now_ms)))
        elif before and after and before.end_ms < after.start_ms:
            rows.append(BlockRow(block._replace(start_ms=before.end_ms, end_ms=after.start_ms), is_active=False))
    return rows


class BlocksView(TableView):
    """The blocks of the days that are shown."""

    NUMBER = 6
    TITLE = "blocks"
    COLUMNS_SORT = "start"
    IGNORES_PERIOD = True
    IS_PARTED = True
    KEYS: ClassVar[tuple[str, ...]] = ("row-copy", "explain", "filter", "sort-next", "pause", "help")

    def __init__(self) -> None:
        super().__init__()
        self._top = Horizontal(id="blocks-top")
        self._window = TextLine("window")
        self._weeks = TextLine("weeks")
        self._panel = Vertical(self._table, classes="panel")

    def compose(self) -> ComposeResult:
        """The open block and the weeks over the table."""
        with self._top:
            yield self._window
            yield self._weeks
        yield self._panel

    @property
    def titled(self) -> Widget:
        """The table's panel carries the titles."""
        return self._panel

    def columns(self) -> Sequence[Column[BlockRow]]:
        """The columns of the table."""
        return [
            Column("start", "Began", 13, self._start, lambda row: row.block.start_ms, 0, narrow=12, right=False),
            Column("state", "", 7, _state, lambda row: row.is_active, 3, right=False),
            Column("bar", "Share", 14, self._bar, lambda row: row.block.nano, 5, narrow=6, grows=48, right=False),
            cells.messages(4),
            cells.kind("output", "Output", 6),
            cells.cache_hit(7),
            cells.tokens(1),
            Column("cost", "Cost", 9, self._cost, lambda row: row.block.nano, 0, narrow=8),
            cells.text("models", "Models", 16, _models, 2, style="dim", narrow=10, flex=1),
        ]

    def _start(self, row: BlockRow, width: int) -> Cell:
        text = moments.clock(row.block.start_ms, self.shown.zone) if self.shown else ""
        return Cell(text, "faint" if row.block.is_gap else "name")

    def _bar(self, row: BlockRow, width: int) -> Cell:
        top = self.frame.top_nano
        return Cell(bars.bar(row.block.nano / top if top else 0, width), "bar")

    def _cost(self, row: BlockRow, width: int) -> Cell:
        style = self.frame.cost_style(row.block.nano)
        return Cell("·", "faint") if row.block.is_gap else cells.cost_cell(row.totals, width, style)

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> BlocksPicture:
        """The blocks."""
        return source.blocks(now_ms, scope.account)

    def draw(self, shown: Shown) -> None:
        """Give the blocks to the table, the open one to its panel."""
        found: BlocksPicture = shown.extra or BlocksPicture()
        rows = [row for row in rows_of(found.blocks, shown.now_ms) if _is_in(row.block, shown)]
        self.frame.set(shown.now_ms, shown.snapshot, rows)
        self._table.say_nothing_with(self.nothing(shown))
        self._table.show(rows)
        self._window.border_title = Content.styled("open 5h block", "bold $foreground")
        whose = " of Claude Code alone" if clients.are_several(shown.snapshot) else ""
        self._window.border_subtitle = Content.styled(f"{LENGTH_MS // 3_600_000} hours{whose}", "$quiet")
        self._weeks.border_title = Content.styled("weeks", "bold $foreground")
        if shown.snapshot.progress.phase is Phase.MERGED:
            lines = [Content.styled("a table of many machines has sums by day, and no blocks", "$quiet")]
        else:
            is_counted = shown.snapshot.progress.phase not in (Phase.DISCOVERING, Phase.SCANNING)
            width = self._window.size.width
            lines = window_lines(found, shown.now_ms, shown.zone, width, is_counted=is_counted)
        self._window.show(Content("\n").join(lines))
        for widget in (self._top, self._window):
            widget.styles.height = max(5, len(lines)) + 2
        self._weeks.show(Content("\n").join(week_lines(shown.snapshot.days, shown.today, self._weeks.size.width)))

    def nothing(self, shown: Shown) -> Content:
        """The text if there is no row."""
        if self._table.filter:
            return super().nothing(shown)
        found: BlocksPicture = shown.extra or BlocksPicture()
        if found.is_loaded and found.blocks:
            return super().nothing(shown)
        return Content.styled("no 5h blocks" if found.is_loaded else "reading single responses…", "$quiet")

    def counts(self) -> str:
        """How many blocks there are: gaps between them are none."""
        table = self._table
        shown, given = (sum(not row.block.is_gap for row in rows) for rows in (table.rows, table.arrangement.given))
        return f"{shown:,} of {given:,}" if table.filter else f"{given:,}"

    def searched(self, row: BlockRow) -> str:
        """Its models."""
        return " ".join(row.block.models)

    def row_name(self, row: BlockRow) -> str:
        """What a block is called."""
        what = "gap after" if row.block.is_gap else "5h block of"
        return f"{what} {moments.clock(row.block.start_ms, self.shown.zone)}" if self.shown else "5h block"

    def explanation(self, row: BlockRow, shown: Shown) -> Statements:
        """Where the figures of a block come from."""
        if row.block.is_gap:
            begin, end = (moments.clock(at_ms, shown.zone) for at_ms in (row.block.start_ms, row.block.end_ms))
            return [
                fact("no 5h block was open", "", f"from {begin}, the end of the one before, to {end}"),
                fact("lasted", _length(row.block)),
            ]
        return [
            *explain.of_totals(row.totals, shown.zone),
            Content(""),
            fact("began", moments.clock(row.block.start_ms, shown.zone), "the hour of its first response: an estimate"),
        ]


def _is_in(block: UsageBlock, shown: Shown) -> bool:
    """Whether a block lasts into the days that are shown."""
    first, last = (moments.moment(at_ms, shown.zone).date() for at_ms in (block.start_ms, block.end_ms - 1))
    since, until = shown.period.range(shown.today)
    return (since is None or last >= since) and (until is None or first <= until)


def _state(row: BlockRow, width: int) -> Cell:
    if row.block.is_gap:
        return Cell("gap", "faint")
    return Cell("● open", "good") if row.is_active else Cell("over", "faint")


def _length(block: UsageBlock) -> str:
    return moments.span((block.end_ms - block.start_ms) / 1000)


def _models(row: BlockRow) -> str:
    if row.block.is_gap:
        return _length(row.block)
    return ", ".join(short_model(display_name(name)) for name in row.block.models)
