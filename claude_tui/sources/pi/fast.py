"""Reads sessions of Pi directly into columns: see `records.fast`. The counting rule is `session`.

Must not decide what counts.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Struct, UnsetType, field

from claude_tui.sources.pi.session import PiSession, key_of, name_of
from claude_tui.sources.pi.source import session_of
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile
from claude_tui.sources.records.events import nano_of
from claude_tui.sources.records.fast import Count, FastReader
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.values.instants import instant_ms


class Cost(Struct, gc=False):
    """What an answer cost, in USD."""

    total: int | float


class PiCounters(Struct, gc=False, rename="camel", kw_only=True):
    """The usage of an answer."""

    input: Count
    output: Count
    cache_read: Count
    cache_write: Count
    written_for_an_hour: Count = field(default=0, name="cacheWrite1h")
    cost: Cost


class PiMessage(Struct, gc=False, rename="camel"):
    """What a message says."""

    role: str
    usage: PiCounters | UnsetType = UNSET
    stop_reason: str = ""
    provider: str = ""
    model: str = ""
    response_id: str = ""


class PiLine(Struct, gc=False):
    """A line; only those with messages are usual."""

    type: str
    timestamp: str
    message: PiMessage | UnsetType = UNSET
    id: str = ""


class FastSession(PiSession):
    """A `PiSession` with a shortcut for messages."""

    def take(self, line: PiLine, offset: int, builder: FastBuilder) -> bool:
        """Do with a message what the counting rule does; with anything else nothing."""
        message = line.message
        if line.type != "message" or message is UNSET:
            return False
        time_ms = instant_ms(line.timestamp)
        if message.role != "assistant":
            self.is_known = True
            if message.role in ("user", "toolResult"):
                self.spoke("user", time_ms)
            return True
        told = message.usage
        if told is UNSET or not time_ms:
            return False
        for_an_hour = min(told.written_for_an_hour, told.cache_write)
        usage = told.input, told.output, told.cache_write - for_an_hour, for_an_hour, told.cache_read
        if any(usage):
            model = name_of(message.provider, message.model) or self.model
            key = key_of(message.response_id or line.id, time_ms, usage)
            whose = builder.origin(self.session, "", self.cwd, is_copy=0 < time_ms < self.began_ms)
            if not builder.append(key, time_ms, whose, model, usage, offset, "", nano_of(told.cost.total)):
                return False
            self.answered(model, told.input + told.cache_write + told.cache_read)
        self.is_known = self.has_answers = self.has_usage = True
        self.spoke("tool_use" if message.stop_reason == "toolUse" else "assistant", time_ms)
        return True


_READER: Final = FastReader(PiLine)


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a session, whole or from a checkpoint. Raises OSError if it cannot be opened."""
    return _READER.read_columns(file, since, FastSession(session=session_of(file.path)), keep_names=keep_names)
