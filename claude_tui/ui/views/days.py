"""View 5: a year as a heatmap, the cost per day below it, the selected day beside that. Must not sum days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from claude_tui import moments
from claude_tui.engine.queries.allowances.budgets import day_limit_nano
from claude_tui.figures import NANO
from claude_tui.model import Snapshot, Totals
from claude_tui.ui.dialogs.explain_screen import ExplainScreen
from claude_tui.ui.settings.keys import DAYS_BINDINGS
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.text import explanation as explain
from claude_tui.ui.text.drawings.stacks import KINDS, UNITS, by_hour, kinds_per_day, stack, unit_for
from claude_tui.ui.text.drawings.week import week_of
from claude_tui.ui.text.names import short_model
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base.view import EVERYTHING, DayWanted, Drilled, Scope, Shown, View
from claude_tui.ui.widgets.days.chart import MARGIN, CostChart, average
from claude_tui.ui.widgets.days.day_detail import DayDetail, DayFound, day_summary
from claude_tui.ui.widgets.days.heatmap import NO_DAYS, Heatmap
from claude_tui.ui.widgets.days.legend import legend
from claude_tui.ui.widgets.days.week_heat import WeekHeat
from claude_tui.ui.widgets.line import assemble

CHARTS: Final = ("models", "kinds", "hours")
"""What can stand below the year, in the order `c` goes through."""

LEAST_FOR_WEEK: Final = 26
"""Lines below the year from which on the hours of the week stand beside the chart."""

METRICS: Final[dict[str, Callable[[Totals], int]]] = {
    "cost": lambda totals: totals.cost_nano,
    "tokens": lambda totals: totals.tokens,
    "responses": lambda totals: totals.responses,
}
"""What the heatmap can show, in the order `m` goes through."""


class DaysView(View):
    """The year, and its days."""

    BINDINGS: ClassVar[list[BindingType]] = list(DAYS_BINDINGS)
    NUMBER = 5
    TITLE = "days"
    IGNORES_PERIOD = True
    IS_PARTED = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "day-open",
        "heatmap-metric",
        "chart-kind",
        "chart-unit",
        "day-explain",
        "period",
        "pause",
        "help",
    )

    def __init__(self) -> None:
        super().__init__()
        self.metric = "cost"
        self.unit = ""
        """What a bar of the chart stands for; "" as it fits."""
        self.drawn = "models"
        """What stands below the year: one of `CHARTS`."""
        self._asks_hours = False
        """Whether the hours of all days are wanted; they take a while the first time."""
        self.heatmap = Heatmap(id="heatmap")
        self.chart = CostChart(id="chart")
        self.detail = DayDetail()
        self.week = WeekHeat("week")
        self.large_week = WeekHeat("days-week")
        self._summary = Static(id="day-summary", markup=False)
        self._has_remembered = self._has_over = False

    def compose(self) -> ComposeResult:
        """The heatmap over chart and day."""
        with Vertical(id="year", classes="panel") as year:
            self._year = year
            yield self.heatmap
            yield self._summary
        with Horizontal(id="days-below"):
            yield self.chart
            yield self.large_week
            with Vertical(id="day-side"):
                yield self.detail
                yield self.week

    @property
    def keys(self) -> tuple[str, ...]:
        """Those of the chart only if there is one."""
        has_chart = self.chart.display or self.large_week.display
        return tuple(id for id in self.KEYS if has_chart or not id.startswith("chart-"))

    @property
    def is_whole(self) -> bool:
        """Whether what there is of the selected day is drawn, too."""
        found: DayFound | None = self.shown.extra if self.shown is not None else None
        if found is None:
            return self.heatmap.cursor_day is None
        return found.day == self.heatmap.cursor_day and (not self._asks_hours or found.hours_by_day is not None)

    @property
    def main(self) -> Widget:
        """The heatmap takes the keys."""
        return self.heatmap

    def draw(self, shown: Shown) -> None:
        """Hand the days to heatmap and chart."""
        snapshot, value = shown.snapshot, METRICS[self.metric]
        first = snapshot.days[0].day if snapshot.days else None
        remembered = frozenset(row.day for row in snapshot.days if row.is_remembered)
        over = self._days_over(shown)
        self._has_remembered, self._has_over = bool(remembered), bool(over)
        self.heatmap.show(
            {row.day: value(row.totals) for row in snapshot.days},
            shown.today,
            first,
            *shown.period.range(shown.today),
            remembered,
            over,
        )
        self._show_summary()
        self._show_chart()
        if shown.extra is None or shown.extra.day == self.heatmap.cursor_day:
            self.detail.show(shown.extra)

    def _days_over(self, shown: Shown) -> frozenset[date]:
        """The days that cost more than a day may."""
        limit_nano = self._day_limit_nano(shown)
        if limit_nano is None:
            return NO_DAYS
        return frozenset(row.day for row in shown.snapshot.days if row.totals.cost_nano > limit_nano)

    def _day_limit_nano(self, shown: Shown) -> int | None:
        # A budget is for everything there was on a day.
        return day_limit_nano(self.budgets) if shown.scope == EVERYTHING else None

    def _show_chart(self) -> None:
        shown = self.shown
        if shown is None:
            return
        self._show_weeks(shown)
        columns = max(8, self.chart.size.width - MARGIN)
        since, until = shown.period.range(shown.today)
        until = min(until or shown.today, shown.today)
        first = shown.snapshot.days[0].day if shown.snapshot.days else until
        since = min(max(since or first, first), until)
        unit = self.unit or unit_for((until - since).days + 1, columns)
        hours = shown.extra.hours_by_day if isinstance(shown.extra, DayFound) else None
        if unit == "hour":
            since = max(since, until - timedelta(days=columns // 24))
            made = by_hour(hours or {}, since, until)
        elif self.drawn == "kinds":
            made = stack(kinds_per_day(shown.snapshot.days), KINDS, since, until, unit)._replace(is_money=False)
        else:
            names = {row.key: short_model(row.name) for row in shown.snapshot.models}
            made = stack(shown.snapshot.day_models, names, since, until, unit)
        self.chart.is_plain = self.heatmap.is_plain = self.is_plain
        is_known = unit != "hour" or hours is not None
        self.chart.show(made, is_known=is_known)
        what = "tokens" if not made.is_money else "cost"
        bars = len(made.days)
        covered = shown.period.label if bars <= columns else f"the last {columns:,} of {bars:,} {unit}s"
        if not is_known:
            covered = "reading single responses…"
        self.chart.border_title = Content.assemble(
            (f"{what} per {unit}", "bold $foreground"), (f"  {covered}", "$quiet")
        )
        self._mark_chart()

    def _mark_chart(self) -> None:
        """Mark the bar of the selected day, and say what it is."""
        day, made = self.heatmap.cursor_day, self.chart.data
        index = made.index_of(day) if day is not None else None
        self.chart.mark(index)
        shown = self.chart.shown_bars
        unit, width = (NANO, 8) if made.is_money else (1, MARGIN - 1)
        groups: list[tuple[int, Sequence[tuple[str, str]]]] = [
            (1, [(f"─ {made.label(average(made, shown) / unit, width)} on average", "$quiet")])
        ]
        if index is not None and day is not None and made.unit != "hour":
            first = made.days[index]
            week = f"week of {first.day} {moments.MONTHS[first.month - 1]}"
            name = {"day": moments.day(day), "month": f"{day:%b %Y}"}.get(made.unit, week)
            groups.append((0, [(f"▲ {name} {made.label(made.total(index) / unit, width)}", "$quiet")]))
        says = shown and self.chart.has_bars
        self.chart.border_subtitle = assemble(groups, self.chart.size.width - 2) if says else ""

    def _show_weeks(self, shown: Shown) -> None:
        """Draw the hours of the week where there is room for them, or where they were asked for."""
        is_chosen, below = self.drawn == "hours", self.query_one("#days-below").size
        has_chart = not (self.screen.has_class("-narrow") or self.screen.has_class("-short") or below.height < 10)
        self.chart.display, self.large_week.display = has_chart and not is_chosen, has_chart and is_chosen
        self.week.display = has_chart and not is_chosen and below.height >= LEAST_FOR_WEEK
        asks = self.week.display or self.large_week.display or (has_chart and self.unit == "hour")
        if asks and not self._asks_hours:
            self.post_message(DayWanted())
        self._asks_hours = asks
        found = shown.extra.hours_by_day if isinstance(shown.extra, DayFound) else None
        sums = week_of(found) if found is not None else None
        for widget in (self.week, self.large_week):
            if widget.display:
                widget.draw(sums, self.heatmap.glyphs, shown.period.label)

    def _show_summary(self) -> None:
        shown, day = self.shown, self.heatmap.cursor_day
        if shown is None or day is None:
            return
        row = next((row for row in shown.snapshot.days if row.day == day), None)
        first = shown.snapshot.days[0].day if shown.snapshot.days else None
        totals, is_remembered = (row.totals, row.is_remembered) if row is not None else (None, False)
        width = self.heatmap.size.width
        limit_nano = self._day_limit_nano(shown)
        summary = day_summary(day, totals, first, is_remembered=is_remembered, width=width, limit_nano=limit_nano)
        self._summary.update(summary, layout=False)
        self.detail.border_title = Content.assemble((moments.day(day), "bold $foreground"))
        self._mark_chart()

    @property
    def titled(self) -> Widget:
        """The heatmap's panel carries the titles."""
        return self._year

    def subtitle(self) -> Content:
        """What the heatmap shows, and how."""
        return legend(
            self.metric, self.app.size.width - 8, self._has_remembered, self.heatmap.glyphs, has_over=self._has_over
        )

    def on_heatmap_day_highlighted(self, event: Heatmap.DayHighlighted) -> None:
        """Another day: what is known at once, and the rest asked for."""
        event.stop()
        self._show_summary()
        self.post_message(DayWanted())

    def drilled(self) -> Drilled | None:
        """A day leads to its sessions."""
        day = self.heatmap.cursor_day
        return Drilled("sessions", str(day), {"day": day}) if day is not None else None

    def on_heatmap_metric_changed(self, event: Heatmap.MetricChanged) -> None:
        """Show the next metric."""
        event.stop()
        names = list(METRICS)
        self.metric = names[(names.index(self.metric) + 1) % len(names)]
        if self.shown is not None:
            self.show(self.shown)

    def action_chart(self) -> None:
        """Stack the chart by model or by kind of tokens, or show the hours of the week instead."""
        self.drawn = CHARTS[(CHARTS.index(self.drawn) + 1) % len(CHARTS)]
        self._show_chart()

    def action_unit(self) -> None:
        """Another unit for the bars."""
        units = ("", *UNITS)
        self.unit = units[(units.index(self.unit) + 1) % len(units)]
        self._show_chart()

    def action_explain(self) -> None:
        """Say where the figures of the selected day come from."""
        shown, day = self.shown, self.heatmap.cursor_day
        row = next((row for row in shown.snapshot.days if row.day == day), None) if shown else None
        if shown is not None and row is not None:
            query, source, zone = shown.scope.query(row.day, row.day), shown.source, shown.zone

            def more() -> Statements:
                return explain.of_explanation(source.explain(query), zone) if source is not None else []

            self.app.push_screen(ExplainScreen(moments.day(row.day), explain.of_totals(row.totals, zone), more))

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> DayFound | None:
        """The selected day by itself, and its hours."""
        day = self.heatmap.cursor_day
        if day is None:
            return None
        query = scope.query(day, day)
        shown = self.shown
        by_day = None
        if self._asks_hours and shown is not None:
            by_day = source.hours_by_day(scope.query(*shown.period.range(shown.today)))
        return DayFound(day, source.snapshot(query, now_ms), source.hours(query) or (), by_day)

    def on_resize(self) -> None:
        """The chart shows as many days as fit."""
        self.retitle()
        self.call_after_refresh(self._show_chart)
