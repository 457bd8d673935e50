"""These reports as tables for people: full, or compact where the terminal is narrow. Must not sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from claude_tui.engine.queries.allowances.blocks import UsageBlock
from claude_tui.figures import NANO, count, dollars
from claude_tui.moments import local_minute
from claude_tui.reports.ccusage.blocks import burn_rate, limit_status, projection
from claude_tui.reports.ccusage.periods import Periods, SessionKey, ordered
from claude_tui.reports.ccusage.sums import Counts, GroupSums, total
from claude_tui.reports.ccusage.unified import LABELS, Row
from claude_tui.reports.table import TextColumn, TextTable
from claude_tui.sources.values.display import display_name
from claude_tui.units import HOUR_MS, MINUTE_MS

HIDDEN_WHEN_COMPACT = frozenset({"Cache Create", "Cache Read", "Total Tokens", "Last Activity"})
COST = "Cost (USD)"
NUMBERS = ("Input", "Output", "Cache Create", "Cache Read", "Total Tokens")

Cells = tuple[str, ...]


def short_model(name: str) -> str:
    """Return a model's name without vendor and date, safe to show: claude-opus-4-5-20251101 is opus-4-5."""
    name, fast = (name[: -len("-fast")], "-fast") if name.endswith("-fast") else (name, "")
    name = name.removeprefix("anthropic/").removeprefix("claude-")
    head, _, date = name.rpartition("-")
    return display_name((head if head and len(date) == 8 and date.isdigit() else name) + fast)


def models_cell(models: Iterable[str]) -> str:
    """Return models one below the other, by name."""
    return "\n".join(f"- {model}" for model in sorted({short_model(model) for model in models}))


def cost_cell(counts: Counts) -> str:
    """Return a cost: "n/a" if nothing has a price, ">=" before one that leaves something out."""
    if counts.has_unpriced and not counts.nano:
        return "n/a"
    return (">=" if counts.has_unpriced else "") + dollars(counts.nano)


def _numbers(counts: Counts) -> Cells:
    tokens = (counts.input, counts.output, counts.cache_write, counts.cache_read, counts.tokens)
    return (*map(count, tokens), cost_cell(counts))


def _columns(*first: str, last: Sequence[str] = ()) -> tuple[TextColumn, ...]:
    names = [TextColumn(name, is_text=True, may_shrink=True) for name in first]
    return (
        *names,
        *(TextColumn(name) for name in (*NUMBERS, COST)),
        *(TextColumn(name, is_text=True) for name in last),
    )


def _breakdown(group: GroupSums, before: int, after: int = 0) -> list[Cells]:
    rows = []
    for name, counts in group.by_cost():
        rows.append((f"  {short_model(name)}", *[""] * (before - 1), *_numbers(counts), *[""] * after))
    return rows


def period_table(title: str, first: str, periods: Periods, order: str, *, with_models: bool = False) -> TextTable:
    """Return one row a period, with a row for each of its models where asked for."""
    rows: list[Cells] = []
    for name, group in ordered(periods, order):
        rows.append((name, models_cell(group.models), *_numbers(group)))
        rows += _breakdown(group, 2) if with_models else []
    return TextTable(title, _columns(first, "Models"), tuple(rows), ("Total", "", *_numbers(total(periods.values()))))


def project_table(
    title: str, projects: Mapping[str, Periods], aliases: Mapping[str, str], order: str, *, with_models: bool = False
) -> TextTable:
    """Return the days of each project below its name."""
    rows: list[Cells] = []
    for project, days in projects.items():
        rows.append((display_name(aliases.get(project, project)), *[""] * 7))
        for name, group in ordered(days, order):
            rows.append((f"  {name}", models_cell(group.models), *_numbers(group)))
            rows += _breakdown(group, 2) if with_models else []
    whole = total(group for days in projects.values() for group in days.values())
    return TextTable(title, _columns("Project, date", "Models"), tuple(rows), ("Total", "", *_numbers(whole)))


def session_table(
    title: str, sessions: Sequence[tuple[SessionKey, GroupSums]], zone: ZoneInfo, *, with_models: bool = False
) -> TextTable:
    """Return one row a session."""
    rows: list[Cells] = []
    for (_, _, session), group in sessions:
        last = local_minute(group.last_ms, zone)[:10]
        rows.append((display_name(session, 36), models_cell(group.models), *_numbers(group), last))
        rows += _breakdown(group, 2, 1) if with_models else []
    whole = ("Total", "", *_numbers(total(group for _, group in sessions)), "")
    return TextTable(title, _columns("Session", "Models", last=["Last Activity"]), tuple(rows), whole)


def unified_table(title: str, first: str, rows: Sequence[Row], *, with_models: bool = False) -> TextTable:
    """Return one row a period or session, with a row for each agent that has a part in it."""
    cells: list[Cells] = []
    for name, agent, group, agents in rows:
        is_split = len(agents) > 1
        shown = agent if is_split or not agents else next(iter(agents))
        models = "" if is_split else models_cell(group.models)
        cells.append((display_name(name, 36), LABELS.get(shown, shown), models, *_numbers(group)))
        parts = sorted(agents.items()) if is_split else []
        for own, part in parts:
            cells.append(("", f"- {LABELS.get(own, own)}", models_cell(part.models), *_numbers(part)))
        cells += _breakdown(group, 3) if with_models else []
    whole = ("Total", "", "", *_numbers(total(row[2] for row in rows)))
    columns = _columns(first, "Agent", "Models")
    # Of a terminal too narrow for all, models go first: who used what is the point here.
    columns = (*columns[:2], replace(columns[2], priority=1), *columns[3:])
    return TextTable(title, columns, tuple(cells), whole)


def blocks_table(
    title: str, found: Sequence[UsageBlock], now_ms: int, zone: ZoneInfo, limit: int | None = None
) -> TextTable:
    """Return one row a block, and below the one that goes on what it is heading for."""
    percent = [TextColumn("%")] if limit else []
    texts = [
        TextColumn(name, is_text=True, may_shrink=True, priority=priority)
        for name, priority in (("Block Start", 0), ("Duration/Status", 1), ("Models", 2))
    ]
    rows: list[Cells] = []
    for block in found:
        share = (f"{block.usage.tokens / limit * 100:.1f}%",) if limit else ()
        if block.is_gap:
            end = local_minute(block.end_ms, zone)
            when = f"{local_minute(block.start_ms, zone)} - {end} ({(block.end_ms - block.start_ms) // HOUR_MS}h gap)"
            rows.append((when, "(inactive)", "-", "-", *("-" for _ in share), "-"))
            continue
        is_active = block.is_active(now_ms)
        tokens, models = count(block.usage.tokens), models_cell(block.models)
        rows.append((_when(block, now_ms, zone), "ACTIVE" if is_active else "", models, tokens, *share, _cost(block)))
        if is_active and limit:
            left = max(0, limit - block.usage.tokens)
            rows.append(
                (f"(assuming {count(limit)} token limit)", "REMAINING", "", count(left), f"{left / limit:.1%}", "")
            )
        if ahead := projection(block, now_ms):
            heading = (f"{ahead['totalTokens'] / limit:.1%}",) if limit else ()
            price = "n/a" if block.unpriced == block.entries else f"${ahead['totalCost']:,.2f}"
            label = "(assuming current burn rate)"
            rows.append((label, "PROJECTED", "", count(ahead["totalTokens"]), *heading, price))
    return TextTable(title, (*texts, TextColumn("Tokens"), *percent, TextColumn("Cost")), tuple(rows))


def _cost(block: UsageBlock) -> str:
    if block.unpriced and not block.nano:
        return "n/a"
    return (">=" if block.unpriced else "") + dollars(block.nano)


def _when(block: UsageBlock, now_ms: int, zone: ZoneInfo) -> str:
    start = local_minute(block.start_ms, zone)
    if block.is_active(now_ms):
        spent, left = span(now_ms - block.start_ms), span(block.end_ms - now_ms)
        return f"{start} ({spent} elapsed, {left} remaining)"
    return f"{start} ({span(block.last_ms - block.start_ms)})"


def span(length_ms: int) -> str:
    """Return a length of time as 1h 5m or 5m."""
    hours, minutes = divmod(max(0, length_ms) // MINUTE_MS, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"


def active_block(block: UsageBlock, now_ms: int, zone: ZoneInfo, limit: int | None, *, with_cost: bool = True) -> str:
    """Return what there is to say about the block that goes on, as paragraphs."""
    usage, rate, ahead = block.usage, burn_rate(block), projection(block, now_ms)
    parts = [
        [
            f"Block Started:   {local_minute(block.start_ms, zone)} (estimated)",
            f"Time Elapsed:    {span(now_ms - block.start_ms)}",
            f"Time Remaining:  {span(block.end_ms - now_ms)}",
        ],
        ["Current Usage:", f"  Input Tokens:     {count(usage.input)}", f"  Output Tokens:    {count(usage.output)}"],
    ]
    if with_cost:
        parts[-1].append(f"  Total Cost:       {_cost(block)}")
    if rate:
        parts.append(["Burn Rate:", f"  Tokens/minute:    {count(round(rate['tokensPerMinute']))}"])
        if with_cost:
            parts[-1].append(f"  Cost/hour:        {dollars(round(rate['costPerHour'] * NANO))}")
    if ahead:
        parts.append(
            ["Projected Usage (if current rate continues):", f"  Total Tokens:     {count(ahead['totalTokens'])}"]
        )
        if with_cost:
            parts[-1].append(f"  Total Cost:       ${ahead['totalCost']:,.2f}")
        if limit:
            share = ahead["totalTokens"] / limit
            words = {"ok": "OK", "warning": "WARNING", "exceeds": "EXCEEDS LIMIT"}
            parts.append([
                "Token Limit Status:",
                f"  Limit:            {count(limit)} tokens",
                f"  Current Usage:    {count(usage.tokens)} ({usage.tokens / limit:.1%})",
                f"  Remaining:        {count(max(0, limit - usage.tokens))} tokens",
                f"  Projected Usage:  {share:.1%} {words[limit_status(ahead['totalTokens'], limit)]}",
            ])  # fmt: skip
    return "\n\n".join("\n".join(part) for part in parts) + "\n"
