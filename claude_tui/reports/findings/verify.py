"""The findings of `claude-top verify`, as a dictionary for JSON and as lines of text. Must not count anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.figures import many, written_cost
from claude_tui.model import Totals
from claude_tui.records import NamedTuple
from claude_tui.reports.columns import flat
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/verify@1"


class ShownWay(NamedTuple):
    """One way to count, its totals, and how long it took."""

    name: str
    totals: Totals
    seconds: float


def report(ways: Sequence[ShownWay], differences: Sequence[str], differing: int, *, is_settled: bool) -> dict[str, Any]:
    """Return the report."""
    return {
        "schema": SCHEMA,
        "equal": not differing,
        "settled": is_settled,
        "ways": [{"name": one.name, "seconds": round(one.seconds, 3), **flat(one.totals)} for one in ways],
        "differing": differing,
        "differences": list(differences),
    }


def lines(ways: Sequence[ShownWay], differences: Sequence[str], differing: int, *, is_settled: bool) -> list[str]:
    """Return a line for each way, then whether they agree."""
    figures = [(one.name, many(one.totals.responses, "response"), written_cost(one.totals)) for one in ways]
    name, responses, cost = (max(len(row[column]) for row in figures) for column in range(3))
    made = [
        f"{row[0]:{name}}  {row[1]:>{responses}}  {row[2]:>{cost}}  {one.seconds:.1f} s"
        for row, one in zip(figures, ways, strict=True)
    ]
    if not differing:
        return [*made, "equal, response by response: counters, prices, days, models, projects and sessions"]
    made.append(f"{many(differing, 'difference')}:")
    made += [f"  {display_name(text, 1_000)}" for text in differences]
    if differing > len(differences):
        made.append(f"  and {differing - len(differences):,} more")
    if not is_settled:
        made.append("the logs kept changing, which may be the reason; try again when nothing writes to them")
    return made
