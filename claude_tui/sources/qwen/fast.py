"""Reads chats of Qwen Code directly into columns: see `records.fast`. The counting rule is `chat`.

Must not decide what counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType, field

from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile
from claude_tui.sources.qwen.chat import KINDS, RESPONSE, QwenChat, billed_output, is_of_conversation
from claude_tui.sources.records.fast import Count, FastReader
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.values.instants import instant_ms


class QwenEvent(Struct, gc=False, kw_only=True):
    """What telemetry says; counters are of a response."""

    name: str = field(name="event.name")
    response_id: str = ""
    model: str = ""
    input_token_count: Count = 0
    cached_content_token_count: Count = 0
    output_token_count: Count = 0
    thoughts_token_count: Count = 0
    total_token_count: Count = 0
    auth_type: str = ""
    prompt_id: str = ""
    subagent_id: str = ""
    subagent_name: str = ""


class Payload(Struct, gc=False, rename="camel"):
    """What a row of the system holds."""

    ui_event: QwenEvent | UnsetType = UNSET


class QwenPart(Struct, gc=False, rename="camel"):
    """A part of a message."""

    function_call: Raw | UnsetType = UNSET
    type: str = ""


class QwenMessage(Struct, gc=False):
    """What was said."""

    parts: list[QwenPart] = []


class QwenLine(Struct, gc=False, rename="camel"):
    """A row of any type."""

    type: str
    timestamp: str
    session_id: str
    cwd: str
    version: str
    subtype: str = ""
    system_payload: Payload | UnsetType = UNSET
    message: QwenMessage | UnsetType = UNSET
    usage_metadata: Raw | UnsetType = UNSET
    forked_from: Raw | UnsetType = UNSET
    context_window_size: Count | None = None


class FastQwenChat(QwenChat):
    """A `QwenChat` with a shortcut for all but compressions."""

    def take(self, line: QwenLine, offset: int, builder: FastBuilder) -> bool:
        """Do with a row of the usual form what the counting rule does; with anything else nothing."""
        kind = line.type
        if kind not in KINDS or line.subtype == "chat_compression":
            return False
        time_ms = instant_ms(line.timestamp)
        if kind == "system":
            payload = line.system_payload
            event = payload.ui_event if payload is not UNSET else UNSET
            if (
                event is not UNSET
                and event.name == RESPONSE
                and not self._take_response(line, event, time_ms, offset, builder)
            ):
                return False
        elif kind == "assistant":
            if line.usage_metadata is not UNSET and not self.has_usage:
                return False
            message = line.message
            parts = message.parts if message is not UNSET else []
            is_call = any(part.function_call is not UNSET or part.type == "functionCall" for part in parts)
            self.has_answers = True
            self.context_window = line.context_window_size or self.context_window
            self.spoke("tool_use" if is_call else "assistant", time_ms)
        else:
            self.spoke("user", time_ms)
        self.is_known = True
        self.session = line.session_id or self.session
        self.cwd = self.cwd or line.cwd
        self.version = line.version or self.version
        return True

    def _take_response(self, line: QwenLine, event: QwenEvent, time_ms: int, offset: int, builder: FastBuilder) -> bool:
        prompt, cached = event.input_token_count, event.cached_content_token_count
        if not (prompt and event.response_id and line.session_id):
            return False
        output = billed_output(
            prompt, event.output_token_count, event.thoughts_token_count, event.total_token_count, event.auth_type
        )
        agent = event.subagent_id or event.subagent_name
        is_copy = line.forked_from is not UNSET
        whose = builder.origin(line.session_id, agent, line.cwd, is_copy=is_copy, is_sidechain=bool(agent))
        usage = max(0, prompt - cached), output, 0, 0, cached
        if not builder.append(event.response_id, time_ms, whose, event.model, usage, offset):
            return False
        self.has_usage = True
        if is_of_conversation(agent, event.prompt_id):
            self.answered(event.model, usage[0] + cached)
        return True


_READER: Final = FastReader(QwenLine)


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a chat, whole or from a checkpoint. Raises OSError if it cannot be opened."""
    return _READER.read_columns(file, since, FastQwenChat(session=Path(file.path).stem), keep_names=keep_names)
