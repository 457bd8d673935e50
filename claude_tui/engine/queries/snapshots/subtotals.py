"""What a query covers of one model, project, session or day: its sums, and what rows say beside them.

Must not know which cells there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from claude_tui.engine.state.facts import SessionKey
from claude_tui.model import NEVER_MS, Totals

K = TypeVar("K")
P = TypeVar("P", bound="Subtotal")

FEW: Final = 12
"""So many sums are added one by one sooner than column by column."""

totals_of: Final = partial(tuple.__new__, Totals)
"""Makes totals of the fields in order: their own way takes three times as long, and there may be tens of thousands."""


Part = tuple[str, str, Sequence[int]]
"""What a session itself or one of its sub-agents used of a model, or a part of that: (agent, model, sums)."""


class Subtotal:
    """Sums of their own, which are replaced and never changed: a snapshot may have them."""

    __slots__ = ("totals",)

    def __init__(self, totals: Totals) -> None:
        self.totals = totals

    def add(self, change: Totals) -> None:
        """Add to the sums; the first and last instant of `change` are merged as bounds."""
        self.totals = sum_of((self.totals, change))


class ModelSubtotal(Subtotal):
    """A client's model. `days` has its cost by local day."""

    __slots__ = ("days",)

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        self.days: dict[int, int] = {}


class ProjectSubtotal(Subtotal):
    """A client's project. `days` has its cost by local day."""

    __slots__ = ("days", "sessions")

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        self.days: dict[int, int] = {}
        self.sessions: set[SessionKey] = set()


class DaySubtotal(Subtotal):
    """A local day. `models` has the cost of each in it."""

    __slots__ = ("models",)

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        self.models: dict[str, int] = {}


class SessionSubtotal(Subtotal):
    """A session with its sub-agents.

    `earliest` is its first instant in any project, and that project: a session without a main file has no folder of its
    own, so the one of its earliest responses stands for it. `parts` are what it used, in no order, and maybe more than
    one of the same sub-agent and model; as the sums they are replaced and never changed.
    """

    __slots__ = ("earliest", "parts")

    def __init__(self, totals: Totals, earliest: tuple[int, str] = (NEVER_MS, ""), parts: Sequence[Part] = ()) -> None:
        self.totals = totals
        self.earliest = earliest
        self.parts = parts

    def add_part(self, agent: str, model: str, change: Totals) -> None:
        """Add to what was used of a model by the session itself or by a sub-agent."""
        parts = [*self.parts]
        for place, (its_agent, its_model, sums) in enumerate(parts):
            if its_agent == agent and its_model == model:
                parts[place] = agent, model, sum_of((sums, change))
                break
        else:
            parts.append((agent, model, change))
        self.parts = parts


class Sheet(Generic[K, P]):
    """Subtotals by key, and which of them changed since they were last taken."""

    def __init__(self, make: Callable[[Totals], P]) -> None:
        self.subtotals: dict[K, P] = {}
        self.dirty: set[K] = set()
        self._make = make

    def add(self, key: K, change: Totals) -> P:
        """Add to the sums of a subtotal, and return it."""
        self.dirty.add(key)
        subtotal = self.subtotals.get(key)
        if subtotal is None:
            subtotal = self.subtotals[key] = self._make(change)
        else:
            subtotal.add(change)
        return subtotal

    def take_dirty(self) -> set[K]:
        """Return the keys changed since the last call."""
        dirty, self.dirty = self.dirty, set()
        return dirty


def sum_of(sums: Sequence[Sequence[int]]) -> Totals:
    """Return what one or more sums are together; their first and last instants are merged as bounds."""
    if len(sums) == 1:
        return totals_of(sums[0])
    if len(sums) > FEW:
        *columns, firsts, lasts = zip(*sums, strict=True)
        return totals_of((*map(sum, columns), min(firsts), max(lasts)))
    return _one_by_one(iter(sums))


def _one_by_one(sums: Iterator[Sequence[int]]) -> Totals:
    """Add sums up with every field written out: of two, as most are, it takes a third of the time."""
    (
        responses, given, output, write_5m, write_1h, cache_read, web_search, cost_nano, read_saved_nano,
        write_extra_nano, lower_bound, flagged, unpriced_responses, unpriced_tokens, premium_milli, first_ms, last_ms,
    ) = next(sums)  # fmt: skip
    for one in sums:
        (
            its_responses, its_given, its_output, its_write_5m, its_write_1h, its_cache_read, its_web_search,
            its_cost_nano, its_read_saved_nano, its_write_extra_nano, its_lower_bound, its_flagged,
            its_unpriced_responses, its_unpriced_tokens, its_premium_milli, its_first_ms, its_last_ms,
        ) = one  # fmt: skip
        responses += its_responses
        given += its_given
        output += its_output
        write_5m += its_write_5m
        write_1h += its_write_1h
        cache_read += its_cache_read
        web_search += its_web_search
        cost_nano += its_cost_nano
        read_saved_nano += its_read_saved_nano
        write_extra_nano += its_write_extra_nano
        lower_bound += its_lower_bound
        flagged += its_flagged
        unpriced_responses += its_unpriced_responses
        unpriced_tokens += its_unpriced_tokens
        premium_milli += its_premium_milli
        if its_first_ms < first_ms:  # noqa: PLR1730 - a call would take longer than all before
            first_ms = its_first_ms
        if its_last_ms > last_ms:  # noqa: PLR1730
            last_ms = its_last_ms
    return totals_of((
        responses, given, output, write_5m, write_1h, cache_read, web_search, cost_nano, read_saved_nano,
        write_extra_nano, lower_bound, flagged, unpriced_responses, unpriced_tokens, premium_milli, first_ms, last_ms,
    ))  # fmt: skip
