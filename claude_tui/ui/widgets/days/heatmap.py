"""A year of days as a grid: one glyph and one colour per day, newest week at the right, arrows walk.

What every cell means is `day_grid`'s business; the widget only paints. Must not sum days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from claude_tui.moments import WEEKDAYS
from claude_tui.ui.settings.keys import HEATMAP_BINDINGS
from claude_tui.ui.widgets.days.day_grid import FUTURE, NO_DATA, Day, build_grid, month_labels

GLYPHS: Final = "·░▒▓█"
"""One per level: nothing, and the four quarters of the days that have something."""

COLOURED: Final = "·▃▄▅▆"
"""The same where colours say the level, too: none as high as a line, so that a week is days and no stripe."""

MOST_WEEKS: Final = 78
"""A year and a half."""

WIDE_WEEKS: Final = 35
"""If so many weeks fit, a day takes two cells."""

TODAY: Final = "◂"
"""Behind the glyph of today, if no other mark is."""

CURSOR: Final = "‹"
"""Behind the glyph of the selected day, if no other mark is; its figures are in the line below the grid."""

OVER: Final = "!"
"""Behind the glyph of a day that cost more than its budget."""

REMEMBERED: Final = "°"
"""Behind the glyph of a day whose logs are gone and whose figures the ledger kept."""

UNRECORDED: Final = "-"
"""A day before the first record."""

MARKED: Final = ("cursor", "remembered", "over")
NO_DAYS: Final[frozenset[date]] = frozenset()
LABELS: Final = 4
"""Cells left of the grid, for the names of weekdays."""


class Heatmap(Widget, can_focus=True):
    """A walkable heatmap of days."""

    BINDINGS: ClassVar[list[BindingType]] = list(HEATMAP_BINDINGS)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"heatmap--level-{level}" for level in range(5)),
        "heatmap--nodata",
        "heatmap--outside",
        "heatmap--label",
        "heatmap--remembered",
        "heatmap--over",
        "heatmap--cursor",
        "heatmap--month",
    }
    ALLOW_SELECT = False

    cursor_day: reactive[date | None] = reactive(None, repaint=True)
    """The selected day."""

    class DayHighlighted(Message):
        """The cursor moved to another day."""

        def __init__(self, day: date) -> None:
            self.day = day
            super().__init__()

    class MetricChanged(Message):
        """Another metric was asked for."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.grid: list[list[Day]] = []
        self._given: tuple[Mapping[date, int], date | None, date | None, frozenset[date]] = ({}, None, None, NO_DAYS)
        self._built: object = None
        self._back = 0
        """Weeks that lie right of the grid: one has walked away from today."""
        self._over: frozenset[date] = NO_DAYS
        self.is_plain = False
        """Whether what is drawn is written with plain characters."""
        self._covered: tuple[date | None, date | None] = (None, None)

    def show(
        self,
        daily: Mapping[date, int],
        today: date,
        first: date | None = None,
        since: date | None = None,
        until: date | None = None,
        remembered: frozenset[date] = NO_DAYS,
        over: frozenset[date] = NO_DAYS,
    ) -> None:
        """Show these days, those `over` their budget and `remembered` with a mark; those not in `since..until` faint.

        Nothing is drawn when they are the ones on screen.
        """
        was_today = self._given[1]
        if (since, until, over) != (*self._covered, self._over):
            self._covered, self._over = (since, until), over
            self.refresh()
        self._given = (daily, today, first, remembered)
        if self.cursor_day is None or self.cursor_day == was_today:
            self.cursor_day = today
        self._build()

    @property
    def weeks(self) -> int:
        """How many weeks fit."""
        return max(1, min(MOST_WEEKS, (self.size.width - LABELS) // self.cell_width))

    @property
    def cell_width(self) -> int:
        """Cells a week takes, the last of them a gap."""
        return 3 if (self.size.width - LABELS) // 3 >= WIDE_WEEKS else 2

    def _build(self) -> None:
        daily, today, first, remembered = self._given
        if today is None or not self.size:
            return
        wanted = (dict(daily), today, first, remembered, self.size, self._back)
        if wanted == self._built:
            return
        self._built = wanted
        self.grid = build_grid(daily, today, self.weeks + self._back, first, remembered)[: self.weeks]
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Another number of weeks may fit."""
        self._build()

    @property
    def _above(self) -> int:
        """Weekdays above the first line where not all seven fit: the selected day's is always seen."""
        height = self.size.height
        return max(0, self.cursor_day.weekday() - height + 1) if self.cursor_day and 0 < height < 7 else 0

    @property
    def _shows_months(self) -> bool:
        return self.size.height >= 8

    def render_line(self, y: int) -> Strip:
        """The month names, or one weekday of every week."""
        width = self.size.width
        label = self.get_component_rich_style("heatmap--label")
        row = y - 1 if self._shows_months else y + self._above
        if y == 0 and self._shows_months:
            text = " " * LABELS + month_labels(self.grid, self.cell_width, width - LABELS)
            return Strip([Segment(text, self.get_component_rich_style("heatmap--month"))]).adjust_cell_length(
                width, self.rich_style
            )
        if row > 6 or not self.grid:
            return Strip.blank(width, self.rich_style)
        segments = [Segment((WEEKDAYS[row] if row % 2 == 0 else "").ljust(LABELS), label)]
        cursor, mark, over = map(self.get_component_rich_style, (f"heatmap--{name}" for name in MARKED))
        for week in self.grid:
            day = week[row]
            glyph = self._glyph(day) * (self.cell_width - 1 if day.level > 0 else 1)
            is_over = day.day in self._over
            is_today = day.day == self._given[1]
            mark_of = OVER if is_over else REMEMBERED if day.is_remembered else TODAY if is_today else ""
            pad = mark_of.ljust(self.cell_width - len(glyph))
            if day.day == self.cursor_day:
                own = self._style(day)
                level = Style(color=own.color, bgcolor=cursor.bgcolor, bold=True, reverse=cursor.reverse)
                segments.append(Segment(glyph, level))
                segments.append(Segment(pad if is_over or day.is_remembered else CURSOR.ljust(len(pad)), cursor))
                continue
            segments.append(Segment(glyph, self._style(day)))
            segments.append(Segment(pad, over if is_over else mark if mark_of else self.rich_style))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _glyph(self, day: Day) -> str:
        return " " if day.level == FUTURE else UNRECORDED if day.level == NO_DATA else self.glyphs[day.level]

    @property
    def glyphs(self) -> str:
        """One glyph per level, as they are drawn here."""
        return GLYPHS if self.is_plain or self.app.no_color else COLOURED

    def _style(self, day: Day) -> Style:
        since, until = self._covered
        is_outside = (since is not None and day.day < since) or (until is not None and day.day > until)
        name = "outside" if is_outside else f"level-{day.level}" if day.level >= 0 else "nodata"
        return self.get_component_rich_style(f"heatmap--{name}")

    def watch_cursor_day(self, day: date | None) -> None:
        """Notify the listeners."""
        if day is not None:
            self.post_message(self.DayHighlighted(day))

    def _move_to(self, day: date) -> None:
        on_screen = self.grid[0][0].day if self.grid else day  # the grid is built when there is room for it
        today, first = self._given[1] or day, self._given[2] or on_screen
        day = max(min(first, on_screen), min(day, today))
        weeks_ago = (today + timedelta(days=6 - today.weekday()) - day).days // 7
        self._back = min(max(self._back, weeks_ago - self.weeks + 1), weeks_ago)
        self._build()
        self.cursor_day = day

    def action_walk(self, days: int) -> None:
        """Move the cursor by some days."""
        if self.cursor_day is not None:
            self._move_to(self.cursor_day + timedelta(days=days))

    def action_ends(self, end: str) -> None:
        """Move the cursor to the first day on screen, or to today."""
        if self.grid and self._given[1] is not None:
            self._move_to(self.grid[0][0].day if end == "first" else self._given[1])

    def action_metric(self) -> None:
        """Ask for another metric."""
        self.post_message(self.MetricChanged())

    def on_click(self, event: events.Click) -> None:
        """Select the day under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x < LABELS:
            return
        row, week = offset.y + self._above - int(self._shows_months), (offset.x - LABELS) // self.cell_width
        if 0 <= row < 7 and week < len(self.grid):
            day = self.grid[week][row]
            if day.level > FUTURE:
                self.cursor_day = day.day
