"""The shapes of nearly all records that count tokens, as types that a decoder checks a line against.

Only what is named here is kept of a line, but all of it must be JSON; a line of another shape is rejected, and then
the counting rule says what it means. Must not say what any of this means.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0, lt=2**53)]


class Counters(Struct, gc=False, kw_only=True):
    """The counters of a usage object, in the order of `records.Tokens`; older clients know no cache writes."""

    input_tokens: Count
    cached_input_tokens: Count
    cache_write_input_tokens: Count = 0
    output_tokens: Count
    reasoning_output_tokens: Count
    total_tokens: Count


class Told(Struct, gc=False):
    """What a `token_usage_record` tells of a response."""

    thread_id: str
    turn_id: str
    response_id: str
    usage: Counters


class Info(Struct, gc=False):
    """The running total after a response, and the response."""

    total_token_usage: Counters
    last_token_usage: Counters


class Running(Struct, gc=False):
    """What a `token_count` tells."""

    type: Literal["token_count"]
    info: Info


class RecordLine(Struct, gc=False, tag_field="type", tag="token_usage_record"):
    """A line with the usage of a response."""

    timestamp: str
    payload: Told


class CountLine(Struct, gc=False, tag_field="type", tag="event_msg"):
    """A line with the running total."""

    timestamp: str
    payload: Running
