"""Whole transcripts read by the native core, if there is one, and summed.

What it cannot read, or whose prices do not simply add up, is left to Python: lines of a file, or all of it. Must not
touch the store.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.engine.scan.rollouts import read_rollouts
from claude_tui.engine.state.batch import Ends, FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import NOTHING, file_cells
from claude_tui.model import Problem, ProblemKind
from claude_tui.native.core import threads_for
from claude_tui.native.library import found, is_asked_for
from claude_tui.sources.claude.recognition import unrecognised
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import ColumnsRead
from claude_tui.sources.record_columns import RecordColumns
from claude_tui.sources.values.instants import AHEAD_MS

if TYPE_CHECKING:
    from claude_tui.engine.scan.reading import FileReader, Task
    from claude_tui.native.core import Core
    from claude_tui.native.reading import CoreAnswer, CoreFile, Days, Sum
    from claude_tui.pricing import Pricer
    from claude_tui.sources.columns import Columns
    from claude_tui.sources.protocol import LogFile

LITTLE_BYTES: Final = 1 << 18
"""So much is read in Python sooner than the core is loaded."""

CALLS: Final = 2
"""Calls of the core at once: it reads on while what it gave before is put together. They share the processors: more
threads would only keep Python, which has one, from taking in what was read."""

FILE_BYTES: Final = 32 << 10
"""Opening a file and taking in what it says take as long as reading so much."""

PARTS: Final = 4
"""The core is given at most this part of what is left."""

LEAST_BYTES: Final = 8 << 20
"""So much is not divided further: each call of the core takes its own time, too."""

MANY_FOLDERS: Final = 16
"""So few entries of a folder are looked at in Python sooner than the core is loaded."""

_FIRST_DAY: Final = date(2023, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000


def natively_readable(tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
    """Divide tasks into those the native core is tried with, none if there is none, and the others."""
    whole: list[Task] = []
    others: list[Task] = []
    for task in tasks:
        is_whole = task.since is None and task.file.size > 0 and _is_known(task.file)
        (whole if is_whole else others).append(task)
    is_little = sum(task.file.size for task in whole) < LITTLE_BYTES and not is_asked_for()
    if is_little or not whole or found().core is None:
        return [], [*tasks]
    return whole, others


def portions(tasks: Sequence[Task], most_bytes: int) -> Iterator[list[Task]]:
    """Divide tasks into what the core is given at once, about in order, each the logs of one client.

    The less is left the less it is, for nothing is read beside the last one being taken in.
    """
    left = dict.fromkeys({task.file.source for task in tasks}, 0)
    for file, _ in tasks:
        left[file.source] += FILE_BYTES + file.size
    begun: dict[str, list[Task]] = {}
    room: dict[str, int] = {}
    for task in tasks:
        file = task.file
        source, size = file.source, FILE_BYTES + file.size
        if source not in begun:
            begun[source] = []
            room[source] = min(most_bytes, max(left[source] // PARTS, LEAST_BYTES))
        begun[source].append(task)
        left[source] -= size
        room[source] -= size
        if room[source] <= 0:
            yield begun.pop(source)
    yield from begun.values()


def _is_known(file: LogFile) -> bool:
    return file.source == "claude" or (file.source == "codex" and file.path.endswith(".jsonl"))


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
    """Read whole logs of one client. Returns what was read, and the files that Python must read. Raises nothing."""
    core = found().core
    if core is None:
        return [], [*tasks]
    try:
        if tasks[0].file.source == "codex":
            return read_rollouts(core, tasks, reader, threads_for([task.file.size for task in tasks], CALLS))
        return _read_transcripts(core, tasks, reader)
    except Exception:
        import logging  # 3 ms, for what should not happen

        logging.getLogger(__name__).exception("reading %d files in Python", len(tasks))
        return [], [*tasks]


def _read_transcripts(core: Core, tasks: Sequence[Task], reader: FileReader) -> tuple[list[Packed], list[Task]]:
    from claude_tui.native.reading import read_files

    latest_ms = time.time_ns() // 1_000_000 + AHEAD_MS
    days = days_of(reader.calendar, latest_ms // _DAY_MS + 3)
    paths = [(task.file.path, task.file.size) for task in tasks]
    threads = threads_for([size for _, size in paths], CALLS)
    answer = read_files(core, paths, days, latest_ms, threads=threads, with_names=reader.keep_names)
    packs = _packs(tasks, answer, reader)
    read = set(answer.files.column("place"))
    return packs, [task for place, task in enumerate(tasks) if place not in read]


def completed(columns: Columns, one: CoreFile, path: str, *, keep_names: bool = False) -> ColumnsRead:
    """Read what the core left of a file, of which `columns` are those it read. Raises OSError."""
    if not one.has_more:
        problems = problems_of_nothing(one.left, path)
        if problems is not None:
            return _read(columns, one, path, problems)
    from claude_tui.engine.state.rows.table import joined
    from claude_tui.sources.claude.fast.reader import read_columns

    if one.is_end_left:
        return read_columns(path, keep_names=keep_names)
    rest = read_columns(path, one.checkpoint, keep_names=keep_names, left=one.left)
    if rest.restarted:
        return rest._replace(restarted=False)
    both = joined(columns, rest.columns)
    return rest._replace(columns=both, lines=one.lines + rest.lines, bytes_read=one.end + rest.bytes_read)


def problems_of_nothing(lines: Sequence[tuple[int, bytes]], path: str) -> Problems | None:
    """Return the problems of lines that hold nothing, as those torn in two do; None if any of them holds anything."""
    from claude_tui.sources.reading.objects import decode_objects

    problems = Problems()
    for offset, line in lines:

        def report(kind: ProblemKind, at: int, detail: str, number: int = 1, /, offset: int = offset) -> None:
            problems.append(Problem(kind, path, offset + at, detail), number)

        if any(True for _ in decode_objects(line, report, is_slim=True)):
            return None
    return problems


def _read(columns: Columns, one: CoreFile, path: str, problems: Problems) -> ColumnsRead:
    """Return what the core read of a file, as the reader in Python does."""
    if not one.rows and not one.is_known:
        problems = problems.with_more(Problems(unrecognised(path)))
    return ColumnsRead(columns, one.checkpoint, one.facts, problems, False, one.end, one.lines)


@lru_cache(4)
def days_of(calendar: Calendar, last_day: int) -> Days:
    """Return when the local days begin up to one, given in days since the epoch."""
    from claude_tui.native.reading import Days

    last = date(1970, 1, 1).toordinal() + last_day
    # A span is two days' beginnings: of every second day it gives those of all.
    return Days(_FIRST_DAY, [start for day in range(_FIRST_DAY, last + 1, 2) for start in calendar.span_ms(day)])


def _packs(tasks: Sequence[Task], answer: CoreAnswer, reader: FileReader) -> list[Packed]:
    """Put together what was read: the files of which the core left nothing, then the others."""
    files, columns = answer.files, answer.columns
    is_whole = [not (left or more) for left, more in zip(files.column("left"), files.column("has_more"), strict=True)]
    if all(is_whole):
        return [_packed(tasks, answer, reader)] if is_whole else []
    rows, sums = ([0, *accumulate(files.column(name))] for name in ("rows", "sums"))
    runs: list[tuple[int, int]] = []
    own_sums: list[Sum] = []
    left: list[FileColumns] = []
    end = end_of_sums = 0
    for place in (place for place, is_all in enumerate(is_whole) if not is_all):
        one = files[place]
        runs.append((end, rows[place]))
        own_sums += answer.sums[end_of_sums : sums[place]]
        end, end_of_sums = rows[place + 1], sums[place + 1]
        task, its = tasks[one.place], columns.cut(rows[place], end)
        its.keep_own_names()
        left.append(reader.read(task, partial(completed, its, one, task.file.path, keep_names=reader.keep_names)))
    packs = [pack(left)]
    if any(is_whole):
        runs = [(start, stop) for start, stop in (*runs, (end, len(columns))) if start < stop]
        own_sums += answer.sums[end_of_sums:]
        rest = answer._replace(files=files.chosen(is_whole), columns=columns.runs(runs), sums=own_sums)
        packs.insert(0, _packed(tasks, rest, reader))
    return packs


def _packed(tasks: Sequence[Task], answer: CoreAnswer, reader: FileReader) -> Packed:
    """Put together files of which the core left nothing."""
    files = answer.files
    logs = [tasks[place].file for place in files.column("place")]
    problems = [Problems()] * len(logs)
    for place, (rows, is_known) in enumerate(zip(files.column("rows"), files.column("is_known"), strict=True)):
        if not (rows or is_known):
            problems[place] = Problems(unrecognised(logs[place].path))
    said = (files.column(name) for name in ("reached", "end", "lines"))
    reached, ends, lines = said
    are_whole, sessions = [True] * len(logs), [()] * len(logs)
    columns = (logs, files.column("facts"), problems, reached, are_whole, ends, lines, sessions)
    cells, cell_ends = _cells(answer, reader)
    both = list(accumulate(files.column("rows"))), cell_ends
    return Packed(
        RecordColumns(FileOutcome, columns), RecordColumns(Ends, both), answer.columns, cells, answer.repeated
    )


def _cells(answer: CoreAnswer, reader: FileReader) -> tuple[list[list[int]], list[int]]:
    """Return the cells of files, and after how many of them each file ends. What is in no sum, or only in one whose
    prices do not add up, is summed here."""
    files, columns = answer.files, answer.columns
    priced = _priced(answer.sums, columns, reader.pricer)
    counts, alone_of = list(files.column("sums")), files.column("alone")
    ends = list(accumulate(counts))
    odd = {place for place, alone in enumerate(alone_of) if alone}
    odd.update(bisect_right(ends, number) for number, cell in enumerate(priced) if cell is None)
    if not odd:
        return priced, ends  # type: ignore[return-value]
    taken_out, alone = {*answer.repeated.first, *answer.repeated.again}, iter(answer.alone)
    rows = [0, *accumulate(files.column("rows"))]
    cells: list[list[int]] = []
    begin = 0
    for place in sorted(odd):
        start, end = ends[place] - counts[place], ends[place]
        made, entries = priced[start:end], list(islice(alone, alone_of[place]))
        if None in made:
            made, entries = [], [entry for entry in range(rows[place], rows[place + 1]) if entry not in taken_out]
        found = file_cells(columns.pick(entries), reader.pricer, reader.calendar) if entries else {}
        mine = [*made, *([*key, *numbers] for key, numbers in found.items())]
        cells += priced[begin:start]  # type: ignore[arg-type]
        cells += mine  # type: ignore[arg-type]
        begin, counts[place] = end, len(mine)
    cells += priced[begin:]  # type: ignore[arg-type]
    return cells, list(accumulate(counts))


def _priced(sums: Sequence[Sum], columns: Columns, pricer: Pricer) -> list[list[int] | None]:
    """Return a cell of each sum, None where prices do not add up: written out, for there may be one for each file."""
    models, whole_rates = columns.models, pricer.whole_rates
    # Most models had the same rates all the time, so they are looked up once.
    first_ms, last_ms = min(columns.time, default=0), max(columns.time, default=0)
    rates_of = [whole_rates("claude", model, first_ms, last_ms) for model in models]
    cells: list[list[int] | None] = []
    for day, owner, model, is_assumed, longest, responses, lower_bounds, first_ms, last_ms, *counters in sums:
        rates = rates_of[model] or whole_rates("claude", models[model], first_ms, last_ms)
        if rates is None or longest > rates.over:
            cells.append(None)
            continue
        flagged = responses if is_assumed or rates.is_estimate else 0
        cells.append([
            day, owner, model, responses, *counters, *rates.sums(*counters), lower_bounds, flagged, *NOTHING, first_ms,
            last_ms,
        ])  # fmt: skip
    return cells
