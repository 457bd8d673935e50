"""The lines of a transcript as far as causes depend on them, as types that a decoder checks a line against.

A line of another shape is taken apart by `plain`, which gives the same types. Must not say what any of this means.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct


class ContentBlock(Struct, gc=False):
    """A part of what was said. `input` and `content` are left as they stand."""

    type: str = ""
    id: str = ""
    name: str = ""
    text: str = ""
    thinking: str = ""
    tool_use_id: str = ""
    is_error: bool | None = None
    input: Raw = Raw(b"")
    content: Raw = Raw(b"")


class Miss(Struct, gc=False):
    """Why the API did not find a prompt in its cache."""

    type: str = ""


class Diagnostics(Struct, gc=False):
    """What the API says of how it served a response."""

    cache_miss_reason: Miss | None = None


class OutputDetails(Struct, gc=False):
    """What the output was made of."""

    thinking_tokens: int | None = None


class CausesUsage(Struct, gc=False):
    """The usage of a response, as far as it is not counted elsewhere."""

    output_tokens_details: OutputDetails | None = None


class CausesMessage(Struct, gc=False):
    """What was said, by whom it does not matter."""

    id: str | None = None
    model: str | None = None
    content: str | list[ContentBlock] | None = None
    diagnostics: Diagnostics | None = None
    usage: CausesUsage | None = None


class Attachment(Struct, gc=False):
    """What the client put beside a prompt."""

    type: str = ""
    addedNames: list[str] | None = None
    removedNames: list[str] | None = None
    hookName: str | None = None
    content: Raw = Raw(b"")
    addedBlocks: Raw = Raw(b"")


class CausesLine(Struct, gc=False, kw_only=True):
    """One line. `key` is no field of the log: the key of a response that is not named by its message."""

    type: str = ""
    subtype: str = ""
    timestamp: str = ""
    agentId: str = ""
    isSidechain: bool | None = None
    isMeta: bool | None = None
    isCompactSummary: bool | None = None
    message: CausesMessage | None = None
    gitBranch: str = ""
    version: str = ""
    attributionSkill: str | None = None
    attributionPlugin: str | None = None
    attributionAgent: str | None = None
    promptCacheRequested: str | None = None
    sourceToolUseID: str | None = None
    interruptedMessageId: str | None = None
    toolUseResult: Raw = Raw(b"")
    attachment: Attachment | None = None
    rendered: Raw = Raw(b"")
    data: Any = None
    isApiErrorMessage: bool | None = None
    key: str = ""
