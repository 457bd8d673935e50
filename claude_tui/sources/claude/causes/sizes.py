"""What comes into prompts, and how much of it: bytes of texts, by what they are.

Bytes are what a log has; only their proportions are used where the tokens are known. Must not know prices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec
import orjson
from msgspec import Raw

from claude_tui.records import NamedTuple
from claude_tui.sources.causes import Call, Caused, Thread
from claude_tui.sources.claude.causes.lines import Attachment, CausesLine, ContentBlock
from claude_tui.sources.reading.objects import DECODER

BYTES_PER_TOKEN: Final = 4
IMAGE_BYTES: Final = 1600 * BYTES_PER_TOKEN
"""An image counts as so many tokens, however large it is."""
CALL_BYTES: Final = 32
"""What stands around the name and the input of a call."""

TEXT: Final = "assistant text"
ANSWERS: Final = "written: answers"
THINKING: Final = "written: thinking"
RESULTS: Final = "results"
"""Of calls that are not in the log."""
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

_encode: Final = msgspec.json.Encoder().encode


class _CallParts(NamedTuple):
    """The numbers of what calls of one name are part of, and the bytes of each beside its input."""

    wrote: int
    added: int
    around: int


class Sizes:
    """Takes down the sizes of one transcript: `parts` are the names that they have numbers for, to which it adds."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._number_of = {part: number for number, part in enumerate(parts)}
        self._calls: dict[str, _CallParts] = {}
        self._answers, self._text, self._thinking = map(self._number, (ANSWERS, TEXT, THINKING))

    def add_written(self, block: ContentBlock, found: Caused, thread: Thread) -> None:
        """Take down a part of a response that is no call."""
        if block.type == "text":
            size = _bytes(block.text)
            _add(found.wrote, self._answers, size)
            _add(thread.added, self._text, size)
        elif block.type == "thinking":
            _add(found.wrote, self._thinking, _bytes(block.thinking))

    def add_call(self, block: ContentBlock, found: Caused, thread: Thread) -> None:
        """Take down a call."""
        name = block.name
        call = self._calls.get(name)
        if call is None:
            wrote, added = self._number(f"written: call {name}"), self._number(f"call {name}")
            call = self._calls[name] = _CallParts(wrote, added, CALL_BYTES + _bytes(name))
        size = call.around + _json_size(block.input)
        _add(found.wrote, call.wrote, size)
        _add(thread.added, call.added, size)

    def add_user(
        self, line: CausesLine, content: str | list[ContentBlock], thread: Thread, calls: Mapping[str, Call]
    ) -> None:
        """Take down what a user row puts into the prompt: results, prompts, texts of skills, a summary."""
        if line.isCompactSummary:
            part = "compaction summary"
        elif line.isMeta:
            part = "skill text" if line.sourceToolUseID or thread.command else "user"
        else:
            part = "user"
        if isinstance(content, str):
            self._add(thread, part, _bytes(content))
            return
        for block in content:
            if block.type == "tool_result":
                call = calls.get(block.tool_use_id)
                self._add(thread, f"result {call.name}" if call else RESULTS, size_of(block.content))
            elif block.type == "image":
                self._add(thread, "images", IMAGE_BYTES)
            else:
                self._add(thread, part, _bytes(block.text))

    def add_attachment(self, line: CausesLine, found: Attachment, thread: Thread) -> None:
        """Take down what the client put beside a prompt: the text as it was sent, where the log has it."""
        part = f"hook {found.hookName}" if found.hookName else _ATTACHED.get(found.type, REMINDERS)
        size = size_of(line.rendered) or size_of(found.content) + size_of(found.addedBlocks)
        self._add(thread, part, size)

    def _add(self, thread: Thread, part: str, size: int) -> None:
        if size:
            _add(thread.added, self._number(part), size)

    def _number(self, part: str) -> int:
        number = self._number_of.get(part)
        if number is None:
            number = self._number_of[part] = len(self._parts)
            self._parts.append(part)
        return number


def decode(raw: Raw) -> object:
    """Decode some JSON of a line; bytes that are not UTF-8 are replaced, as when all of the line is read, and halves of
    surrogate pairs stay.

    Raises ValueError and RecursionError.
    """
    try:
        return orjson.loads(memoryview(raw))
    except orjson.JSONDecodeError:
        return DECODER.decode(bytes(raw).decode("utf-8", "replace"))


def size_of(raw: Raw) -> int:
    """Return the bytes of all texts in some JSON; an image counts as such."""
    if not raw:
        return 0
    try:
        return _size(decode(raw))
    except (ValueError, RecursionError):
        return 0


def _json_size(raw: Raw) -> int:
    """Return the bytes of some JSON without blanks, as the model writes and reads it; null is nothing."""
    try:
        value = decode(raw) if raw else None
        return len(_encode(value)) if value is not None else 0
    except UnicodeEncodeError:
        return _bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except (ValueError, RecursionError):
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


def _add(sizes: dict[int, int], part: int, size: int) -> None:
    if size:
        sizes[part] = sizes.get(part, 0) + size
