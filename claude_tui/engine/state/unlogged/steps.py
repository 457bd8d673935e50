"""What each total of a session began with: the base that its process took over, as far as responses prove it.

Must not know what is left of a total, stores, prices or files.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import add, gt, sub
from typing import Final, NamedTuple

from claude_tui.engine.state.rows.memberships import Mark
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.model import Usage
from claude_tui.sources.client_totals import ClientTotal

CLOCK_MS: Final = 250
"""How far the instants of two lines may be out of order."""
PROCESS_MS: Final = 1000
"""How long before the first line of its log a process may have begun."""

LEAD_MS: Final = 75
"""So long a process is taken to run before it is asked anything; two of them ran where a total is gone between.

Processes in the captured logs were asked after 33 ms and more. Where two of the quickest follow each other, and the
total between them is gone, a response can count twice; below 70 ms a captured fork were a lower bound, not exact."""

NOT_RISING: Final = "a later total is below an earlier one"
NOT_PROVEN: Final = "continues a session that is not known for sure"
BASE_GONE: Final = "continues a session whose log is gone"
MAYBE_KILLED: Final = "a process was killed, or its total is gone"
MANY_PARENTS: Final = "continues one of several sessions"

NOTHING: Final = Usage()


class CountedResponse(NamedTuple):
    """A response as counted. `beside` is what advisors used, by model.

    `is_fallback`: the server itself let another model answer, at which the client counts it.
    """

    time_ms: int
    model: str
    usage: Usage
    beside: tuple[tuple[str, Usage], ...] = ()
    is_fallback: bool = False

    @property
    def usages(self) -> tuple[Usage, ...]:
        """All that is counted at any model."""
        return self.usage, *(usage for _, usage in self.beside)

    @classmethod
    def of_row(cls, table: ResponseTable, models: Sequence[str], row: int) -> CountedResponse:
        """Return a row of the table as counted. `models` are their names by number."""
        extras = table.extras.get(row, ())
        beside = tuple((extra.model, extra.usage) for extra in extras if extra.kind == "advisor")
        is_fallback = '"fallback_message"' in table.terms.get(row, "")
        return cls(table.time[row], models[table.model[row]], table.usage(row), beside, is_fallback)


Marks = Mapping[str, Mapping[int, Mark]]
"""By session, each response that its files hold, by number."""


class Step(NamedTuple):
    """A total and its base: None if it began with nothing, or if it was refused for the reason `why`."""

    total: ClientTotal
    base: ClientTotal | None = None
    why: str = ""
    doubt: str = ""

    @property
    def start_ms(self) -> int:
        """When the process that ended with the total began."""
        if self.base is None:
            return self.total.start_ms
        return self.total.last_ms - (self.total.duration_ms - self.base.duration_ms)

    @property
    def base_offset(self) -> int:
        """Where the base stands in the file of the total, -1 in none."""
        return self.base.offset if self.base is not None and self.base.session == self.total.session else -1

    @property
    def is_linear(self) -> bool:
        """Whether one process at a time is proven to have written the stretch."""
        return self.total.is_linear and self.total.since == self.base_offset


class Holdings:
    """The totals of one session and the responses its files hold: `own` ones, and `copies` of others' by row."""

    def __init__(
        self,
        session: str,
        totals: Sequence[ClientTotal],
        marks: Marks,
        logged: Callable[[int], CountedResponse],
        is_shared: Callable[[int], bool],
    ) -> None:
        self._session = session
        self.totals = totals
        self._marks = marks
        self.own = {row: mark for row, mark in marks.get(session, {}).items() if not mark.is_copy}
        self._copies = {row for row, mark in marks.get(session, {}).items() if mark.is_copy}
        self.logged = logged
        self._is_shared = is_shared

    def steps(self, chains: Mapping[int, Sequence[ClientTotal]]) -> list[Step]:
        """Return the step to each total. `chains` are the totals of all sessions by the instant they began at."""
        return [self._step(number, total, chains) for number, total in enumerate(self.totals)]

    def held_by_parents(self, steps: Sequence[Step]) -> list[Mapping[int, Mark]]:
        """Return what each other session holds that one of the steps began with."""
        parents = {step.base.session for step in steps if step.base is not None} - {self._session}
        return [self._marks.get(parent, {}) for parent in parents]

    def exceed(self, step: Step, rows: Collection[int]) -> bool:
        """Whether responses used more of anything, or took longer, than was spent since the base of a step: then not
        all of them are in it."""
        spent, used, base = [0] * len(NOTHING), [0] * len(NOTHING), step.base
        if base is not None and self._took_ms(step, rows) + 2 * LEAD_MS > step.total.duration_ms - base.duration_ms:
            return True
        is_split = step.total.is_split and (base is None or base.is_split)
        for sums, change, usages in (
            (spent, add, (usage for _, usage in step.total.models)),
            (spent, sub, (usage for _, usage in (base.models if base is not None else ()))),
            (used, add, (usage for row in rows for usage in self.logged(row).usages)),
        ):
            for usage in usages:
                sums[:] = map(change, sums, told(usage, is_split=is_split))
        return any(map(gt, used, spent))

    def _took_ms(self, step: Step, rows: Collection[int]) -> int:
        """Return how long the turns of responses took at least, each from its prompt to its last response."""
        asked = step.total.prompts
        ends: dict[int, int] = {}
        for row in rows:
            turn = bisect_left(asked, (self.own[row].offset,)) - 1 if row in self.own else -1
            if turn >= 0:
                ends[turn] = max(ends.get(turn, 0), self.logged(row).time_ms)
        return sum(max(0, end_ms - asked[turn][1]) for turn, end_ms in ends.items())

    def _step(self, number: int, total: ClientTotal, chains: Mapping[int, Sequence[ClientTotal]]) -> Step:
        earlier = [one for one in self.totals[:number] if one.start_ms == total.start_ms]
        below = [one for one in earlier if _is_below(one, total)]
        if below:
            return Step(total, below[-1])
        if earlier:
            return Step(total, why=NOT_RISING)
        return self._inherited(total, chains[total.start_ms])

    def _inherited(self, total: ClientTotal, chain: Sequence[ClientTotal]) -> Step:
        """Find the base of a total in other sessions, if its process began with what one of them had."""
        first_ms = self._first_ms(total)
        others = [
            one
            for one in chain
            if one.session != self._session and _is_below(one, total) and one.last_ms <= first_ms + CLOCK_MS
        ]
        held = {one.session: self._marks.get(one.session, {}).keys() for one in others}
        mine = self.own.keys() | self._copies
        elsewhere = set[int]().union(*held.values())
        needed = (mine & elsewhere) | self._copies
        kin = [one for one in others if needed <= held[one.session]]
        if kin:
            return self._from_kin(total, kin, set[int]().union(*(held[one.session] for one in kin)))
        if others:
            return Step(total, why=NOT_PROVEN)
        is_late = total.last_ms > total.start_ms + total.duration_ms + CLOCK_MS
        if is_late or any(self.logged(row).time_ms >= total.start_ms for row in self._copies):
            return Step(total, why=BASE_GONE)
        return Step(total)

    def _from_kin(self, total: ClientTotal, kin: Sequence[ClientTotal], known: set[int]) -> Step:
        base = max(kin, key=lambda one: (one.cost_nano, one.duration_ms, one.identity))
        began_ms = total.last_ms - (total.duration_ms - base.duration_ms) - PROCESS_MS
        for row, mark in self.own.items():
            # An answer from before the fork that no parent has: the true parent is gone.
            if row not in known and 0 <= mark.offset < total.offset and self.logged(row).time_ms < began_ms:
                return Step(total, why=BASE_GONE)
        later = self._beyond(base)
        if later and not self.exceed(Step(total, base), [*later, *self._before(total)]):
            return Step(total, why=NOT_PROVEN)
        if len({one.session for one in kin}) == 1:
            return Step(total, base)
        largest: dict[str, Usage] = {}
        for one in kin:
            for model, usage in one.models:
                largest[model] = Usage(*map(max, largest.get(model, NOTHING), usage))
        duration_ms = max(one.duration_ms for one in kin)
        return Step(total, base._replace(models=tuple(largest.items()), duration_ms=duration_ms), doubt=MANY_PARENTS)

    def _beyond(self, base: ClientTotal) -> list[int]:
        """Return what this session took over from that of a base, and the base does not have: a process that still ran
        may have got it, or a later total is gone."""
        parent = self._marks.get(base.session, {})
        return [
            row
            for row in (*self.own, *self._copies)
            if row in parent and not parent[row].is_copy and parent[row].offset > base.offset
        ]

    def _before(self, total: ClientTotal) -> list[int]:
        """Return the session's own responses before a total, that no other session has."""
        return [row for row, mark in self.own.items() if mark.offset < total.offset and not self._is_shared(row)]

    def _first_ms(self, total: ClientTotal) -> int:
        """Return when the session got its first answer that no other session has."""
        own = (row for row, mark in self.own.items() if mark.offset >= 0 and not self._is_shared(row))
        return min((self.logged(row).time_ms for row in own), default=total.last_ms)


def told(usage: Usage, *, is_split: bool) -> Usage:
    """Return counters as far as the client distinguishes them."""
    if is_split:
        return usage
    return usage._replace(cache_write_5m=usage.cache_write_5m + usage.cache_write_1h, cache_write_1h=0)


def _is_below(one: ClientTotal, total: ClientTotal) -> bool:
    """Whether a total may have grown out of another one."""
    known = dict(total.models)
    return one.duration_ms <= total.duration_ms and all(
        before <= after
        for model, usage in one.models
        for before, after in zip(usage, known.get(model, NOTHING), strict=True)
    )
