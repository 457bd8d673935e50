"""The answers: rows of a dimension with their sums, and what is shown beside them. Must not know how they are made."""

from __future__ import annotations

from typing import Final

from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.model import Response, Totals, Usage
from claude_tui.records import NamedTuple

NOT_LOGGED: Final = "(not in the log)"
GONE: Final = "(log gone)"


def sums_of(cost_nano: int, doubts: Doubts) -> Totals:
    """Return a cost with its doubts, as what totals are marked by is asked for."""
    return Totals(cost_nano=cost_nano, **doubts._asdict())


class StartedAgents(NamedTuple):
    """What is shown beside a row and is not in it: sub-agents that its calls started, and their cost."""

    cost_nano: int = 0
    agents: int = 0


class CountedThings(NamedTuple):
    """So many things at this cost; tokens where they are estimated. `doubts` are those of the responses they are in."""

    number: int = 0
    cost_nano: int = 0
    tokens: int = 0
    doubts: Doubts = NO_DOUBTS

    @property
    def sums(self) -> Totals:
        """What they cost, and why that is not exact."""
        return sums_of(self.cost_nano, self.doubts)

    def plus(self, more: CountedThings) -> CountedThings:
        """Return these and more of the same."""
        return CountedThings(
            self.number + more.number,
            self.cost_nano + more.cost_nano,
            self.tokens + more.tokens,
            Doubts.together((self.doubts, more.doubts)),
        )


class CauseRow(NamedTuple):
    """What went for one thing.

    `name` is None if nothing is named, and `label` says what that means; names are as the log has them. Costs and
    `usage` of all rows sum to the totals; a response with calls of several rows counts in each of their `responses`.
    `agents` counts sub-agents. `parts` are tools of an MCP server, and sum to it. By context, `usage` is empty:
    `tokens_est` came into prompts, and `carried_nano` of the cost was for reading them again; of a tool that are its
    results, where they were asked for, which other costs are for. By sub-agent there are
    `models`, that of the dearest responses first, and `missed`: lost caches, and what of the cost is for them.
    """

    name: str | None
    label: str
    cost_nano: int = 0
    usage: Usage = Usage()
    responses: int = 0
    calls: int = 0
    failed_calls: int = 0
    project: str = ""
    agents: int = 0
    last_ms: int = 0
    parts: tuple[CauseRow, ...] = ()
    beside: StartedAgents = StartedAgents()
    tokens_est: int = 0
    carried_nano: int = 0
    doubts: Doubts = Doubts()
    models: tuple[str, ...] = ()
    missed: CountedThings = CountedThings()

    @property
    def each_nano(self) -> int:
        """What a sub-agent cost on average; 0 if there is none."""
        return self.cost_nano // self.agents if self.agents else 0

    @property
    def sums(self) -> Totals:
        """Its cost, and why that is not exact."""
        return sums_of(self.cost_nano, self.doubts)


class CauseOf(NamedTuple):
    """Which row of a dimension, as it is asked for again. `label` tells rows without a name apart; `project` is that of
    a branch. `by` "waste" is what could have been avoided, by the name of it."""

    by: str
    name: str | None
    label: str = ""
    project: str = ""


class LatestMiss(NamedTuple):
    """The newest lost cache of a cause: when and where, and what that one cost."""

    time_ms: int = 0
    project: str = ""
    branch: str = ""
    lost_tokens: int = 0
    cost_nano: int = 0


class MissSum(NamedTuple):
    """The lost caches of one cause: how many, the tokens paid anew, what that cost, and the newest of them.

    `doubts` are those of the prices: what a prompt was is always logged."""

    cause: str
    number: int = 0
    lost_tokens: int = 0
    cost_nano: int = 0
    latest: LatestMiss = LatestMiss()
    doubts: Doubts = NO_DOUBTS

    @property
    def sums(self) -> Totals:
        """What they cost, and why that is not exact."""
        return sums_of(self.cost_nano, self.doubts)


class OfWhich(NamedTuple):
    """Costs that lie inside the total, and may overlap. Repeated reads are estimated from the size of the results."""

    misses: tuple[MissSum, ...] = ()
    failed: CountedThings = CountedThings()
    interrupted: CountedThings = CountedThings()
    repeated: CountedThings = CountedThings()

    @property
    def missed(self) -> Totals:
        """What all lost caches cost, and why that is not exact."""
        return sums_of(sum(one.cost_nano for one in self.misses), Doubts.together(one.doubts for one in self.misses))


class CauseTable(NamedTuple):
    """A dimension: the rows, the dearest first, which sum to the total; by what convention; and what to know of it.

    `has_results`: rows also say what the results of their calls brought into prompts, as `results` adds it.
    """

    by: str
    convention: str
    total_nano: int
    responses: int
    rows: tuple[CauseRow, ...]
    of_which: OfWhich
    notes: tuple[str, ...] = ()
    doubts: Doubts = Doubts()
    has_results: bool = False

    @property
    def sums(self) -> Totals:
        """The total, and why it is not exact."""
        return sums_of(self.total_nano, self.doubts)


class ShareOf(NamedTuple):
    """A response, and how much of its cost goes to the row it was asked for, with the doubts of that."""

    response: Response
    cost_nano: int
    miss: CacheMiss | None = None
    doubts: Doubts = NO_DOUBTS

    @property
    def sums(self) -> Totals:
        """How much that is, and why it is not exact."""
        return sums_of(self.cost_nano, self.doubts)


class Facts(NamedTuple):
    """What is known of why one response was made. `problem` says why nothing is, "" if it is known.

    `has_calls_only`: the client's log tells tools and thinking, and nothing else.
    """

    tools: tuple[str, ...] = ()
    failed_calls: int = 0
    skill: str = ""
    plugin: str = ""
    agent_type: str = ""
    branch: str = ""
    thinking: int = 0
    is_interrupted: bool = False
    problem: str = ""
    has_calls_only: bool = False


class Pause(NamedTuple):
    """When the prompt cache of a session gets cold, and what the next response then costs above a warm one."""

    cold_at_ms: int
    cost_nano: int
    prompt_tokens: int
