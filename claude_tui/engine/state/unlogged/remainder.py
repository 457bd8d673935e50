"""What a client counted of its sessions and no log shows: the rule of the remainder, for sessions of one chain.

Every total is its base and what one process spent, so the differences are added; what the log has of the same stretch
is taken off. Where the base is not proven a total gives nothing: never more than was served. Must not know stores,
prices or files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from claude_tui.model import Usage
from claude_tui.sources.client_totals import ClientTotal, short_model

CLOCK_MS: Final = 250
"""So much the instants of two lines may be in disorder."""
PROCESS_MS: Final = 1000
"""So much before the first line of its log a process may have begun."""

NOT_RISING: Final = "a later total is below an earlier one"
NOT_PROVEN: Final = "continues a session that is not known for sure"
BASE_GONE: Final = "continues a session whose log is gone"
MANY_PARENTS: Final = "continues one of several sessions"

_NOTHING: Final = Usage()
_OUTPUT: Final = Usage._fields.index("output")


class Mark(NamedTuple):
    """A response in a session: where it stands in its file (-1 in a sub-agent's), and whether only as a marked copy."""

    offset: int
    is_copy: bool


class Logged(NamedTuple):
    """A response as counted. `beside` is what advisors used, by model.

    `is_fallback`: the server itself let another model answer, at which the client counts it.
    """

    time_ms: int
    model: str
    usage: Usage
    beside: tuple[tuple[str, Usage], ...] = ()
    is_fallback: bool = False


class Remainder(NamedTuple):
    """What is not in the log of one session. `models` is by model, empty where there is nothing.

    `time_ms` is the newest line before the last total, from `start_ms` on. `estimated_output` are output tokens that
    are no calls but the client's estimate of answers that were cut off. `responses` is how many the log has of the
    stretch, `uncovered` how many beyond it, and `client_nano` what the client said at its end; `spent_nano` is that
    without what a fork took over. `is_lower_bound`: there may be more; `notes` say why.
    """

    models: tuple[tuple[str, Usage], ...] = ()
    time_ms: int = 0
    start_ms: int = 0
    is_lower_bound: bool = False
    estimated_output: int = 0
    responses: int = 0
    uncovered: int = 0
    client_nano: int = 0
    spent_nano: int = 0
    notes: tuple[str, ...] = ()


Marks = Mapping[str, Mapping[int, Mark]]
"""By session, each response that its files hold, by number."""


class _Step(NamedTuple):
    """A total and what it began with: None for nothing, where `why` is "". Otherwise it was refused."""

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


def remainders(
    totals: Mapping[str, Sequence[ClientTotal]],
    marks: Marks,
    logged: Callable[[int], Logged],
    is_shared: Callable[[int], bool],
    asked: Mapping[str, Mapping[str, str]],
) -> dict[str, Remainder]:
    """Return what is left of each session. Sessions whose totals have a `start_ms` in common must be given together.

    `is_shared` says of a response whether more than one session holds it, `asked` of a session which model was asked
    for where another one answered.
    """
    chains: dict[int, list[ClientTotal]] = defaultdict(list)
    for found in totals.values():
        for total in found:
            chains[total.start_ms].append(total)
    made = {}
    for session, own in totals.items():
        of_session = _Session(session, own, marks, logged, is_shared)
        made[session] = of_session.remainder(chains, asked.get(session, {}))
    return made


class _Session:
    def __init__(
        self,
        session: str,
        totals: Sequence[ClientTotal],
        marks: Marks,
        logged: Callable[[int], Logged],
        is_shared: Callable[[int], bool],
    ) -> None:
        self._session = session
        self._totals = totals
        self._marks = marks
        self._own = {row: mark for row, mark in marks.get(session, {}).items() if not mark.is_copy}
        self._copies = {row for row, mark in marks.get(session, {}).items() if mark.is_copy}
        self._logged = logged
        self._is_shared = is_shared

    def remainder(self, chains: Mapping[int, Sequence[ClientTotal]], asked: Mapping[str, str]) -> Remainder:
        """Return what is left of the session."""
        steps = [self._step(number, total, chains) for number, total in enumerate(self._totals)]
        good = [step for step in steps if not step.why]
        doubts = [step.why or step.doubt for step in steps if step.why or step.doubt]
        last = self._totals[-1]
        notes = tuple(dict.fromkeys(doubts))
        if not good:
            return Remainder(
                (), last.last_ms or last.start_ms, last.start_ms, True, client_nano=last.cost_nano, notes=notes
            )
        spent: dict[str, Usage] = {}
        for step in good:
            before = dict(step.base.models) if step.base is not None else {}
            for model, usage in step.total.models:
                more = map(int.__sub__, usage, before.get(model, _NOTHING))
                spent[model] = Usage(*map(sum, zip(spent.get(model, _NOTHING), more, strict=True)))
        covered, uncovered = self._covered(good)
        is_split = all(step.total.is_split for step in good)
        left = _subtract(spent, map(self._logged, covered), asked, is_split=is_split)
        models, is_capped = _capped(left)
        end = good[-1].total
        spent_nano = sum(step.total.cost_nano - (step.base.cost_nano if step.base else 0) for step in good)
        made = Remainder(
            (), end.last_ms or end.start_ms, end.start_ms, is_capped or bool(doubts),
            responses=len(covered), uncovered=uncovered, client_nano=last.cost_nano,
            spent_nano=spent_nano, notes=notes,
        )  # fmt: skip
        if any(count for _, usage in models for at, count in enumerate(usage) if at != _OUTPUT):
            return made._replace(models=models)
        return made._replace(estimated_output=sum(usage.output for _, usage in models))

    # -- what a total began with ---------------------------------------------------------------------------

    def _step(self, number: int, total: ClientTotal, chains: Mapping[int, Sequence[ClientTotal]]) -> _Step:
        earlier = [one for one in self._totals[:number] if one.start_ms == total.start_ms]
        below = [one for one in earlier if _is_below(one, total)]
        if below:
            return _Step(total, below[-1])
        if earlier:
            return _Step(total, why=NOT_RISING)
        return self._inherited(total, chains[total.start_ms])

    def _inherited(self, total: ClientTotal, chain: Sequence[ClientTotal]) -> _Step:
        """Find the base of a total in other sessions, if its process began with what one of them had."""
        first_ms = self._first_ms(total)
        others = [
            one
            for one in chain
            if one.session != self._session and _is_below(one, total) and one.last_ms <= first_ms + CLOCK_MS
        ]
        held = {one.session: self._marks.get(one.session, {}).keys() for one in others}
        mine = self._own.keys() | self._copies
        elsewhere = set[int]().union(*held.values())
        needed = (mine & elsewhere) | self._copies
        kin = [one for one in others if needed <= held[one.session]]
        if kin:
            return self._from_kin(total, kin, set[int]().union(*(held[one.session] for one in kin)))
        if others:
            return _Step(total, why=NOT_PROVEN)
        is_late = total.last_ms > total.start_ms + total.duration_ms + CLOCK_MS
        if is_late or any(self._logged(row).time_ms >= total.start_ms for row in self._copies):
            return _Step(total, why=BASE_GONE)
        return _Step(total)

    def _from_kin(self, total: ClientTotal, kin: Sequence[ClientTotal], known: set[int]) -> _Step:
        base = max(kin, key=lambda one: (one.cost_nano, one.duration_ms, one.identity))
        began_ms = total.last_ms - (total.duration_ms - base.duration_ms) - PROCESS_MS
        for row, mark in self._own.items():
            # An answer from before the fork that no parent has: the true parent is gone.
            if row not in known and 0 <= mark.offset < total.offset and self._logged(row).time_ms < began_ms:
                return _Step(total, why=BASE_GONE)
        if len({one.session for one in kin}) == 1:
            return _Step(total, base)
        largest: dict[str, Usage] = {}
        for one in kin:
            for model, usage in one.models:
                largest[model] = Usage(*map(max, largest.get(model, _NOTHING), usage))
        duration_ms = max(one.duration_ms for one in kin)
        return _Step(total, base._replace(models=tuple(largest.items()), duration_ms=duration_ms), doubt=MANY_PARENTS)

    def _first_ms(self, total: ClientTotal) -> int:
        """Return when the session got its first answer that no other session has."""
        own = (row for row, mark in self._own.items() if mark.offset >= 0 and not self._is_shared(row))
        return min((self._logged(row).time_ms for row in own), default=total.last_ms)

    # -- what of the log is in the totals ------------------------------------------------------------------

    def _covered(self, good: Sequence[_Step]) -> tuple[list[int], int]:
        """Return the responses that the totals include, and how many of the session they do not."""
        last = self._totals[-1]
        parents = {step.base.session for step in good if step.base is not None} - {self._session}
        of_parents = [self._marks.get(parent, {}) for parent in parents]
        times = {row: self._logged(row).time_ms for row in self._own}
        behind = (times[row] for row, mark in self._own.items() if mark.offset > last.offset)
        tail_ms = min(behind, default=1 << 62)
        covered, left_out = [], []
        uncovered = 0
        for row, (offset, _) in self._own.items():
            if any(row in known and not known[row].is_copy for known in of_parents):
                continue
            time_ms = times[row]
            if offset > last.offset:
                is_behind = not any(_is_in_first_process(step, time_ms) for step in good)
            else:
                is_behind = offset < 0 and time_ms >= tail_ms
            if is_behind:
                uncovered += 1
                continue
            later = [step for step in good if offset < 0 or step.total.offset > offset]
            if later and not any(_covers(step, offset, time_ms) for step in later):
                left_out.append(row)
            else:
                covered.append(row)
        if left_out and any(self._cuts_turn(step, covered, times) for step in good):
            return covered + left_out, uncovered
        return covered, uncovered + len(left_out)

    def _cuts_turn(self, step: _Step, covered: Iterable[int], times: Mapping[int, int]) -> bool:
        """Whether the beginning of a process would lie between a prompt and its answer, so that it is wrong."""
        if step.base is None:
            return False
        began_ms = step.start_ms - 1
        offsets = (self._own[row].offset for row in covered if times[row] >= began_ms)
        first = min((at for at in offsets if step.base_offset < at < step.total.offset and at >= 0), default=None)
        if first is None:
            return False
        asked = [time_ms for offset, time_ms in step.total.prompts if offset < first]
        return bool(asked) and asked[-1] < began_ms


def _covers(step: _Step, offset: int, time_ms: int) -> bool:
    """Whether the process that ended with a total may have got a response that stands before it."""
    is_after_start = time_ms >= step.start_ms - 1
    if step.base is None:
        return is_after_start
    if 0 <= offset < step.base_offset:  # before its base: only a process beside the one that wrote that
        return is_after_start and not step.is_linear
    return is_after_start or not step.is_linear


def _is_in_first_process(step: _Step, time_ms: int) -> bool:
    """Whether the process that began a chain was still there: it said exactly how long it ran."""
    total = step.total
    return step.base is None and total.start_ms <= time_ms <= total.start_ms + total.duration_ms


def _is_below(one: ClientTotal, total: ClientTotal) -> bool:
    """Whether a total may have grown out of another one."""
    known = dict(total.models)
    return one.duration_ms <= total.duration_ms and all(
        before <= after
        for model, usage in one.models
        for before, after in zip(usage, known.get(model, _NOTHING), strict=True)
    )


def _subtract(
    spent: Mapping[str, Usage], responses: Iterable[Logged], asked: Mapping[str, str], *, is_split: bool
) -> dict[str, Usage]:
    """Take responses off what was spent at their models; what has no such model is under a name of its own."""
    left = {model: list(_told(usage, is_split=is_split)) for model, usage in spent.items()}
    by_short = {short_model(model): model for model in reversed(left)}
    for response in responses:
        at_model = response.model
        if asked and not response.is_fallback:
            at_model = asked.get(short_model(at_model), at_model)
        for model, usage in ((at_model, response.usage), *response.beside):
            name = model.removesuffix("[1m]")
            known = name if name in left else by_short.get(short_model(name), f"?{name}")
            sums = left.setdefault(known, [0] * len(usage))
            sums[:] = map(int.__sub__, sums, _told(usage, is_split=is_split))
    return {model: Usage(*sums) for model, sums in left.items()}


def _told(usage: Usage, *, is_split: bool) -> Usage:
    """Return counters as far as the client tells them apart."""
    if is_split:
        return usage
    return usage._replace(cache_write_5m=usage.cache_write_5m + usage.cache_write_1h, cache_write_1h=0)


def _capped(left: Mapping[str, Usage]) -> tuple[tuple[tuple[str, Usage], ...], bool]:
    """Return what is left by model, no counter more than over all models, and whether that lowered any."""
    made: dict[str, list[int]] = {}
    is_capped = False
    for at in range(len(_NOTHING)):
        room = max(0, sum(usage[at] for usage in left.values()))
        is_capped |= at != _OUTPUT and any(usage[at] < 0 for usage in left.values())
        for model, usage in sorted(left.items(), key=lambda item: -item[1][at]):
            given = min(max(0, usage[at]), room)
            room -= given
            if given:
                made.setdefault(model, [0] * len(_NOTHING))[at] = given
    return tuple((model, Usage(*counts)) for model, counts in sorted(made.items())), is_capped
