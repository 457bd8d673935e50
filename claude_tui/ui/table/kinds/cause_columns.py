"""What the money went for as rows of a table: their columns, by dimension. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from claude_tui import figures, moments
from claude_tui.engine.queries.causes.tables import CauseOf, CauseRow, CauseTable, LatestMiss
from claude_tui.engine.queries.causes.waste import WASTE, Waste
from claude_tui.records import NamedTuple
from claude_tui.sources.values.display import display_name
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.session_cells import models_text
from claude_tui.ui.text.causes import waste_mark
from claude_tui.ui.text.drawings import bars
from claude_tui.units import NANO
from claude_tui.widths import width as text_width

_ALWAYS: Final = frozenset({"name"})
_COUNTED: Final = frozenset({"messages", "tokens", "bar", "cost", "share", "age"})
_CALLS: Final = frozenset({"calls", "failed"})
_OWN: Final = {
    "tool": _COUNTED | _CALLS | {"started"},
    "mcp": _COUNTED | _CALLS,
    "agent": _COUNTED | {"agents", "each", "model", "lost"},
    "branch": _COUNTED | {"project"},
    "cache": _COUNTED | {"latest"},
    "context": frozenset({"bar", "cost", "share", "entered", "carried"}),
    WASTE: frozenset({"times", "paid", "otherwise", "saved"}),
}
"""The columns a dimension has beside the name, if not those of responses."""


class CauseLine(NamedTuple):
    """A row on screen: of a dimension, one of its parts, or something that could have been avoided.

    `name` is safe to show. `tenths` of a percent are its part of the total; those of all rows are a thousand.
    """

    key: str
    name: str
    row: CauseRow
    of: CauseOf | None = None
    tenths: int = 0
    parts: tuple[CauseLine, ...] = ()
    waste: Waste | None = None
    source: str = ""
    latest: LatestMiss | None = None


class CauseFrame:
    """What cells need beside their row: the instant, the greatest cost, short names of projects."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.top_nano = 0
        self.project: Callable[[str], str] = str


def lines_of(table: CauseTable) -> list[CauseLine]:
    """The rows of a dimension as they are shown, tools of an MCP server below it."""
    tenths = figures.tenths([row.cost_nano for row in table.rows])
    latest = {one.cause: one.latest for one in table.of_which.misses} if table.by == "cache" else {}
    lines = [_line(table.by, row, part) for row, part in zip(table.rows, tenths, strict=True)]
    return [line._replace(latest=latest.get(line.row.name or "")) for line in lines] if latest else lines


def _line(by: str, row: CauseRow, tenths: int) -> CauseLine:
    key = f"{row.name is None}\0{row.name or row.label}\0{row.project}"
    parts: tuple[CauseLine, ...] = ()
    if by == "mcp":
        parts = tuple(
            CauseLine(
                f"{key}\0{part.label}", f"{'└' if at == len(row.parts) else '├'} {display_name(part.label)}", part
            )
            for at, part in enumerate(row.parts, 1)
        )
    return CauseLine(key, display_name(row.label), row, CauseOf(by, row.name, row.label, row.project), tenths, parts)


def wasted_lines(found: Sequence[Waste]) -> list[CauseLine]:
    """What could have been avoided as it is shown."""
    return [
        CauseLine(
            one.what, one.title, CauseRow(one.what, one.title, one.saved_nano), CauseOf(WASTE, one.what), waste=one
        )
        for one in found
    ]


def absent(by: str, lines: Sequence[CauseLine], columns: Sequence[Column[Any]]) -> frozenset[str]:
    """The columns the rows of a dimension have nothing to say in."""
    unsaid = frozenset(column.id for column in columns) - _ALWAYS - _OWN.get(by, _COUNTED)
    return unsaid if any(line.row.beside.agents for line in lines) else unsaid | {"started"}


def _cost(row: CauseRow, width: int) -> Cell:
    return Cell(figures.cost(row.sums, width), "doubt" if figures.is_unpriced(row.sums) else "money")


def _share(line: CauseLine, width: int) -> Cell:
    if not line.row.cost_nano or line.of is None:  # tools of a server are a part of its share
        return Cell("")
    text = f"{line.tenths // 10}.{line.tenths % 10}%" if line.tenths else "<0.1%"
    return Cell(text if len(text) <= width else f"{line.tenths // 10}%", "dim")


def _started(line: CauseLine, width: int) -> Cell:
    beside = line.row.beside
    if not beside.agents:
        return Cell("")
    money = f"+ {figures.money(beside.cost_nano, 9)}"
    text = f"{money} by {figures.many(beside.agents, 'agent')}"
    return Cell(text if len(text) <= width else money, "dim")


def _carried(line: CauseLine, width: int) -> Cell:
    nano = line.row.carried_nano
    return Cell(figures.money(nano, width), "dim") if nano else Cell("·", "faint")


def _each(line: CauseLine) -> int:
    return line.row.each_nano


def _lost(line: CauseLine, width: int) -> Cell:
    missed = line.row.missed
    return Cell(figures.cost(missed.sums, width), "warn") if missed.number else Cell("·", "faint")


def _each_cell(line: CauseLine, width: int) -> Cell:
    return Cell(figures.money(_each(line), width), "dim") if line.row.agents else Cell("·", "faint")


def _count(id: str, label: str, priority: int, value: Callable[[CauseLine], int], style: str = "") -> Column[CauseLine]:
    return Column(
        id, label, 7, lambda line, width: cells.counted(value(line), width, style), value, priority, narrow=6,
        plain=lambda line: str(value(line)),
    )  # fmt: skip


def _wasted(id: str, label: str, priority: int, value: Callable[[Waste], int], style: str) -> Column[CauseLine]:
    def order(line: CauseLine) -> int:
        return value(line.waste) if line.waste is not None else 0

    def draw(line: CauseLine, width: int) -> Cell:
        mark = waste_mark(line.waste) if line.waste is not None and order(line) else ""
        return Cell(mark + figures.money(order(line), width - len(mark)), style)

    return Column(id, label, 9, draw, order, priority, narrow=8)


def cause_columns(frame: CauseFrame) -> list[Column[CauseLine]]:
    """The columns of all dimensions."""

    def bar(line: CauseLine, width: int) -> Cell:
        share = line.row.cost_nano / frame.top_nano if frame.top_nano else 0.0
        return Cell(bars.bar(share, width) if share <= 1 else "", "bar")

    def age(line: CauseLine, width: int) -> Cell:
        return Cell(moments.age(line.row.last_ms, frame.now_ms), "dim")

    def last(line: CauseLine, width: int) -> Cell:
        found = line.latest
        if found is None:
            return Cell("")
        money, lost = figures.money(found.cost_nano, 7), figures.short(found.lost_tokens)
        where = display_name(found.branch) or frame.project(display_name(found.project))
        texts = (f"{money} {lost} {where}", f"{money} {where}", f"{money} {lost}", money)
        return Cell(next((text for text in texts if text_width(text) <= width), ""), "dim")

    def last_ms(line: CauseLine) -> int:
        return line.latest.time_ms if line.latest is not None else 0

    def tokens(line: CauseLine) -> int:
        return line.row.usage.tokens

    return [
        Column("name", "What", 22, lambda line, width: Cell(line.name, "name"), lambda line: line.name.lower(), 0,
               narrow=12, flex=2, right=False, descending=False),
        cells.text("project", "Project", 14, lambda line: frame.project(display_name(line.row.project)), 3,
                   style="accent", narrow=10, flex=1),
        _count("calls", "Calls", 3, lambda line: line.row.calls),
        _count("failed", "Failed", 5, lambda line: line.row.failed_calls, "warn"),
        _count("agents", "Agents", 3, lambda line: line.row.agents),
        Column("each", "$/agent", 8, _each_cell, _each, 4, tooltip="Cost per sub-agent"),
        cells.text("model", "Model", 14, lambda line: models_text(line.row), 4, narrow=10, flex=1),
        Column("lost", "Lost", 8, _lost, lambda line: line.row.missed.cost_nano, 8,
               tooltip="What of the cost is for lost prompt caches"),
        _count("messages", "Msgs", 6, lambda line: line.row.responses),
        Column("tokens", "Tokens", 6, lambda line, width: cells.tokens_cell(tokens(line), width), tokens, 7,
               plain=lambda line: str(tokens(line))),
        Column("entered", "~In", 6, lambda line, width: cells.tokens_cell(line.row.tokens_est, width),
               lambda line: line.row.tokens_est, 3, tooltip="Tokens that came into prompts, estimated from sizes",
               plain=lambda line: str(line.row.tokens_est)),
        Column("carried", "Carried", 9, _carried, lambda line: line.row.carried_nano, 2,
               tooltip="What of the cost was for reading it again with each response"),
        Column("bar", "Share", 16, bar, lambda line: line.row.cost_nano, 4, narrow=6, grows=60, right=False),
        Column("latest", "Last", 24, last, last_ms, 8, narrow=11, flex=1, right=False,
               tooltip="What the newest of them cost, how many tokens it lost, and where"),
        Column("started", "Started", 22, _started, lambda line: line.row.beside.cost_nano, 8, narrow=11, right=False,
               tooltip="What sub-agents spent that these calls started; beside the cost, not in it"),
        _count("times", "Times", 2, lambda line: line.waste.number if line.waste is not None else 0),
        _wasted("paid", "Paid", 3, lambda waste: waste.paid_nano, "dim"),
        _wasted("otherwise", "Instead", 4, lambda waste: waste.otherwise_nano, "dim"),
        _wasted("saved", "Saved", 0, lambda waste: waste.saved_nano, "money"),
        Column("cost", "Cost", 9, lambda line, width: _cost(line.row, width),
               lambda line: line.row.cost_nano, 0, narrow=8, unit=NANO, tooltip="At API list prices, not your bill"),
        Column("share", "%", 6, _share, lambda line: line.row.cost_nano, 1, narrow=5, tooltip="Part of the total"),
        Column("age", "Age", 4, age, lambda line: -line.row.last_ms, 5, descending=False,
               tooltip="Time since the last response"),
    ]  # fmt: skip
