"""Formats figures as text for screen, reports and statusline alike: money, counts, shares.

Integers stay integers until the last step, and nothing is rounded twice. Money shows its own uncertainty: `≥` means
that something in it could not be priced or was logged only in part, `~` that a price is based on an assumption; a sum
without any price at all is `n/a`, never `$0.00`. Must not know where a figure is shown, and imports nothing before it
is needed: the statusline has 60 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from claude_tui.units import NANO as NANO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_tui.model import Totals

NOT_AVAILABLE: Final = "n/a"
LOWER_BOUND: Final = "≥"
ESTIMATE: Final = "~"

_STEPS: Final = ("", "k", "M", "G", "T", "P")
_HALF_CENT: Final = NANO // 200


def rounded(value: int, size: int) -> int:
    """Return how many `size` make `value`, rounded half to even, exact for any size."""
    whole, rest = divmod(abs(value), size)
    whole += rest * 2 > size or (rest * 2 == size and whole % 2 == 1)
    return -whole if value < 0 else whole


# -- counts


def thousandths(milli: int) -> str:
    """Write thousandths of whole things, with as many decimals as they need: 330 is "0.33"."""
    whole, part = divmod(milli, 1000)
    return f"{whole:,}" + (f".{part:03d}".rstrip("0") if part else "")


def count(value: int, width: int = 0) -> str:
    """Return a count in full with thousands separators, shortened if it is wider than `width` (0: any width)."""
    text = f"{value:,}"
    return text if not width or len(text) <= width else short(value, width)


def many(number: int, noun: str, nouns: str = "", width: int = 0) -> str:
    """Return a count, in at most `width` characters, with its noun: 1 response, 2 responses; `nouns` is an irregular
    plural."""
    return f"{count(number, width)} {noun if number == 1 else nouns or noun + 's'}"


def tokens(number: int) -> str:
    """Return tokens, shortened, with their noun: 41.2k tokens."""
    return f"{short(number)} {'token' if number == 1 else 'tokens'}"


def short(value: int, width: int = 5, unit: int = 1) -> str:
    """Return a count in units of `unit` things, in at most `width` characters (4 at least): 999, 12.3k, 1.24M.

    Rounded half to even at the last digit shown.
    """
    sign, value = ("-", -value) if value < 0 else ("", value)
    room = width - len(sign)
    whole = rounded(value, unit)
    if whole < 10_000 and len(str(whole)) <= min(room, 4):
        return f"{sign}{whole}" if whole else "0"
    for step in _STEPS[1:]:
        unit *= 1000
        if value >= unit * 1000:
            continue
        for decimals in (2, 1, 0):
            scaled = rounded(value * 10**decimals, unit)
            text = _decimal(scaled, decimals) + step
            if scaled < 1000 * 10**decimals and len(text) <= room:
                return sign + text
    return f"{sign}{rounded(value, unit)}{_STEPS[-1]}"


def _decimal(scaled: int, decimals: int) -> str:
    """Return a number that was multiplied by ten to the power of `decimals`, with separators."""
    if not decimals:
        return f"{scaled:,}"
    whole, fraction = divmod(scaled, 10**decimals)
    return f"{whole:,}.{fraction:0{decimals}d}"


def size(amount: int) -> str:
    """Return bytes as kB, MB or GB."""
    for unit, divisor in (("GB", 10**9), ("MB", 10**6)):
        if amount >= divisor:
            decimals = 1 if amount < 100 * divisor else 0
            return f"{_decimal(rounded(amount * 10**decimals, divisor), decimals)} {unit}"
    return f"{rounded(amount, 1000)} kB"


# -- money


def usd(nano: int) -> float:
    """Return nanodollars as the nearest float of dollars, for formats that have no integers for money."""
    return nano / NANO


def dollars(nano: int, digits: int = 2) -> str:
    """Return nanodollars as "$1,234.57", always with the same number of decimals."""
    cents = rounded(nano, 10 ** (9 - digits))
    return ("-$" if cents < 0 else "$") + _decimal(abs(cents), digits)


def money(nano: int, width: int = 0) -> str:
    """Return nanodollars as dollars: $1,234.56, and $0.0012 if two decimals would show nothing.

    In at most `width` characters (0: any number) if that is possible: $1,235, $12.3k.
    """
    texts = [dollars(nano), dollars(nano, 0)]
    if nano and abs(nano) <= _HALF_CENT:
        texts.insert(0, dollars(nano, 4) if rounded(nano, 10**5) else "<$0.0001" if nano > 0 else ">-$0.0001")
    for text in texts:
        if not width or (len(text) <= width and not (text == "$0" and nano)):
            return text
    sign = "-$" if nano < 0 else "$"
    return sign + short(abs(nano), max(width - len(sign), 4), NANO)


def doubt(totals: Totals) -> str:
    """Return the mark before a sum: "" exact, `≥` a lower bound, `~` based on an assumption."""
    if totals.unpriced_responses or totals.unpriced_tokens or totals.lower_bound:
        return LOWER_BOUND
    return ESTIMATE if totals.flagged else ""


def is_unpriced(totals: Totals) -> bool:
    """Whether there is usage, but no price for any of it."""
    return not totals.cost_nano and bool(totals.unpriced_tokens or totals.unpriced_responses)


def cost(totals: Totals, width: int = 0) -> str:
    """Return the cost of a sum with its mark, in at most `width` characters (0: any number)."""
    if is_unpriced(totals):
        return NOT_AVAILABLE
    mark = doubt(totals)
    return mark + money(totals.cost_nano, width and width - len(mark))


def written_cost(totals: Totals) -> str:
    """Return the cost of a sum for text that leaves the program: `>=` for `≥`, which some programs cannot read."""
    return cost(totals).replace(LOWER_BOUND, ">=")


def headline_cost(totals: Totals) -> str:
    """Return the cost of a sum if there is room: the mark is set apart."""
    mark = "" if is_unpriced(totals) else doubt(totals)
    return (mark + " " if mark else "") + cost(totals, 12 + len(mark)).removeprefix(mark)


def confidence(totals: Totals, width: int = 80) -> str:
    """Return why a sum is not exact: the counts behind the marks, or "exact".

    They are named in words, the last ones by their signs where there is no room for words. A count is never cut: an
    ellipsis replaces those that do not fit either way.
    """
    found = (
        (totals.unpriced_responses, "unpriced", "unpriced", NOT_AVAILABLE, bool(totals.unpriced_tokens)),
        (totals.lower_bound, "lower bound", "lower bounds", LOWER_BOUND, False),
        (totals.flagged, "estimated", "estimated", ESTIMATE, False),
    )
    doubts = [one for one in found if one[0] or one[-1]]
    if not doubts:
        return "exact"
    parts = [many(number, noun, nouns) for number, noun, nouns, *_ in doubts]
    for at, (number, _, _, sign, _) in reversed([*enumerate(doubts)]):
        if len(" · ".join(parts)) > width:
            parts[at] = f"{number:,} {sign}"
    text = " · ".join(parts)
    while len(text) > width and len(parts) > 1:
        parts.pop()
        text = " · ".join([*parts, "…"])
    return text


# -- shares


def share(part: int, whole: int, width: int = 5) -> str:
    """Return a part of a whole in percent; "" if the whole is 0. A part above 0 is never shown as 0.0%."""
    if whole <= 0:
        return ""
    if 0 < part * 1000 < whole:
        return "<0.1%"
    tenths = rounded(part * 1000, whole)
    return f"{_decimal(tenths, 1)}%" if tenths < 1000 and width >= 5 else percent(100 * part / whole)


def tenths(parts: Sequence[int]) -> list[int]:
    """Return parts as tenths of a percent of their sum. All together they are a thousand, or 0 if the sum is."""
    whole = sum(parts)
    if whole <= 0:
        return [0] * len(parts)
    found = [part * 1000 // whole for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda at: -(parts[at] * 1000 % whole))
    for at in by_rest[: 1000 - sum(found)]:
        found[at] += 1
    return found


def unlogged(nano: int, totals: Totals) -> str:
    """Return in words which share of a cost is for calls that no log shows; "" for none."""
    part = share(nano, totals.cost_nano) if nano > 0 else ""
    return f"{part} unlogged" if part else ""


def cache_hit(totals: Totals, width: int = 5) -> str:
    """Return cache reads as a share of all input; "" without input."""
    return share(totals.cache_read, totals.input + totals.cache_write + totals.cache_read, width)


def percent(value: float) -> str:
    """Return percents as a whole number, rounded half up, as the clients round the values they report."""
    return f"{int(value + 0.5)}%"


# -- time
