"""Settles new responses without creating a row for them, for fast readers. Must not know any client's format."""

from __future__ import annotations

from collections.abc import Mapping

from claude_tui.model import UsageRow
from claude_tui.sources.columns import COPY, SIDECHAIN, Columns, RowOwner
from claude_tui.sources.settling import ColumnsBuilder, Settled, append_settled

Counters = tuple[int, int, int, int, int]
"""Input, output, cache writes for 5 minutes and for an hour, cache reads; disjoint."""
Origin = tuple[int, int]
"""The number of an owner, and the flags of its responses."""


class FastBuilder(ColumnsBuilder):
    """A `ColumnsBuilder` that also accepts new responses without a row.

    Such a response is in `_counted` until a row of it arrives; from then on the plain builder has it.
    """

    def __init__(self, source: str, *, keep_names: bool = False) -> None:
        super().__init__(source, keep_names=keep_names)
        self._counted: dict[str, Settled] = {}
        self._origins: dict[tuple[str, str, str, bool, bool], Origin] = {}
        self._terms: dict[str, str] = {}
        self._reported: dict[str, int] = {}

    def origin(
        self, session: str, agent: str, cwd: str, *, is_copy: bool = False, is_sidechain: bool = False
    ) -> Origin:
        """Return whose a response is, as `append` wants it."""
        whose = session, agent, cwd, is_copy, is_sidechain
        found = self._origins.get(whose)
        if found is None:
            flags = (COPY if is_copy else 0) | (SIDECHAIN if is_sidechain else 0)
            found = self._origins[whose] = self._owner(RowOwner(session, agent, cwd)), flags
        return found

    def append(
        self,
        key: str,
        time_ms: int,
        origin: Origin,
        model: str,
        counters: Counters,
        offset: int,
        terms: str = "",
        reported_nano: int | None = None,
    ) -> bool:
        """Add a response that is new, or is told once more with the same counters: as before, or as a copy in a fork.
        Otherwise do nothing and return False."""
        number = self._models.get(model)
        if number is None:
            number = self._model(model)
        settled = (time_ms, *origin, *counters, offset, number)
        before = self._counted.get(key)
        if before is not None:
            # The last of equal rows counts: it differs in its place, and in its owner, of whom the better one stays.
            is_same = before[0] == time_ms and before[3:8] == counters and before[9] == number
            if not is_same or self._terms.get(key, "") != terms or self._reported.get(key) != reported_nano:
                return False
            owner = origin if self._is_better(origin, before[1:3]) else before[1:3]
            settled = (time_ms, *owner, *counters, max(offset, before[8]), number)
        elif key in self._entries:
            return False
        if terms:
            self._terms[key] = terms
        if reported_nano is not None:
            self._reported[key] = reported_nano
        self._counted[key] = settled
        return True

    def add(self, row: UsageRow) -> None:
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

    def _is_better(self, one: Origin, other: Origin) -> bool:
        """Whether of two rows of one instant the first is the owner's, by the rule of `settling`."""
        if one == other:
            return False
        ranks = [(flags & COPY, flags & SIDECHAIN) for _, flags in (one, other)]
        owners = self._columns.owners
        return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and owners[one[0]] < owners[other[0]])

    def _extend(self, counted: Mapping[str, Settled]) -> None:
        columns, start = self._columns, len(self._columns)
        if self._terms:
            found = ((entry, self._terms.get(key)) for entry, key in enumerate(counted, start))
            columns.terms.update((entry, terms) for entry, terms in found if terms)
        if self._reported:
            told = ((entry, self._reported.get(key)) for entry, key in enumerate(counted, start))
            columns.reported.update((entry, nano) for entry, nano in told if nano is not None)
        append_settled(columns, counted)
        if self._keep_names:
            columns.names.extend(counted)
