"""Counts records of the usual format in few steps, and leaves unusual ones to the counting rule.

Gives the same columns and the same state as `Rollout`. Must not read files, know lines or decide what unusual records
mean.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import astuple

from claude_tui.model import Row
from claude_tui.sources.codex.fast.usual import CountLine, Info, RecordLine, Told
from claude_tui.sources.codex.records import Tokens
from claude_tui.sources.codex.rollout import OtherThreads, Rollout
from claude_tui.sources.columns import SIDECHAIN, Columns, ColumnsBuilder, Owner, Settled, append_settled
from claude_tui.sources.values.instants import instant_ms

Origin = tuple[int, int]
"""The owner number and the flags of a thread's own responses."""


class FastRollout(Rollout):
    """A `Rollout` whose events become columns, with a shortcut for usual records of its own thread."""

    def __init__(self, stem: str, others: OtherThreads, state: str, *, keep_names: bool) -> None:
        super().__init__(stem, others, state)
        self._builder = FastBuilder(keep_names=keep_names)
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
        for event in self.events(record, offset):
            self._builder.add(event.row)

    def take(self, line: RecordLine | CountLine, offset: int) -> bool:
        """Process a usual line if it belongs to the thread itself; otherwise do nothing and return False."""
        if isinstance(line, RecordLine):
            return self._take_record(line.payload, line.timestamp, offset)
        return self._take_count(line.payload.info, line.timestamp, offset)

    def _take_record(self, record: Told, timestamp: str, offset: int) -> bool:
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
        return True

    def _append(self, key: str, timestamp: str, model: str, tokens: Tokens, offset: int) -> bool:
        """Count a response of the thread itself, if it is new and has a model."""
        own = self._own
        if own is None:
            if self._is_new:
                return False  # the first meta says whose it is
            state = self._state
            own = self._own = self._builder.origin(state.root, state.thread, state.cwd)
        time_ms = instant_ms(timestamp)
        if not time_ms or not self._builder.append(key, time_ms, own, model, tokens, offset, self._state.terms):
            return False
        self._state.dated_ms = time_ms
        return True


class FastBuilder(ColumnsBuilder):
    """A `ColumnsBuilder` that also accepts new responses without creating a row for them.

    Such a response is in `_counted` until a row of it arrives; from then on the plain builder has it.
    """

    def __init__(self, *, keep_names: bool) -> None:
        super().__init__("codex", keep_names=keep_names)
        self._counted: dict[str, Settled] = {}
        self._terms: dict[str, str] = {}

    def origin(self, root: str, thread: str, cwd: str) -> Origin:
        """Return the number of the owner of a thread's own responses."""
        if thread == root:
            return self._owner(Owner(root, "", cwd)), 0
        return self._owner(Owner(root, thread, cwd)), SIDECHAIN

    def append(
        self, key: str, time_ms: int, origin: Origin, model: str, tokens: Tokens, offset: int, terms: str
    ) -> bool:
        """Add a response, if it is new and has a model."""
        if key in self._counted or key in self._entries or not model:
            return False
        number = self._models.get(model)
        if number is None:
            number = self._model(model)
        owner, flags = origin
        input_tokens, cached, written, output, _, _ = tokens
        uncached = max(0, input_tokens - cached - written)
        if terms:
            self._terms[key] = terms
        self._counted[key] = time_ms, owner, flags, uncached, output, written, 0, cached, offset, number
        return True

    def add(self, row: Row) -> None:
        """Merge one row that the counting rule produced."""
        counted = self._counted.pop(row.key, None)
        if counted is not None:
            self._entries[row.key] = len(self._columns)
            self._extend({row.key: counted})
        super().add(row)

    def columns(self) -> Columns:
        """Return what has been settled so far."""
        self._extend(self._counted)
        self._counted = {}
        return super().columns()

    def _extend(self, counted: Mapping[str, Settled]) -> None:
        if self._terms:
            start = len(self._columns)
            found = ((entry, self._terms.get(key)) for entry, key in enumerate(counted, start))
            self._columns.terms.update((entry, terms) for entry, terms in found if terms)
        append_settled(self._columns, counted)
        if self._keep_names:
            self._columns.names.extend(counted)
