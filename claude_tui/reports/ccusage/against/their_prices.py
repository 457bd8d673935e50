"""What ccusage (20.0.24, --offline) charges for a Claude response: its rates, how it finds them, its arithmetic.

Only `explain` uses it, to say where the money differs. Must not price anything we show as ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from claude_tui.records import NamedTuple

LONG: Final = 200_000
"""Tokens of one kind above which it charges more, where it does at all."""


class Charge(NamedTuple):
    """Rates in nanodollars a token, what fast mode multiplies them by, and those above LONG tokens of a kind."""

    input: int
    output: int
    write: int
    read: int
    fast: int = 1
    above: tuple[int, int, int, int] | None = None


_SONNET: Final = Charge(3_000, 15_000, 3_750, 300)
_LONG_SONNET: Final = _SONNET._replace(above=(6_000, 22_500, 7_500, 600))
_OPUS: Final = Charge(15_000, 75_000, 18_750, 1_500)
_OPUS_4_5: Final = Charge(5_000, 25_000, 6_250, 500)
_FABLE: Final = Charge(10_000, 50_000, 12_500, 1_000)

CHARGES: Final[Mapping[str, Charge]] = {
    "claude-3-haiku": Charge(250, 1_250, 300, 30),
    "claude-3-5-haiku": Charge(800, 4_000, 1_000, 80),
    "claude-haiku-4-5": Charge(1_000, 5_000, 1_250, 100),
    "claude-3-sonnet": _SONNET,
    "claude-3-5-sonnet": _SONNET,
    "claude-3-7-sonnet": _SONNET,
    "claude-sonnet-4": _LONG_SONNET,
    "claude-sonnet-4-5": _LONG_SONNET,
    "claude-sonnet-4-6": _SONNET,
    "claude-sonnet-5": Charge(2_000, 10_000, 2_500, 200),
    "claude-3-opus": _OPUS,
    "claude-opus-4": _OPUS,
    "claude-opus-4-1": _OPUS,
    "claude-opus-4-5": _OPUS_4_5,
    "claude-opus-4-6": _OPUS_4_5._replace(fast=6),
    "claude-opus-4-7": _OPUS_4_5._replace(fast=6),
    "claude-opus-4-8": _OPUS_4_5._replace(fast=2),
    "claude-opus-5": _OPUS_4_5._replace(fast=2),
    "claude-fable-5": _FABLE,
    "claude-fable-5-1": _FABLE._replace(read=250),
    "claude-mythos-preview": _FABLE,
    "claude-mythos-5": _FABLE,
    "claude-mythos-5-1": _FABLE._replace(read=250),
}
NO_CHARGE: Final = frozenset({"claude-3-5-sonnet-latest"})

_EVERYWHERE: Final = frozenset({"us", "eu", "jp", "au"})
DEARER_REGIONS: Final[Mapping[str, frozenset[str]]] = {
    "claude-haiku-4-5": _EVERYWHERE,
    "claude-sonnet-4-5": _EVERYWHERE,
    "claude-sonnet-4-6": _EVERYWHERE,
    "claude-sonnet-5": _EVERYWHERE,
    "claude-opus-4-5": frozenset({"us"}),
    "claude-opus-4-6": frozenset({"us", "eu", "au"}),
    "claude-opus-4-7": _EVERYWHERE,
    "claude-opus-4-8": _EVERYWHERE,
    "claude-opus-5": _EVERYWHERE,
    "claude-fable-5": frozenset({"us", "eu"}),
    "claude-fable-5-1": frozenset({"us", "eu"}),
}
"""The regions of Bedrock where it charges a tenth more for a model."""

_ROUTE: Final = re.compile(r"(?:.*?/)?(?:(?P<region>[a-z]{2,6})\.anthropic\.)?(?:.*?)(?P<id>claude-.+)")
_DECORATION: Final = re.compile(r"(?:\[1m\]|-v\d+(?::\d+)?|[@-]\d{8}.*|@.*)$")
_VERSION: Final = re.compile(r"-\d{1,2}(?:-|$)")


def charge_of(model: str) -> tuple[Charge, int] | None:
    """Return the rates it finds for a name, and by how many tenths they count (11 for a region of Bedrock)."""
    found = _ROUTE.fullmatch(model)
    if found is None:
        return None
    name = found["id"].replace(".", "-")
    if name in NO_CHARGE:
        return None
    while name != (name := _DECORATION.sub("", name)):
        pass
    for known in sorted(CHARGES, key=len, reverse=True):
        rest = name[len(known) :]
        if name.startswith(known) and (not rest or rest[0] == "-") and not _VERSION.match(rest):
            charge = CHARGES[known]
            # By this name of Vertex it knows no rates for what is long.
            is_short = "@" in model and "/" not in model
            is_dearer = found["region"] in DEARER_REGIONS.get(known, ())
            return charge._replace(above=None) if is_short else charge, 11 if is_dearer else 10
    return None


def charged_nano(model: str, usage: Mapping[str, Any], counts: tuple[int, int, int, int]) -> int | None:
    """Return what it charges for counters (input, output, cache writes, cache reads); None if it has no price.

    Web searches, batches and where a response was made cost nothing extra there.
    """
    found = charge_of(model)
    if found is None:
        return None
    charge, tenths = found
    above = charge.above or (0, 0, 0, 0)
    tokens_in, output, writes, reads = counts
    hour = _hour_writes(usage, writes)
    rates = (
        (tokens_in, charge.input, above[0]), (output, charge.output, above[1]), (writes - hour, charge.write, above[2]),
        (hour, 2 * charge.input, 2 * above[0]), (reads, charge.read, above[3]),
    )  # fmt: skip
    nano = sum(_tiered(tokens, rate, more) for tokens, rate, more in rates)
    times = charge.fast if usage.get("speed") == "fast" else 1
    return nano * times * tenths // 10


def _hour_writes(usage: Mapping[str, Any], writes: int) -> int:
    split = usage.get("cache_creation")
    hour = split.get("ephemeral_1h_input_tokens") if isinstance(split, dict) else None
    return min(hour, writes) if isinstance(hour, int) and hour > 0 else 0


def _tiered(tokens: int, rate: int, above: int) -> int:
    return min(tokens, LONG) * rate + (tokens - LONG) * above if above and tokens > LONG else tokens * rate
