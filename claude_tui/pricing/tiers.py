"""Service tiers of OpenAI: how much dearer or cheaper a request is that asked for one.

Logs say what was asked for, never what was served. Must not know how usage is counted.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

STANDARD: Final = frozenset({"", "auto", "default", "standard"})
"""Names of the tier whose price is the list price."""
DEARER: Final = frozenset({"priority", "fast"})
_CHEAPER: Final = frozenset({"flex", "batch"})
_UNPRICED: Final = frozenset({"ultrafast"})
"""Sold, at a price that is published nowhere."""

_LONGEST: Final = 40
"""Characters of a name that are kept."""

_DEAREST: Final = "openai/gpt-5.5"
"""The one model whose priority is not twice the list price, but two and a half times."""


class ServiceTier(NamedTuple):
    """What a tier makes of a rate, as a fraction, and what has to be said of such a price."""

    times: int
    by: int
    flags: tuple[str, ...]


def service_tier(model: str, name: str) -> ServiceTier:
    """Return what a tier makes of a model's rates; those of an unknown tier, or one without a price, stay."""
    if name in STANDARD:
        return ServiceTier(1, 1, ())
    if name in DEARER:
        return ServiceTier(*((5, 2) if model == _DEAREST else (2, 1)), ("tier_as_requested",))
    if name in _CHEAPER:
        return ServiceTier(1, 2, ("tier_as_requested",))
    if name in _UNPRICED:
        return ServiceTier(1, 1, ("tier_as_requested", "fast_price_unknown"))
    return ServiceTier(1, 1, ("service_tier_unknown",))


def terms_of_tier(name: object) -> str:
    """Return a tier as the terms of a response: JSON, "" for the standard one."""
    if not isinstance(name, str) or name in STANDARD:
        return ""
    return json.dumps({"service_tier": name[:_LONGEST]}, separators=(",", ":"))


def tier_of_terms(terms: str) -> str:
    """Return the name of the tier that terms tell, "" where they tell none."""
    try:
        told = json.loads(terms)
    except ValueError:
        return ""
    name = told.get("service_tier") if isinstance(told, dict) else None
    return name if isinstance(name, str) else ""
