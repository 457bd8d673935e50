"""Whole transcripts read by the native core, if there is one, and summed.

What it cannot read, or whose prices do not simply add up, is left to Python: lines of a file, or all of it. Must not
touch the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from claude_tui.engine.scan.asking import CALLS, is_little, read_transcripts, spans
from claude_tui.engine.scan.rollouts import read_rollouts
from claude_tui.engine.state.batch import Ends, FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.sums.cells import NOTHING, file_cells
from claude_tui.model import Problem, ProblemKind
from claude_tui.native.core import threads_for
from claude_tui.native.library import found
from claude_tui.sources.claude.recognition import unrecognised
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import ColumnsRead

if TYPE_CHECKING:
    from claude_tui.engine.scan.head_start import Reading
    from claude_tui.engine.scan.reading import FileReader, Task
    from claude_tui.native.core import Core
    from claude_tui.native.reading import CoreAnswer, CoreFile, Sum
    from claude_tui.pricing import Pricer
    from claude_tui.sources.columns import Columns
    from claude_tui.sources.protocol import LogFile

    Begun = list[tuple[list[Task], Future[CoreAnswer]]]
    """Tasks that are being done, with what is going to be the answer."""


def natively_readable(tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
    """Divide tasks into those the native core is tried with, none if there is none, and the others."""
    whole: list[Task] = []
    others: list[Task] = []
    for task in tasks:
        file, since = task
        is_whole = since is None and file.size > 0 and _is_known(file)
        (whole if is_whole else others).append(task)
    if is_little([file.size for file, _ in whole]) or not whole or found().core is None:
        return [], [*tasks]
    return whole, others


def portions(tasks: Sequence[Task], most_bytes: int) -> Iterator[list[Task]]:
    """Divide tasks into what the core is given at once, about in order, each the logs of one client."""
    of_client: dict[str, list[Task]] = {}
    for task in tasks:
        of_client.setdefault(task.file.source, []).append(task)
    if len(of_client) == 1:
        yield from _divided(tasks, most_bytes)
        return
    every = [portion for some in of_client.values() for portion in _divided(some, most_bytes)]
    yield from sorted(every, key=lambda portion: -portion[0].file.mtime_ns)


def begun_of(readings: Sequence[Reading], tasks: Sequence[Task]) -> tuple[Begun, list[Task]]:
    """Return the tasks that are being done already, and the others."""
    taken: Begun = []
    rest = list(tasks)
    for files, answer in readings:
        # The very files that were found: another of the same path is another one.
        wanted = set(map(id, files))
        mine = [task for task in rest if id(task.file) in wanted]
        if len(mine) == len(wanted):
            taken.append((mine, answer))
            rest = [task for task in rest if id(task.file) not in wanted]
    return taken, rest


def _divided(tasks: Sequence[Task], most_bytes: int) -> Iterator[list[Task]]:
    sizes = [file.size for file, _ in tasks]
    return (list(tasks[start:end]) for start, end in spans(sizes, most_bytes))


def _is_known(file: LogFile) -> bool:
    return file.source == "claude" or (file.source == "codex" and file.path.endswith(".jsonl"))


def read_natively(
    tasks: Sequence[Task], reader: FileReader, begun: Callable[[], CoreAnswer] | None = None
) -> tuple[list[Packed], list[Task]]:
    """Read whole logs of one client. Returns what was read, and the files that Python must read. Raises nothing but
    CancelledError.

    `begun` gives the answer if that was asked for before.
    """
    core = found().core
    if core is None:
        return [], [*tasks]
    try:
        if tasks[0].file.source == "codex":
            return read_rollouts(core, tasks, reader, threads_for([task.file.size for task in tasks], CALLS))
        return _read_transcripts(core, tasks, reader, begun)
    except CancelledError:
        raise
    except Exception:
        import logging  # 3 ms, for what should not happen

        logging.getLogger(__name__).exception("reading %d files in Python", len(tasks))
        return [], [*tasks]


def _read_transcripts(
    core: Core, tasks: Sequence[Task], reader: FileReader, begun: Callable[[], CoreAnswer] | None
) -> tuple[list[Packed], list[Task]]:
    if begun is not None:
        answer = begun()
    else:
        files = [file for file, _ in tasks]
        answer = read_transcripts(core, files, reader.calendar.zone, with_names=reader.keep_names)
    packs = _packs(tasks, answer, reader)
    read = {one.place for one in answer.files}
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
    return rest._replace(columns=both, lines=one.lines + rest.lines, bytes_read=one.checkpoint.offset + rest.bytes_read)


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
    return ColumnsRead(columns, one.checkpoint, one.facts, problems, False, one.checkpoint.offset, one.lines)


def _packs(tasks: Sequence[Task], answer: CoreAnswer, reader: FileReader) -> list[Packed]:
    """Put together what was read: the files of which the core left nothing, then the others."""
    if not any(one.left or one.has_more for one in answer.files):
        return [_packed(tasks, answer, reader)] if answer.files else []
    whole: list[CoreFile] = []
    runs: list[tuple[int, int]] = []
    left: list[FileColumns] = []
    own_sums: list[Sum] = []
    end = end_of_sums = 0
    for one in answer.files:
        start, end = end, end + one.rows
        start_of_sums, end_of_sums = end_of_sums, end_of_sums + one.sums
        if not (one.left or one.has_more):
            whole.append(one)
            if runs and runs[-1][1] == start:
                start = runs.pop()[0]
            runs.append((start, end))
            own_sums += answer.sums[start_of_sums:end_of_sums]
            continue
        task, columns = tasks[one.place], answer.columns.cut(start, end)
        columns.keep_own_names()
        left.append(reader.read(task, partial(completed, columns, one, task.file.path, keep_names=reader.keep_names)))
    packs = [pack(left)]
    if whole:
        rest = answer._replace(files=whole, columns=answer.columns.runs(runs), sums=own_sums)
        packs.insert(0, _packed(tasks, rest, reader))
    return packs


def _packed(tasks: Sequence[Task], answer: CoreAnswer, reader: FileReader) -> Packed:
    """Put together files of which the core left nothing."""
    files, columns = answer.files, answer.columns
    logs = [tasks[one.place].file for one in files]
    none = Problems()
    problems = [
        none if one.rows or one.is_known else Problems(unrecognised(log.path))
        for one, log in zip(files, logs, strict=True)
    ]
    said = ((one.facts, one.checkpoint, one.checkpoint.offset, one.lines) for one in files)
    outcomes = [
        tuple.__new__(FileOutcome, (log, facts, found, checkpoint, True, offset, lines, ()))
        for log, found, (facts, checkpoint, offset, lines) in zip(logs, problems, said, strict=True)
    ]
    cells, ends = _cells(answer, reader)
    return Packed(outcomes, ends, columns, cells, answer.repeated)


def _cells(answer: CoreAnswer, reader: FileReader) -> tuple[list[list[int]], list[Ends]]:
    """Return the cells of files, and where each file ends. What is in no sum, or only in one whose prices do not add
    up, is summed here."""
    files, columns = answer.files, answer.columns
    priced = _priced(answer.sums, columns, reader.pricer)
    ends = list(map(Ends, accumulate(one.rows for one in files), accumulate(one.sums for one in files)))
    if not answer.alone and None not in priced:
        return priced, ends  # type: ignore[return-value]
    taken_out, alone = {*answer.repeated.first, *answer.repeated.again}, iter(answer.alone)
    cells: list[list[int]] = []
    start = Ends()
    for at, (one, end) in enumerate(zip(files, ends, strict=True)):
        made, entries = priced[start.cell : end.cell], list(islice(alone, one.alone))
        if None in made:
            made, entries = [], [entry for entry in range(start.row, end.row) if entry not in taken_out]
        cells += made  # type: ignore[arg-type]
        if entries:
            found = file_cells(columns.pick(entries), reader.pricer, reader.calendar)
            cells += ([*key, *numbers] for key, numbers in found.items())
        start, ends[at] = end, Ends(end.row, len(cells))
    return cells, ends


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
