"""Counts records of the usual shape in few steps. What is unusual is left to the counting rule.

Gives the same columns and leaves the same state as `Rollout`. Must not read files, know lines or say what unusual
records mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

from claude_tui.sources.codex.records import Tokens
from claude_tui.sources.codex.rollout import OtherThreads, Rollout
from claude_tui.sources.columns import SIDECHAIN, Columns, ColumnsBuilder, Owner, key_number
from claude_tui.sources.instants import instant_ms

_COUNT_BITS: Final = 53
_PICK: Final = itemgetter(
    "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens",
    "total_tokens",
)  # fmt: skip
_PICK_OLD: Final = itemgetter(
    "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens"
)  # fmt: skip
_APPENDED: Final = (
    "key", "time", "owner", "flags", "input", "output", "write_5m", "write_1h", "cache_read", "offset", "model",
)  # fmt: skip


class FastRollout(Rollout):
    """A `Rollout` whose events become columns, and which takes usual records of its own thread by a shorter way."""

    def __init__(self, stem: str, others: OtherThreads, state: str, *, keep_names: bool) -> None:
        super().__init__(stem, others, state)
        self._builder = _Builder(keep_names=keep_names)
        self._origin_numbers: tuple[int, int] | None = None

    @property
    def needs_start(self) -> bool:
        """Whether the thread or its first model is still unknown."""
        return self._is_new or not self._state.model

    @property
    def needs_meta(self) -> bool:
        """Whether a `session_meta` still says something: the first does, and later ones of a thread with parents."""
        return self._is_new or bool(self._state.parents)

    @property
    def needs_model(self) -> bool:
        """Whether no model has been named yet."""
        return not self._state.model

    def columns(self) -> Columns:
        """Return what has been settled so far."""
        return self._builder.columns()

    def add(self, record: Mapping[str, object], offset: int) -> None:
        """Take in a record by the rule."""
        for event in self.events(record, offset):
            self._builder.add(event.row)

    def take(self, record: Any, offset: int) -> bool:
        """Take in a decoded record of the usual shape; return False, with nothing done, where the rule must decide."""
        try:
            kind, payload = record["type"], record["payload"]
            if kind == "token_usage_record":
                return self._take_record(payload, record.get("timestamp"), offset)
            if kind == "event_msg" and payload["type"] == "token_count":
                return self._take_count(payload["info"], record.get("timestamp"), offset)
        except (KeyError, TypeError):
            pass
        return False

    def _take_record(self, payload: dict[str, Any], timestamp: object, offset: int) -> bool:
        state = self._state
        thread, turn, response = payload["thread_id"], payload["turn_id"], payload["response_id"]
        tokens = _tokens(payload["usage"])
        if tokens is None or thread != state.thread or not (type(turn) is type(response) is str and response):
            return False
        model = state.turns.get(turn, state.model)
        if not self._append(f"{thread}/{response}", model, tokens, timestamp, offset):
            return False
        state.told, state.leading, state.context = True, False, tokens[0]
        return True

    def _take_count(self, info: dict[str, Any], timestamp: object, offset: int) -> bool:
        state = self._state
        total, last = _tokens(info["total_token_usage"]), _tokens(info["last_token_usage"])
        if total is None or last is None or state.leading:
            return False
        before = state.previous
        if total == before:
            return True
        epoch = state.epoch + 1 if before and total[5] < before[5] else state.epoch
        if state.told:
            state.told = False
        else:
            key = f"{state.thread}/{epoch}/{'.'.join(map(str, total + last))}"
            if not any(last[:5]) or not self._append(key, state.model, last, timestamp, offset):
                return False
            state.context = last[0]
        state.previous, state.epoch = total, epoch
        return True

    def _append(self, key: str, model: str, tokens: Tokens, timestamp: object, offset: int) -> bool:
        """Count a response of the thread's own, where it has a model and is new."""
        origin = self._origin_numbers
        if origin is None:
            if self._is_new:
                return False  # the first meta says whose it is
            state = self._state
            origin = self._origin_numbers = self._builder.origin(state.root, state.thread, state.cwd)
        return self._builder.append(key, timestamp, origin, model, tokens, offset)


class _Builder(ColumnsBuilder):
    """A `ColumnsBuilder` that also takes new responses without a row made of them."""

    def __init__(self, *, keep_names: bool) -> None:
        super().__init__("codex", keep_names=keep_names)
        self._appends = tuple(getattr(self._columns, name).append for name in _APPENDED)

    def origin(self, root: str, thread: str, cwd: str) -> tuple[int, int]:
        """The owner number and the flags of a thread's own responses."""
        if thread == root:
            return self._owner(Owner(root, "", cwd)), 0
        return self._owner(Owner(root, thread, cwd)), SIDECHAIN

    def append(
        self, key: str, timestamp: object, origin: tuple[int, int], model: str, tokens: Tokens, offset: int
    ) -> bool:
        """Take in a response if it is new and has a model; return whether it is."""
        entries = self._entries
        if key in entries or not model:
            return False
        entries[key] = len(entries)
        if self._keep_names:
            self._columns.names.append(key)
        given, cached, written, output, _, _ = tokens
        (
            a_key, a_time, a_owner, a_flags, a_input, a_output, a_write_5m, a_write_1h, a_read, a_offset, a_model,
        ) = self._appends  # fmt: skip
        a_key(key_number("codex", key))
        a_time(instant_ms(timestamp))
        a_owner(origin[0])
        a_flags(origin[1])
        a_input(max(0, given - cached - written))
        a_output(output)
        a_write_5m(written)
        a_write_1h(0)
        a_read(cached)
        a_offset(offset)
        number = self._models.get(model)
        a_model(self._model(model) if number is None else number)
        return True


def _tokens(counters: Any) -> Tokens | None:
    """The counters of a usage object, None where one is no count. Raises KeyError or TypeError for other shapes."""
    try:
        found: Tokens = _PICK(counters)
    except KeyError:  # before there were cache writes
        given, cached, output, reasoning, total = _PICK_OLD(counters)
        found = given, cached, 0, output, reasoning, total
    given, cached, written, output, reasoning, total = found
    if (
        type(given) is type(cached) is type(written) is type(output) is type(reasoning) is type(total) is int
        and not (given | cached | written | output | reasoning | total) >> _COUNT_BITS
    ):
        return found
    return None
