"""Days as people write them: 2026-11-01, yesterday, 7d, 2026-W48, 2026-11. Which ones are meant depends on today."""

from __future__ import annotations

import argparse
import re
from datetime import date, datetime, timedelta
from typing import Final

from claude_tui.records import NamedTuple

FORMS: Final = "YYYY-MM-DD, YYYYMMDD, today, yesterday, 7d, 2026-W48 or 2026-11"

_AGO: Final = re.compile(r"(\d{1,5})d", re.ASCII)
_WEEK: Final = re.compile(r"(\d{4})-?W(\d\d)", re.ASCII)
_MONTH: Final = re.compile(r"(\d{4})-(\d\d)", re.ASCII)


class NamedDay(NamedTuple):
    """A day, or the days of a week or month. With `ago` it is so many days before today, else from `begin` to `end`."""

    ago: int | None = None
    begin: date = date.min
    end: date = date.min

    def first(self, today: date) -> date:
        """Return the day, or the first one of several. "7d" are seven days with today."""
        return self.begin if self.ago is None else today - timedelta(days=min(self.ago, today.toordinal() - 1))

    def last(self, today: date) -> date:
        """Return the day, or the last one of several."""
        return self.end if self.ago is None else self.first(today)


def parse(text: str) -> NamedDay:
    """Read a day, a week or a month. Raises ValueError with a message to show."""
    name = text.strip().lower()
    try:
        if name in ("today", "yesterday"):
            return NamedDay(int(name == "yesterday"))
        if found := _AGO.fullmatch(name):
            return NamedDay(max(0, int(found[1]) - 1))
        if found := _WEEK.fullmatch(name.upper()):
            monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
            return NamedDay(None, monday, monday + timedelta(days=6))
        if found := _MONTH.fullmatch(name):
            first = date(int(found[1]), int(found[2]), 1)
            return NamedDay(None, first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
        if len(name) == (8 if name.isdigit() else 10):  # strptime takes 2026-3-1, and nobody knows what else
            day = datetime.strptime(name, "%Y%m%d" if name.isdigit() else "%Y-%m-%d").date()  # noqa: DTZ007
            return NamedDay(None, day, day)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{text!r} is not a day; write {FORMS}")


def day(text: str) -> date:
    """Parse a day in either of the two usual forms."""
    try:
        if len(text) != (8 if text.isdigit() else 10):  # strptime takes 2026-3-1, and nobody knows what else
            raise ValueError
        return datetime.strptime(text, "%Y%m%d" if text.isdigit() else "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write YYYY-MM-DD or YYYYMMDD") from None
