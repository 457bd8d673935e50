"""What a query covers of one model, project, session, sub-agent or day: its sums, and what rows say beside them.

Must not know which cells there are.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import add
from typing import Final, Generic, TypeVar

from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.sums.cells import Sums
from claude_tui.model import FIRST, LAST, NEVER_MS, Totals

K = TypeVar("K")
P = TypeVar("P", bound="Subtotal")

FEW: Final = 4
"""So many sums are added one by one sooner than column by column."""


class Subtotal:
    """Sums of their own."""

    __slots__ = ("sums",)

    def __init__(self, sums: Sums) -> None:
        self.sums = sums

    def add(self, change: Sums) -> None:
        """Add to the sums; the first and last instant of `change` are merged as bounds."""
        self.sums = _both(self.sums, change)

    def totals(self) -> Totals:
        """Return the sums."""
        return tuple.__new__(Totals, self.sums)


class ModelSubtotal(Subtotal):
    """A client's model. `days` has its cost by local day."""

    __slots__ = ("days",)

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.days: dict[int, int] = {}


class ProjectSubtotal(Subtotal):
    """A client's project. `days` has its cost by local day."""

    __slots__ = ("days", "sessions")

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.days: dict[int, int] = {}
        self.sessions: set[SessionKey] = set()


class DaySubtotal(Subtotal):
    """A local day. `models` has the cost of each in it."""

    __slots__ = ("models",)

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.models: dict[str, int] = {}


class AgentSubtotal(Subtotal):
    """A sub-agent. `models` has the responses of each in it."""

    __slots__ = ("models",)

    def __init__(self, sums: Sums, models: dict[str, int]) -> None:
        self.sums = sums
        self.models = models


class SessionSubtotal(Subtotal):
    """A session with its sub-agents. `models` has the responses of each in it.

    `earliest` is its first instant in any project, and that project: a session without a main file has no folder of its
    own, so the one of its earliest responses stands for it.
    """

    __slots__ = ("agents", "earliest", "models")

    def __init__(
        self, sums: Sums, models: dict[str, int] | None = None, earliest: tuple[int, str] = (NEVER_MS, "")
    ) -> None:
        self.sums = sums
        self.models = {} if models is None else models
        self.earliest = earliest
        self.agents: dict[str, AgentSubtotal] = {}


class Sheet(Generic[K, P]):
    """Subtotals by key, and which of them changed since they were last taken."""

    def __init__(self, make: Callable[[Sums], P]) -> None:
        self.subtotals: dict[K, P] = {}
        self.dirty: set[K] = set()
        self._make = make

    def add(self, key: K, change: Sums) -> P:
        """Add to the sums of a subtotal, and return it."""
        self.dirty.add(key)
        subtotal = self.subtotals.get(key)
        if subtotal is None:
            subtotal = self.subtotals[key] = self._make([*change])
        else:
            subtotal.add(change)
        return subtotal

    def take_dirty(self) -> set[K]:
        """Return the keys changed since the last call."""
        dirty, self.dirty = self.dirty, set()
        return dirty


def sum_of(sums: list[Sums]) -> Sums:
    """Return what one or more sums are together, as a list of its own."""
    if len(sums) > FEW:
        *columns, first, last = zip(*sums, strict=True)
        return [*map(sum, columns), min(first), max(last)]
    first_one, *others = sums
    if not others:
        return [*first_one]
    made = first_one
    for one in others:
        made = _both(made, one)
    return made


def _both(sums: Sums, more: Sums) -> Sums:
    """Return two sums together, as a list of its own."""
    made = [*map(add, sums, more)]
    made[FIRST] = sums[FIRST] if sums[FIRST] < more[FIRST] else more[FIRST]
    made[LAST] = sums[LAST] if sums[LAST] > more[LAST] else more[LAST]
    return made
