"""Takes what reading files gave into the books: responses of different files meet here and are merged.

Idempotent: a file taken in twice changes nothing. Independent of order: any order of files gives the same numbers.
Takes no locks: the store does. Must not know where rows come from, nor sum anything itself.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from operator import sub
from typing import Final

from claude_tui.clients import SOURCES, TELEMETRY
from claude_tui.engine.state.batch import Ends, FileOutcome, Packed
from claude_tui.engine.state.books import Books, Numbering
from claude_tui.engine.state.reconciling.telemetry import counted_events, note_events, see
from claude_tui.engine.state.reconciling.unlogged import learn_totals, note_change, note_holder, note_sessions
from claude_tui.engine.state.rows.key_index import KeyIndex
from claude_tui.engine.state.rows.table import TableEntry, TableNames
from claude_tui.engine.state.sums.cells import CellKey, file_cells
from claude_tui.sources.columns import Columns, Repeated
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.record_columns import RecordColumns

_cell_key: Final = partial(tuple.__new__, CellKey)
"""Makes one of a tuple: its own way takes three times as long."""


def take_in(books: Books, found: Packed) -> None:
    """Take in what reading files gave: all they say, or their newest lines.

    The problems of a file are added to those known of it, or replace them if the whole file was read.
    """
    source, log = found.columns.source, books.problem_log
    may_retell = source in SOURCES and not SOURCES[source].is_append_only
    outcomes = RecordColumns.of(FileOutcome, found.outcomes)
    files, facts, problems, reached, is_whole, _, _, sessions = outcomes.columns
    paths = [file.path for file in files]
    if all(is_whole) and None not in facts and not any(sessions):
        whole: list[tuple[str, FileFacts]] = list(zip(paths, facts, strict=True))
    else:
        whole = []
        for path, one in zip(paths, outcomes, strict=True):
            if one.is_whole and one.facts is not None and not one.sessions:
                whole.append((path, one.facts))
                continue
            for said in one.every_fact:
                learn(books, source, path, said, is_whole=one.is_whole)
    known = log.among(paths)
    for place in [place for place, doubts in enumerate(problems) if doubts.counts or paths[place] in known]:
        if problems[place].counts or is_whole[place] or reached[place] is not None:  # else nothing is new
            doubts, is_all = problems[place], is_whole[place]
            books.revision += log.note(paths[place], doubts, is_whole=is_all, may_retell=may_retell)
    _learn_whole(books, source, whole)
    add_files(books, found)


def _learn_whole(books: Books, source: str, files: Sequence[tuple[str, FileFacts]]) -> None:
    """Take in what whole files say beside their responses, as `learn` does."""
    changed, moved, others = books.facts.learn_first(source, files)
    books.is_moved |= not books.sessions.isdisjoint(moved)
    books.revision += changed
    for _, facts in files:
        if facts.client_totals or facts.asked_models:
            learn_totals(books, source, facts)
    for path, facts in others:
        learn(books, source, path, facts, is_whole=True)


def learn(
    books: Books, source: str, path: str, facts: FileFacts, *, is_whole: bool = False, is_remembered: bool = False
) -> None:
    """Take in what a file says beside its responses, of one session or sub-agent."""
    changed, moved = books.facts.learn(source, path, facts, is_whole=is_whole, is_remembered=is_remembered)
    books.is_moved |= not moved.isdisjoint(books.sessions)
    books.revision += changed
    learn_totals(books, source, facts)


def add_files(books: Books, found: Packed) -> None:
    """Add responses: at once all that nobody knows, then one by one those that are known, or come twice."""
    table = books.table
    if found.columns.source == TELEMETRY:
        found = counted_events(books, found)
    columns = found.columns
    note_sessions(books, columns)
    numbers = books.numbering(columns)
    see(books, columns)
    first, again = _repeated(books.table.row_of, found)
    files = RecordColumns.of(FileOutcome, found.outcomes).columns[0]
    file_numbers = books.file_numbers(columns.source, [file.path for file in files])
    row_ends = RecordColumns.of(Ends, found.ends).columns[0]
    rows_of = list(map(sub, row_ends, (0, *row_ends)))
    merged: dict[int, list[int]] = {}
    runs: list[tuple[int, int]] = []
    begin = file = 0
    for entry in again:
        file = bisect_right(row_ends, entry, file)
        merged.setdefault(file, []).append(entry)
        rows_of[file] -= 1
        runs.append((begin, entry))
        begin = entry + 1
    owners, models = numbers
    cells = _cells(books, found, merged)
    books.cells.merge_all(
        [(_cell_key((day, owners[owner], models[model])), sums) for day, owner, model, *sums in cells]
    )
    new = columns.runs([*runs, (begin, len(columns))])
    table.row_of.extend(new.key, len(table))
    of_rows = array("i", [number for number, rows in zip(file_numbers, rows_of, strict=True) for _ in range(rows)])
    _extend(books, new, of_rows, numbers)
    if again:
        others = [file_numbers[file] for file, entries in merged.items() for _ in entries]
        rows = table.row_of.known(array("q", [columns.key[entry] for entry in (*again, *first)])).rows
        uncounted = rows[len(again) :]
        _merge(books, columns, zip(again, rows, others, strict=False), numbers, set(uncounted))
        books.add_all(uncounted, columns.source)


def _cells(books: Books, found: Packed, merged: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Return the cells of files without the entries that are `merged` one by one, by the place of their file."""
    uncounted = {*found.repeated.first, *found.repeated.again} if found.repeated is not None else set[int]()
    cells: list[list[int]] = []
    begin, ends = 0, found.ends
    for file, entries in merged.items():
        if uncounted.issuperset(entries):
            continue
        start, end = ends[file - 1] if file else Ends(), ends[file]
        rest = sorted({*range(start.row, end.row)}.difference(entries, uncounted))
        made = file_cells(found.columns.pick(rest), books.pricer, books.calendar)
        cells += found.cells[begin : start.cell]
        cells += ([*key, *sums] for key, sums in made.items())
        begin = end.cell
    cells += found.cells[begin:]
    return cells


def _extend(books: Books, columns: Columns, files: array[int], numbers: Numbering) -> None:
    """Add responses whose keys have been added already; events are summed when they are reconciled."""
    start = len(books.table)
    books.extend(columns, files, numbers)
    if columns and columns.source == TELEMETRY:
        note_events(books, range(start, len(books.table)))


def _repeated(row_of: KeyIndex, found: Packed) -> Repeated:
    """Return the entries that are to be merged one by one, since their responses are known or have an entry before
    them, and those first ones that no cell has and none knows."""
    keys = found.columns.key
    known = row_of.known(keys).places
    first, again = found.repeated or Repeated([], _again(keys))
    if not known:
        return Repeated(first, again)
    is_known = set(known)
    return Repeated([entry for entry in first if entry not in is_known], sorted(is_known.union(again)))


def _again(keys: array[int]) -> list[int]:
    """Return the entries, in order, of responses of which there is an entry before."""
    count = len(keys)
    if len(set(keys)) == count:
        return []
    first = dict(zip(reversed(keys), range(count - 1, -1, -1), strict=True))
    return [entry for entry, key in enumerate(keys) if first[key] != entry]


def _merge(
    books: Books,
    columns: Columns,
    entries: Iterable[tuple[int, int, int]],
    numbers: Numbering,
    uncounted: Collection[int],
) -> None:
    """Merge entries of responses that are known, each given with the row of that and its own file. Rows that are
    `uncounted` are in no cell, and only sessions of these columns hold them."""
    table, names, (owners, models) = books.table, TableNames(books.owners, books.models), numbers
    is_merged = False
    for entry, row, file in entries:
        found = TableEntry(columns, entry, file, owners[columns.owner[entry]], models[columns.model[entry]])
        is_merged |= note_holder(books, row, found)
        time_ms = table.time[row]
        if row in uncounted:
            is_changed = table.merge(row, found, names)
        else:
            changes = table.changes(row, found, names)
            is_changed = changes is not None
            if changes is not None:
                note_change(books, row)
                is_logged = row not in table.as_logged
                if is_logged and table.is_only_moved(row, found, changes):
                    table.put(row, found, changes)
                else:
                    books.add(row, -1)
                    if not is_logged:
                        table.restore(row)
                    table.put(row, found, changes)
                    books.add(row, 1)
        if is_changed:
            is_merged = True
            if books.told is not None:
                books.told.touch(row, table, books.owners)
            if table.time[row] != time_ms:
                books.recent.add(row, table.time[row])
    books.revision += is_merged
