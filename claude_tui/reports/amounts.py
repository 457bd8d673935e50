"""Money, counts and instants as text. Integers stay integers until the last step; nothing here rounds twice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from claude_tui.model import Totals

NANO: Final = 1_000_000_000
"""Nanodollars in a dollar."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UTC_EPOCH: Final = _EPOCH.replace(tzinfo=None)
"""Without its offset, which would only be cut off again: a report says thousands of instants."""


def usd(nano: int) -> float:
    """Nanodollars as the nearest float of dollars, for formats that know no integers of money."""
    return nano / NANO


def dollars(nano: int, digits: int = 2) -> str:
    """Nanodollars as "$1,234.57": half-even, exact at any size."""
    step = 10 ** (9 - digits)
    whole, rest = divmod(abs(nano), step)
    whole += rest * 2 > step or (rest * 2 == step and whole % 2 == 1)
    sign = "-" if nano < 0 and whole else ""
    units, fraction = divmod(whole, 10**digits)
    return f"{sign}${units:,}.{fraction:0{digits}d}" if digits else f"{sign}${units:,}"


def count(number: int) -> str:
    """A count with thousands separators."""
    return f"{number:,}"


def short_count(number: int) -> str:
    """A count in a few characters: 999, 41k, 1.2M. Truncated, never rounded up."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            tenths = number * 10 // size
            return f"{tenths // 10}.{tenths % 10}{unit}" if tenths < 100 and tenths % 10 else f"{tenths // 10}{unit}"
    return str(number)


def instant(time_ms: int) -> str:
    """An instant as RFC 3339 in UTC with milliseconds: 2026-11-21T06:56:21.021Z."""
    try:
        moment = _UTC_EPOCH + timedelta(0, 0, 0, time_ms)
    except OverflowError:
        moment = _UTC_EPOCH
    return moment.isoformat("T", "milliseconds") + "Z"


def local_minute(time_ms: int, zone: tzinfo) -> str:
    """An instant as local "2026-11-21 06:56"; "" for none."""
    if not time_ms:
        return ""
    try:
        return (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError):
        return ""


def cost(totals: Totals, digits: int = 2) -> str:
    """The cost of a sum with its doubt: "n/a" where nothing has a price, ">=" for a lower bound, "~" for a guess."""
    has_unpriced = bool(totals.unpriced_responses or totals.unpriced_tokens)
    if has_unpriced and not totals.cost_nano:
        return "n/a"
    mark = ">=" if has_unpriced or totals.lower_bound else "~" if totals.flagged else ""
    return mark + dollars(totals.cost_nano, digits)


def unpriced(models: int, totals: Totals) -> str:
    """What is missing in a cost: "3 unpriced models, 41k tokens"; "" where nothing is."""
    if not models:
        return ""
    noun = "model" if models == 1 else "models"
    return f"{models} unpriced {noun}, {short_count(totals.unpriced_tokens)} tokens"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent; "-" of nothing. What is there is never 0.0%."""
    if not whole:
        return "-"
    return "<0.1%" if 0 < part * 1000 < whole else f"{100 * part / whole:.1f}%"
