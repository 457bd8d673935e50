"""Where the money went, `claude-top/causes@1`: as a dictionary for JSON, as CSV, and as a table of text.

Must not divide or sum costs by cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.costs.misses import CAUSES
from claude_tui.engine.queries.causes.dimensions import TITLES
from claude_tui.engine.queries.causes.tables import CauseRow, CauseTable, CountedThings, LatestMiss, OfWhich
from claude_tui.figures import count, is_unpriced, many, money, share, tokens, written_cost
from claude_tui.model import Query, Usage
from claude_tui.moments import instant, instant_or_none
from claude_tui.records import NamedTuple
from claude_tui.sources.values.display import display_name

if TYPE_CHECKING:
    from claude_tui.reports.table import TextColumn, TextTable

    _Cells = tuple[TextColumn, Callable[[CauseRow], str]]

SCHEMA: Final = "claude-top/causes@1"
ROW_FIELDS: Final = (
    "name", "label", "project", "cost_nano", "share", "responses", "calls", "failed_calls", "agents", *Usage._fields,
    "last", "tokens_est", "carried_nano", *Doubts._fields, "each_nano", "models", "lost_caches", "lost_caches_nano",
    "results_tokens_est",
)  # fmt: skip
"""The fields of a row, in order."""
BY_CALL: Final = frozenset({"tool", "mcp"})
"""Dimensions whose rows may have what results brought into prompts."""
DIGITS: Final = 6
"""Of a share."""


class CausesRequest(NamedTuple):
    """What was asked for, for the head of a report."""

    query: Query
    timezone: str
    prices: str
    top: int | None = None


def report(table: CauseTable, asked: CausesRequest) -> dict[str, Any]:
    """Return the report. All rows, and what `left_out` has of them, sum to `total_cost_nano`."""
    kept, rest = _cut(table, asked.top)
    query = asked.query
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "by": table.by,
        "convention": table.convention,
        "timezone": asked.timezone,
        "since": query.since.isoformat() if query.since else None,
        "until": query.until.isoformat() if query.until else None,
        "project": query.project or None,
        "session": query.session or None,
        "prices": asked.prices,
        "total_cost_nano": table.total_nano,
        **table.doubts._asdict(),
        "responses": table.responses,
        "rows": [_row(row, table) for row in kept],
    }
    if rest:
        together = _together(rest)
        made["left_out"] = {"rows": len(rest), "cost_nano": together.cost_nano, **together.doubts._asdict()}
    made["of_which"] = of_which(table.of_which)
    made["notes"] = list(table.notes)
    return made


def _cut(table: CauseTable, top: int | None) -> tuple[tuple[CauseRow, ...], tuple[CauseRow, ...]]:
    return (table.rows, ()) if top is None else (table.rows[:top], table.rows[top:])


def _row(row: CauseRow, table: CauseTable) -> dict[str, Any]:
    made = {
        "name": row.name,
        "label": row.label,
        "project": row.project or None,
        "cost_nano": row.cost_nano,
        **row.doubts._asdict(),
        "share": round(row.cost_nano / table.total_nano, DIGITS) if table.total_nano else 0.0,
        "responses": row.responses,
        "calls": row.calls,
        "failed_calls": row.failed_calls,
        "agents": row.agents,
        **row.usage._asdict(),
        "last": instant_or_none(row.last_ms),
    }
    if table.by in BY_CALL:
        made["results_tokens_est"] = row.tokens_est if table.has_results else None
        made["carried_nano"] = row.carried_nano if table.has_results else None
    elif row.tokens_est or row.carried_nano:
        made |= {"tokens_est": row.tokens_est, "carried_nano": row.carried_nano}
    if row.models:
        made |= {
            "each_nano": row.each_nano,
            "models": list(row.models),
            "lost_caches": row.missed.number,
            "lost_caches_nano": row.missed.cost_nano,
        }
    if row.parts:
        made["tools"] = [_row(part, table) for part in row.parts]
    if row.beside.agents:
        made["started"] = {"agents": row.beside.agents, "cost_nano": row.beside.cost_nano}
    return made


def of_which(found: OfWhich) -> dict[str, Any]:
    """Return what lies inside the total and may have been avoided."""
    return {
        "cache_misses": {
            "n": sum(one.number for one in found.misses),
            "cost_nano": found.missed.cost_nano,
            **Doubts.together(one.doubts for one in found.misses)._asdict(),
            "by": [
                {
                    "cause": one.cause,
                    "n": one.number,
                    "lost_tokens": one.lost_tokens,
                    "cost_nano": one.cost_nano,
                    **one.doubts._asdict(),
                    "last": instant(one.latest.time_ms),
                    "last_project": one.latest.project,
                    "last_branch": one.latest.branch,
                    "last_lost_tokens": one.latest.lost_tokens,
                    "last_cost_nano": one.latest.cost_nano,
                }
                for one in found.misses
            ],
        },
        "failed_calls": _counted(found.failed),
        "interrupted": _counted(found.interrupted),
        "repeated_reads": {
            "n": found.repeated.number,
            "tokens_est": found.repeated.tokens,
            "cost_nano_est": found.repeated.cost_nano,
        },
    }


def _counted(found: CountedThings) -> dict[str, int]:
    return {"n": found.number, "cost_nano": found.cost_nano, **found.doubts._asdict()}


def csv_of(table: CauseTable, top: int | None = None) -> Iterator[bytes]:
    """Yield the rows as CSV: a heading and a line a row. What was left out has no line."""
    from claude_tui.reports.exports.export import csv_lines

    rows = (_row(row._replace(parts=()), table) for row in _cut(table, top)[0])
    unsaid = {**dict.fromkeys(ROW_FIELDS, 0), "models": ""}
    return csv_lines(({**unsaid, **row} for row in rows), ROW_FIELDS)


def text_table(table: CauseTable, top: int | None = None) -> TextTable:
    """Return the rows as a table, with the total below."""
    from claude_tui.reports.table import TextColumn, TextTable  # JSON is not drawn

    calls: tuple[_Cells, ...] = (
        (TextColumn("calls", priority=1), lambda row: count(row.calls)),
        (TextColumn("failed", priority=2), lambda row: count(row.failed_calls)),
    )
    if table.has_results:
        calls += (
            (TextColumn("~results in", priority=2), lambda row: count(row.tokens_est)),
            (TextColumn("carried", priority=2), lambda row: money(row.carried_nano) if row.carried_nano else ""),
        )
    agents: tuple[_Cells, ...] = (
        (TextColumn("agents", priority=1), lambda row: count(row.agents)),
        (
            TextColumn("each", priority=2),
            lambda row: money(row.each_nano) if row.agents and row.label else "",
        ),
        (TextColumn("model", is_text=True, may_shrink=True, priority=1), _models),
        (
            TextColumn("lost caches", priority=4),
            lambda row: written_cost(row.missed.sums) if row.missed.number else "",
        ),
    )
    projects: _Cells = (
        TextColumn("project", is_text=True, may_shrink=True, priority=1, has_folders=True),
        lambda row: display_name(row.project),
    )
    carried: tuple[_Cells, ...] = (
        (TextColumn("~tokens in", priority=1), lambda row: count(row.tokens_est)),
        (TextColumn("carried", priority=1), lambda row: "" if is_unpriced(row.sums) else money(row.carried_nano)),
    )
    latest = {one.cause: one.latest for one in table.of_which.misses}
    last: _Cells = (
        TextColumn("the last of them", is_text=True, may_shrink=True, priority=4),
        lambda row: _latest(latest[row.name]) if row.name in latest else "",
    )
    more = {"cache": (last,), "tool": calls, "mcp": calls, "agent": agents, "branch": (projects,), "context": carried}
    own = more.get(table.by, ())
    counted: tuple[_Cells, ...] = (
        (TextColumn("responses", priority=2), lambda row: count(row.responses)),
        (TextColumn("tokens", priority=3), lambda row: count(row.usage.tokens)),
    )
    cells_of = own if table.by == "context" else (*own, *counted)
    kept, rest = _cut(table, top)
    columns = (
        TextColumn(TITLES[table.by], is_text=True, may_shrink=True),
        *(column for column, _ in cells_of),
        TextColumn("cost"),
        TextColumn("share"),
    )

    def cells(label: str, row: CauseRow) -> tuple[str, ...]:
        part = share(row.cost_nano, table.total_nano)
        return label, *(cell(row) for _, cell in cells_of), written_cost(row.sums), part

    made = [cells(_label(row), row) for row in kept]
    if rest:
        made.append(cells(f"and {count(len(rest))} more", _together(rest)))
    total = cells("Total", _together(table.rows)._replace(responses=table.responses, doubts=table.doubts))
    return TextTable(f"Where it went, by {TITLES[table.by]}", columns, tuple(made)).with_total(total)


def _label(row: CauseRow) -> str:
    label = display_name(row.label)
    if row.beside.agents:
        label += f" (+ {money(row.beside.cost_nano)} by {many(row.beside.agents, 'agent')} it started)"
    return label


def _latest(miss: LatestMiss) -> str:
    """Return where a cache was lost, and what that cost."""
    return f"{display_name(miss.branch or miss.project)}, {tokens(miss.lost_tokens)}, {money(miss.cost_nano)}"


def _models(row: CauseRow) -> str:
    """Return the model of the dearest responses, and how many others there are."""
    if not row.models:
        return ""
    return display_name(row.models[0]) + (f" +{len(row.models) - 1}" if len(row.models) > 1 else "")


def _together(rows: tuple[CauseRow, ...]) -> CauseRow:
    return CauseRow(
        None, "", sum(row.cost_nano for row in rows), Usage(*map(sum, zip(*(row.usage for row in rows), strict=True)))
        if rows else Usage(), 0, sum(row.calls for row in rows), sum(row.failed_calls for row in rows),
        agents=sum(row.agents for row in rows), tokens_est=sum(row.tokens_est for row in rows),
        carried_nano=sum(row.carried_nano for row in rows),
        missed=reduce(CountedThings.plus, (row.missed for row in rows), CountedThings()),
        doubts=Doubts.together(row.doubts for row in rows),
    )  # fmt: skip


def footer(table: CauseTable, prices: str, timezone: str) -> list[str]:
    """Return the lines below the table: the convention, what lies inside the total, and what to know."""
    found = table.of_which
    lines = [f"{table.convention[0].upper()}{table.convention[1:]}; the rows add up to the total."]
    if found.misses:
        part = share(found.missed.cost_nano, table.total_nano).strip()
        lines.append(f"of which {written_cost(found.missed)}{f' ({part})' if part else ''} for lost caches:")
        lines[-1] = lines[-1].removesuffix(":") if table.by == "cache" else lines[-1]
        for one in () if table.by == "cache" else found.misses:
            told = f"{many(one.number, 'time')}, {tokens(one.lost_tokens)}"
            lines.append(f"  {written_cost(one.sums)} {CAUSES[one.cause]} ({told})")
    if found.failed.number:
        lines.append(f"of which {written_cost(found.failed.sums)} for {many(found.failed.number, 'call')} that failed")
    if found.interrupted.number:
        what = many(found.interrupted.number, "response")
        lines.append(f"of which {written_cost(found.interrupted.sums)} for {what} that you interrupted")
    if found.repeated.number:
        what = many(found.repeated.number, "file")
        lines.append(f"of which ~{money(found.repeated.cost_nano)} for {what} read again unchanged, by their sizes")
    lines += [f"{note[0].upper()}{note[1:]}." for note in table.notes]
    lines.append(f"{prices}; list prices, days in {timezone}")
    return lines
