"""Cost per day as stacked bars with axes, drawn by plotext. The only module that knows plotext.

plotext is loaded when the first chart is drawn (it costs 130 to 190 ms), and its colours never reach the
screen: every series is drawn in a colour that stands for its number, which becomes a style of the theme here.
So the chart is right in every theme, with 16 colours and with none.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from claude_tui.model import DayRow
from claude_tui.ui.bars import STEPS
from claude_tui.ui.format import MONTHS, NANO, money, short

SIGNS: Final = "█▓▒░▚▞"
"""What a series is filled with where there are no colours."""

SERIES: Final = 6
"""Colours there are; the last is for everything else."""

MARGIN: Final = 7
"""Cells left of the chart: the labels and the axis."""

Piece = tuple[str, int, int]
"""Text of a chart, the series of its colour (0: the axis), the series behind it (0: nothing)."""

_ESCAPE: Final = re.compile(r"\x1b\[([0-9;]*)m")


UNITS: Final = {"day": 1, "week": 7, "month": 31}
"""What a bar can stand for, and about how many days that is."""


@dataclass(frozen=True)
class Stack:
    """Bars and, per series, one value in nanodollars per bar. The first series stands at the bottom.

    `days` are the first days of the bars, each of one `unit`.
    """

    days: tuple[date, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[tuple[int, ...], ...] = ()
    unit: str = "day"
    is_money: bool = True

    def label(self, value: float) -> str:
        """A value of the axis as text."""
        return money(round(value * NANO), MARGIN - 1) if self.is_money else short(value, MARGIN - 1)

    def ticks(self, shown: int, stride: int) -> list[tuple[int, str]]:
        """Which of the last `shown` bars are named, and how: as many as fit without touching."""
        days = self.days[-shown:]

        def name(day: date) -> str:
            return MONTHS[day.month - 1] if self.unit == "month" else f"{day.day} {MONTHS[day.month - 1]}"

        every_bar = stride >= (7 if self.unit != "month" else 4)
        ticks: list[tuple[int, str]] = []
        free = 0
        for index, day in enumerate(days):
            begins_month = index > 0 and day.month != days[index - 1].month
            text = name(day)
            natural = every_bar or (day.weekday() == 0 if self.unit == "day" else begins_month or index == 0)
            if natural and index * stride >= free and index * stride + len(text) // 2 < shown * stride + 2:
                ticks.append((index, text))
                free = index * stride + len(text) + 2
        return ticks or [(0, name(days[0]))]


def unit_for(days: int, columns: int) -> str:
    """What a bar stands for so that `days` days are bars of two cells or more in `columns`."""
    return next((unit for unit, length in UNITS.items() if days / length <= columns / 2), "month")


def first_of(day: date, unit: str) -> date:
    """The first day of the unit a day lies in; weeks begin on Monday."""
    if unit == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit == "week" else day


def stack(
    daily: Mapping[date, Mapping[str, int]], names: Mapping[str, str], since: date, until: date, unit: str = "day"
) -> Stack:
    """The costs from `since` to `until`: the costliest models by name, the rest together."""
    bars: dict[date, dict[str, int]] = {}
    sums: dict[str, int] = {}
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        bar = bars.setdefault(first_of(day, unit), {})
        for model, nano in daily.get(day, {}).items():
            bar[model] = bar.get(model, 0) + nano
            sums[model] = sums.get(model, 0) + nano
    if len([nano for nano in sums.values() if nano]) > SERIES:
        bars, sums, names = by_family(bars, names)
    ranked = sorted((model for model, nano in sums.items() if nano), key=lambda model: (-sums[model], model))
    own = ranked if len(ranked) <= SERIES else ranked[: SERIES - 1]
    rows = [tuple(bar.get(model, 0) for bar in bars.values()) for model in own]
    labels = [names.get(model, "?") for model in own]
    if len(own) < len(ranked):
        rows.append(tuple(sum(bar.get(model, 0) for model in ranked[len(own) :]) for bar in bars.values()))
        labels.append(f"{len(ranked) - len(own)} others")
    return Stack(tuple(bars), tuple(labels), tuple(rows), unit)


KINDS: Final = {
    "cache_read": "read",
    "cache_write_1h": "write 1h",
    "cache_write_5m": "write 5m",
    "output": "output",
    "input": "input",
}
"""Kinds of tokens, and what the chart calls them."""


def kinds_per_day(days: Iterable[DayRow]) -> dict[date, dict[str, int]]:
    """The tokens of every day by kind."""
    return {row.day: {kind: getattr(row.totals, kind) for kind in KINDS} for row in days}


def by_family(
    bars: Mapping[date, Mapping[str, int]], names: Mapping[str, str]
) -> tuple[dict[date, dict[str, int]], dict[str, int], dict[str, str]]:
    """The bars with all models of a family as one: `opus-4-5` and `opus-5` are both `opus`."""
    family = {model: _family(names.get(model, "?")) for model in {model for bar in bars.values() for model in bar}}
    members = Counter(family.values())
    sums: dict[str, int] = {}
    merged: dict[date, dict[str, int]] = {}
    for day, bar in bars.items():
        merged[day] = {}
        for model, nano in bar.items():
            merged[day][family[model]] = merged[day].get(family[model], 0) + nano
            sums[family[model]] = sums.get(family[model], 0) + nano
    return merged, sums, {name: f"{name} ×{count}" if count > 1 else name for name, count in members.items()}


def _family(name: str) -> str:
    word = re.match(r"[A-Za-z]{3,}(?=-\d)", name)
    return word.group() if word else name


def nice_top(value: float) -> float:
    """The next greater of 1, 2, 2.5, 4, 5, 8 times a power of ten: where an axis may end."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= value * 0.999_999), 10 * power)


def bar_width(bars: int, columns: int) -> tuple[int, int]:
    """Cells per bar and from bar to bar, so that the bars fill `columns` as well as they can."""
    stride = max(1, min(9, columns // max(1, bars)))
    return (stride - 1 if stride > 1 else 1), stride


def bar_cells(values: Sequence[int], top_nano: float, height: int) -> list[tuple[str, int, int]]:
    """One stacked bar of `height` cells, bottom first: (glyph, series of its colour, series behind it, 0 none).

    Eight steps a cell. Where two series meet inside a cell the upper one is the colour behind the glyph; of
    three that meet in one cell the middle one is not seen.
    """
    edges = list(accumulate(round(nano * height * 8 / top_nano) for nano in values))
    if edges and not edges[-1] and any(values):
        edges[-1] = 1
    cells = []
    for row in range(height):
        low, high = row * 8, row * 8 + 8
        if not edges or edges[-1] <= low:
            break
        lower = next(number for number, edge in enumerate(edges) if edge > low)
        if edges[lower] >= high:
            cells.append(("█", lower + 1, 0))
            continue
        filled = edges[lower] - low
        upper = next((number for number, edge in enumerate(edges) if edge > edges[lower]), None)
        if upper is None:
            cells.append((STEPS[filled - 1], lower + 1, 0))
        elif edges[-1] >= high:
            cells.append((STEPS[filled - 1], lower + 1, upper + 1))
        else:
            cells.append((STEPS[edges[-1] - low - 1], upper + 1 if edges[-1] - edges[lower] > filled else lower + 1, 0))
    return cells


def draw(data: Stack, width: int, height: int) -> list[list[Piece]]:
    """The chart as `height` lines of pieces: text, style of its colour, style behind it.

    Where there is no room for a chart, or nothing to draw, the lines are empty.
    """
    columns, rows = width - MARGIN, height - 1
    if columns < 8 or rows < 2 or not any(map(any, data.values)):
        return [[] for _ in range(max(0, height))]
    import plotext

    scale = NANO if data.is_money else 1
    top = nice_top(max(sum(column) for column in zip(*data.values, strict=True)) / scale)
    bar, stride = bar_width(len(data.days), columns)
    shown = min(len(data.days), columns // stride)
    points: dict[tuple[str, int, int], list[tuple[int, int]]] = {}
    for index, values in enumerate(list(zip(*data.values, strict=True))[-shown:]):
        for row, cell in enumerate(bar_cells(values, top * scale, rows)):
            points.setdefault(cell, []).extend((index * stride + column, row) for column in range(bar))
    figure: Any = plotext.figure
    figure.clear.all()
    plotext.terminal.limit(False, False)  # else it is cut to what plotext takes for the terminal
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.axes(False)
    figure.axes(True, axis="y", side="left")
    # The limits are the middles of the outermost cells, so whole numbers are whole cells.
    figure.ruler("x").lim(0, columns - 1)
    figure.ruler("y").lim(0, rows - 1)
    for (glyph, series, behind), cells in points.items():
        colours = {"foreground": (0, 0, series)} | ({"background": (0, 0, behind)} if behind else {})
        xs, ys = zip(*cells, strict=True)
        figure.draw(figure.signal(list(xs), list(ys), marker=plotext.marker(glyph, plotext.pixel(**colours))))
    ticks = data.ticks(shown, stride)
    figure.ruler("x").ticks([index * stride + (bar - 1) // 2 for index, _ in ticks], labels=[text for _, text in ticks])
    at = sorted({0, (rows - 1) // 2, rows - 1})
    labels = [data.label(top * (row + 1) / rows) if row else data.label(0).partition(".")[0] for row in at]
    figure.ruler("y").ticks(at, labels=[label.rjust(MARGIN - 1) for label in labels])
    return [_styled(line) for line in figure.build().string().split("\n")[:height]]


def _styled(line: str) -> list[Piece]:
    """A line of terminal codes as pieces; the blue of a colour is the number of its series."""
    pieces, front, behind = [], 0, 0
    for index, piece in enumerate(_ESCAPE.split(line)):
        if not index % 2:
            if piece:
                pieces.append((piece, front, behind))
        elif piece.startswith("38;2;0;0;"):
            front = int(piece.rsplit(";", 1)[1])
        elif piece.startswith("48;2;0;0;"):
            behind = int(piece.rsplit(";", 1)[1])
        elif not piece.startswith(("38;", "48;")):
            front = behind = 0
    return pieces


def without_colour(text: str, front: int, behind: int) -> str:
    """A piece where glyphs must tell the series apart: every cell is filled with the sign of what fills most of it."""
    if not front:
        return text
    return "".join(
        SIGNS[(front if STEPS.find(glyph) >= 3 or not behind else behind) - 1] if glyph == "█" or behind else glyph
        for glyph in text
    )


class CostChart(Widget):
    """Cost per day, stacked by model. Drawn again only when its data or its size changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        *(f"chart--series-{number}" for number in range(1, SERIES + 1)),
        "chart--legend",
    }
    ALLOW_SELECT = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.drawings = 0
        """How often plotext was asked to draw."""
        self._data = Stack()
        self._lines: list[list[Piece]] | None = None

    def show(self, data: Stack) -> None:
        """Show these costs."""
        if data != self._data:
            self._data = data
            self._lines = None
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """The chart is made for its size."""
        self._lines = None

    def render_line(self, y: int) -> Strip:
        """The legend, then the chart."""
        width, height = self.size
        if self._lines is None:
            self._lines = draw(self._data, width, height - 1)
            self.drawings += 1
        if y == 0:
            return self._legend().adjust_cell_length(width, self.rich_style)
        line = self._lines[y - 1] if y - 1 < len(self._lines) else []
        if self.app.no_color:
            line = [(without_colour(text, front, behind), front, 0) for text, front, behind in line]
        segments = [Segment(text, self._style(front, behind)) for text, front, behind in line]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, front: int, behind: int) -> Style:
        style = self.get_component_rich_style(f"chart--series-{front}" if front else "chart--axis")
        if behind:
            style += Style(bgcolor=self.get_component_rich_style(f"chart--series-{behind}").color)
        return style

    def _legend(self) -> Strip:
        legend = self.get_component_rich_style("chart--legend")
        segments = [Segment(" ", legend)]
        lengths = list(accumulate(len(name) + 4 for name in self._data.names))
        for number, (name, length) in enumerate(zip(self._data.names, lengths, strict=True), 1):
            if length > self.size.width:
                break
            sign = SIGNS[number - 1] if self.app.no_color else "■"
            segments.append(Segment(f"{sign} ", self.get_component_rich_style(f"chart--series-{number}")))
            segments.append(Segment(f"{name}  ", legend))
        return Strip(segments)
