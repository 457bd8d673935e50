"""Adds shares up to rows of a table. Must not know how a share was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import add

from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.dimensions import Target
from claude_tui.engine.queries.causes.tables import CauseRow, CountedThings, StartedAgents
from claude_tui.model import Usage
from claude_tui.records import NamedTuple

Amounts = tuple[int, ...]
"""A cost, the counters of a usage, and the tokens of it that have no price."""


class Share(NamedTuple):
    """The share of a response that goes to a target: amounts, whether it was a call, and whether that failed. One that
    has no output is never a lower bound."""

    target: Target
    amounts: Amounts
    is_call: bool = False
    is_failed: bool = False
    has_output: bool = True


class _Sum:
    def __init__(self) -> None:
        self.amounts = [0] * (2 + len(Usage._fields))
        self.responses = self.calls = self.failed = self.last_ms = 0
        self.agents: set[tuple[str, str]] = set()
        self.doubts = NO_DOUBTS
        self.parts: dict[str, _Sum] = {}
        self.models: Counter[str] = Counter()
        self.missed = CountedThings()

    def add(self, share: Share, times: int, time_ms: int, doubts: Doubts) -> None:
        self.amounts = list(map(add, self.amounts, share.amounts))
        self.calls += share.is_call * times
        self.failed += share.is_failed
        self.last_ms = max(self.last_ms, time_ms)
        if doubts is not NO_DOUBTS:
            self.doubts = Doubts.together((self.doubts, doubts if share.has_output else doubts.but_for_output()))

    def row(self, target: Target, beside: StartedAgents) -> CauseRow:
        parts = [sum_.row(Target(name, name), StartedAgents()) for name, sum_ in self.parts.items()]
        cost_nano, *counters, unpriced_tokens = self.amounts
        return CauseRow(
            target.name, target.label, cost_nano, Usage(*counters), self.responses, self.calls,
            self.failed, target.project, len(self.agents), self.last_ms, ordered(parts), beside,
            doubts=self.doubts._replace(unpriced_tokens=unpriced_tokens),
            models=tuple(sorted(self.models, key=lambda model: (-self.models[model], model))), missed=self.missed,
        )  # fmt: skip


class Sums:
    """Collects rows of a table."""

    def __init__(self) -> None:
        self._sums: dict[Target, _Sum] = {}
        self._started: dict[str, tuple[int, set[tuple[str, str]]]] = {}

    def add(
        self,
        shares: Sequence[Share],
        time_ms: int,
        *,
        responses: int,
        agent: tuple[str, str] | None = None,
        doubts: Doubts = NO_DOUBTS,
    ) -> None:
        """Add the shares of one response, or of so many `responses` one that is of all of them, the last of which has
        the instant; 0 of what is billed beside one. `agent` names the session and the sub-agent they are of."""
        seen: set[int] = set()
        for share in shares:
            target, part = share.target, share.target.part
            if part:
                target = target._replace(part="")
            whole = self._sums.get(target)
            if whole is None:
                whole = self._sums[target] = _Sum()
            found = [whole]
            if part:
                if part not in whole.parts:
                    whole.parts[part] = _Sum()
                found.append(whole.parts[part])
            for one in found:
                one.add(share, max(responses, 1), time_ms, doubts)
                if responses and id(one) not in seen:
                    if len(shares) > 1:
                        seen.add(id(one))
                    one.responses += responses
            if agent is not None:
                whole.agents.add(agent)

    def add_of_agent(self, target: Target, model: str, cost_nano: int, miss: CacheMiss | None) -> None:
        """Note of a response that went to a target whole which model it is of, and whether it lost its cache."""
        found = self._sums[target]
        found.models[model] += cost_nano
        if miss is not None:
            found.missed = found.missed.plus(
                CountedThings(1, min(miss.cost_nano, cost_nano), miss.lost_tokens, miss.doubts)
            )

    def add_started(self, tool: str, agent: tuple[str, str], cost_nano: int) -> None:
        """Note what a sub-agent spent that a call of a tool started."""
        known, agents = self._started.get(tool, (0, set()))
        agents.add(agent)
        self._started[tool] = known + cost_nano, agents

    def rows(self) -> tuple[CauseRow, ...]:
        """Return the rows, the dearest first."""
        made = []
        for target, found in self._sums.items():
            cost_nano, agents = self._started.get(target.name or "", (0, ()))
            made.append(found.row(target, StartedAgents(cost_nano, len(agents))))
        return ordered(made)


def ordered(rows: Sequence[CauseRow]) -> tuple[CauseRow, ...]:
    """Return rows by cost, then tokens, then name; rows without a name last."""

    def rank(row: CauseRow) -> tuple[int, int, bool, str, str, str]:
        return -row.cost_nano, -row.usage.tokens, row.name is None, row.label, row.project, row.name or ""

    return tuple(sorted(rows, key=rank))
