"""Reads chats of Gemini CLI directly into columns: see `records.fast`. The counting rule is `chat`.

Must not decide what counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET, Raw, Struct, UnsetType, field

from claude_tui.model import UsageRow
from claude_tui.sources.gemini.chat import KINDS, GeminiChat, holds_tools
from claude_tui.sources.gemini.reading import chat_at, events_of, fitting, read_chat
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.records.fast import Count, FastReader, Nothing
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.registry import settled
from claude_tui.sources.values.instants import instant_ms


class GeminiTokens(Struct, gc=False, kw_only=True):
    """The counters of a message."""

    input: Count
    output: Count
    cached: Count = 0
    thoughts: Count = 0
    tool: Count = 0
    total: Count = 0


class GeminiRecord(Struct, gc=False, rename="camel"):
    """What may be told of a chat beside its messages."""

    session_id: Raw | UnsetType = UNSET
    project_hash: Raw | UnsetType = UNSET
    summary: Raw | UnsetType = UNSET
    messages: Raw | UnsetType = UNSET

    def is_silent(self) -> bool:
        """Whether nothing of it is."""
        return self.session_id is self.project_hash is self.summary is self.messages is UNSET


class GeminiLine(GeminiRecord, gc=False, rename="camel"):
    """A record of any kind."""

    type: str | UnsetType = UNSET
    id: str = ""
    timestamp: str = ""
    tokens: GeminiTokens | UnsetType = UNSET
    model: str = ""
    tool_calls: list[Nothing] | None = None
    change: GeminiRecord | UnsetType = field(default=UNSET, name="$set")


class FastGeminiChat(GeminiChat):
    """A `GeminiChat` with a shortcut for messages, and for changes that matter to nobody."""

    def take(self, line: GeminiLine, offset: int, builder: FastBuilder) -> bool:
        """Do with a record of the usual form what the counting rule does; with anything else nothing."""
        if not line.is_silent() or (self.project_hash and not self.cwd):  # whose folder may be known by now
            return False
        change = line.change
        if line.type is UNSET:
            is_usual = change is not UNSET and change.is_silent()
            self.is_known |= is_usual
            return is_usual
        if change is not UNSET:
            return False
        kind = KINDS.get(line.type)
        if kind is not None:
            time_ms, tokens = instant_ms(line.timestamp), line.tokens
            is_answer = kind == "assistant"
            if is_answer and tokens is not UNSET and not self._take_tokens(line, tokens, time_ms, offset, builder):
                return False
            if time_ms >= self.last[0]:
                self.last = time_ms, "tool_use" if is_answer and line.tool_calls else kind
            self.has_answers |= is_answer
        self.is_known = True
        return True

    def _take_tokens(
        self, line: GeminiLine, tokens: GeminiTokens, time_ms: int, offset: int, builder: FastBuilder
    ) -> bool:
        if not line.id:
            return False
        prompt, output, cached, tool = tokens.input, tokens.output + tokens.thoughts, tokens.cached, tokens.tool
        if holds_tools(tool, prompt + output, tokens.total):
            tool = 0
        session, is_agent = self.session or self.stem, bool(self.parent)
        owner, agent = self.parent or session, session if is_agent else ""
        whose = builder.origin(owner, agent, self.cwd, is_copy=not self.cwd, is_sidechain=is_agent)
        usage = max(0, prompt - cached) + tool, output, 0, 0, cached
        if not builder.append(line.id, time_ms, whose, line.model, usage, offset):
            return False
        self.has_usage = True
        self.context = usage[0] + cached, line.model
        return True


def _rows_of(reader: LineReader, offset: int, record: Mapping[str, Any], chat: GeminiChat) -> Iterator[UsageRow]:
    return (event.row for event in events_of(reader, offset, record, chat))


_READER: Final = FastReader(GeminiLine, _rows_of, is_slim=False)


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a chat: whole if it is one JSON value, else the lines after the checkpoint. Raises OSError if it cannot be
    opened."""
    if file.path.endswith(".jsonl"):
        chat = chat_at(file, FastGeminiChat)
        return _READER.read_columns(file, fitting(since, chat), chat, keep_names=keep_names)
    return settled(file.source, read_chat(file, since)[0], keep_names=keep_names)
