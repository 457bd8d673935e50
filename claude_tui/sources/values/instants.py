"""Converts timestamps of log lines to milliseconds since the epoch. Must not know time zones other than the text's
own."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from claude_tui.units import DAY_MS, MINUTE_MS

_DAYS: Final[dict[str, int]] = {}
"""Instants of the `YYYY-MM-DDT` prefixes seen so far."""
_MAX_DAYS: Final = 10_000
# Of a table only what is used over and over stays in the processor's cache while logs run through it: rows that follow
# one another share their minute, so this one may be long. Of seconds and milliseconds anything may come.
# They are filled at the first text: a start that reads no log does without them.
_CLOCK: Final[dict[str, int]] = {}
_SECONDS: Final[dict[str, int]] = {}
_MILLIS: Final[dict[str, int]] = {}

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01: an earlier instant was not written by a client but by a clock that was not set."""
LATEST_MS: Final = 10**14
"""From here on, a number of this size is in microseconds."""
AHEAD_MS: Final = DAY_MS
"""An instant further ahead of the clock comes from a wrong clock: time zones and drift explain less."""
_UNITS: Final = ((10**11, 1_000_000, 1), (LATEST_MS, 1000, 1), (10**17, 1, 1), (10**20, 1, 1000))
"""Upper bounds below which a number is in seconds, milliseconds, microseconds or nanoseconds, with factor and divisor
to microseconds, to which a float is exact.
Each unit covers all instants from 1973 to 5138."""

_EPOCH_DAY: Final = 719_163
"""1970-01-01 as an ordinal."""

_last_day = ("", 0)
"""The `YYYY-MM-DDT` prefix of the last text and its instant: one object, or a thread might read one without the
other."""


def instant_ms(text: Any) -> int:
    """Return the instant of an ISO 8601 text or of a number, or 0 if there is none.

    A number, in a text or not, is in the unit that makes it a plausible instant. A text without a zone is in UTC, and
    parts of a millisecond are cut off, so that none ends a day early. The format every client writes,
    `YYYY-MM-DDTHH:MM:SS.mmmZ`, takes a shortcut with the same result.
    """
    day, day_ms = _last_day
    try:
        if text[:11] == day:
            return day_ms + _CLOCK[text[11:17]] + _SECONDS[text[17:20]] + _MILLIS[text[20:]]
    except (KeyError, TypeError):
        pass
    return _other_day_ms(text) if isinstance(text, str) else _number_ms(text)


def _fill_tables() -> None:
    _MILLIS.update({f"{ms:03d}Z": ms for ms in range(1000)})
    _SECONDS.update({f"{second:02d}.": second * 1000 for second in range(60)})
    minutes = ((hour, minute) for hour in range(24) for minute in range(60))
    _CLOCK.update({f"{hour:02d}:{minute:02d}:": (hour * 60 + minute) * MINUTE_MS for hour, minute in minutes})


def _other_day_ms(text: str) -> int:
    global _last_day
    if not _CLOCK:
        _fill_tables()
    try:
        day_ms = _DAYS[text[:11]]
        ms = day_ms + _CLOCK[text[11:17]] + _SECONDS[text[17:20]] + _MILLIS[text[20:]]
    except KeyError:
        return _parse_ms(text)
    _last_day = text[:11], day_ms
    return ms


def _number_ms(value: object) -> int:
    if type(value) is int and EARLIEST_MS <= value < LATEST_MS:  # milliseconds, as clients that write numbers do
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < _UNITS[-1][0]:
        return 0
    times, divided_by = next((times, by) for below, times, by in _UNITS if value < below)
    ms = round(value * times) // divided_by // 1000
    return ms if ms >= EARLIEST_MS else 0


def _parse_ms(text: str) -> int:
    if len(text) >= 9 and text.isascii() and text.isdigit():
        return _number_ms(int(text)) if len(text) <= 20 else 0
    ms = _iso_ms(text)
    if ms < EARLIEST_MS:
        return 0
    if text[11:17] in _CLOCK and text[17:20] in _SECONDS and text[20:] in _MILLIS:
        if len(_DAYS) >= _MAX_DAYS:
            _DAYS.clear()
        _DAYS[text[:11]] = ms // DAY_MS * DAY_MS
    return ms


@cache
def _iso_format() -> re.Pattern[str]:
    """Return the format of a day, a time of it and a zone. What `datetime` reads of it differs by Python's version."""
    return re.compile(
        r"\s*(\d{4})(-?)(\d\d)\2(\d\d)"
        r"(?:(?:[Tt]|\s+)(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?"
        r"\s*(?:[Zz]|UTC|GMT|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?)?\s*",
        re.ASCII,
    )


def _iso_ms(text: str) -> int:
    """Return the instant of an ISO 8601 text, or one with blanks around its parts; 0 if it is none."""
    found = _iso_format().fullmatch(text)
    if found is None:
        return 0
    year, _, month, day, hour, minute, second, fraction, sign, *ahead = found.groups()
    hours, minutes, seconds = (int(part or 0) for part in (hour, minute, second))
    hours_ahead, minutes_ahead, seconds_ahead = (int(part or 0) for part in ahead)
    is_midnight = hours == 24 and not minutes and not seconds and not (fraction or "").strip("0")
    if (hours > 23 and not is_midnight) or max(minutes, seconds, minutes_ahead, seconds_ahead) > 59 or hours_ahead > 23:
        return 0
    try:
        from datetime import date  # not for a start that reads no log

        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        return 0
    offset = (hours_ahead * 60 + minutes_ahead) * 60 + seconds_ahead
    clock = (hours * 60 + minutes) * 60 + seconds - (-offset if sign == "-" else offset)
    return days * DAY_MS + clock * 1000 + int((fraction or "0")[:3].ljust(3, "0"))
