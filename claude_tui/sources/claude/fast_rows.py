"""Settles usage rows of the usual shape in few steps. What is unusual is left to the counting rule.

Gives the same columns as `columns.columns_of`. Must not read files, know lines or say what unusual rows mean.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import UNSET

from claude_tui.model import Row
from claude_tui.sources.claude.facts import FactsGatherer
from claude_tui.sources.claude.rule import MAX_COUNT, PLACEHOLDER_OUTPUT, SYNTHETIC_MODEL, has_merged_usage
from claude_tui.sources.claude.usual import UsualRow
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns, ColumnsBuilder, Owner, key_number
from claude_tui.sources.instants import instant_ms

_COUNT_BITS: Final = MAX_COUNT.bit_length() - 1
_OWNER_FLAGS: Final = COPY | SIDECHAIN
_COLUMNS: Final = (
    "time", "owner", "flags", "input", "output", "write_5m", "write_1h", "cache_read", "offset", "model",
)  # fmt: skip

Settled = tuple[int, int, int, int, int, int, int, int, int, int]
"""What is settled of a response, in the order of `_COLUMNS`."""

Named = tuple[str, str, str, str, str, bool, str | None, str | None, str | None]
"""Model, session, agent, folder, version, whether a side chain, speed, place and tier, as a row names them."""


class _Circumstances(NamedTuple):
    """What rows share that were written under the same circumstances, as numbers of the columns and flags."""

    owner: int
    model: int
    side: int
    has_merged_usage: bool


class FastBuilder(ColumnsBuilder):
    """A `ColumnsBuilder` that also takes usual rows, and tells `facts` of those it takes.

    A response belongs to `_settled` until something unusual is said of it; from then on to the plain builder.
    """

    def __init__(self, facts: FactsGatherer, *, keep_names: bool = False) -> None:
        super().__init__("claude", keep_names=keep_names)
        self._facts = facts
        self._settled: dict[str, Settled] = {}
        self._circumstances: dict[Named, _Circumstances] = {}
        self._last_named: Named | None = None
        self._last_shared: _Circumstances | None = None

    def take(self, row: UsualRow, offset: int) -> bool:
        """Settle a row if the rule gives it no terms, extras or problems, and a key that is the message's id.

        Returns False where the rule must decide.
        """
        message = row.message
        usage = message.usage
        split = usage.cache_creation
        key, model = message.id, message.model
        given, output, reads = usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens
        write_5m, write_1h = split.ephemeral_5m_input_tokens, split.ephemeral_1h_input_tokens
        writes = usage.cache_creation_input_tokens
        named = (
            model, row.sessionId, row.agentId, row.cwd, row.version, row.isSidechain,
            usage.speed, usage.inference_geo, usage.service_tier,
        )  # fmt: skip
        if named == self._last_named:
            shared = self._last_shared
        else:
            shared = self._last_shared = self._circumstances.get(named) or self._new_circumstances(named)
            self._last_named = named
        if (
            shared is None
            or (given | output | write_5m | write_1h | reads) >> _COUNT_BITS
            or write_5m + write_1h != writes
            or writes >= MAX_COUNT
            or key[:4] != "msg_"
            or (not output and message.stop_reason == "refusal")
            or row.isApiErrorMessage
            or key in self._entries
        ):
            return False
        owner, model_number, flags, has_merged_usage = shared
        if row.requestSessionId is not UNSET or row.forkedFrom is not UNSET:
            flags |= COPY
        time_ms = instant_ms(row.timestamp)
        known = self._settled.get(key)
        if known is not None and (not known[0] or time_ms < known[0] or (flags ^ known[2]) & _OWNER_FLAGS):
            self._hand_over(key, known)
            return False
        prompt = given + writes + reads
        facts = self._facts
        if time_ms >= facts.context_ms and prompt and not flags & SIDECHAIN:
            facts.context_ms, facts.context = time_ms, (prompt, model)
        facts.usage_ms = max(facts.usage_ms, time_ms)
        if has_merged_usage:
            if usage.server_tool_use is UNSET:
                flags |= LOWER_BOUND
        elif output <= PLACEHOLDER_OUTPUT and message.stop_reason is None:
            flags |= LOWER_BOUND
        if known is None:
            self._settled[key] = (
                time_ms, owner, flags, given, output, write_5m, write_1h, reads, offset, model_number,
            )  # fmt: skip
        elif output > known[4] or (output == known[4] and prompt >= known[3] + known[5] + known[6] + known[7]):
            self._settled[key] = (
                known[0], known[1], flags, given, output, write_5m, write_1h, reads, offset, model_number,
            )  # fmt: skip
        return True

    def add(self, row: Row) -> None:
        """Merge one row in that the rule decided on."""
        known = self._settled.get(row.key)
        if known is not None:
            self._hand_over(row.key, known)
        super().add(row)

    def columns(self) -> Columns:
        """Return what has been settled so far."""
        self._append(self._settled)
        self._settled = {}
        return super().columns()

    def _hand_over(self, key: str, known: Settled) -> None:
        """Let the plain builder go on with a response."""
        del self._settled[key]
        self._entries[key] = len(self._columns)
        self._append({key: known})

    def _append(self, settled: dict[str, Settled]) -> None:
        columns = self._columns
        columns.key.extend([key_number("claude", key) for key in settled])
        if self._keep_names:
            columns.names.extend(settled)
        for name, values in zip(_COLUMNS, zip(*settled.values(), strict=True), strict=False):
            getattr(columns, name).extend(values)

    def _new_circumstances(self, named: Named) -> _Circumstances | None:
        model, session, agent, cwd, version, is_sidechain, speed, geo, tier = named
        is_usual = session and cwd and model != SYNTHETIC_MODEL and speed != "fast" and geo != "us" and tier != "batch"
        if not is_usual:
            return None
        owner = self._owner(Owner(session, agent, cwd))
        side = SIDECHAIN if is_sidechain else 0
        made = self._circumstances[named] = _Circumstances(owner, self._model(model), side, has_merged_usage(version))
        return made
