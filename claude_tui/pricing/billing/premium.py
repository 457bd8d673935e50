"""Premium requests: what GitHub counts of its plan instead of money. Must not know how usage is counted.

A model costs a fraction of one or several a request, so they are kept as whole thousandths.
"""

from __future__ import annotations

import json
from typing import Final

_NAME: Final = "premium_milli"
_MOST: Final = 10**9
"""More in one response is a mistake."""


def premium_milli(requests: object) -> int:
    """Return a number of premium requests in thousandths. Raises ValueError for what is none."""
    if requests is None or requests == 0:
        return 0
    if isinstance(requests, (bool, str)):
        raise ValueError
    from decimal import Decimal, InvalidOperation  # most users have no such plan

    try:
        exact = Decimal(str(requests))
        if not 0 <= exact <= _MOST:
            raise ValueError
    except InvalidOperation:
        raise ValueError from None
    return int((exact * 1000).to_integral_value())


def terms_of_premium(milli: int) -> str:
    """Return premium requests as the terms of a response: JSON, "" for none."""
    return json.dumps({_NAME: milli}, separators=(",", ":")) if milli else ""


def premium_of_terms(terms: str) -> int:
    """Return the premium requests in the terms, 0 if there are none."""
    try:
        parsed = json.loads(terms)
    except (ValueError, RecursionError):
        return 0
    milli = parsed.get(_NAME) if isinstance(parsed, dict) else None
    if not isinstance(milli, int) or isinstance(milli, bool):
        return 0
    return milli if 0 <= milli <= 1000 * _MOST else 0
