"""Converts timestamps of log lines to milliseconds since the epoch. Must not know time zones other than the text's
own."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Final

from claude_tui.units import DAY_MS, MINUTE_MS

_DAYS: Final[dict[str, int]] = {}
"""Instants of the `YYYY-MM-DDT` prefixes seen so far."""
_MAX_DAYS: Final = 10_000
# Of a table only what is used over and over stays in the processor's cache while logs run through it: rows that follow
# one another share their minute, so this one may be long. Of seconds and milliseconds anything may come.
_CLOCK: Final = {
    f"{hour:02d}:{minute:02d}:": (hour * 60 + minute) * MINUTE_MS for hour in range(24) for minute in range(60)
}
_SECONDS: Final = {f"{second:02d}.": second * 1000 for second in range(60)}
_MILLIS: Final = {f"{ms:03d}Z": ms for ms in range(1000)}

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01: an earlier instant was not written by a client but by a clock that was not set."""
AHEAD_MS: Final = DAY_MS
"""An instant further ahead of the clock comes from a wrong clock: time zones and drift explain less."""
_UNITS: Final = ((10**11, 1000, 1), (10**14, 1, 1), (10**17, 1, 1000), (10**20, 1, 1_000_000))
"""Upper bounds below which a number is in seconds, milliseconds, microseconds or nanoseconds, with factor and divisor.
Each unit covers all instants from 1973 to 5138."""

_last_day = ("", 0)
"""The `YYYY-MM-DDT` prefix of the last text and its instant: one object, or a thread might read one without the
other."""


def instant_ms(text: Any) -> int:
    """Return the instant of an ISO 8601 text or of a number, or 0 if there is none.

    A number, in a text or not, is in the unit that makes it a plausible instant. The format every client writes,
    `YYYY-MM-DDTHH:MM:SS.mmmZ`, takes a shortcut with the same result.
    """
    day, day_ms = _last_day
    try:
        if text[:11] == day:
            return day_ms + _CLOCK[text[11:17]] + _SECONDS[text[17:20]] + _MILLIS[text[20:]]
    except (KeyError, TypeError):
        pass
    return _other_day_ms(text) if isinstance(text, str) else _number_ms(text)


def _other_day_ms(text: str) -> int:
    global _last_day
    try:
        day_ms = _DAYS[text[:11]]
        ms = day_ms + _CLOCK[text[11:17]] + _SECONDS[text[17:20]] + _MILLIS[text[20:]]
    except KeyError:
        return _parse_ms(text)
    _last_day = text[:11], day_ms
    return ms


def _number_ms(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < _UNITS[-1][0]:
        return 0
    times, divided_by = next((times, by) for below, times, by in _UNITS if value < below)
    ms = int(value * times) // divided_by
    return ms if ms >= EARLIEST_MS else 0


def _parse_ms(text: str) -> int:
    if len(text) >= 9 and text.isascii() and text.isdigit():
        return _number_ms(int(text)) if len(text) <= 20 else 0
    try:
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return 0
    if ms < EARLIEST_MS:
        return 0
    if text[11:17] in _CLOCK and text[17:20] in _SECONDS and text[20:] in _MILLIS:
        if len(_DAYS) >= _MAX_DAYS:
            _DAYS.clear()
        _DAYS[text[:11]] = ms // DAY_MS * DAY_MS
    return ms
