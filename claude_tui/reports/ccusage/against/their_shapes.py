"""The shapes of rows that ccusage's decoder takes (version 20): a value of another kind costs the whole row.

Only `explain` uses it. Must not know what the values are counted for.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

_LARGEST: Final = 2**64 - 1
_Tokens = Annotated[int, msgspec.Meta(ge=0)]


class TheirWrites(msgspec.Struct):
    """Cache writes by lifetime."""

    ephemeral_5m_input_tokens: _Tokens = 0
    ephemeral_1h_input_tokens: _Tokens = 0


class TheirUsage(msgspec.Struct):
    """A usage object, of a response or of an advisor."""

    input_tokens: _Tokens
    output_tokens: _Tokens
    cache_creation_input_tokens: _Tokens = 0
    cache_read_input_tokens: _Tokens = 0
    cache_creation: TheirWrites | None = None
    speed: Literal["standard", "fast"] | None = None


class TheirMessage(msgspec.Struct):
    """A message with usage."""

    usage: TheirUsage
    id: str | None = None
    model: str | None = None


class TheirRow(msgspec.Struct):
    """A row with a message."""

    message: TheirMessage
    timestamp: str
    sessionId: str | None = None
    requestId: str | None = None
    version: str | None = None
    isSidechain: bool | None = None
    costUSD: float | None = None


def is_row(value: Any) -> bool:
    """Whether a decoded object is a row to it."""
    return _has_shape(value, TheirRow)


def is_usage(value: Any) -> bool:
    """Whether a decoded object is a usage object to it."""
    return _has_shape(value, TheirUsage)


def _has_shape(value: Any, shape: type[TheirRow | TheirUsage]) -> bool:
    try:
        found = msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return False
    usage = found.message.usage if isinstance(found, TheirRow) else found
    return max(usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) <= _LARGEST
