"""The formats of nearly all records that count tokens, or say how, as types against which a decoder checks a line.

Only the fields named here are kept, but the whole line must be JSON; a line of another format is rejected, and then the
counting rule decides what it means. Must not decide what any of this means.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0, lt=2**53)]


class CodexCounters(Struct, gc=False, kw_only=True):
    """The counters of a usage object, in the order of `records.Tokens`; older clients have no cache writes."""

    input_tokens: Count
    cached_input_tokens: Count
    cache_write_input_tokens: Count = 0
    output_tokens: Count
    reasoning_output_tokens: Count
    total_tokens: Count


class CodexUsageRecord(Struct, gc=False):
    """What a `token_usage_record` says about a response."""

    thread_id: str
    turn_id: str
    response_id: str
    usage: CodexCounters


class Info(Struct, gc=False):
    """The running total after a response, and the response; newer clients say the model's context window."""

    total_token_usage: CodexCounters
    last_token_usage: CodexCounters
    model_context_window: Count | None = None


class CodexTokenCount(Struct, gc=False, tag_field="type", tag="token_count"):
    """What a `token_count` says."""

    info: Info


class ThreadSettings(Struct, gc=False):
    """What a thread was set to."""

    service_tier: str | None = None


class Applied(Struct, gc=False, tag_field="type", tag="thread_settings_applied"):
    """What a `thread_settings_applied` says."""

    thread_settings: ThreadSettings


class CodexTurn(Struct, gc=False):
    """What a `turn_context` says."""

    turn_id: str
    model: str


class RecordLine(Struct, gc=False, tag_field="type", tag="token_usage_record"):
    """A line with the usage of a response."""

    timestamp: str
    payload: CodexUsageRecord


class EventLine(Struct, gc=False, tag_field="type", tag="event_msg"):
    """A line with the running total, or with settings."""

    timestamp: str
    payload: CodexTokenCount | Applied


class TurnLine(Struct, gc=False, tag_field="type", tag="turn_context"):
    """A line at the beginning of a turn."""

    timestamp: str
    payload: CodexTurn


class CompactedLine(Struct, gc=False, tag_field="type", tag="compacted"):
    """A line that says the context was compacted."""

    timestamp: str


UsualLine = RecordLine | EventLine | TurnLine | CompactedLine
"""What a decoder finds a usual line to be."""
