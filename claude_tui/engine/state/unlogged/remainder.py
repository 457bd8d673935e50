"""The rule of the remainder: usage that a client counted in its sessions and no log shows, for sessions of one chain.

Every total is its base plus what one process spent, so the differences are added; what the log has of the same stretch
is subtracted. A total without a proven base gives nothing: never more than was served. Must not know stores,
prices or files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from claude_tui.engine.state.unlogged.covered import covered_by
from claude_tui.engine.state.unlogged.steps import (
    LOST_SOME,
    MAYBE_KILLED,
    NOTHING,
    CountedResponse,
    Holdings,
    Marks,
    Step,
    told,
)
from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import ClientTotal, short_model

_OUTPUT: Final = Usage._fields.index("output")


class RemainderPart(NamedTuple):
    """What is left of what one process spent: its chain began at `start_ms`, and had run for `duration_ms` when it
    ended."""

    time_ms: int
    start_ms: int
    duration_ms: int
    models: tuple[tuple[str, Usage], ...]


class Remainder(NamedTuple):
    """What is not in the log of one session. `models` is by model, empty if there is nothing; `parts` are the same by
    the processes that spent it, each at the newest line before the total it ended with.

    `time_ms` is the last of these, `start_ms` when the last chain began. `estimated_output` are output tokens that
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
    parts: tuple[RemainderPart, ...] = ()

    def lines(self, session: str) -> Iterator[tuple[str, int, str, Usage]]:
        """Yield (key, instant, model, usage) of all that is left, each key once, whatever comes later."""
        seen = set[tuple[int, str]]()
        for part in self.parts:
            for model, usage in part.models:
                is_first = (part.start_ms, model) not in seen
                seen.add((part.start_ms, model))
                chain = str(part.start_ms) if is_first else f"{part.start_ms}+{part.duration_ms}"
                yield f"cost-state/{session}/{chain}/{model}", part.time_ms, model, usage


def remainders(
    totals: Mapping[str, Sequence[ClientTotal]],
    marks: Marks,
    logged: Callable[[int], CountedResponse],
    is_shared: Callable[[int], bool],
    lost: Mapping[int, int],
    asked: Mapping[str, Mapping[str, str]],
) -> dict[str, Remainder]:
    """Return what is left of each session. Sessions whose totals have a `start_ms` in common must be given together.

    `is_shared` says of a response whether more than one session holds it, `lost` has the instants of those that only
    copies tell of, `asked` of a session which model was asked for when another one answered.
    """
    chains: dict[int, list[ClientTotal]] = defaultdict(list)
    for found in totals.values():
        for total in found:
            chains[total.start_ms].append(total)
    made = {}
    for session, own in totals.items():
        of_session = Holdings(session, own, marks, lost, logged, is_shared)
        made[session] = _remainder(of_session, chains, asked.get(session, {}))
    return made


def _remainder(of: Holdings, chains: Mapping[int, Sequence[ClientTotal]], asked: Mapping[str, str]) -> Remainder:
    """Return what is left of the session."""
    steps = of.steps(chains)
    good = [step for step in steps if not step.why]
    doubts = [step.why or step.doubt for step in steps if step.why or step.doubt]
    last = of.totals[-1]
    notes = tuple(dict.fromkeys(doubts))
    if not good:
        return Remainder(
            (), last.last_ms or last.start_ms, last.start_ms, True, client_nano=last.cost_nano, notes=notes
        )
    spent: dict[str, Usage] = {}
    for step in good:
        for model, usage in _spent(step).items():
            spent[model] = _plus(spent.get(model, NOTHING), usage)
    covered, uncovered, is_doubtful = covered_by(of, good)
    if is_doubtful:
        notes = (*notes, MAYBE_KILLED)
    if not of.strays.isdisjoint(covered):
        notes = (*notes, LOST_SOME)
    is_split = all(step.total.is_split for step in good)
    left = _subtract(spent, map(of.logged, covered), asked, is_split=is_split)
    models, is_capped = _capped(left)
    end = good[-1].total
    spent_nano = sum(step.total.cost_nano - (step.base.cost_nano if step.base else 0) for step in good)
    made = Remainder(
        (), end.last_ms or end.start_ms, end.start_ms, is_capped or bool(notes),
        responses=len(covered), uncovered=uncovered, client_nano=last.cost_nano,
        spent_nano=spent_nano, notes=notes,
    )  # fmt: skip
    if any(count for _, usage in models for at, count in enumerate(usage) if at != _OUTPUT):
        return made._replace(models=models, parts=_parts(of, good, covered, models, asked, is_split=is_split))
    return made._replace(estimated_output=sum(usage.output for _, usage in models))


def _spent(step: Step) -> dict[str, Usage]:
    """Return what was spent from the base of a step to its total."""
    before = dict(step.base.models) if step.base is not None else {}
    return {model: Usage(*map(int.__sub__, usage, before.get(model, NOTHING))) for model, usage in step.total.models}


def _plus(one: Usage, other: Usage) -> Usage:
    return Usage(*map(int.__add__, one, other))


def _at_most(usage: Usage, room: Usage) -> Usage:
    return Usage(*(min(max(0, own), most) for own, most in zip(usage, room, strict=True)))


def _parts(
    of: Holdings,
    good: Sequence[Step],
    covered: Iterable[int],
    models: Sequence[tuple[str, Usage]],
    asked: Mapping[str, str],
    *,
    is_split: bool,
) -> tuple[RemainderPart, ...]:
    """Divide what is left among the processes, the earlier first: each has what it spent beyond its own responses, as
    far as there is so much. What comes later takes nothing from them but where the whole gets less."""
    rows: dict[int, list[int]] = defaultdict(list)
    for row in covered:
        rows[_step_of(of, good, row)].append(row)
    room = dict(models)
    parts = []
    for at, step in enumerate(good):
        if at == len(good) - 1:
            given = room
        else:
            left = _subtract(_spent(step), map(of.logged, rows[at]), asked, is_split=is_split)
            given = {model: _at_most(left.get(model, NOTHING), usage) for model, usage in room.items()}
            room = {model: Usage(*map(int.__sub__, usage, given[model])) for model, usage in room.items()}
        total = step.total
        some = tuple((model, usage) for model, usage in given.items() if any(usage))
        if some:
            parts.append(RemainderPart(total.last_ms or total.start_ms, total.start_ms, total.duration_ms, some))
    return tuple(parts)


def _step_of(of: Holdings, good: Sequence[Step], row: int) -> int:
    """Return the step that a response is likely in: the first whose total stands behind it, or is younger."""
    offset, time_ms = of.own[row].offset, of.logged(row).time_ms
    behind = (
        at
        for at, step in enumerate(good)
        if (step.total.offset > offset if offset >= 0 else step.total.last_ms >= time_ms)
    )
    return next(behind, len(good) - 1)


def _subtract(
    spent: Mapping[str, Usage], responses: Iterable[CountedResponse], asked: Mapping[str, str], *, is_split: bool
) -> dict[str, Usage]:
    """Subtract responses from what was spent at their models; a model that spent nothing has a name of its own."""
    left = {model: list(told(usage, is_split=is_split)) for model, usage in spent.items()}
    by_short = {short_model(model): model for model in reversed(left)}
    for response in responses:
        at_model = response.model
        if asked and not response.is_fallback:
            at_model = asked.get(short_model(at_model), at_model)
        for model, usage in ((at_model, response.usage), *response.beside):
            name = model.removesuffix("[1m]")
            known = name if name in left else by_short.get(short_model(name), f"?{name}")
            sums = left.setdefault(known, [0] * len(usage))
            sums[:] = map(int.__sub__, sums, told(usage, is_split=is_split))
    return {model: Usage(*sums) for model, sums in left.items()}


def _capped(left: Mapping[str, Usage]) -> tuple[tuple[tuple[str, Usage], ...], bool]:
    """Return what is left by model, no counter more than over all models, and whether that lowered any."""
    made: dict[str, list[int]] = {}
    is_capped = False
    for at in range(len(NOTHING)):
        room = max(0, sum(usage[at] for usage in left.values()))
        is_capped |= at != _OUTPUT and any(usage[at] < 0 for usage in left.values())
        for model, usage in sorted(left.items(), key=lambda item: -item[1][at]):
            given = min(max(0, usage[at]), room)
            room -= given
            if given:
                made.setdefault(model, [0] * len(NOTHING))[at] = given
    return tuple((model, Usage(*counts)) for model, counts in sorted(made.items())), is_capped
