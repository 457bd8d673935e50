"""The rows of one file, settled per response and stored as columns: small in memory, cheap to pickle.

Settling is a merge that may be repeated and done in any order with the same result (a semilattice): the counted row is
the one with the most output tokens, then the largest sum, then the highest by all else that is counted or priced; only
among equal rows, the last one. The instant is the earliest. The owner is that of the earliest row that is not a copy,
main chain before side chain, then by name. File names decide nothing. Must not know prices, days, rows of other files,
or totals.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from struct import Struct, unpack
from typing import Final, NamedTuple, TypeVar

from claude_tui.model import NEVER_MS, Extra, Row, Usage

V = TypeVar("V")

ARRAYS: Final = (
    "key", "time", "owner", "model", "input", "output", "write_5m", "write_1h", "cache_read", "offset", "flags",
)  # fmt: skip
"""The arrays of `Columns`, one element per response."""
RARE: Final = ("web_search", "terms", "extras", "reported", "owner_time")
"""The dictionaries of `Columns`, by entry."""

COPY: Final = 1
"""Flag bit: the owner comes from a copied row."""
SIDECHAIN: Final = 2
"""Flag bit: the owner comes from a side chain row."""
LOWER_BOUND: Final = 4
"""Flag bit: the counted row's output is only a placeholder."""

SUM_TERMS: Final = '{"sum":true}'
"""The terms of a row that is the sum of several calls, which the log does not tell one by one."""


Settled = tuple[int, int, int, int, int, int, int, int, int, int]
"""A response without rare facts: instant, owner and flags; input, output, cache writes for 5 minutes and for an hour,
cache reads; offset and model."""


class Owner(NamedTuple):
    """The owner of a response according to its own row: session, sub-agent ("" main chain) and folder."""

    session: str
    agent: str
    cwd: str


def key_number(source: str, key: str) -> int:
    """Return a 63-bit hash of a response key of a source, the same in every process and version."""
    return key_numbers(source, (key,))[0]


def key_numbers(source: str, keys: Collection[str]) -> list[int]:
    """Return the hash of each of many keys."""
    texts = keys if source == "claude" else [f"{source}\0{key}" for key in keys]
    encoded = "\n".join(texts).encode("utf-8", "surrogatepass").split(b"\n")
    if len(encoded) != len(texts):
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    digests = b"".join([blake2b(text, digest_size=8).digest() for text in encoded])
    return [number >> 1 for number in unpack(f"<{len(texts)}Q", digests)]


Size = tuple[int, int]
"""Output and the sum of all tokens of a row."""
OwnerRank = tuple[int, int, int]
"""Whether a row is a copy, its instant, and whether it is on a side chain."""
Rank = tuple[int, bool, int, int, int, tuple[Extra, ...], str, str, int]
"""Decides between two rows of a response with the same output and the same sum: see `row_rank`."""


def row_rank(row: Row) -> Rank:
    """Rank a row among those of a response with the same output and sum, by all else that is counted or priced.

    Most web searches first, then a row that is not a placeholder. The rest only ensures that no sum depends on the
    order in which rows are read, or on the files they are in.
    """
    usage, reported = row.usage, row.reported_nano
    return (
        usage.web_search, not row.is_lower_bound, usage.cache_write_1h, usage.input, usage.cache_read, row.extras,
        row.terms, row.model, -1 if reported is None else reported,
    )  # fmt: skip


class SettledArrays:
    """Settled responses in parallel arrays: their owners, and the counters of the counted row."""

    __slots__ = ()

    time: array[int]
    input: array[int]
    output: array[int]
    write_5m: array[int]
    write_1h: array[int]
    cache_read: array[int]
    flags: array[int]
    web_search: dict[int, int]
    terms: dict[int, str]
    extras: dict[int, tuple[Extra, ...]]
    reported: dict[int, int]
    owner_time: dict[int, int]

    def usage(self, at: int) -> Usage:
        """Return the counters of a response."""
        return Usage(
            self.input[at],
            self.output[at],
            self.write_5m[at],
            self.write_1h[at],
            self.cache_read[at],
            self.web_search.get(at, 0),
        )

    def size(self, at: int) -> Size:
        """Return what is compared first to choose the counted row: output, then the sum of all tokens."""
        output = self.output[at]
        return output, self.input[at] + output + self.write_5m[at] + self.write_1h[at] + self.cache_read[at]

    def rank(self, at: int, model: str) -> Rank:
        """Rank the counted row as `row_rank` does. `model` is the name of its model."""
        return (
            self.web_search.get(at, 0), not self.flags[at] & LOWER_BOUND, self.write_1h[at], self.input[at],
            self.cache_read[at], self.extras.get(at, ()), self.terms.get(at, ""), model, self.reported.get(at, -1),
        )  # fmt: skip

    def owner_rank(self, at: int) -> OwnerRank:
        """Rank the owner: first a row that is not a copy, then the earliest, then the main chain."""
        flags = self.flags[at]
        return flags & COPY, self.owner_time.get(at, self.time[at]) or NEVER_MS, flags & SIDECHAIN


class Columns(SettledArrays):
    """One entry per response of a file, in parallel arrays. Rare facts are in dictionaries by entry.

    `time` is the earliest instant (ms, 0 unknown); `owner_time` holds the owner's instant if it differs.
    """

    __slots__ = (
        "cache_read", "extras", "flags", "input", "key", "model", "models", "names", "offset", "output", "owner",
        "owner_time", "owners", "reported", "source", "terms", "time", "web_search", "write_1h", "write_5m",
    )  # fmt: skip

    def __init__(self, source: str) -> None:
        self.source = source
        self.key = array("q")
        self.time = array("q")
        self.owner = array("i")
        self.model = array("i")
        self.input = array("q")
        self.output = array("q")
        self.write_5m = array("q")
        self.write_1h = array("q")
        self.cache_read = array("q")
        self.offset = array("q")
        self.flags = array("B")
        self.owners: list[Owner] = []
        self.models: list[str] = []
        self.names: list[str] = []
        self.web_search: dict[int, int] = {}
        self.terms: dict[int, str] = {}
        self.extras: dict[int, tuple[Extra, ...]] = {}
        self.reported: dict[int, int] = {}
        self.owner_time: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.key)

    def pick(self, entries: Sequence[int]) -> Columns:
        """Return some of the entries, with the same owners and models."""
        picked = Columns(self.source)
        picked.owners, picked.models = self.owners, self.models
        for name in ARRAYS:
            getattr(picked, name).extend(map(getattr(self, name).__getitem__, entries))
        for name in RARE:
            values = getattr(self, name)
            if values:
                chosen = {new: values[old] for new, old in enumerate(entries) if old in values}
                setattr(picked, name, chosen)
        if self.names:
            picked.names = [self.names[entry] for entry in entries]
        return picked

    def cut(self, start: int, stop: int) -> Columns:
        """Return the entries from `start` up to `stop`, with the same owners and models."""
        cut = Columns(self.source)
        cut.owners, cut.models = self.owners, self.models
        for name in ARRAYS:
            setattr(cut, name, getattr(self, name)[start:stop])
        for name in RARE:
            values = getattr(self, name)
            if values:
                chosen = {entry - start: value for entry, value in values.items() if start <= entry < stop}
                setattr(cut, name, chosen)
        cut.names = self.names[start:stop]
        return cut

    def extend(self, more: Columns) -> None:
        """Add the entries of others, whose owners and models have the same numbers as these."""
        start = len(self)
        for name in ARRAYS:
            getattr(self, name).extend(getattr(more, name))
        for name in RARE:
            values = getattr(more, name)
            if values:
                getattr(self, name).update((start + entry, value) for entry, value in values.items())
        self.names.extend(more.names)

    def renumber(self, owners_by: int, models_by: int) -> None:
        """Shift all numbers of owners and models, for names that have moved."""
        if owners_by:
            self.owner = array("i", map(owners_by.__add__, self.owner))
        if models_by:
            self.model = array("i", map(models_by.__add__, self.model))


class ColumnsBuilder:
    """Settles the rows of one file, given in file order, into `Columns`."""

    def __init__(self, source: str, *, keep_names: bool = False) -> None:
        self._columns = Columns(source)
        self._keep_names = keep_names
        self._entries: dict[str, int] = {}
        self._owners: dict[Owner, int] = {}
        self._models: dict[str, int] = {}

    def add(self, row: Row) -> None:
        """Merge one row in."""
        columns = self._columns
        entry = self._entries.get(row.key)
        owner = self._owner(Owner(row.session, row.agent, row.cwd))
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

    def _count(self, entry: int, row: Row) -> None:
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

    def _counts(self, row: Row, entry: int) -> bool:
        """Whether `row` should replace the row counted so far."""
        columns = self._columns
        size, known_size = (row.usage.output, row.usage.tokens), columns.size(entry)
        if size != known_size:
            return size > known_size
        rank, known_rank = row_rank(row), columns.rank(entry, columns.models[columns.model[entry]])
        return (rank, row.offset) >= (known_rank, columns.offset[entry])

    def _owner(self, owner: Owner) -> int:
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
    if not settled:
        return
    wide, narrow = Struct(f"{len(settled)}q").pack, Struct(f"{len(settled)}i").pack
    time, owner, flags, input_tokens, output, write_5m, write_1h, cache_read, offset, model = zip(
        *settled.values(), strict=True
    )
    columns.key.frombytes(wide(*key_numbers(columns.source, settled)))
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


def put_or_drop(table: dict[int, V], entry: int, value: V) -> None:
    """Store a rare fact of an entry, or remove it."""
    if value:
        table[entry] = value
    else:
        table.pop(entry, None)


def columns_of(source: str, rows: Iterable[Row], *, keep_names: bool = False) -> Columns:
    """Settle the rows of one file, given in file order."""
    builder = ColumnsBuilder(source, keep_names=keep_names)
    for row in rows:
        builder.add(row)
    return builder.columns()
