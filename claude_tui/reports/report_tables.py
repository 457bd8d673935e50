"""The report as tables of text, and the lines below them. Must not know what the rows of a section are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from claude_tui.figures import count, many, money, share, thousandths, tokens, written_cost
from claude_tui.model import Snapshot, Totals
from claude_tui.reports.report import Section, label_of, made_of, unpriced_models

if TYPE_CHECKING:
    from claude_tui.engine.queries.telemetry import TelemetryFigures
    from claude_tui.reports.table import TextTable


def tables(snapshot: Snapshot, sections: Sequence[Section] | Sequence[str]) -> list[TextTable]:
    """Return one table a section, each with the total below."""
    made = []
    is_premium = bool(snapshot.totals.premium_milli)
    for section in made_of(snapshot, sections):
        labels = [(label_of(row), row.totals) for row in section.rows]
        if section.left_out:
            labels.append((f"and {count(section.left_out)} more", section.rest))
        table = _table(section.name.capitalize(), section.name[:-1], labels, is_premium)
        made.append(table.with_total(("Total", *_cells(snapshot.totals, is_premium))))
    return made


def footer(snapshot: Snapshot, telemetry: TelemetryFigures | None = None, *, of_fleet: bool = False) -> list[str]:
    """Return the lines below the tables: what the sums lack, what only telemetry tells, and which prices were used.
    `of_fleet`: of a table of many machines, whose problems are damaged pushes."""
    totals = snapshot.totals
    lines = []
    if snapshot.unlogged.nano > 0:
        of_all = share(snapshot.unlogged.nano, totals.cost_nano)
        lines.append(f"unlogged calls: {money(snapshot.unlogged.nano)}, {of_all} of the cost (claude-top explain)")
    if telemetry is not None and (telemetry.covered or telemetry.only_told):
        from claude_tui.reports.telemetry import told_line

        lines.append(told_line(telemetry))
    if missing := len(unpriced_models(snapshot)):
        names = ", ".join(row.name for row in snapshot.models if row.totals.unpriced_responses)
        what = f"{many(missing, 'unpriced model')}, {tokens(totals.unpriced_tokens)}"
        lines.append(f"not in the cost: {what}" + (f" ({names})" if names else ""))
    if totals.lower_bound:
        lines.append(
            f"lower bound: {many(totals.lower_bound, 'response')} whose log has only the beginning of the output"
        )
    if totals.flagged:
        lines.append(f"~ {many(totals.flagged, 'price')} based on an assumption")
    if snapshot.problems:
        kinds = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in sorted(snapshot.problems.items()))
        if of_fleet:
            lines.append(f"problems in the table: {kinds} (claude-top fleet status lists them)")
        else:
            lines.append(f"problems in the logs: {kinds} (claude-top doctor lists them)")
    lines.append(f"{snapshot.prices}; list prices, days in {snapshot.timezone}")
    return lines


def _table(title: str, name: str, rows: Iterable[tuple[str, Totals]], is_premium: bool) -> TextTable:
    """Return a table, with a column for premium requests where there are any."""
    from claude_tui.reports.table import TextColumn, TextTable  # JSON is not drawn

    columns = (
        TextColumn(name, is_text=True, may_shrink=True, has_folders=name == "project"),
        TextColumn("responses", priority=2),
        TextColumn("input", priority=1),
        TextColumn("output", priority=1),
        TextColumn("cache write", priority=3),
        TextColumn("cache read", priority=3),
        TextColumn("tokens"),
        TextColumn("cost"),
        *([TextColumn("premium", priority=1)] if is_premium else []),
    )
    return TextTable(title, columns, tuple((label, *_cells(totals, is_premium)) for label, totals in rows))


def _cells(totals: Totals, is_premium: bool) -> tuple[str, ...]:
    numbers = (totals.responses, totals.input, totals.output, totals.cache_write, totals.cache_read, totals.tokens)
    more = (thousandths(totals.premium_milli),) if is_premium else ()
    return (*map(count, numbers), written_cost(totals), *more)
