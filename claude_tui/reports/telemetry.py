"""What telemetry tells beside the logs, as JSON and in words. Finds nothing out itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from claude_tui.engine.queries.telemetry import TelemetryFigures, kinds_text
from claude_tui.figures import count, many, money, share
from claude_tui.reports.columns import flat


def telemetry_report(figures: TelemetryFigures) -> dict[str, Any]:
    """Return for JSON how far telemetry covers the logs, and the responses that only it tells."""
    return {
        "logged": figures.logged,
        "covered": figures.covered,
        "only_told": figures.only_told,
        "raised": figures.raised,
        "days": [{**day._asdict(), "day": day.day.isoformat()} for day in figures.days],
        "kinds": [{"source": one.source, "kind": one.kind, **flat(one.totals)} for one in figures.kinds],
    }


def told_line(figures: TelemetryFigures) -> str:
    """Return one line: how many responses each knows, and what those are that only telemetry tells."""
    both = figures.covered
    line = f"{count(figures.logged)} from the log, {count(both + figures.only_told)} from telemetry"
    if figures.only_told:
        line += f", {count(figures.only_told)} only there for {money(figures.only_told_nano)}: {kinds_text(figures)}"
    return line


def telemetry_lines(figures: TelemetryFigures) -> Iterator[str]:
    """Yield what telemetry tells beside the logs, indented."""
    if not (figures.covered or figures.only_told):
        yield "  telemetry is read and tells of none of these responses"
        return
    yield f"  {told_line(figures)}"
    if figures.covered < figures.logged:
        days = sum(1 for day in figures.days if day.covered < day.logged)
        yield f"  it covers {share(figures.covered, figures.logged)} of the log; on {many(days, 'day')} not all"
    if figures.raised:
        yield f"  {many(figures.raised, 'response')} with only the beginning of the output in the log have all of it"
