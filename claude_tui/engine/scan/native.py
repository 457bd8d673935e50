"""Whole transcripts read by the native core, where there is one, and summed.

What it cannot read, or whose prices do not simply add up, is left to Python. Must not touch the store.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from claude_tui.engine.state.batch import Ends, FileOutcome, Packed
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import EMPTY, CellKey, Sums, add_alike, file_cells
from claude_tui.model import FIRST, LAST, Usage
from claude_tui.native.library import found, is_asked_for
from claude_tui.pricing import Pricer
from claude_tui.sources.problems import Problems
from claude_tui.sources.values.instants import AHEAD_MS

if TYPE_CHECKING:
    from claude_tui.engine.scan.reading import Task
    from claude_tui.native.reading import Answer, Days, Sum

LITTLE_BYTES: Final = 1 << 18
"""So much is read in Python sooner than the core is loaded."""

_FIRST_DAY: Final = date(2023, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000


def natively_readable(tasks: Sequence[Task], keep_names: bool) -> tuple[list[Task], list[Task]]:
    """Divide tasks into those the native core is tried with, none where there is none, and the others."""
    whole = [task for task in tasks if task.since is None and task.file.source == "claude" and task.file.size > 0]
    is_little = sum(task.file.size for task in whole) < LITTLE_BYTES and not is_asked_for()
    if keep_names or is_little or not whole or found().core is None:
        return [], [*tasks]
    chosen = set(map(id, whole))
    return whole, [task for task in tasks if id(task) not in chosen]


def read_natively(tasks: Sequence[Task], pricer: Pricer, calendar: Calendar) -> tuple[Packed | None, list[Task]]:
    """Read whole transcripts. Returns those that the core can read, None for none, and the others. Raises nothing."""
    core = found().core
    if core is None:
        return None, [*tasks]
    from claude_tui.native.reading import read_files

    latest_ms = time.time_ns() // 1_000_000 + AHEAD_MS
    try:
        days = days_of(calendar, latest_ms // _DAY_MS + 3)
        answer = read_files(core, [(task.file.path, task.file.size) for task in tasks], days, latest_ms)
        packed = _packed(tasks, answer, pricer, calendar)
    except Exception:
        logging.getLogger(__name__).exception("reading %d files in Python", len(tasks))
        return None, [*tasks]
    return packed, [task for task, one in zip(tasks, answer.files, strict=True) if one is None]


@lru_cache(4)
def days_of(calendar: Calendar, last_day: int) -> Days:
    """Return when the local days begin up to one, given in days since the epoch."""
    from claude_tui.native.reading import Days

    last = date(1970, 1, 1).toordinal() + last_day
    # A span is two days' beginnings: of every second day it gives those of all.
    return Days(_FIRST_DAY, [start for day in range(_FIRST_DAY, last + 1, 2) for start in calendar.span_ms(day)])


def _packed(tasks: Sequence[Task], answer: Answer, pricer: Pricer, calendar: Calendar) -> Packed | None:
    """Put together what was read."""
    outcomes: list[FileOutcome] = []
    ends: list[Ends] = []
    cells: list[int] = []
    at = Ends()
    packed = Packed(outcomes, ends, answer.columns, cells)
    sums = iter(answer.sums)
    for task, one in zip(tasks, answer.files, strict=True):
        if one is None:
            continue
        start, end = at, Ends(at.row + one.rows, at.owner + one.owners, at.model + one.models)
        for key, numbers in _cells(packed, start, end, [*islice(sums, one.sums)], pricer, calendar):
            cells += key
            cells += numbers
        at = end._replace(cell=len(cells))
        ends.append(at)
        checkpoint = one.checkpoint
        outcomes.append(FileOutcome(task.file, one.facts, Problems(), checkpoint, True, checkpoint.offset, one.lines))
    return packed if outcomes else None


def _cells(
    packed: Packed, start: Ends, end: Ends, sums: Sequence[Sum], pricer: Pricer, calendar: Calendar
) -> Iterator[tuple[CellKey, Sums]]:
    """Yield the cells of one file, with the numbers of the pack."""
    models = packed.columns.models
    cards = [pricer.flat_card("claude", models[one.model], one.first_ms, one.last_ms) for one in sums]
    if any(card is None or one.longest > card.over for card, one in zip(cards, sums, strict=True)):
        for key, numbers in file_cells(packed.columns_of(start, end), pricer, calendar).items():
            yield CellKey(key.day, key.owner + start.owner, key.model + start.model), numbers
        return
    cells: dict[CellKey, Sums] = {}
    for one, card in zip(sums, cards, strict=True):
        assert card is not None
        key = CellKey(one.day, one.owner, one.model)
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = [*EMPTY, one.first_ms, one.last_ms]
        cell[FIRST], cell[LAST] = min(cell[FIRST], one.first_ms), max(cell[LAST], one.last_ms)
        add_alike(cell, card, Usage(*one[9:]), one.responses, one.lower_bounds, is_assumed=bool(one.is_assumed))
    yield from cells.items()
