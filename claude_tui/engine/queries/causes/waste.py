"""What could have been avoided, dearest first: each with what was paid, what would have been paid otherwise, and the
responses that prove it. Nothing is named without a figure.

Things may overlap: a call that failed may be in a response that lost its cache. Hold the store's lock. Must not read
logs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median_low
from typing import Final

from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.costs.misses import CAUSES, CacheMiss
from claude_tui.engine.queries.causes.costs.repeats import repeat_cost
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.known.facts import Finder
from claude_tui.engine.queries.causes.tables import sums_of
from claude_tui.engine.queries.responses import lines_of
from claude_tui.engine.queries.snapshots.shown_rows import session_name
from claude_tui.engine.state.store import Store
from claude_tui.model import Response, Totals
from claude_tui.records import NamedTuple

MOST: Final = 5
PROOFS: Final = 3
NOT_AVOIDABLE: Final = frozenset({"compaction", "server", "unknown"})
"""Causes of a lost cache that nobody chose, or that are not known."""
FEW_AGENTS: Final = 4
"""Of fewer sub-agents of a type nothing can be said of what is usual."""
DEAR: Final = 2
"""Times the median of its type from which on a sub-agent is dear."""

WASTE: Final = "waste"
"""How it is asked for beside the dimensions."""

FAILED: Final = "failed_calls"
INTERRUPTED: Final = "interrupted"
REPEATED: Final = "repeated_reads"
AGENTS: Final = "dear_agents"
_CACHE: Final = "cache_"
"""What the names of lost caches begin with."""
_TITLES: Final = {
    **{_CACHE + cause: f"caches lost: {title}" for cause, title in CAUSES.items()},
    FAILED: "calls that failed",
    INTERRUPTED: "responses that were interrupted",
    REPEATED: "files read again unchanged",
    AGENTS: "sub-agents that cost far more than others of their type",
}
_OTHERWISE: Final = {
    FAILED: "without these calls, by their even share of each response",
    INTERRUPTED: "without these responses",
    REPEATED: "without these results in the prompt, by their sizes",
    AGENTS: "at the median of their type",
}
_READ: Final = "read from the cache, had it been there"


class Detail(NamedTuple):
    """What a proof shows, as far as it applies: a lost cache; calls that failed; a file that was read again, and about
    how many tokens that was; the type of a dear sub-agent, and how many responses it had."""

    miss: CacheMiss | None = None
    calls: tuple[str, ...] = ()
    path: str = ""
    tokens: int = 0
    agent_type: str = ""
    responses: int = 0


class Proof(NamedTuple):
    """A response that shows it, the part of its cost that counts, and what it shows. `session_name` is safe to show."""

    response: Response
    paid_nano: int
    otherwise_nano: int
    detail: Detail
    session_name: str = ""


class Waste(NamedTuple):
    """One avoidable thing: how often, what was paid, what would have been paid otherwise, and the dearest proofs.

    `otherwise` says what that means. `is_estimate`: figures are made from sizes. `doubts` are those of all responses
    it shows in.
    """

    what: str
    title: str
    number: int
    paid_nano: int
    otherwise_nano: int
    otherwise: str
    proofs: tuple[Proof, ...]
    is_estimate: bool = False
    doubts: Doubts = Doubts()

    @property
    def saved_nano(self) -> int:
        """What would have been saved."""
        return self.paid_nano - self.otherwise_nano

    @property
    def sums(self) -> Totals:
        """What would have been saved, and why that is not exact."""
        return sums_of(self.saved_nano, self.doubts)


class _Found(NamedTuple):
    row: int
    paid_nano: int
    otherwise_nano: int
    detail: Detail
    number: int = 1


class WasteFinder:
    """Finds what was avoidable in some rows of a store."""

    def __init__(
        self, store: Store, book: CauseBook, finder: Finder, misses: Mapping[int, CacheMiss], biller: Biller
    ) -> None:
        self._store, self._book, self._finder, self._misses, self._biller = store, book, finder, misses, biller

    def dearest(self, rows: Sequence[int], model: str = "") -> list[Waste]:
        """Return the things that would have saved most, the dearest first."""
        made = [self._waste(what, found, model) for what, found in self._found(rows, model).items()]
        made.sort(key=lambda one: (-one.saved_nano, one.what))
        return [one for one in made if one.saved_nano > 0][:MOST]

    def shares(self, rows: Sequence[int], what: str, model: str = "") -> list[tuple[int, int, Doubts]]:
        """Return the rows that show one thing, each with the part of its cost that counts, and the doubts of that."""
        found: dict[int, int] = {}
        for one in self._found(rows, model).get(what, ()):
            found[one.row] = found.get(one.row, 0) + one.paid_nano
        return [(row, paid_nano, self._doubts(what, [row], model)) for row, paid_nano in found.items()]

    def _found(self, rows: Sequence[int], model: str) -> dict[str, list[_Found]]:
        found: dict[str, list[_Found]] = {}
        asked = set(rows)
        agents: dict[str, dict[tuple[str, str], list[tuple[int, int]]]] = {}
        for row in rows:
            lines = self._biller.lines(row, model)
            cost_nano = sum(line.cost_nano for line in lines)
            miss = self._misses.get(row) if self._biller.is_own(row, lines) else None
            for what, one in self._of_row(row, cost_nano, miss, asked):
                found.setdefault(what, []).append(one)
            owner = self._store.owners[self._store.table.owner[row]]
            if owner.agent and (kind := self._finder.facts(row).agent_type):
                by_agent = agents.setdefault(kind, {})
                by_agent.setdefault((owner.session, owner.agent), []).append((cost_nano, row))
        if dear := list(_dear(agents)):
            found[AGENTS] = dear
        return found

    def _of_row(
        self, row: int, cost_nano: int, miss: CacheMiss | None, asked: Collection[int]
    ) -> Iterable[tuple[str, _Found]]:
        place = self._book.place(row)
        if place is None:
            return
        found, at = place
        if miss is not None and miss.cause not in NOT_AVOIDABLE:
            read_nano = min(self._biller.as_read(self._biller.lines(row)[0], miss.lost_tokens), cost_nano)
            paid_nano = min(cost_nano, miss.cost_nano + read_nano)
            yield _CACHE + miss.cause, _Found(row, paid_nano, min(read_nano, paid_nano), Detail(miss))
        if at in found.failed:
            names = self._book.names.calls.names[found.calls[at]]
            parts, failed = split(cost_nano, [1] * len(names)), found.failed[at]
            detail = Detail(calls=tuple(names[number] for number in failed))
            yield FAILED, _Found(row, sum(parts[number] for number in failed), 0, detail, len(failed))
        if at in found.interrupted:
            yield INTERRUPTED, _Found(row, cost_nano, 0, Detail())
        for repeat in found.repeats.get(at, ()):
            repeat_nano = repeat_cost(found, at, repeat.tokens, self._biller, self._book.names, asked)
            yield REPEATED, _Found(row, repeat_nano, 0, Detail(path=repeat.path, tokens=repeat.tokens))

    def _waste(self, what: str, found: list[_Found], model: str) -> Waste:
        found.sort(key=lambda one: (one.otherwise_nano - one.paid_nano, self._store.table.time[one.row], one.row))
        proofs = [self._proof(one) for one in found[:PROOFS]]
        return Waste(
            what,
            _TITLES[what],
            sum(one.number for one in found),
            sum(one.paid_nano for one in found),
            sum(one.otherwise_nano for one in found),
            _OTHERWISE.get(what, _READ),
            tuple(proofs),
            is_estimate=what == REPEATED,
            doubts=self._doubts(what, {one.row for one in found}, model),
        )

    def _doubts(self, what: str, rows: Iterable[int], model: str) -> Doubts:
        doubts = Doubts.together(line.doubts for row in rows for line in self._biller.lines(row, model))
        return doubts.but_for_output() if what == REPEATED or what.startswith(_CACHE) else doubts

    def _proof(self, found: _Found) -> Proof:
        response = next(lines_of(self._store, found.row))
        key = response.source, response.session
        name = session_name(key, self._store.facts.sessions.get(key), None)
        return Proof(response, found.paid_nano, found.otherwise_nano, found.detail, name)


def _dear(agents: Mapping[str, Mapping[tuple[str, str], list[tuple[int, int]]]]) -> Iterable[_Found]:
    """Yield the sub-agents that cost far more than is usual for their type, each by its dearest response."""
    for kind, by_agent in agents.items():
        if len(by_agent) < FEW_AGENTS:
            continue
        costs = {agent: sum(cost_nano for cost_nano, _ in responses) for agent, responses in by_agent.items()}
        usual = median_low(costs.values())
        for agent, cost_nano in costs.items():
            if usual and cost_nano > DEAR * usual:
                responses = by_agent[agent]
                detail = Detail(agent_type=kind, responses=len(responses))
                yield _Found(max(responses)[1], cost_nano, usual, detail)
