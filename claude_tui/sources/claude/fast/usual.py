"""The shape of nearly every usage row, as types that a decoder checks a line against.

Only what is named here is kept of a line, but all of it must be JSON; a line of another shape is rejected, and then
the counting rule says what it means. Must not say what any of this means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from claude_tui.model import MAX_COUNT

Count = Annotated[int, Meta(ge=0, lt=MAX_COUNT)]


class Iteration(Struct, gc=False):
    """One pass of a model within a response."""

    type: Literal["message"]


class Tools(Struct, gc=False):
    """What the server did, as far as it is usual."""

    web_search_requests: Count = 0
    code_execution_requests: Literal[0] | None = None


class Split(Struct, gc=False):
    """Cache writes by how long they live."""

    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class UsageShape(Struct, gc=False, kw_only=True):
    """The counters of a usual row; the rule says what any other shape means. Older clients do not split writes."""

    input_tokens: Count
    cache_creation_input_tokens: Count
    cache_read_input_tokens: Count
    output_tokens: Count
    server_tool_use: Tools | UnsetType | None = UNSET
    service_tier: str | None = None
    cache_creation: Split | UnsetType = UNSET
    inference_geo: str | None = None
    iterations: Annotated[list[Iteration], Meta(max_length=1)] | None = None
    speed: str | None = None
    fallback_credit: None = None
    type: None = None
    model: None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but counters and a tier is said that a price may depend on."""
        told = self.server_tool_use is not UNSET or self.iterations is not None
        return not told and self.inference_geo is None and self.speed is None


class ClaudeMessage(Struct, gc=False, kw_only=True):
    """What the API answered, without its content."""

    model: str
    id: str
    stop_reason: str | None = None
    usage: UsageShape
    pausedResponses: Annotated[list[Any], Meta(max_length=0)] | None = None


class UsualRow(Struct, gc=False, kw_only=True):
    """A usage row as nearly all are. A decoder of this checks the whole line and keeps only what is named here.

    What is named stands in the order of newer clients, in which the decoder looks for it.
    """

    isSidechain: bool
    agentId: str = ""
    message: ClaudeMessage
    requestedModel: str = ""
    type: Literal["assistant"]
    timestamp: str
    cwd: str
    sessionId: str
    version: str
    requestSessionId: Any = UNSET
    forkedFrom: Any = UNSET
    isApiErrorMessage: bool | None = None


class Named(Struct, gc=False):
    """A line, or a part of one, that may say what it is."""

    type: str = ""


class FirstLine(Struct, gc=False):
    """A line as far as it says where a session is."""

    type: str = ""
    isSidechain: bool | None = None
    agentId: str = ""
    timestamp: str = ""
    cwd: str = ""
    sessionId: str = ""
    data: Named | None = None


class ClaudeTalk(Struct, gc=False):
    """What was said, by the kinds of its parts."""

    content: list[Named] | str | None = None


class ClaudeTurn(Struct, gc=False):
    """A line as far as it may be a turn."""

    type: str = ""
    message: ClaudeTalk | None = None
    timestamp: str = ""
    version: str = ""
    gitBranch: str = ""
    sessionId: str = ""
    isSidechain: bool | None = None


class Dated(Struct, gc=False):
    """A line as far as it says when it was written."""

    timestamp: str = ""


class UserLine(Struct, gc=False):
    """A line that is the user's."""

    type: Literal["user"]
