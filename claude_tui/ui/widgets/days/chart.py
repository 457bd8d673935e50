"""Cost per day as stacked bars with axes, drawn by plotext. The only module that knows plotext.

plotext is loaded when the first chart is drawn (it costs 130 to 190 ms), and its colours never reach the
screen: every series is drawn in a colour that stands for its number, which becomes a style of the theme here.
So the chart is right in every theme, with 16 colours and with none. Must not know what a series stands for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from claude_tui.figures import NANO
from claude_tui.ui.text.drawings.bars import STEPS
from claude_tui.ui.text.drawings.graph import nice_top
from claude_tui.ui.text.drawings.stacks import SERIES, Stack
from claude_tui.ui.widgets.days.legend import fitted_names
from claude_tui.widths import cut

SIGNS: Final = "█▓▒░▚▞"
"""What a series is filled with if there are no colours."""

MARGIN: Final = 7
"""Cells left of the chart: the labels and the axis."""

GRID: Final = "╌"
AVERAGE: Final = "─"
NOTHING: Final = "nothing on these days"
"""Stands in the chart if no bar does."""

CURSOR: Final = "▲"
"""Below the bar of the selected day."""

ChartPiece = tuple[str, int, int]
"""Text of a chart, the series of its colour (0: the axis), the series behind it (0: nothing)."""

_ESCAPE: Final = re.compile(r"\x1b\[([0-9;]*)m")
_NAME: Final = re.compile(r"\S+(?: \S+)*")
"""The name of a bar: other names are two blanks away."""


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


def draw(data: Stack, width: int, height: int) -> list[list[ChartPiece]]:
    """The chart as `height` lines of pieces: text, style of its colour, style behind it.

    If there is no room for a chart, or nothing to draw, the lines are empty.
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
    bars = list(zip(*data.values, strict=True))[-shown:]
    at = sorted({0, (rows - 1) // 2, rows - 1})
    taken: set[tuple[int, int]] = set()
    for index, values in enumerate(bars):
        for row, cell in enumerate(bar_cells(values, top * scale, rows)):
            cells = [(index * stride + column, row) for column in range(bar)]
            points.setdefault(cell, []).extend(cells)
            taken.update(cells)
    average_row = min(rows - 1, int(average(data, shown) / (top * scale) * rows))
    for row, glyph in [(average_row, AVERAGE), *((row, GRID) for row in at if row and row != average_row)]:
        points[glyph, 0, 0] = points.get((glyph, 0, 0), []) + [
            (column, row) for column in range(columns) if (column, row) not in taken
        ]
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
    for (glyph, series, behind), cells in ((cell, found) for cell, found in points.items() if found):
        colours = {"foreground": (0, 0, series)} | ({"background": (0, 0, behind)} if behind else {})
        xs, ys = zip(*cells, strict=True)
        figure.draw(figure.signal(list(xs), list(ys), marker=plotext.marker(glyph, plotext.pixel(**colours))))
    ticks = data.ticks(shown, stride)
    figure.ruler("x").ticks([index * stride + (bar - 1) // 2 for index, _ in ticks], labels=[text for _, text in ticks])
    labels = [
        data.label(top * (row + 1) / rows, MARGIN - 1) if row else data.label(0, MARGIN - 1).partition(".")[0]
        for row in at
    ]
    figure.ruler("y").ticks(at, labels=[label.rjust(MARGIN - 1) for label in labels])
    return [_styled(line) for line in figure.build().string().split("\n")[:height]]


def average(data: Stack, shown: int) -> float:
    """What the last `shown` bars are on average."""
    return sum(sum(values[-shown:]) for values in data.values) / max(1, shown)


def beside(names: str, at: int) -> int:
    """The cell to mark of a line of names: the one at `at`, or where a name stands there, the blank beside it."""
    name = next((name for name in _NAME.finditer(names) if name.start() <= at < name.end()), None)
    if name is None:
        return at
    return name.end() if name.end() < len(names) else max(0, name.start() - 1)


def _styled(line: str) -> list[ChartPiece]:
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
    """A piece without colours: every cell is filled with the sign of the series that fills most of it."""
    if not front:
        return text
    return "".join(
        SIGNS[(front if STEPS.find(glyph) >= 3 or not behind else behind) - 1] if glyph == "█" or behind else glyph
        for glyph in text
    )


def whole_cells(text: str, front: int, behind: int) -> list[ChartPiece]:
    """A piece whose cells hold one series each: the one that fills most of the cell."""
    if not behind:
        return [(text, front, 0)]
    return [("█", front if STEPS.find(glyph) >= 3 else behind, 0) for glyph in text]


class CostChart(Widget):
    """Cost per day, stacked by model. Drawn again only when its data or its size changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        *(f"chart--series-{number}" for number in range(1, SERIES + 1)),
        "chart--legend",
        "chart--mark",
    }
    ALLOW_SELECT = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.is_plain = False
        """Whether what is drawn is written with plain characters, of which none is a part of a cell."""
        self.drawings = 0
        """How often plotext was asked to draw."""
        self._data = Stack()
        self._is_known = True
        self._marked: int | None = None
        self._lines: list[list[ChartPiece]] | None = None

    def show(self, data: Stack, *, is_known: bool = True) -> None:
        """Show these costs. `is_known`: that there are none is no sign of more to come."""
        if data != self._data or is_known is not self._is_known:
            self._data, self._is_known = data, is_known
            self._lines = None
            self.refresh()

    @property
    def data(self) -> Stack:
        """What it shows."""
        return self._data

    def mark(self, index: int | None) -> None:
        """Mark a bar; draws nothing but the mark."""
        if index != self._marked:
            self._marked = index
            self.refresh(Region(0, self.size.height - 1, self.size.width, 1))

    @property
    def has_bars(self) -> bool:
        """Whether any bar is higher than nothing."""
        return any(map(any, self._data.values))

    @property
    def shown_bars(self) -> int:
        """How many of the bars there is room for, the last ones."""
        columns = max(1, self.size.width - MARGIN)
        return min(len(self._data.days), columns // bar_width(len(self._data.days), columns)[1])

    def _mark_column(self) -> int | None:
        columns, bars = self.size.width - MARGIN, len(self._data.days)
        if self._marked is None or columns < 8:
            return None
        bar, stride = bar_width(bars, columns)
        index = self._marked - (bars - self.shown_bars)
        return MARGIN + index * stride + (bar - 1) // 2 if index >= 0 else None

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
        if y == height // 2 and self._is_known and self._data.days and not self.has_bars:
            nothing = cut(NOTHING, width).center(width)
            return Strip([Segment(nothing, self.get_component_rich_style("chart--legend"))])
        if self.app.no_color:
            line = [(without_colour(text, front, behind), front, 0) for text, front, behind in line]
        elif self.is_plain:
            line = [piece for mixed in line for piece in whole_cells(*mixed)]
        segments = [Segment(text, self._style(front, behind)) for text, front, behind in line]
        strip = Strip(segments).adjust_cell_length(width, self.rich_style)
        marked = self._mark_column() if y == height - 1 and line else None
        if marked is None:
            return strip
        marked = beside(strip.text, marked)
        mark = Strip([Segment(CURSOR, self.get_component_rich_style("chart--mark"))])
        return Strip.join([strip.crop(0, marked), mark, strip.crop(marked + 1, width)])

    def _style(self, front: int, behind: int) -> Style:
        style = self.get_component_rich_style(f"chart--series-{front}" if front else "chart--axis")
        if behind:
            style += Style(bgcolor=self.get_component_rich_style(f"chart--series-{behind}").color)
        return style

    def _legend(self) -> Strip:
        legend = self.get_component_rich_style("chart--legend")
        segments = [Segment(" ", legend)]
        for number, name in enumerate(fitted_names(self._data.names, self.size.width - 1), 1):
            sign = SIGNS[number - 1] if self.app.no_color else "■"
            segments.append(Segment(sign, self.get_component_rich_style(f"chart--series-{number}")))
            segments.append(Segment(f" {name}  " if name else " ", legend))
        return Strip(segments)
