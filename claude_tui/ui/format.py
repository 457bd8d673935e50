"""Numbers as short text: money, tokens, ages, shares. Pure; knows nothing of the screen.

Money carries its own doubt. `≥` says that something in it could not be priced or was logged only in part, `~`
that a price rests on an assumption; a sum without any price at all is `n/a`, never `$0.00`.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Final

from claude_tui.model import Totals

NANO: Final = 1_000_000_000
"""Nanodollars in a dollar."""

NOT_AVAILABLE: Final = "n/a"
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_STEPS: Final = ("", "k", "M", "G", "T", "P")


def short(value: float, width: int = 5) -> str:
    """A count in at most `width` characters (4 at least): 999, 12.3k, 1.24M. Rounded to what is shown."""
    for step in _STEPS:
        if step == "" and abs(value) < 10_000 and len(f"{value:.0f}") <= min(width, 4):
            return f"{value:.0f}"
        if step:
            for decimals in (2, 1, 0):
                text = f"{value:.{decimals}f}{step}"
                if abs(float(text[:-1])) < 1000 and len(text) <= width:
                    return text
        value /= 1000
    return f"{value * 1000:.0f}{_STEPS[-1]}"


def count(value: int, width: int = 9) -> str:
    """A count in full with thousands separators where that fits, else shortened."""
    text = f"{value:,}"
    return text if len(text) <= width else short(value, width)


def money(nano: int, width: int = 10) -> str:
    """Nanodollars as dollars in at most `width` characters where that is possible: $1,234.56, $1,235, $12.3k."""
    dollars = nano / NANO
    if 0 < abs(nano) < NANO // 200:
        text = f"${dollars:.4f}"
        if len(text) <= width:
            return text
    for text in (f"${dollars:,.2f}", f"${dollars:,.0f}"):
        if len(text) <= width and not (text == "$0" and nano):
            return text
    return "$" + short(dollars, max(width - 1, 4))


def doubt(totals: Totals) -> str:
    """The mark before a sum: "" exact, `≥` a lower bound, `~` resting on an assumption."""
    if totals.unpriced_responses or totals.unpriced_tokens or totals.lower_bound:
        return "≥"
    return "~" if totals.flagged else ""


def is_unpriced(totals: Totals) -> bool:
    """Whether there is usage and no price for any of it."""
    return not totals.cost_nano and bool(totals.unpriced_tokens or totals.unpriced_responses)


def cost(totals: Totals, width: int = 10) -> str:
    """The cost of a sum with its mark, in at most `width` characters."""
    if is_unpriced(totals):
        return NOT_AVAILABLE
    mark = doubt(totals)
    return mark + money(totals.cost_nano, width - len(mark))


def headline_cost(totals: Totals) -> str:
    """The cost of a sum where there is room: `>= $12.34` spelled as `≥ $12.34`."""
    if is_unpriced(totals):
        return NOT_AVAILABLE
    mark = doubt(totals)
    return (mark + " " if mark else "") + money(totals.cost_nano, 12)


def confidence(totals: Totals, width: int = 80) -> str:
    """In words, why a sum is not exact: the counts behind the marks, or "exact".

    A count is never cut: of those that do not fit an ellipsis is left.
    """
    parts = []
    if totals.unpriced_responses or totals.unpriced_tokens:
        parts.append(f"{totals.unpriced_responses:,} unpriced")
    if totals.lower_bound:
        parts.append(f"{totals.lower_bound:,} lower bound")
    if totals.flagged:
        parts.append(f"{totals.flagged:,} estimated")
    text = " · ".join(parts) if parts else "exact"
    while len(text) > width and len(parts) > 1:
        parts.pop()
        text = " · ".join([*parts, "…"])
    return text


def share(part: float, whole: float, width: int = 5) -> str:
    """`part` of `whole` as a percentage; "" where there is nothing to compare with."""
    if whole <= 0:
        return ""
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "<0.1%"
    return f"{percent:.1f}%" if percent < 99.95 and width >= 5 else f"{percent:.0f}%"


def duration(seconds: float) -> str:
    """A length of time in at most four characters: 5s, 12m, 3h, 2d, 8w, 3y."""
    whole = max(0, int(seconds))
    for limit, unit, size in ((60, "s", 1), (3600, "m", 60), (86_400, "h", 3600), (14 * 86_400, "d", 86_400)):
        if whole < limit:
            return f"{whole // size}{unit}"
    return f"{whole // 604_800}w" if whole < 365 * 86_400 else f"{whole // (365 * 86_400)}y"


def countdown(seconds: float) -> str:
    """A length of time with two units where that helps: 42s, 3m 10s, 2h 05m."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def age(then_ms: int, now_ms: int) -> str:
    """How long ago something was; "" where it never was. A future instant is "now"."""
    if not then_ms:
        return ""
    return "now" if now_ms - then_ms < 1000 else duration((now_ms - then_ms) / 1000)


def size(amount: int) -> str:
    """Bytes as kB, MB or GB."""
    for unit, divisor in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if amount >= divisor:
            return f"{amount / divisor:.1f} {unit}" if amount < 100 * divisor else f"{amount / divisor:.0f} {unit}"
    return f"{amount / 1000:.0f} kB"


def day(value: date) -> str:
    """A day with its weekday: Fri 21 Nov 2026."""
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(time_ms: int, zone: tzinfo | None) -> datetime:
    """An instant as local date and time; 1970 for one that no calendar has."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, zone)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, zone)


def clock(time_ms: int, zone: tzinfo) -> str:
    """An instant as local day and time: 21 Nov 14:05."""
    at = moment(time_ms, zone)
    return f"{at.day:2d} {MONTHS[at.month - 1]} {at:%H:%M}"


def clip(text: str, width: int) -> str:
    """Text in at most `width` characters, its end replaced by an ellipsis where it is longer."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…" if width > 0 else ""


def superscript(number: int) -> str:
    """A small raised number, as in the titles of panels."""
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))


def short_model(name: str) -> str:
    """A model's name without what every row of the list shares: vendor prefix and date of a snapshot."""
    for prefix in ("claude-", "anthropic/claude-", "anthropic.claude-"):
        if name.startswith(prefix):
            name = name[len(prefix) :]
            break
    head, _, tail = name.rpartition("-")
    return head if head and len(tail) == 8 and tail.isdigit() and tail.startswith("20") else name
