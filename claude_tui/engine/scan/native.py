"""Whole transcripts read by the native core, if there is one, and summed.

What it cannot read, or whose prices do not simply add up, is left to Python: lines of a file, or all of it. Must not
touch the store.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.engine.state.batch import Ends, FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import file_cells, sums_of_alike
from claude_tui.model import Usage
from claude_tui.native.library import found, is_asked_for
from claude_tui.pricing import Pricer
from claude_tui.sources.claude.recognition import unrecognised
from claude_tui.sources.problems import Problems
from claude_tui.sources.values.instants import AHEAD_MS

if TYPE_CHECKING:
    from claude_tui.engine.scan.reading import FileReader, Task
    from claude_tui.native.reading import CoreAnswer, CoreFile, Days, Sum
    from claude_tui.pricing import Pricer
    from claude_tui.pricing.cards import RateCard
    from claude_tui.sources.columns import Columns
    from claude_tui.sources.protocol import ColumnsRead, LogFile

LITTLE_BYTES: Final = 1 << 18
"""So much is read in Python sooner than the core is loaded."""

MANY_FOLDERS: Final = 16
"""So few entries of a folder are looked at in Python sooner than the core is loaded."""

_FIRST_DAY: Final = date(2023, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000


def natively_readable(tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
    """Divide tasks into those the native core is tried with, none if there is none, and the others."""
    whole = [task for task in tasks if task.since is None and task.file.source == "claude" and task.file.size > 0]
    is_little = sum(task.file.size for task in whole) < LITTLE_BYTES and not is_asked_for()
    if is_little or not whole or found().core is None:
        return [], [*tasks]
    chosen = set(map(id, whole))
    return whole, [task for task in tasks if id(task) not in chosen]


def transcripts_below(root: Path) -> list[LogFile] | None:
    """Return every transcript below a folder, each once, the newest first; None where Python must look, or may."""
    try:
        is_little = len(os.listdir(root)) < MANY_FOLDERS and not is_asked_for()
    except OSError:
        return None
    core = found().core if not is_little else None
    if core is None:
        return None
    from claude_tui.native import walking

    return walking.transcripts_below(core, os.fspath(root))


def read_natively(tasks: Sequence[Task], reader: FileReader) -> tuple[list[Packed], list[Task]]:
    """Read whole transcripts. Returns what was read, and the files that Python must read. Raises nothing."""
    core = found().core
    if core is None:
        return [], [*tasks]
    from claude_tui.native.reading import read_files

    latest_ms = time.time_ns() // 1_000_000 + AHEAD_MS
    try:
        days = days_of(reader.calendar, latest_ms // _DAY_MS + 3)
        paths = [(task.file.path, task.file.size) for task in tasks]
        answer = read_files(core, paths, days, latest_ms, with_names=reader.keep_names)
        packs = _packs(tasks, answer, reader)
    except Exception:
        logging.getLogger(__name__).exception("reading %d files in Python", len(tasks))
        return [], [*tasks]
    read = {one.place for one in answer.files}
    return packs, [task for place, task in enumerate(tasks) if place not in read]


def completed(columns: Columns, one: CoreFile, path: str, *, keep_names: bool = False) -> ColumnsRead:
    """Read what the core left of a file, of which `columns` are those it read. Raises OSError."""
    from claude_tui.engine.state.rows.table import joined
    from claude_tui.sources.claude.fast.reader import read_columns

    rest = read_columns(path, one.checkpoint, keep_names=keep_names, left=one.left)
    if rest.restarted:
        return rest._replace(restarted=False)
    both = joined(columns, rest.columns)
    return rest._replace(columns=both, lines=one.lines + rest.lines, bytes_read=one.checkpoint.offset + rest.bytes_read)


@lru_cache(4)
def days_of(calendar: Calendar, last_day: int) -> Days:
    """Return when the local days begin up to one, given in days since the epoch."""
    from claude_tui.native.reading import Days

    last = date(1970, 1, 1).toordinal() + last_day
    # A span is two days' beginnings: of every second day it gives those of all.
    return Days(_FIRST_DAY, [start for day in range(_FIRST_DAY, last + 1, 2) for start in calendar.span_ms(day)])


def _packs(tasks: Sequence[Task], answer: CoreAnswer, reader: FileReader) -> list[Packed]:
    """Put together what was read: the files of which the core left nothing, then the others."""
    whole: list[CoreFile] = []
    runs: list[tuple[int, int]] = []
    left: list[FileColumns] = []
    own_sums: list[Sum] = []
    sums, end = iter(answer.sums), 0
    for one in answer.files:
        start, end, its = end, end + one.rows, islice(sums, one.sums)
        if one.is_all:
            whole.append(one)
            if runs and runs[-1][1] == start:
                start = runs.pop()[0]
            runs.append((start, end))
            own_sums += its
            continue
        deque(its, 0)
        task, columns = tasks[one.place], answer.columns.cut(start, end)
        columns.keep_own_names()
        left.append(reader.read(task, partial(completed, columns, one, task.file.path, keep_names=reader.keep_names)))
    packs = [pack(left)] if left else []
    if whole:
        columns = answer.columns.runs(runs) if left else answer.columns
        packs.insert(0, _packed(tasks, whole, answer._replace(columns=columns, sums=own_sums), reader))
    return packs


def _packed(tasks: Sequence[Task], files: Sequence[CoreFile], answer: CoreAnswer, reader: FileReader) -> Packed:
    """Put together files of which the core left nothing."""
    columns, taken_out = answer.columns, {*answer.repeated.first, *answer.repeated.again}
    cells: list[list[int]] = []
    ends: list[Ends] = []
    card_of = _Cards(columns, reader.pricer)
    sums, alone, row = iter(answer.sums), iter(answer.alone), 0
    for one in files:
        start, row = row, row + one.rows
        made = [_cell(some, card_of(some)) for some in islice(sums, one.sums)]
        entries = list(islice(alone, one.alone))
        if None in made:
            made, entries = [], [entry for entry in range(start, row) if entry not in taken_out]
        if entries:
            found = file_cells(columns.pick(entries), reader.pricer, reader.calendar)
            made += [[*key, *numbers] for key, numbers in found.items()]
        cells += made  # type: ignore[arg-type]
        ends.append(Ends(row, len(cells)))
    none = Problems()
    logs = [tasks[one.place].file for one in files]
    problems = [
        none if one.rows or one.is_known else Problems(unrecognised(log.path))
        for one, log in zip(files, logs, strict=True)
    ]
    said = ((one.facts, one.checkpoint, one.checkpoint.offset, one.lines) for one in files)
    outcomes = [
        tuple.__new__(FileOutcome, (log, facts, found, checkpoint, True, offset, lines, ()))
        for log, found, (facts, checkpoint, offset, lines) in zip(logs, problems, said, strict=True)
    ]
    return Packed(outcomes, ends, columns, cells, answer.repeated)


def _cell(one: Sum, card: RateCard | None) -> list[int] | None:
    """Return a cell of responses whose prices add up, None where they do not."""
    if card is None or one.longest > card.over:
        return None
    usage = Usage(*one[9:])
    numbers = sums_of_alike(
        card, usage, one.responses, one.lower_bounds, one.first_ms, one.last_ms, is_assumed=bool(one.is_assumed)
    )
    return [one.day, one.owner, one.model, *numbers]


class _Cards:
    """The rates of sums of responses. Most models had the same ones all the time, so they are looked up once."""

    def __init__(self, columns: Columns, pricer: Pricer) -> None:
        self._models, self._flat_card = columns.models, pricer.flat_card
        first_ms, last_ms = min(columns.time, default=0), max(columns.time, default=0)
        self._cards = [pricer.flat_card("claude", model, first_ms, last_ms) for model in columns.models]

    def __call__(self, one: Sum) -> RateCard | None:
        return self._cards[one.model] or self._flat_card("claude", self._models[one.model], one.first_ms, one.last_ms)
