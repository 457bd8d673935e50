"""The rule of the remainder: usage that a client counted in its sessions and no log shows, for sessions of one chain.

Every total is its base plus what one process spent, so the differences are added; what the log has of the same stretch
is subtracted. A total without a proven base gives nothing: never more than was served. Must not know stores,
prices or files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from claude_tui.engine.state.unlogged.steps import MAYBE_KILLED, NOTHING, Holdings, Logged, Marks, Step, told
from claude_tui.model import Usage
from claude_tui.sources.client_totals import ClientTotal, short_model

_OUTPUT: Final = Usage._fields.index("output")


class Remainder(NamedTuple):
    """What is not in the log of one session. `models` is by model, empty if there is nothing.

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


def remainders(
    totals: Mapping[str, Sequence[ClientTotal]],
    marks: Marks,
    logged: Callable[[int], Logged],
    is_shared: Callable[[int], bool],
    asked: Mapping[str, Mapping[str, str]],
) -> dict[str, Remainder]:
    """Return what is left of each session. Sessions whose totals have a `start_ms` in common must be given together.

    `is_shared` says of a response whether more than one session holds it, `asked` of a session which model was asked
    for when another one answered.
    """
    chains: dict[int, list[ClientTotal]] = defaultdict(list)
    for found in totals.values():
        for total in found:
            chains[total.start_ms].append(total)
    made = {}
    for session, own in totals.items():
        of_session = Holdings(session, own, marks, logged, is_shared)
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
        before = dict(step.base.models) if step.base is not None else {}
        for model, usage in step.total.models:
            more = map(int.__sub__, usage, before.get(model, NOTHING))
            spent[model] = Usage(*map(sum, zip(spent.get(model, NOTHING), more, strict=True)))
    covered, uncovered, is_doubtful = _covered(of, good)
    if is_doubtful:
        notes = (*notes, MAYBE_KILLED)
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
        return made._replace(models=models)
    return made._replace(estimated_output=sum(usage.output for _, usage in models))


class _Covered(NamedTuple):
    """The responses that totals include, how many of the session they do not, and whether some of them may not be."""

    rows: list[int]
    uncovered: int
    is_doubtful: bool = False


def _covered(of: Holdings, good: Sequence[Step]) -> _Covered:
    """Find the responses that the totals include."""
    last = of.totals[-1]
    of_parents = of.held_by_parents(good)
    times = {row: of.logged(row).time_ms for row in of.own}
    behind = (times[row] for row, mark in of.own.items() if mark.offset > last.offset)
    tail_ms = min(behind, default=1 << 62)
    covered: list[int] = []
    left_out: list[int] = []
    uncovered = 0
    for row, (offset, _) in of.own.items():
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
    if left_out and any(_cuts_turn(of, step, covered, times) for step in good):
        return _Covered(covered + left_out, uncovered)
    doubted = _doubted(of, good, covered, left_out, times)
    return _Covered([*covered, *doubted], uncovered + len(left_out) - len(doubted), bool(doubted))


def _doubted(
    of: Holdings, good: Sequence[Step], covered: Iterable[int], left_out: Iterable[int], times: Mapping[int, int]
) -> list[int]:
    """Return those of the responses left out for their time that may be in a total after all.

    A process that was killed told no total; one whose total is gone looks the same. Only where a total is too small to
    have them in it, it is known that they are not.
    """
    doubted: list[int] = []
    groups: dict[int, list[int]] = defaultdict(list)
    for row in left_out:
        offset = of.own[row].offset
        at = next(
            (
                at
                for at, step in enumerate(good)
                if (step.total.offset > offset >= 0) or (offset < 0 and times[row] <= step.total.last_ms)
            ),
            -1,
        )
        groups[at].append(row)
    for at, rows in groups.items():
        step = good[at]
        if step.base is None:
            continue  # it began at an instant that it tells
        between = [row for row in covered if step.base_offset < of.own[row].offset < step.total.offset]
        if not of.exceed(step, [*between, *rows]):
            doubted += rows
    return doubted


def _cuts_turn(of: Holdings, step: Step, covered: Iterable[int], times: Mapping[int, int]) -> bool:
    """Whether the beginning of a process would lie between a prompt and its answer, so that it is wrong."""
    if step.base is None:
        return False
    began_ms = step.start_ms - 1
    offsets = (of.own[row].offset for row in covered if times[row] >= began_ms)
    first = min((at for at in offsets if step.base_offset < at < step.total.offset and at >= 0), default=None)
    if first is None:
        return False
    asked = [time_ms for offset, time_ms in step.total.prompts if offset < first]
    return bool(asked) and asked[-1] < began_ms


def _covers(step: Step, offset: int, time_ms: int) -> bool:
    """Whether the process that ended with a total may have got a response that stands before it."""
    is_after_start = time_ms >= step.start_ms - 1
    if step.base is None:
        return is_after_start
    if 0 <= offset < step.base_offset:  # before its base: only a process beside the one that wrote that
        return is_after_start and not step.is_linear
    return is_after_start or not step.is_linear


def _is_in_first_process(step: Step, time_ms: int) -> bool:
    """Whether the process that began a chain was still there: it said exactly how long it ran."""
    total = step.total
    return step.base is None and total.start_ms <= time_ms <= total.start_ms + total.duration_ms


def _subtract(
    spent: Mapping[str, Usage], responses: Iterable[Logged], asked: Mapping[str, str], *, is_split: bool
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
