"""Whole transcripts read by the native core, if there is one, and summed.

What it cannot read, or whose prices do not simply add up, is left to Python: lines of a file, or all of it. Must not
touch the store.
"""

from __future__ import annotations

from bisect import bisect_right
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
from claude_tui.sources.record_columns import RecordColumns

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
    """Return the tasks that are being done already, and the others. A reading of which not all is wanted is stopped."""
    taken: Begun = []
    rest = list(tasks)
    for files, answer, stop in readings:
        # The very files that were found: another of the same path is another one.
        wanted = set(map(id, files))
        mine = [task for task in rest if id(task.file) in wanted]
        if len(mine) == len(wanted):
            taken.append((mine, answer))
            rest = [task for task in rest if id(task.file) not in wanted]
        else:
            stop()
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
    if len(answer.files) == len(tasks):
        return packs, []
    read = set(answer.files.column("place"))
    return packs, [task for place, task in enumerate(tasks) if place not in read]


def completed(columns: Columns, one: CoreFile, path: str, *, keep_names: bool = False) -> ColumnsRead:
    """Read what the core left of a file, of which `columns` are those it read. Raises OSError."""
    if not one.has_more:
        problems = problems_of_nothing(one.left, path)
        if problems is not None:
            return _read(columns, one, path, problems)
    from claude_tui.engine.state.rows.joined import joined
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


def _packs(tasks: Sequence[Task], answer: CoreAnswer, reader: FileReader) -> list[Packed]:
    """Put together what was read: the files of which the core left nothing, then the others."""
    files, columns = answer.files, answer.columns
    both = zip(files.column("left"), files.column("has_more"), strict=True)
    parts = [place for place, (lines, has_more) in enumerate(both) if lines or has_more]
    if not parts:
        return [_packed(tasks, answer, reader)] if files else []
    rows, sums = ([0, *accumulate(files.column(name))] for name in ("rows", "sums"))
    runs: list[tuple[int, int]] = []
    own_sums: list[Sum] = []
    left: list[FileColumns] = []
    end = end_of_sums = 0
    for place in parts:
        one = files[place]
        runs.append((end, rows[place]))
        own_sums += answer.sums[end_of_sums : sums[place]]
        end, end_of_sums = rows[place + 1], sums[place + 1]
        task, its = tasks[one.place], columns.cut(rows[place], end)
        its.keep_own_names()
        left.append(reader.read(task, partial(completed, its, one, task.file.path, keep_names=reader.keep_names)))
    packs = [pack(left)]
    if len(parts) < len(files):
        runs = [(start, stop) for start, stop in (*runs, (end, len(columns))) if start < stop]
        own_sums += answer.sums[end_of_sums:]
        rest = answer._replace(files=files.without(parts), columns=columns.runs(runs), sums=own_sums)
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
