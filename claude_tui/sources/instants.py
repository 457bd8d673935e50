"""Timestamps of log lines as milliseconds since the epoch. Must not know time zones other than the text's own."""

from __future__ import annotations

from datetime import datetime, timezone

_EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=timezone.utc).toordinal()
_DAYS_MS: dict[str, int] = {}


def instant_ms(text: object) -> int:
    """Return the instant of an ISO 8601 text, or 0 where there is none to read.

    The form every client writes, `YYYY-MM-DDTHH:MM:SS.mmmZ`, takes a short cut; it gives the same result.
    """
    if not isinstance(text, str):
        return 0
    if len(text) == 24 and text[23] == "Z" and text[19] == "." and text[10] == "T":
        day_ms = _DAYS_MS.get(text[:10])
        clock = text[11:13] + text[14:16] + text[17:19] + text[20:23]
        if day_ms is not None and clock.isascii() and clock.isdigit() and text[13] == text[16] == ":":
            hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:6])
            if hour < 24 and minute < 60 and second < 60:
                return day_ms + ((hour * 60 + minute) * 60 + second) * 1000 + int(clock[6:])
    return _parse_ms(text)


def _parse_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return 0
    if ms <= 0:
        return 0
    # Newer versions of Python take 24:00 for the start of the next day.
    if len(text) == 24 and text[23] == "Z" and text[11:13] != "24" and len(_DAYS_MS) < 20_000:
        _DAYS_MS[text[:10]] = (moment.toordinal() - _EPOCH_ORDINAL) * 86_400_000
    return ms
