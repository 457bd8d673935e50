"""Settles usage rows of the usual shape in few steps. What is unusual is left to the counting rule.

Gives the same columns as `settling.columns_of`. Must not read files, know lines or say what unusual rows mean.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from claude_tui.model import UsageRow
from claude_tui.sources.claude.counting.rule import (
    PLACEHOLDER_OUTPUT,
    SYNTHETIC_MODEL,
    has_merged_usage,
    terms_without_split,
)
from claude_tui.sources.claude.facts import FactsGatherer
from claude_tui.sources.claude.fast.usual import UsualRow
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns, Rank, RowOwner, put_or_drop
from claude_tui.sources.settling import ColumnsBuilder, Settled, append_rows
from claude_tui.sources.values.instants import instant_ms

_OWNER_FLAGS: Final = COPY | SIDECHAIN

Named = tuple[str, str, str, str, str, bool, str | None, str | None, str | None]
"""Model, session, agent, folder, version, whether a side chain, speed, place and tier, as a row names them."""

Shared = tuple[int, int, int, bool]
"""What rows share that were written under the same circumstances: the numbers of owner and model, the flag of a side
chain, and whether their version merges usages."""

Rare = tuple[str, int]
"""Terms and web searches."""
_NOT_RARE: Final[Rare] = ("", 0)


class ClaudeFastBuilder(ColumnsBuilder):
    """A `ColumnsBuilder` that also takes usual rows, of one file after another: `begin` with each, then `end` it.

    The files have their owners and models in common, but settle no row with one of another file. A response belongs to
    `_settled` until something unusual is said of it; from then on to the plain builder.
    """

    def __init__(self, *, keep_names: bool = False) -> None:
        super().__init__("claude", keep_names=keep_names)
        self.entries = 0
        """How many responses the files have that came to their end."""
        self._keys: list[str] = []
        self._rows: list[Settled] = []
        """What is settled and not in the columns yet, which takes all of it at once."""
        self._settled: dict[str, Settled] = {}
        self._rare: dict[str, Rare] = {}
        self._facts: FactsGatherer
        self._is_asked_told = False
        self._shared: dict[Named, Shared] = {}
        self._last: UsualRow | None = None
        self._last_shared: Shared | None = None

    def begin(self, facts: FactsGatherer) -> None:
        """Begin a file, and pass on to `facts` what its usual rows say."""
        self._facts, self._is_asked_told = facts, False

    @property
    def is_empty(self) -> bool:
        """Whether the file that was begun has no response so far."""
        return not self._settled and len(self._columns) <= self.entries

    def end(self) -> None:
        """End a file."""
        self._put(self._settled)
        self._settled.clear()
        self._entries.clear()
        self.entries = len(self._columns) + len(self._rows)

    def drop(self) -> None:
        """Forget the file that was begun."""
        self._settled.clear()
        self._rare.clear()
        self._entries.clear()
        if len(self._columns) > self.entries:
            self._columns = self._columns.cut(0, self.entries)

    def take(self, row: UsualRow, offset: int) -> bool:  # noqa: PLR0912 - a call for each row would be felt
        """Settle a row if the rule gives it no extras or problems, and a key that is the message's id.

        Returns False if the rule must decide.
        """
        message, last = row.message, self._last
        usage = message.usage
        # Most rows were written under the circumstances of the row before.
        if (
            last is not None
            and row.cwd == last.cwd
            and row.sessionId == last.sessionId
            and row.version == last.version
            and row.agentId == last.agentId
            and row.isSidechain is last.isSidechain
            and message.model == (before := last.message).model
            and row.requestedModel == last.requestedModel
            and usage.speed == (used := before.usage).speed
            and usage.service_tier == used.service_tier
            and usage.inference_geo == used.inference_geo
        ):
            shared = self._last_shared
        else:
            self._last, shared = row, self._share(row)
            self._last_shared, self._is_asked_told = shared, False
        given, output, reads = usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens
        writes, split, tools = usage.cache_creation_input_tokens, usage.cache_creation, usage.server_tool_use
        if split is not UNSET:
            write_5m, write_1h = split.ephemeral_5m_input_tokens, split.ephemeral_1h_input_tokens
        else:
            write_5m, write_1h = writes, 0
        if (
            shared is None
            or write_5m + write_1h != writes
            or (split is UNSET and writes and not usage.is_plain)
            or (not output and message.stop_reason == "refusal")
            or row.isApiErrorMessage
        ):
            return False
        key = message.id
        known = self._settled.get(key)
        if known is None and (not key.startswith("msg_") or key in self._entries):
            return False
        owner, model, flags, is_merged = shared
        if row.requestSessionId is not UNSET or row.forkedFrom is not UNSET:
            flags |= COPY
        time_ms = instant_ms(row.timestamp)
        if not time_ms:
            return False
        facts, prompt = self._facts, given + writes + reads
        if not self._is_asked_told:
            facts.see_asked(message.model, row.requestedModel)
            self._is_asked_told = True
        if time_ms >= facts.context_ms and prompt and not flags & SIDECHAIN:
            facts.context_ms, facts.context = time_ms, (prompt, message.model)
        if prompt > facts.largest_prompt and not flags & SIDECHAIN:
            facts.largest_prompt = prompt
        if time_ms > facts.usage_ms:  # noqa: PLR1730 - a call of max() for each row would be felt
            facts.usage_ms = time_ms
        if tools is UNSET if is_merged else output <= PLACEHOLDER_OUTPUT and message.stop_reason is None:
            flags |= LOWER_BOUND
        rare = _NOT_RARE
        searches = tools.web_search_requests if tools else 0
        if searches or (writes and split is UNSET):
            tier = usage.service_tier
            terms = terms_without_split(given, output, writes, reads, tier) if split is UNSET and writes else ""
            rare = terms, searches
        made = (time_ms, owner, flags, given, output, write_5m, write_1h, reads, offset, model)
        if known is not None:
            return self._take_again(key, known, made, rare)
        self._settled[key] = made
        if rare is not _NOT_RARE:
            self._rare[key] = rare
        return True

    def _take_again(self, key: str, known: Settled, made: Settled, rare: Rare) -> bool:
        """Settle one more row of a response, unless it is not plain whose it is."""
        time_ms, owner, flags, given, output, write_5m, write_1h, reads, _, model = known
        at_ms, by, new_flags, new_given, new_output, new_5m, new_1h, new_reads, offset, new_model = made
        if at_ms < time_ms or (new_flags ^ flags) & _OWNER_FLAGS or (by != owner and at_ms == time_ms):
            self._hand_over(key, known)
            return False
        if new_output < output:
            return True
        if new_output == output:
            more = new_given + new_5m + new_1h + new_reads - given - write_5m - write_1h - reads
            if more < 0:
                return True
            if not more and (
                new_flags != flags
                or new_1h != write_1h
                or new_given != given
                or new_reads != reads
                or new_model != model
                or self._rare
            ):
                known_rare = self._rare.get(key, _NOT_RARE)
                if self._rank(made, rare) < self._rank(known, known_rare):
                    return True
        self._settled[key] = (
            time_ms, owner, new_flags, new_given, new_output, new_5m, new_1h, new_reads, offset, new_model,
        )  # fmt: skip
        if rare is not _NOT_RARE:
            self._rare[key] = rare
        elif self._rare:
            self._rare.pop(key, None)
        return True

    def _rank(self, row: Settled, rare: Rare) -> Rank:
        """Rank a row as `row_rank` does."""
        _, _, flags, given, _, _, write_1h, reads, _, model = row
        terms, searches = rare
        return searches, not flags & LOWER_BOUND, write_1h, given, reads, (), terms, self._columns.models[model], -1

    def add(self, row: UsageRow) -> None:
        """Merge one row that the counting rule produced."""
        known = self._settled.get(row.key)
        if known is not None:
            self._hand_over(row.key, known)
        elif self._rows:
            self._flush()
        super().add(row)

    def columns(self) -> Columns:
        """Return what has been settled so far."""
        self._flush()
        columns = super().columns()
        columns.keep_own_names()  # a row that counts nothing has named its owner and its model, too
        return columns

    def _hand_over(self, key: str, known: Settled) -> None:
        """Let the plain builder go on with a response."""
        self._flush()
        del self._settled[key]
        self._entries[key] = len(self._columns)
        self._put({key: known})
        self._flush()

    def _put(self, settled: dict[str, Settled]) -> None:
        columns, rare = self._columns, self._rare
        if rare:
            for entry, key in enumerate(settled, len(columns) + len(self._rows)):
                terms, searches = rare.pop(key, _NOT_RARE)
                put_or_drop(columns.terms, entry, terms)
                put_or_drop(columns.web_search, entry, searches)
        self._keys += settled
        self._rows += settled.values()

    def _flush(self) -> None:
        append_rows(self._columns, self._keys, self._rows)
        if self._keep_names:
            self._columns.names += self._keys
        self._keys.clear()
        self._rows.clear()

    def _share(self, row: UsualRow) -> Shared | None:
        """Number the circumstances of a row, None if they are unusual."""
        usage = row.message.usage
        model, session, agent, cwd, version = row.message.model, row.sessionId, row.agentId, row.cwd, row.version
        speed, geo, tier = usage.speed, usage.inference_geo, usage.service_tier
        named = (model, session, agent, cwd, version, row.isSidechain, speed, geo, tier)
        known = self._shared.get(named)
        if known is not None:
            return known
        is_usual = session and cwd and model != SYNTHETIC_MODEL and speed != "fast" and geo != "us" and tier != "batch"
        if not is_usual:
            return None
        owner, side = self._owner(RowOwner(session, agent, cwd)), SIDECHAIN if row.isSidechain else 0
        made = self._shared[named] = (owner, self._model(model), side, has_merged_usage(version))
        return made
