"""Formats instants and lengths of time as text, for screen, reports and statusline alike.

Must not know where one is shown, and imports nothing before it is needed: the statusline has 60 ms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def duration(seconds: float) -> str:
    """Return a length of time in at most four characters: 5s, 12m, 3h, 2d, 8w, 3y."""
    whole = max(0, int(seconds))
    for limit, unit, length in ((60, "s", 1), (3600, "m", 60), (86_400, "h", 3600), (14 * 86_400, "d", 86_400)):
        if whole < limit:
            return f"{whole // length}{unit}"
    return f"{whole // 604_800}w" if whole < 365 * 86_400 else f"{whole // (365 * 86_400)}y"


def countdown(seconds: float) -> str:
    """Return a length of time, with two units if that helps: 42s, 3m 10s, 2h 05m."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    if minutes >= 60:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def span(seconds: float) -> str:
    """Return a length of time as `countdown` does, from two days on in days and hours: 2d 22h."""
    hours = int(seconds) // 3600
    return f"{hours // 24}d {hours % 24}h" if hours >= 48 else countdown(seconds)


def age(then_ms: int, now_ms: int) -> str:
    """Return how long ago something was; "" if it never was. A future instant is "now"."""
    passed_ms = now_ms - then_ms
    return "" if not then_ms else "now" if passed_ms < 1000 else duration(passed_ms / 1000)


def day(value: date) -> str:
    """Return a day with its weekday: Fri 21 Nov 2026."""
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(time_ms: int, zone: tzinfo | None) -> datetime:
    """Return an instant as local date and time; 1970 if it is outside the calendar."""
    from datetime import datetime

    try:
        return datetime.fromtimestamp(time_ms / 1000, zone)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, zone)


def clock(time_ms: int, zone: tzinfo) -> str:
    """Return an instant as local day and time: 21 Nov 14:05."""
    at = moment(time_ms, zone)
    return f"{at.day:2d} {MONTHS[at.month - 1]} {at:%H:%M}"


def instant(time_ms: int) -> str:
    """Return an instant as RFC 3339 in UTC with milliseconds: 2026-11-21T06:56:21.021Z; 1970 if it is outside the
    calendar.

    A report says thousands, so no date is asked for each: that would take twice as long.
    """
    day_number, rest = divmod(time_ms, 86_400_000)
    try:
        start = _day_start(day_number)
    except OverflowError:
        start, rest = _day_start(0), 0
    minute, rest = divmod(rest, 60_000)
    digits = str(100_000 + rest)  # 1, then seconds and milliseconds
    return f"{start}{_minute(minute)}:{digits[1:3]}.{digits[3:]}Z"


@lru_cache(1440)
def _minute(number: int) -> str:
    """Return a minute of the day: 06:56."""
    return f"{number // 60:02d}:{number % 60:02d}"


def instant_or_none(time_ms: int) -> str | None:
    """Return an instant as `instant` does; None for 0, which stands for none."""
    return instant(time_ms) if time_ms else None


@lru_cache(4096)
def _day_start(day_number: int) -> str:
    """Return how the instants of a day begin: 2026-11-21T. Raises OverflowError for days outside the calendar."""
    from datetime import date, timedelta

    return f"{date(1970, 1, 1) + timedelta(day_number)}T"


def local_minute(time_ms: int, zone: tzinfo) -> str:
    """Return an instant as local "2026-11-21 06:56"; "" if there is none."""
    from datetime import datetime, timedelta, timezone

    if not time_ms:
        return ""
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=time_ms)
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError):
        return ""
