"""Responses stored as columns, small in memory and cheap to pickle, and the ranks that decide between their rows.

Must not know prices, days or totals, nor how the rows of a file are settled.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import accumulate
from struct import unpack
from typing import Any, Final, TypeVar

from claude_tui.hashes import blake2b
from claude_tui.model import NEVER_MS, Extra, Usage, UsageRow
from claude_tui.records import NamedTuple

V = TypeVar("V")

Numbers = Sequence[int] | Mapping[int, int]
"""New numbers by old ones."""

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

_SUM: Final = '{"sum":true'
"""How the terms begin of a row that is the sum of several calls, which the log does not list one by one."""


class RowOwner(NamedTuple):
    """The owner of a response according to its own row: session, sub-agent ("" main chain) and folder."""

    session: str
    agent: str
    cwd: str


_row_owner: Final = partial(tuple.__new__, RowOwner)
"""Makes one of a tuple: its own way takes three times as long."""


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


class Repeated(NamedTuple):
    """The entries of responses that come more than once: the first of each response, and all others, in order."""

    first: list[int]
    again: list[int]


Size = tuple[int, int]
"""Output and the sum of all tokens of a row."""
OwnerRank = tuple[int, int, int]
"""Whether a row is a copy, its instant, and whether it is on a side chain."""
Rank = tuple[int, bool, int, int, int, tuple[Extra, ...], str, str, int]
"""Decides between two rows of a response with the same output and the same sum: see `row_rank`."""


def row_rank(row: UsageRow) -> Rank:
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
        self.owners: list[RowOwner] = []
        self.models: list[str] = []
        self.names: list[str] = []
        self.web_search: dict[int, int] = {}
        self.terms: dict[int, str] = {}
        self.extras: dict[int, tuple[Extra, ...]] = {}
        self.reported: dict[int, int] = {}
        self.owner_time: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.key)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything for a pickle: owners, of which there are as many as files, as one tuple for each of their
        fields."""
        return {name: getattr(self, name) for name in self.__slots__} | {"owners": [*zip(*self.owners, strict=True)]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.owners = list(map(_row_owner, zip(*self.owners, strict=True)))

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
                chosen = {entry - start: values[entry] for entry in range(start, stop) if entry in values}
                setattr(cut, name, chosen)
        cut.names = self.names[start:stop]
        return cut

    def runs(self, runs: Sequence[tuple[int, int]]) -> Columns:
        """Return the entries of some runs, given in order as (start, stop), with the same owners and models."""
        if len(runs) == 1:
            return self if runs[0] == (0, len(self)) else self.cut(*runs[0])
        found = Columns(self.source)
        found.owners, found.models = self.owners, self.models
        for name in ARRAYS:
            column, chosen = getattr(self, name), getattr(found, name)
            for start, stop in runs:
                chosen.extend(column[start:stop])
        starts = [start for start, _ in runs]
        shifts = list(accumulate((stop - start for start, stop in runs), initial=0))
        for name in RARE:
            values, chosen = getattr(self, name), getattr(found, name)
            for entry, value in values.items():
                at = bisect_right(starts, entry) - 1
                if at >= 0 and entry < runs[at][1]:
                    chosen[shifts[at] + entry - starts[at]] = value
        if self.names:
            found.names = [name for start, stop in runs for name in self.names[start:stop]]
        return found

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

    def keep_own_names(self) -> None:
        """Forget the owners and models that no entry has."""
        owners, models = sorted(set(self.owner)), sorted(set(self.model))
        if len(owners) < len(self.owners) or len(models) < len(self.models):
            numbers = ({old: new for new, old in enumerate(some)} for some in (owners, models))
            self.renumber(*numbers)
            self.owners = [self.owners[number] for number in owners]
            self.models = [self.models[number] for number in models]

    def renumber(self, owners: Numbers, models: Numbers) -> None:
        """Give owners and models other numbers; their names are no longer these."""
        self.owner = array("i", map(owners.__getitem__, self.owner))
        self.model = array("i", map(models.__getitem__, self.model))


def put_or_drop(table: dict[int, V], entry: int, value: V) -> None:
    """Store a rare fact of an entry, or remove it."""
    if value:
        table[entry] = value
    else:
        table.pop(entry, None)


def terms_of_sum(terms: str) -> str:
    """Return the terms of a row that is the sum of several calls; `terms` is what else decides its price, or ""."""
    return f"{_SUM},{terms[1:]}" if terms else _SUM + "}"


def is_sum_of_calls(terms: str) -> bool:
    """Whether terms say that their row is the sum of several calls."""
    return terms.startswith(_SUM)
