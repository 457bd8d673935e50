"""What each total of a session began with: the base that its process took over, as far as responses prove it.

Must not know what is left of a total, stores, prices or files.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from operator import add, gt, sub
from typing import Final

from claude_tui.engine.state.rows.memberships import Mark
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.engine.state.unlogged.strays import strays, stretch_of
from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import ClientTotal

CLOCK_MS: Final = 250
"""How far the instants of two lines may be out of order."""
MAX_MS: Final = 1 << 62

NOT_RISING: Final = "a later total is below an earlier one"
NOT_PROVEN: Final = "continues a session that is not known for sure"
BASE_GONE: Final = "continues a session whose log is gone"
MAYBE_KILLED: Final = "a process was killed, or its total is gone"
LOST_SOME: Final = "its log may have lost responses of which others have copies"
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
    """The totals of one session and the responses its files hold: `own` ones, with `strays` that it may have lost, and
    copies of others'."""

    def __init__(
        self,
        session: str,
        totals: Sequence[ClientTotal],
        marks: Marks,
        lost: Mapping[int, int],
        logged: Callable[[int], CountedResponse],
        is_shared: Callable[[int], bool],
    ) -> None:
        self._session = session
        self.totals = totals
        self._marks = marks
        self.own = {row: mark for row, mark in marks.get(session, {}).items() if not mark.is_copy}
        self.strays = frozenset(strays(stretch_of(totals), marks.get(session, {}), lost))
        self.own |= dict.fromkeys(self.strays, Mark(-1, is_copy=False))
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
        if base is not None and self._took_ms(step, rows) > step.total.duration_ms - base.duration_ms:
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

    def is_behind(self, total: ClientTotal, row: int) -> bool:
        """Whether a response of the session's file came after a total: it stands behind it and is younger than all
        before it. Where a session has two files that differ, a place in one says nothing of the other."""
        return self.own[row].offset > total.offset and self.logged(row).time_ms > total.last_ms

    def is_before_base(self, step: Step, row: int) -> bool:
        """Whether a response of the session's file came before the base of a step that is of the session, too."""
        base = step.base
        return (
            base is not None
            and base.session == self._session
            and 0 <= self.own[row].offset < base.offset
            and self.logged(row).time_ms <= base.last_ms
        )

    def is_between(self, step: Step, row: int) -> bool:
        """Whether an own response came between the base of a step and its total."""
        if self.own[row].offset >= 0:
            return not self.is_before_base(step, row) and not self.is_behind(step.total, row)
        since_ms = step.base.last_ms if step.base is not None and step.base.session == self._session else 0
        return since_ms < self.logged(row).time_ms <= step.total.last_ms

    def last_turn(self, step: Step, rows: Iterable[int]) -> list[int]:
        """Return those of the responses before a total that its own process got for sure: the last turn's."""
        if not step.total.turns:
            return []
        found = self.turns(step, rows).get(len(step.total.turns) - 1, ())
        return [row for row in found if self.own[row].offset >= step.total.turns[-1][0]]

    def turns(self, step: Step, rows: Iterable[int]) -> dict[int, list[int]]:
        """Return own responses by the turn of a step's file that they are of, -1 if it is not known: the last that had
        begun where they stand, or when they came. What is in the file of a sub-agent is of the turn it fell into."""
        asked = step.total.turns
        starts = [*accumulate((start_ms for _, start_ms in asked), max)]
        found: dict[int, list[int]] = {}
        for row in rows:
            offset = self.own[row].offset if row in self.own else -1
            turn = max(bisect_right(asked, (offset, MAX_MS)), bisect_right(starts, self.logged(row).time_ms)) - 1
            found.setdefault(turn, []).append(row)
        return found

    def _took_ms(self, step: Step, rows: Iterable[int]) -> int:
        """Return how long the turns of responses took at least, each to its last response. Instants are cut to whole
        milliseconds, so each may have been one shorter."""
        own = self.turns(step, (row for row in rows if row in self.own and self.own[row].offset >= 0))
        ends = {turn: max(self.logged(row).time_ms for row in of_turn) for turn, of_turn in own.items() if turn >= 0}
        return sum(max(0, end_ms - step.total.turns[turn][1] - 1) for turn, end_ms in ends.items())

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
        mine = (self.own.keys() - self.strays) | self._copies
        elsewhere = set[int]().union(*held.values())
        needed = (mine & elsewhere) | self._copies
        kin = [one for one in others if needed <= held[one.session]]
        if kin:
            return self._from_kin(total, kin, set[int]().union(*(held[one.session] for one in kin)))
        if others:
            return Step(total, why=NOT_PROVEN)
        is_late = total.last_ms > total.start_ms + total.duration_ms + CLOCK_MS
        if is_late or not total.last_ms or any(self.logged(row).time_ms >= total.start_ms for row in self._copies):
            return Step(total, why=BASE_GONE)
        return Step(total)

    def _from_kin(self, total: ClientTotal, kin: Sequence[ClientTotal], known: set[int]) -> Step:
        base = max(kin, key=lambda one: (one.cost_nano, one.duration_ms, one.identity))
        step = Step(total, base)
        for row, mark in self.own.items():
            # An answer from before the fork that no parent has: the true parent is gone.
            if row not in known and 0 <= mark.offset < total.offset and self.logged(row).time_ms < step.start_ms - 1:
                return Step(total, why=BASE_GONE)
        last = self.last_turn(step, self._before(total))
        if any(not self.exceed(step, [row, *last]) for row in self._beyond(base, total)):
            return Step(total, why=NOT_PROVEN)
        if len({one.session for one in kin}) == 1:
            return step
        largest: dict[str, Usage] = {}
        for one in kin:
            for model, usage in one.models:
                largest[model] = Usage(*map(max, largest.get(model, NOTHING), usage))
        duration_ms = max(one.duration_ms for one in kin)
        return Step(total, base._replace(models=tuple(largest.items()), duration_ms=duration_ms), doubt=MANY_PARENTS)

    def _beyond(self, base: ClientTotal, total: ClientTotal) -> list[int]:
        """Return what the session of a base got after it and before this one went its own way: a process that still ran
        may have got it, or a later total is gone, with which this one began."""
        first_ms = self._first_ms(total)
        return [
            row
            for row, mark in self._marks.get(base.session, {}).items()
            if not mark.is_copy
            and mark.offset > base.offset
            and (row in self.own or row in self._copies or self.logged(row).time_ms < first_ms)
        ]

    def _before(self, total: ClientTotal) -> list[int]:
        """Return the session's own responses before a total, that no other session has."""
        return [row for row, mark in self.own.items() if mark.offset < total.offset and not self._is_shared(row)]

    def _first_ms(self, total: ClientTotal) -> int:
        """Return when the session got its first answer that no other session has; the far future if it has none left
        at all."""
        own = [row for row, mark in self.own.items() if mark.offset >= 0]
        alone = (self.logged(row).time_ms for row in own if not self._is_shared(row))
        return min(alone, default=total.last_ms if own else MAX_MS)


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
