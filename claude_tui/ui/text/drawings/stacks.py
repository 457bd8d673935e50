"""What a chart of days is made of: bars of days, weeks or months, stacked by model or by kind of tokens. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from claude_tui.figures import NANO, money, short
from claude_tui.model import DayRow
from claude_tui.moments import MONTHS
from claude_tui.records import NamedTuple

SERIES: Final = 6
"""How many series are distinguished; the last is for everything else."""

UNITS: Final = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31}
"""What a bar can stand for, and about how many days that is."""


class Stack(NamedTuple):
    """Bars and, per series, one value in nanodollars per bar. The first series stands at the bottom.

    `days` are the first days of the bars, each of one `unit`; with hours they are instants of the local clock.
    """

    days: tuple[date, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[tuple[int, ...], ...] = ()
    unit: str = "day"
    is_money: bool = True

    def label(self, value: float, width: int) -> str:
        """A value of the axis as text."""
        return money(round(value * NANO), width) if self.is_money else short(round(value), width)

    def ticks(self, shown: int, stride: int) -> list[tuple[int, str]]:
        """Which of the last `shown` bars are named, and how: as many as fit without touching."""
        days = self.days[-shown:]

        def name(day: date) -> str:
            if isinstance(day, datetime) and day.hour:
                return f"{day.hour}:00"
            return MONTHS[day.month - 1] if self.unit == "month" else f"{day.day} {MONTHS[day.month - 1]}"

        every_bar = stride >= (7 if self.unit != "month" else 4) and self.unit != "hour"
        ticks: list[tuple[int, str]] = []
        free = 0
        for index, day in enumerate(days):
            begins_month = index > 0 and day.month != days[index - 1].month
            text = name(day)
            natural = every_bar or self._is_named(day, begins_month or index == 0)
            if natural and index * stride >= free and index * stride + len(text) // 2 < shown * stride + 2:
                ticks.append((index, text))
                free = index * stride + len(text) + 2
        return ticks or [(0, name(days[0]))]

    def _is_named(self, day: date, begins_month: bool) -> bool:
        if isinstance(day, datetime):
            return day.hour % 6 == 0
        return day.weekday() == 0 if self.unit == "day" else begins_month

    def index_of(self, day: date) -> int | None:
        """Which bar a day is in, with hours its first; None if it is in none."""
        wanted = datetime.combine(day, time()) if self.unit == "hour" else first_of(day, self.unit)
        return self.days.index(wanted) if wanted in self.days else None

    def total(self, index: int) -> int:
        """What a bar is in all."""
        return sum(values[index] for values in self.values)


def unit_for(days: int, columns: int) -> str:
    """What a bar stands for so that `days` days are bars of two cells or more in `columns`."""
    return next((unit for unit, length in UNITS.items() if unit != "hour" and days / length <= columns / 2), "month")


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


def by_hour(days: Mapping[date, Sequence[int]], since: date, until: date) -> Stack:
    """The costs of every hour from `since` to `until`, all models together."""
    instants: list[date] = []
    values: list[int] = []
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        hours = days.get(day) or (0,) * 24
        instants += [datetime.combine(day, time(hour)) for hour in range(24)]
        values += hours
    return Stack(tuple(instants), ("all models",), (tuple(values),), "hour")


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
