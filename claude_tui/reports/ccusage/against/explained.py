"""Our numbers beside ccusage's, as a dictionary for JSON and as a table. Must not compare anything itself."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.figures import count, dollars
from claude_tui.reports.ccusage.against.explain import CAUSES, RULES, Difference, Reconciliation
from claude_tui.reports.table import TextColumn, TextTable

SCHEMA: Final = "claude-top/explain@1"


def report(found: Reconciliation) -> dict[str, Any]:
    """Return the comparison for JSON."""
    return {
        "schema": SCHEMA,
        "against": "ccusage",
        "ours": _figures(found.ours),
        "theirs": _figures(found.theirs),
        "rules": [
            {
                "rule": name,
                "meaning": RULES[name],
                **_figures(change),
                "examples": [place._asdict() for place in change.examples[:5]],
            }
            for name, change in found.rules.items()
            if change.examples
        ],
        "prices": {
            "web_searches": found.web_searches,
            "web_search_nano": found.web_search_nano,
            "causes": [
                {
                    "cause": name,
                    "meaning": CAUSES[name],
                    "entries": cause.entries,
                    "cost_nano": cause.nano,
                    "examples": [place._asdict() for place in cause.examples[:5]],
                }
                for name, cause in found.causes.items()
                if cause.entries
            ],
            "theirs_cost_nano": found.theirs_nano,
        },
    }


def _figures(change: Difference) -> dict[str, int]:
    return {
        "entries": change.entries,
        "input": change.input,
        "output": change.output,
        "cache_write": change.cache_write,
        "cache_read": change.cache_read,
        "tokens": change.tokens,
        "cost_nano": change.nano,
    }


def table(found: Reconciliation) -> TextTable:
    """Return the comparison for people."""
    columns = (
        TextColumn("", is_text=True), TextColumn("entries"), TextColumn("input", priority=1),
        TextColumn("output", priority=1), TextColumn("cache write", priority=1), TextColumn("cache read", priority=1),
        TextColumn("tokens"), TextColumn("cost"),
    )  # fmt: skip
    rows = [("claude-top", *_cells(found.ours, is_difference=False))]
    for name, change in found.rules.items():
        if change.examples:
            rows.append((f"  {RULES[name]}", *_cells(change, is_difference=True)))
    total = ("as ccusage counts", *_cells(found.theirs, is_difference=False))
    return TextTable(
        "claude-top against ccusage: Claude Code logs, both at claude-top's prices", columns, tuple(rows), total
    )


def _cells(change: Difference, *, is_difference: bool) -> tuple[str, ...]:
    numbers = (change.entries, change.input, change.output, change.cache_write, change.cache_read, change.tokens)
    if not is_difference:
        return (*map(count, numbers), dollars(change.nano))
    sign = "+" if change.nano >= 0 else ""
    return (*(f"{number:+,}" for number in numbers), sign + dollars(change.nano))


def footer(found: Reconciliation) -> list[str]:
    """Return the lines below the table: what makes the price of the same tokens differ, and what ccusage prints."""
    lines = []
    if found.web_searches:
        spent = dollars(found.web_search_nano)
        lines.append(
            f"ccusage has no price for web searches: {count(found.web_searches)} of them are {spent} of our cost"
        )
    for name, cause in found.causes.items():
        if cause.entries:
            sign = "+" if cause.nano >= 0 else ""
            lines.append(f"{sign}{dollars(cause.nano)}: {CAUSES[name]} ({count(cause.entries)})")
    lines.append(f"{dollars(found.theirs_nano)} is what ccusage prints (20.0.24 --offline, all days)")
    lines.append("session --since of ccusage keeps sessions whole by their last day; ours counts the days asked for")
    return lines
