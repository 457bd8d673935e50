"""Which responses of a session its totals include: not what came after the last of them, nor what a killed process got.

Must not know what is left of a total, stores, prices or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from claude_tui.engine.state.unlogged.steps import Holdings, Step
from claude_tui.records import NamedTuple


class Covered(NamedTuple):
    """The responses that totals include, how many of the session they do not, and whether some of them may not be."""

    rows: list[int]
    uncovered: int
    is_doubtful: bool = False


def covered_by(of: Holdings, good: Sequence[Step]) -> Covered:
    """Find the responses that the totals include."""
    last = of.totals[-1]
    of_parents = of.held_by_parents(good)
    times = {row: of.logged(row).time_ms for row in of.own}
    behind = (times[row] for row in of.own if of.is_behind(last, row))
    tail_ms = min(behind, default=1 << 62)
    covered: list[int] = []
    left_out: list[int] = []
    uncovered = 0
    for row, (offset, _) in of.own.items():
        if any(row in known and not known[row].is_copy for known in of_parents):
            continue
        time_ms = times[row]
        if of.is_behind(last, row):
            is_behind = not any(_is_in_first_process(step, time_ms) for step in good)
        else:
            is_behind = offset < 0 and time_ms >= tail_ms
        if is_behind:
            uncovered += 1
            continue
        later = [step for step in good if offset < 0 or not of.is_behind(step.total, row)]
        if later and not any(_covers(of, step, row) for step in later):
            left_out.append(row)
        else:
            covered.append(row)
    if left_out and any(_cuts_turn(of, step, covered, times) for step in good):
        return Covered(covered + left_out, uncovered)
    doubted = _doubted(of, good, covered, left_out)
    return Covered([*covered, *doubted], uncovered + len(left_out) - len(doubted), bool(doubted))


def _doubted(of: Holdings, good: Sequence[Step], covered: Sequence[int], left_out: Sequence[int]) -> list[int]:
    """Return those of the responses left out for their time that may be in a total after all.

    A process that was killed told no total; one whose total is gone looks the same. A turn is of one process, so it is
    in the total or not; the last turn is. That a turn is not in it is known only if it cannot be beside the last one:
    where the total is too small for both, or the time its processes ran.
    """
    doubted: list[int] = []
    for step in good:
        if step.base is None:
            continue  # it began at an instant that it tells
        last = of.last_turn(step, (row for row in covered if of.is_between(step, row)))
        for turn in of.turns(step, (row for row in left_out if of.is_between(step, row))).values():
            if not of.exceed(step, [*last, *turn]):
                doubted += turn
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
    asked = [time_ms for offset, time_ms in step.total.turns if offset < first]
    return bool(asked) and asked[-1] < began_ms


def _covers(of: Holdings, step: Step, row: int) -> bool:
    """Whether the process that ended with a total may have got a response that came before it."""
    is_after_start = of.logged(row).time_ms >= step.start_ms - 1
    if step.base is None:
        return is_after_start
    if of.is_before_base(step, row):  # only a process beside the one that wrote the base
        return is_after_start and not step.is_linear
    return is_after_start or not step.is_linear


def _is_in_first_process(step: Step, time_ms: int) -> bool:
    """Whether the process that began a chain was still there: it said exactly how long it ran."""
    total = step.total
    return step.base is None and total.start_ms <= time_ms <= total.start_ms + total.duration_ms
