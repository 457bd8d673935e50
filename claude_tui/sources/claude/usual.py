"""The shape of nearly every usage row, as types that a decoder checks a line against.

Only what is named here is kept of a line, but all of it must be JSON; a line of another shape is rejected, and then
the counting rule says what it means. Must not say what any of this means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType


class Iteration(Struct, gc=False):
    """One pass of a model within a response."""

    type: Literal["message"]


class Tools(Struct, gc=False):
    """What the server did, as far as it is usual."""

    web_search_requests: Literal[0] = 0
    code_execution_requests: Literal[0] | None = None


class Split(Struct, gc=False):
    """Cache writes by how long they live."""

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class UsageShape(Struct, gc=False):
    """The counters of a usual row; the rule says what any other shape means."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    cache_creation: Split
    server_tool_use: Tools | UnsetType | None = UNSET
    iterations: Annotated[list[Iteration], Meta(max_length=1)] | None = None
    speed: str | None = None
    inference_geo: str | None = None
    service_tier: str | None = None
    fallback_credit: None = None


class Message(Struct, gc=False):
    """What the API answered, without its content."""

    id: str
    model: str
    usage: UsageShape
    stop_reason: str | None = None
    pausedResponses: Annotated[list[Any], Meta(max_length=0)] | None = None


class UsualRow(Struct, gc=False):
    """A usage row as nearly all are. A decoder of this checks the whole line and keeps only what is named here."""

    type: Literal["assistant"]
    message: Message
    sessionId: str
    cwd: str
    version: str
    isSidechain: bool
    timestamp: str
    agentId: str = ""
    requestSessionId: Any = UNSET
    forkedFrom: Any = UNSET
    isApiErrorMessage: bool | None = None


class AnyLine(Struct, gc=False):
    """A line that is one JSON object."""


class UserLine(Struct, gc=False):
    """A line that is the user's."""

    type: Literal["user"]
