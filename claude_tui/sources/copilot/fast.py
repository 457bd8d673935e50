"""Reads events of Copilot CLI directly into columns: see `records.fast`. The counting rule is `events`.

Must not decide what counts.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType

from claude_tui.pricing.billing.premium import premium_milli, terms_of_premium
from claude_tui.sources.copilot.events import CopilotSession
from claude_tui.sources.copilot.source import session_of
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile
from claude_tui.sources.records.fast import Count, FastReader, Nothing
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.values.instants import instant_ms

_BY_RULE: Final = frozenset({
    "session.start", "session.resume", "session.shutdown", "session.compaction_complete",
})  # fmt: skip


class Accounting(Struct, gc=False, rename="camel"):
    """Whose a call is."""

    usage_id: str
    source_session_id: str


class CopilotCounters(Struct, gc=False, rename="camel", kw_only=True):
    """What a call used."""

    model: str
    input_tokens: Count
    output_tokens: Count
    cache_read_tokens: Count
    cache_write_tokens: Count
    accounting: Accounting
    is_byok: bool = False
    cost: int | float = 0


class Data(Struct, gc=False, rename="camel"):
    """What an event says, as far as it may count."""

    usage: CopilotCounters | UnsetType = UNSET
    model_metrics: Raw | UnsetType = UNSET
    input_tokens: Raw | UnsetType = UNSET
    tool_requests: list[Nothing] | None = None


class CopilotLine(Struct, gc=False, rename="camel"):
    """An event of any type."""

    type: str
    timestamp: str
    data: Data
    agent_id: str = ""


class FastEvents(CopilotSession):
    """`CopilotSession` with a shortcut for usage records, what is said, and what counts nothing."""

    def take(self, line: CopilotLine, offset: int, builder: FastBuilder) -> bool:
        """Do with an event of the usual form what the counting rule does; with anything else nothing."""
        kind, data = line.type, line.data
        if kind == "session.usage_record":
            return self._take_record(line, offset, builder)
        if kind == "assistant.message":
            if not self.has_records:
                return False
            self.is_known = self.has_answers = True
            self.spoke("tool_use" if data.tool_requests else "assistant", instant_ms(line.timestamp))
        elif kind == "user.message":
            self.spoke("user", instant_ms(line.timestamp))
        else:
            is_odd = data.usage is not UNSET or data.model_metrics is not UNSET or data.input_tokens is not UNSET
            return not is_odd and kind not in _BY_RULE
        return True

    def _take_record(self, line: CopilotLine, offset: int, builder: FastBuilder) -> bool:
        told, time_ms, agent = line.data.usage, instant_ms(line.timestamp), line.agent_id
        if told is UNSET or not told.accounting.usage_id:
            return False
        read, written = told.cache_read_tokens, told.cache_write_tokens
        usage = max(0, told.input_tokens - read - written), told.output_tokens, written, 0, read
        try:
            terms = "" if told.is_byok or not told.cost else terms_of_premium(premium_milli(told.cost))
        except ValueError:
            return False
        if any(usage):
            session = self.session if agent else told.accounting.source_session_id or self.session
            is_copy = session != self.session or 0 < time_ms < self.began_ms
            whose = builder.origin(session, agent, self.cwd, is_copy=is_copy, is_sidechain=bool(agent))
            if not builder.append(told.accounting.usage_id, time_ms, whose, told.model, usage, offset, terms):
                return False
            self.has_records = True
            if not agent:
                self.answered(told.model, usage[0] + written + read)
        self.is_known = self.has_usage = True
        return True


_READER: Final = FastReader(CopilotLine)


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read the events of a session, all or from a checkpoint. Raises OSError if they cannot be opened."""
    return _READER.read_columns(file, since, FastEvents(session=session_of(file.path)), keep_names=keep_names)
