"""Adds up what went to parts of prompts. Parts are numbers of `CauseNames`. Must not know how costs are divided."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.records import NamedTuple


class PartTotals(NamedTuple):
    """What went to some parts: a cost, how much of it was for reading them again, and the tokens of them that came in;
    by position. `doubts` are those of parts that have any, `of_all` those of all that was added."""

    parts: Sequence[int]
    costs: Sequence[int]
    carried: Sequence[int]
    tokens: Sequence[int]
    doubts: Sequence[tuple[int, Doubts]] = ()
    of_all: Doubts = NO_DOUBTS


class PartSums:
    """Collects what goes to parts."""

    def __init__(self) -> None:
        self.costs: dict[int, int] = {}
        self.carried: dict[int, int] = {}
        self.tokens: dict[int, int] = {}
        self.doubts: dict[int, Doubts] = {}
        self.of_all = NO_DOUBTS

    def pay(self, part: int, cost_nano: int) -> None:
        """Add a cost."""
        if cost_nano:
            self.costs[part] = self.costs.get(part, 0) + cost_nano

    def pay_carried(self, part: int, cost_nano: int) -> None:
        """Add a cost of reading again."""
        if cost_nano:
            self.pay(part, cost_nano)
            self.carried[part] = self.carried.get(part, 0) + cost_nano

    def come_in(self, part: int, tokens: int, cost_nano: int) -> None:
        """Add tokens that came in, and what that cost."""
        if tokens:
            self.tokens[part] = self.tokens.get(part, 0) + tokens
        self.pay(part, cost_nano)

    def spread(self, total_nano: int, parts: Sequence[int], weights: Sequence[int]) -> None:
        """Add a cost of several parts, divided as `split` does."""
        costs = self.costs
        for part, cost_nano in zip(parts, split(total_nano, weights), strict=True):
            costs[part] = costs.get(part, 0) + cost_nano

    def doubt(self, parts: Iterable[int], doubts: Doubts) -> None:
        """Add doubts of each of these parts."""
        if doubts != NO_DOUBTS:
            for part in parts:
                self.doubts[part] = Doubts.together((self.doubts.get(part, NO_DOUBTS), doubts))

    def doubt_all(self, doubts: Doubts) -> None:
        """Add doubts of all that is added."""
        if doubts != NO_DOUBTS:
            self.of_all = Doubts.together((self.of_all, doubts))

    def add(self, more: PartTotals) -> None:
        """Add what others collected."""
        costs, carried, tokens = self.costs, self.carried, self.tokens
        for part, cost_nano, carried_nano, came in zip(*more[:4], strict=True):
            costs[part] = costs.get(part, 0) + cost_nano
            if carried_nano:
                carried[part] = carried.get(part, 0) + carried_nano
            if came:
                tokens[part] = tokens.get(part, 0) + came
        for part, doubts in more.doubts:
            self.doubt([part], doubts)
        self.doubt_all(more.of_all)

    def totals(self) -> PartTotals:
        """Return what was collected, in few bytes."""
        costs, carried, tokens = self.costs.get, self.carried.get, self.tokens.get
        parts = [part for part in self.costs.keys() | self.tokens.keys() if costs(part) or tokens(part)]
        return PartTotals(
            column(parts),
            column([costs(part, 0) for part in parts]),
            column([carried(part, 0) for part in parts]),
            column([tokens(part, 0) for part in parts]),
            tuple(self.doubts.items()),
            self.of_all,
        )


def column(numbers: Sequence[int]) -> Sequence[int]:
    """Return whole numbers in few bytes, unless they are larger than any client's."""
    try:
        return array("q", numbers)
    except OverflowError:
        return numbers
