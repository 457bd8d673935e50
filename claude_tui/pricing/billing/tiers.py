"""Service tiers of OpenAI: how much more or less a request with one costs.

Logs say what was requested, never what was served. Must not know how usage is counted.
"""

from __future__ import annotations

import json
from typing import Final

from claude_tui.records import NamedTuple

STANDARD: Final = frozenset({"", "auto", "default", "standard"})
"""Names of the tier whose price is the list price."""
DEARER: Final = frozenset({"priority", "fast"})
_CHEAPER: Final = frozenset({"flex", "batch"})
_UNPRICED: Final = frozenset({"ultrafast"})
"""Tiers that are sold at an unpublished price."""

_LONGEST: Final = 40
"""Most characters of a name that are kept."""

_DEAREST: Final = "openai/gpt-5.5"
"""The one model whose priority costs two and a half times the list price instead of twice."""


class ServiceTier(NamedTuple):
    """How a tier changes a rate, as a fraction, and the flag of such a price."""

    times: int
    by: int
    flags: tuple[str, ...]


def service_tier(model: str, name: str) -> ServiceTier:
    """Return how a tier changes a model's rates; an unknown tier, or one without a price, changes nothing."""
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
    """Return a tier as the terms of a response: JSON, "" for the standard tier."""
    if not isinstance(name, str) or name in STANDARD:
        return ""
    return json.dumps({"service_tier": name[:_LONGEST]}, separators=(",", ":"))


def tier_of_terms(terms: str) -> str:
    """Return the name of the tier in the terms, "" if there is none."""
    try:
        parsed = json.loads(terms)
    except ValueError:
        return ""
    name = parsed.get("service_tier") if isinstance(parsed, dict) else None
    return name if isinstance(name, str) else ""
