"""What comes into prompts, and how much of it: bytes of texts, by what they are.

Bytes are what a log has; only their proportions are used where the tokens are known. Must not know prices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec import Raw

from claude_tui.sources.causes import Call, Caused, Thread
from claude_tui.sources.claude.causes.lines import Attachment, CausesLine, ContentBlock

BYTES_PER_TOKEN: Final = 4
IMAGE_BYTES: Final = 1600 * BYTES_PER_TOKEN
"""An image counts as so many tokens, however large it is."""
CALL_BYTES: Final = 32
"""What stands around the name and the input of a call."""

TEXT: Final = "assistant text"
ANSWERS: Final = "written: answers"
THINKING: Final = "written: thinking"
_ATTACHED: Final = {
    "agent_listing_delta": "agent list",
    "mcp_instructions_delta": "mcp instructions",
    "skill_listing": "skill list",
    "instructions": "CLAUDE.md",
    "nested_memory": "CLAUDE.md",
    "invoked_skills": "skill text",
    "file": "@file",
}
REMINDERS: Final = "reminders"
Measure = Callable[[Raw], int]
"""What does as `size_of` does, perhaps faster."""

_decoded: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def add_written(block: ContentBlock, found: Caused, thread: Thread) -> None:
    """Take down a part of a response that is no call."""
    if block.type == "text":
        size = _bytes(block.text)
        _add(found.wrote, ANSWERS, size)
        _add(thread.added, TEXT, size)
    elif block.type == "thinking":
        _add(found.wrote, THINKING, _bytes(block.thinking))


def add_call(block: ContentBlock, found: Caused, thread: Thread) -> None:
    """Take down a call."""
    size = CALL_BYTES + _bytes(block.name) + _json_size(block.input)
    _add(found.wrote, f"written: call {block.name}", size)
    _add(thread.added, f"call {block.name}", size)


def add_user(
    line: CausesLine, content: str | list[ContentBlock], thread: Thread, calls: Mapping[str, Call], measure: Measure
) -> None:
    """Take down what a user row puts into the prompt: results, prompts, texts of skills, a summary."""
    if line.isCompactSummary:
        label = "compaction summary"
    elif line.isMeta:
        label = "skill text" if line.sourceToolUseID or thread.command else "user"
    else:
        label = "user"
    if isinstance(content, str):
        _add(thread.added, label, _bytes(content))
        return
    for block in content:
        if block.type == "tool_result":
            call = calls.get(block.tool_use_id)
            _add(thread.added, f"result {call.name}" if call else "results", measure(block.content))
        elif block.type == "image":
            _add(thread.added, "images", IMAGE_BYTES)
        else:
            _add(thread.added, label, _bytes(block.text))


def add_attachment(line: CausesLine, found: Attachment, thread: Thread) -> None:
    """Take down what the client put beside a prompt: the text as it was sent, where the log has it."""
    label = f"hook {found.hookName}" if found.hookName else _ATTACHED.get(found.type, REMINDERS)
    size = size_of(line.rendered) or size_of(found.content) + size_of(found.addedBlocks)
    _add(thread.added, label, size)


def decode(raw: Raw) -> object:
    """Decode some JSON of a line; bytes that are not UTF-8 are replaced, as when all of the line is read.

    Raises msgspec.MsgspecError and RecursionError.
    """
    try:
        return _decoded(raw)
    except UnicodeDecodeError:
        return _decoded(bytes(raw).decode("utf-8", "replace"))


def size_of(raw: Raw) -> int:
    """Return the bytes of all texts in some JSON; an image counts as such."""
    if not raw:
        return 0
    try:
        return _size(decode(raw))
    except (msgspec.MsgspecError, RecursionError):
        return 0


def _json_size(raw: Raw) -> int:
    """Return the bytes of some JSON without blanks, as the model writes and reads it; null is nothing."""
    try:
        value = decode(raw) if raw else None
        return len(_encode(value)) if value is not None else 0
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return 0


def _size(value: object) -> int:
    if isinstance(value, str):
        return _bytes(value)
    if isinstance(value, list):
        return sum(map(_size, value))
    if not isinstance(value, dict):
        return 0
    if value.get("type") == "image":
        return IMAGE_BYTES
    return sum(_size(part) for name, part in value.items() if name != "type")


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _add(sizes: dict[str, int], label: str, size: int) -> None:
    if size:
        sizes[label] = sizes.get(label, 0) + size
