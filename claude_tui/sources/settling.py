"""Settles the rows of one file into one entry per response.

Settling is a merge that may be repeated and done in any order with the same result (a semilattice): the counted row is
the one with the most output tokens, then the largest sum, then the highest by all else that is counted or priced; only
among equal rows, the last one. The instant is the earliest. The owner is that of the earliest row that is not a copy,
main chain before side chain, then by name. File names decide nothing. Must not know rows of other files, prices or
totals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from struct import Struct

from claude_tui.model import NEVER_MS, UsageRow
from claude_tui.sources.columns import (
    COPY,
    LOWER_BOUND,
    SIDECHAIN,
    Columns,
    RowOwner,
    key_number,
    key_numbers,
    put_or_drop,
    row_rank,
)

Settled = tuple[int, int, int, int, int, int, int, int, int, int]
"""A response without rare facts: instant, owner and flags; input, output, cache writes for 5 minutes and for an hour,
cache reads; offset and model."""


class ColumnsBuilder:
    """Settles the rows of one file, given in file order, into `Columns`."""

    def __init__(self, source: str, *, keep_names: bool = False) -> None:
        self._columns = Columns(source)
        self._keep_names = keep_names
        self._entries: dict[str, int] = {}
        self._owners: dict[RowOwner, int] = {}
        self._models: dict[str, int] = {}

    def add(self, row: UsageRow) -> None:
        """Merge one row in."""
        columns = self._columns
        entry = self._entries.get(row.key)
        owner = self._owner(RowOwner(row.session, row.agent, row.cwd))
        flags = (COPY if row.is_copy else 0) | (SIDECHAIN if row.is_sidechain else 0)
        if entry is None:
            entry = self._entries[row.key] = len(columns)
            columns.key.append(key_number(columns.source, row.key))
            if self._keep_names:
                columns.names.append(row.key)
            columns.time.append(row.time_ms)
            columns.owner.append(owner)
            columns.flags.append(flags)
            for column in (columns.model, columns.input, columns.output, columns.write_5m, columns.write_1h):
                column.append(0)
            columns.cache_read.append(0)
            columns.offset.append(row.offset)
            self._count(entry, row)
            return
        known, found = columns.owner_rank(entry), (flags & COPY, row.time_ms or NEVER_MS, flags & SIDECHAIN)
        if found < known or (found == known and columns.owners[owner] < columns.owners[columns.owner[entry]]):
            columns.owner[entry] = owner
            columns.flags[entry] = flags | (columns.flags[entry] & LOWER_BOUND)
            columns.owner_time[entry] = row.time_ms
        elif entry not in columns.owner_time:
            columns.owner_time[entry] = columns.time[entry]
        if row.time_ms and (row.time_ms < columns.time[entry] or not columns.time[entry]):
            columns.time[entry] = row.time_ms
        if columns.owner_time[entry] == columns.time[entry]:
            del columns.owner_time[entry]
        if self._counts(row, entry):
            self._count(entry, row)

    def columns(self) -> Columns:
        """Return what has been settled so far."""
        return self._columns

    def _count(self, entry: int, row: UsageRow) -> None:
        """Make `row` the counted row of an entry."""
        columns, usage = self._columns, row.usage
        columns.model[entry] = self._model(row.model)
        columns.input[entry] = usage.input
        columns.output[entry] = usage.output
        columns.write_5m[entry] = usage.cache_write_5m
        columns.write_1h[entry] = usage.cache_write_1h
        columns.cache_read[entry] = usage.cache_read
        columns.offset[entry] = row.offset
        columns.flags[entry] = (columns.flags[entry] & ~LOWER_BOUND) | (LOWER_BOUND if row.is_lower_bound else 0)
        put_or_drop(columns.web_search, entry, usage.web_search)
        put_or_drop(columns.terms, entry, row.terms)
        put_or_drop(columns.extras, entry, row.extras)
        if row.reported_nano is not None:
            columns.reported[entry] = row.reported_nano
        else:
            columns.reported.pop(entry, None)

    def _counts(self, row: UsageRow, entry: int) -> bool:
        """Whether `row` should replace the row counted so far."""
        columns = self._columns
        size, known_size = (row.usage.output, row.usage.tokens), columns.size(entry)
        if size != known_size:
            return size > known_size
        rank, known_rank = row_rank(row), columns.rank(entry, columns.models[columns.model[entry]])
        return (rank, row.offset) >= (known_rank, columns.offset[entry])

    def _owner(self, owner: RowOwner) -> int:
        number = self._owners.get(owner)
        if number is None:
            number = self._owners[owner] = len(self._columns.owners)
            self._columns.owners.append(owner)
        return number

    def _model(self, model: str) -> int:
        number = self._models.get(model)
        if number is None:
            number = self._models[model] = len(self._columns.models)
            self._columns.models.append(model)
        return number


def append_settled(columns: Columns, settled: Mapping[str, Settled]) -> None:
    """Append responses that are not in `columns` yet, by their keys."""
    append_rows(columns, settled, settled.values())


def append_rows(columns: Columns, keys: Collection[str], rows: Iterable[Settled]) -> None:
    """Append responses, of which no file has two with the same key: all at once, for each call is felt."""
    if not keys:
        return
    wide, narrow = Struct(f"{len(keys)}q").pack, Struct(f"{len(keys)}i").pack
    time, owner, flags, input_tokens, output, write_5m, write_1h, cache_read, offset, model = zip(*rows, strict=True)
    columns.key.frombytes(wide(*key_numbers(columns.source, keys)))
    columns.time.frombytes(wide(*time))
    columns.owner.frombytes(narrow(*owner))
    columns.flags.frombytes(bytes(flags))
    columns.input.frombytes(wide(*input_tokens))
    columns.output.frombytes(wide(*output))
    columns.write_5m.frombytes(wide(*write_5m))
    columns.write_1h.frombytes(wide(*write_1h))
    columns.cache_read.frombytes(wide(*cache_read))
    columns.offset.frombytes(wide(*offset))
    columns.model.frombytes(narrow(*model))


def columns_of(source: str, rows: Iterable[UsageRow], *, keep_names: bool = False) -> Columns:
    """Settle the rows of one file, given in file order."""
    builder = ColumnsBuilder(source, keep_names=keep_names)
    for row in rows:
        builder.add(row)
    return builder.columns()
