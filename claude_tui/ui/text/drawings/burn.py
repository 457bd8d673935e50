"""What is spent over time: the last hour, the last day, and the 5h block up to its end. Pure.

The first two are a pace, in dollars per hour over the time before each column; the window is what it has cost so far,
and what it will have cost at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import accumulate
from typing import Final

from claude_tui import figures, moments
from claude_tui.engine.queries.allowances.blocks import Window
from claude_tui.engine.queries.allowances.windows import FIVE_HOURS, SOURCE, BlocksPicture
from claude_tui.engine.queries.snapshots.recent import Course
from claude_tui.model import Query
from claude_tui.records import NamedTuple
from claude_tui.ui.text.drawings.graph import Graph
from claude_tui.units import HOUR_MS, MINUTE_MS

HOUR: Final = "hour"
DAY: Final = "day"
WINDOW: Final = "window"
RANGES: Final = {HOUR: "1 hour", DAY: "24 hours", WINDOW: "5h block"}
"""What the graph can show, in the order `b` goes through."""

LEAST_USED: Final = 5.0
"""A limit is not reckoned from less percent than these."""

AskCourse = Callable[[int, int, int, Query], Course | None]
"""Returns the cost of each step: from, to, length of a step, whose."""


class Pace(NamedTuple):
    """How a pace is measured: over how long at each column, all columns together over how long, and ticks how often."""

    over_ms: int
    length_ms: int
    tick_ms: int


PACES: Final = {
    HOUR: Pace(5 * MINUTE_MS, HOUR_MS, 15 * MINUTE_MS),
    DAY: Pace(HOUR_MS, 24 * HOUR_MS, 3 * HOUR_MS),
}


@dataclass(frozen=True)
class Burned:
    """A graph and its labels. `limit_nano` is where the limit of the window is reached, 0 if not known."""

    range: str
    graph: Graph = field(default_factory=Graph)
    is_known: bool = True
    limit_nano: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was spent in all of it."""
        return not any(self.graph.area)


def column_ms(pace: Pace, columns: int) -> int:
    """How long a column stands for, a whole part of `over_ms`: all of them last for `length_ms` or a little more."""
    steps = (pace.over_ms // part for part in range(240, 0, -1) if pace.over_ms % part == 0)
    return next((step_ms for step_ms in steps if step_ms * columns >= pace.length_ms), pace.over_ms)


def paced(range_: str, ask: AskCourse, now_ms: int, zone: tzinfo, columns: int, last_nano: int) -> Burned:
    """The pace up to now, one value a column; the last is `last_nano`, which was measured up to this instant."""
    pace = PACES[range_]
    step_ms = column_ms(pace, columns)
    end_ms = now_ms // step_ms * step_ms
    first_ms = end_ms - (columns - 2) * step_ms
    costs = ask(first_ms - pace.over_ms, now_ms, step_ms, Query())
    if costs is None:
        return Burned(range_, is_known=False)
    sums = [0, *accumulate(costs)]
    per_column = pace.over_ms // step_ms
    area = [
        (sums[index + per_column] - sums[index]) * HOUR_MS / pace.over_ms
        for index in range(min(columns - 1, len(sums) - per_column))
    ]
    ticks = _ticks(first_ms, now_ms, pace.tick_ms, step_ms, zone)
    return Burned(range_, Graph([*area, float(last_nano)], ticks=ticks))


def of_window(
    found: BlocksPicture, ask: AskCourse, now_ms: int, zone: tzinfo, columns: int, account: str = ""
) -> Burned:
    """What the open window has cost up to each column, and what it will have cost."""
    window = found.window
    if window is None:
        return Burned(WINDOW, is_known=found.is_loaded)
    costs = ask(window.start_ms, now_ms, MINUTE_MS, Query(source=SOURCE, account=account))
    if costs is None:
        return Burned(WINDOW, is_known=False)
    sums = [0, *accumulate(costs)]
    step_ms = (window.end_ms - window.start_ms) / columns
    ends = [window.start_ms + (column + 1) * step_ms for column in range(columns)]
    past = [end for end in ends if end <= now_ms]
    area = [float(sums[int((end - window.start_ms) // MINUTE_MS)]) for end in past] + [float(sums[-1])]
    return Burned(
        WINDOW,
        Graph(
            area[:columns],
            _band(window, sums[-1], now_ms, ends[len(area) :]),
            (limit := _limit(found, window, sums)) or None,
            _ticks(window.start_ms, window.end_ms, HOUR_MS, step_ms, zone),
        ),
        limit_nano=round(limit),
    )


def _band(window: Window, spent: int, now_ms: int, ends: Sequence[float]) -> list[tuple[float, float]]:
    if window.low_nano is None or window.high_nano is None:
        return []
    left_ms = max(1, window.end_ms - now_ms)
    low, high = window.low_nano - spent, window.high_nano - spent
    return [(spent + low * (end - now_ms) / left_ms, spent + high * (end - now_ms) / left_ms) for end in ends]


def _limit(found: BlocksPicture, window: Window, sums: Sequence[int]) -> float:
    """What the whole window may cost if each percent of the limit costs what the reported ones did; 0 if not known."""
    reported = [
        one
        for one in found.reported
        if one.source == SOURCE and one.name == FIVE_HOURS and one.resets_ms == window.end_ms
    ]
    if not reported or not window.is_reported or len({one.account for one in reported}) > 1:
        return 0.0
    newest = max(reported, key=lambda one: one.seen_ms)
    minutes = min(max(0, (newest.seen_ms - window.start_ms) // MINUTE_MS + 1), len(sums) - 1)
    return sums[minutes] / newest.used_percent * 100 if newest.used_percent >= LEAST_USED else 0.0


def _ticks(first_ms: int, last_ms: int, every_ms: int, column_ms: float, zone: tzinfo) -> list[tuple[int, str]]:
    """The full quarters or hours of the local clock, by column."""
    at = moments.moment(first_ms, zone)
    into_day_ms = ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + at.microsecond // 1000
    begin_ms = first_ms + -into_day_ms % every_ms
    return [
        (round((tick_ms - first_ms) / column_ms), f"{moments.moment(tick_ms, zone):%H:%M}")
        for tick_ms in range(begin_ms, last_ms + 1, every_ms)
    ]


def label(range_: str) -> Callable[[float], str]:
    """How a value of the scale is written."""
    return lambda nano: "$0" if not nano else figures.money(round(nano), 7)


def said(burned: Burned) -> str:
    """What a graph says in words."""
    graph = burned.graph
    if burned.range != WINDOW:
        now, peak = graph.area[-1], max(graph.area)
        return f"now {figures.money(round(now), 8)}/h · peak {figures.money(round(peak), 8)}/h"
    parts = [f"so far {figures.money(round(graph.area[-1]), 9)}"]
    if graph.band:
        low, high = (figures.money(round(nano), 9) for nano in graph.band[-1])
        parts.append(f"at its end {low}" if low == high else f"at its end {low} to {high}")
    if burned.limit_nano:
        parts.append(f"limit near ~{figures.money(burned.limit_nano, 9)}")
    return " · ".join(parts)


def nothing(burned: Burned) -> str:
    """What is said instead of an empty graph."""
    if not burned.is_known:
        return "reading single responses…"
    if burned.range == WINDOW:
        return "no 5h block is open: the next response opens one"
    return f"nothing was spent in the last {'hour' if burned.range == HOUR else RANGES[burned.range]}"
