"""Counts records of the usual format in few steps, and leaves unusual ones to the counting rule.

Gives the same columns and the same state as `Rollout`. Must not read files, know lines or decide what unusual records
mean.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import astuple

from claude_tui.pricing.billing.tiers import terms_of_tier
from claude_tui.sources.codex.counting.described import OtherThreads
from claude_tui.sources.codex.counting.records import Tokens
from claude_tui.sources.codex.counting.rollout import Rollout
from claude_tui.sources.codex.fast.usual import (
    Applied,
    CodexTokenCount,
    CodexTurn,
    CodexUsageRecord,
    EventLine,
    Info,
    RecordLine,
    ThreadSettings,
    TurnLine,
    UsualLine,
)
from claude_tui.sources.columns import Columns
from claude_tui.sources.records.fast_rows import FastBuilder, Origin
from claude_tui.sources.values.instants import instant_ms


class FastRollout(Rollout):
    """A `Rollout` whose events become columns, with a shortcut for usual records of its own thread."""

    def __init__(self, stem: str, others: OtherThreads, state: str, *, keep_names: bool) -> None:
        super().__init__(stem, others, state)
        self._builder = FastBuilder("codex", keep_names=keep_names)
        self._own: Origin | None = None

    @property
    def needs_meta(self) -> bool:
        """Whether a `session_meta` still matters: the first one does, and later ones of a thread with parents."""
        return self._is_new or bool(self._state.parents)

    @property
    def needs_model(self) -> bool:
        """Whether no model has been named yet."""
        return not self._state.model

    def columns(self) -> Columns:
        """Return what has been settled so far."""
        return self._builder.columns()

    def add(self, record: Mapping[str, object], offset: int) -> None:
        """Process a record by the counting rule."""
        if not self._state.cwd:
            self._own = None  # it may say the folder
        for event in self.events(record, offset):
            self._builder.add(event.row)

    def take(self, line: UsualLine, offset: int) -> bool:
        """Process a usual line if it belongs to the thread itself; otherwise do nothing and return False."""
        if type(line) is RecordLine:
            return self._take_record(line.payload, line.timestamp, offset)
        if type(line) is EventLine:
            event = line.payload
            if type(event) is CodexTokenCount:
                return self._take_count(event.info, line.timestamp, offset)
            return type(event) is Applied and self._take_settings(event.thread_settings, line.timestamp)
        if type(line) is TurnLine:
            return self._take_turn(line.payload, line.timestamp)
        self._see_dated(line.timestamp)
        self._state.compactions += 1
        return True

    def _take_turn(self, turn: CodexTurn, timestamp: str) -> bool:
        if self._unnamed or not turn.model or not self._state.cwd:
            return False
        self._see_dated(timestamp)
        self.name_model(turn.model, turn.turn_id)
        return True

    def _take_settings(self, settings: ThreadSettings, timestamp: str) -> bool:
        if not self._state.model:
            return False
        self._see_dated(timestamp)
        self._state.terms = terms_of_tier(settings.service_tier) if settings.service_tier else ""
        return True

    def _see_dated(self, timestamp: str) -> None:
        time_ms = instant_ms(timestamp)
        if time_ms:
            self._state.dated_ms = time_ms

    def _take_record(self, record: CodexUsageRecord, timestamp: str, offset: int) -> bool:
        state = self._state
        thread, response = record.thread_id, record.response_id
        if thread != state.thread or not response:
            return False
        tokens: Tokens = astuple(record.usage)
        model = state.turns.get(record.turn_id, state.model)
        if not self._append(f"{thread}/{response}", timestamp, model, tokens, offset):
            return False
        state.told, state.leading, state.context = True, False, tokens[0]
        return True

    def _take_count(self, info: Info, timestamp: str, offset: int) -> bool:
        state = self._state
        if state.leading:
            return False
        total: Tokens = astuple(info.total_token_usage)
        before = state.previous
        if total == before:
            state.window = info.model_context_window or state.window
            return True
        epoch = state.epoch + 1 if before and total[5] < before[5] else state.epoch
        if state.told:
            state.told = False
        else:
            last: Tokens = astuple(info.last_token_usage)
            key = f"{state.thread}/{epoch}/{'.'.join(map(str, total + last))}"
            if not any(last[:5]) or not self._append(key, timestamp, state.model, last, offset):
                return False
            state.context = last[0]
        state.previous, state.epoch = total, epoch
        state.window = info.model_context_window or state.window
        return True

    def _append(self, key: str, timestamp: str, model: str, tokens: Tokens, offset: int) -> bool:
        """Count a response of the thread itself, if it is new and has a model."""
        own = self._own
        if own is None:
            if self._is_new:
                return False  # the first meta says whose it is
            state = self._state
            agent = state.thread if state.thread != state.root else ""
            own = self._own = self._builder.origin(state.root, agent, state.cwd, is_sidechain=bool(agent))
        time_ms = instant_ms(timestamp)
        input_tokens, cached, written, output, _, _ = tokens
        if not (time_ms and model):
            return False
        fresh = input_tokens - cached - written
        counters = fresh if fresh > 0 else 0, output, written, 0, cached
        if not self._builder.append(key, time_ms, own, model, counters, offset, self._state.terms):
            return False
        self._state.dated_ms = time_ms
        return True
