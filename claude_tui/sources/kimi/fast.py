"""Reads wires of Kimi Code directly into columns: see `records.fast`. The counting rule is `wire`.

Must not decide what counts.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType

from claude_tui.sources.kimi.wire import SCOPES, Wire, fitting, key_of, wire_at
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile
from claude_tui.sources.records.fast import Count, FastReader
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.values.instants import instant_ms

_BEGINNING: Final = frozenset({"metadata", "profile.bind"})


class KimiCounters(Struct, gc=False, rename="camel"):
    """The counters of a usage record."""

    input_other: Count
    output: Count
    input_cache_read: Count
    input_cache_creation: Count


class KimiEvent(Struct, gc=False, rename="camel"):
    """Something that happened in a step."""

    type: str
    finish_reason: str = ""
    usage: Raw | UnsetType = UNSET


class KimiLine(Struct, gc=False, rename="camel"):
    """A line of any type."""

    type: str
    time: int = 0
    usage: KimiCounters | UnsetType = UNSET
    model: str = ""
    model_alias: str = ""
    usage_scope: str = ""
    event: KimiEvent | UnsetType = UNSET


class FastWire(Wire):
    """A `Wire` with a shortcut for all but the records at its beginning."""

    def take(self, line: KimiLine, offset: int, builder: FastBuilder) -> bool:
        """Do with a line of the usual form what the counting rule does; with anything else nothing."""
        kind = line.type
        if kind == "context.append_loop_event":
            event = line.event
            if event is not UNSET and event.type == "step.end":
                self.step_ended(event.finish_reason, instant_ms(line.time), has_usage=event.usage is not UNSET)
        elif kind == "usage.record":
            return self._take_usage(line, offset, builder)
        elif kind == "llm.request":
            self.models[line.model_alias] = line.model
        elif kind == "turn.prompt":
            self.spoke("user", instant_ms(line.time))
        elif line.usage is not UNSET or kind in _BEGINNING:
            return False
        return True

    def _take_usage(self, line: KimiLine, offset: int, builder: FastBuilder) -> bool:
        told, time_ms = line.usage, instant_ms(line.time)
        if told is UNSET or line.usage_scope not in SCOPES:
            return False
        usage = told.input_other, told.output, told.input_cache_creation, 0, told.input_cache_read
        if any(usage):
            alias, agent = line.model, self.agent
            model = self.models.get(alias) or alias
            is_copy = 0 < time_ms < self.forked_ms
            whose = builder.origin(self.session, agent, self.cwd, is_copy=is_copy, is_sidechain=bool(agent))
            if not builder.append(key_of(time_ms, alias, usage), time_ms, whose, model, usage, offset):
                return False
            self.answered(model, told.input_other + told.input_cache_creation + told.input_cache_read)
        self.is_known = self.has_usage = True
        return True


_READER: Final = FastReader(KimiLine)


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a wire, whole or from a checkpoint. Raises OSError if it cannot be opened."""
    wire = wire_at(file.path, file.root, FastWire)
    return _READER.read_columns(file, fitting(since, wire), wire, keep_names=keep_names)
