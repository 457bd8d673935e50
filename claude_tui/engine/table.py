"""Every settled response as one line of parallel arrays, found by its key's number.

Must not know prices, days or sums, and takes no locks: the store does.
"""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple

from claude_tui.engine.keys import KeyIndex
from claude_tui.model import Extra, Usage
from claude_tui.sources.columns import ARRAYS, COPY, LOWER_BOUND, NEVER, RARE, SIDECHAIN, Columns, put_or_drop

_PLAIN: Final = tuple(name for name in ARRAYS if name not in ("owner", "model"))


class FileRef(NamedTuple):
    """A file responses came from."""

    source: str
    path: str


class Table:
    """Settled responses of all files. Numbers of files, owners and models are the store's.

    `file` is the file of the counted row; `owner_file` holds the owner's where it is another one.
    """

    __slots__ = (
        "_keep_names", "cache_read", "extras", "file", "files", "flags", "input", "key", "model", "names", "offset",
        "output", "owner", "owner_file", "owner_time", "reported", "row_of", "terms", "time", "web_search", "write_1h",
        "write_5m",
    )  # fmt: skip

    def __init__(self, *, keep_names: bool = True) -> None:
        self._keep_names = keep_names
        self.row_of = KeyIndex()
        self.key = array("q")
        self.time = array("q")
        self.owner = array("i")
        self.model = array("i")
        self.file = array("i")
        self.input = array("q")
        self.output = array("q")
        self.write_5m = array("q")
        self.write_1h = array("q")
        self.cache_read = array("q")
        self.offset = array("q")
        self.flags = array("B")
        self.files: list[FileRef] = []
        self.names: dict[int, str] = {}
        self.web_search: dict[int, int] = {}
        self.terms: dict[int, str] = {}
        self.extras: dict[int, tuple[Extra, ...]] = {}
        self.reported: dict[int, int] = {}
        self.owner_time: dict[int, int] = {}
        self.owner_file: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.key)

    def usage(self, row: int) -> Usage:
        """Return the counters of a response."""
        return Usage(
            self.input[row],
            self.output[row],
            self.write_5m[row],
            self.write_1h[row],
            self.cache_read[row],
            self.web_search.get(row, 0),
        )

    def extend(self, columns: Columns, files: array[int], owners: list[int], models: list[int]) -> None:
        """Add entries, whose keys `row_of` has already; `files` has the file of each."""
        start = len(self.key)
        self.owner.extend(map(owners.__getitem__, columns.owner))
        self.model.extend(map(models.__getitem__, columns.model))
        self.file.extend(files)
        for name in _PLAIN:
            getattr(self, name).extend(getattr(columns, name))
        for name in RARE:
            getattr(self, name).update((start + entry, value) for entry, value in getattr(columns, name).items())
        if self._keep_names:
            self.names.update(enumerate(columns.names, start))

    def would_add(self, columns: Columns, entry: int, file: int) -> bool:
        """Whether an entry is a response that is not known, or not so."""
        row = self.row_of.get(columns.key[entry])
        return row is None or self.would_change(row, columns, entry, file)

    def would_change(self, row: int, columns: Columns, entry: int, file: int) -> bool:
        """Whether merging an entry into a response changes anything but where it was read."""
        time_ms = columns.time[entry]
        return (
            self._is_earlier(row, time_ms)
            or self._owner_rank(columns, entry, file) < self._own_owner_rank(row)
            or self._count_rank(columns, entry, file) > self._own_count_rank(row)
        )

    def merge(self, row: int, columns: Columns, entry: int, file: int, owner: int, model: int) -> None:
        """Merge an entry of a file into the response it belongs to: see `columns` for the rule."""
        time_ms = columns.time[entry]
        own_rank, rank = self._own_owner_rank(row), self._owner_rank(columns, entry, file)
        owner_time, owner_file = own_rank[1], self.owner_file.get(row, self.file[row])
        if rank < own_rank:
            self.owner[row] = owner
            self.flags[row] = (columns.flags[entry] & (COPY | SIDECHAIN)) | (self.flags[row] & LOWER_BOUND)
            owner_time, owner_file = rank[1], file
        if self._is_earlier(row, time_ms):
            self.time[row] = time_ms
        if self._count_rank(columns, entry, file) > self._own_count_rank(row):
            self._count(row, columns, entry, file, model)
        put_or_drop(self.owner_time, row, 0 if owner_time == (self.time[row] or NEVER) else owner_time)
        if owner_file == self.file[row]:
            self.owner_file.pop(row, None)
        else:
            self.owner_file[row] = owner_file

    def _count(self, row: int, columns: Columns, entry: int, file: int, model: int) -> None:
        self.file[row] = file
        self.model[row] = model
        self.input[row] = columns.input[entry]
        self.output[row] = columns.output[entry]
        self.write_5m[row] = columns.write_5m[entry]
        self.write_1h[row] = columns.write_1h[entry]
        self.cache_read[row] = columns.cache_read[entry]
        self.offset[row] = columns.offset[entry]
        self.flags[row] = (self.flags[row] & ~LOWER_BOUND) | (columns.flags[entry] & LOWER_BOUND)
        self._copy_rare(columns, entry, row)

    def _copy_rare(self, columns: Columns, entry: int, row: int) -> None:
        put_or_drop(self.web_search, row, columns.web_search.get(entry, 0))
        put_or_drop(self.terms, row, columns.terms.get(entry, ""))
        put_or_drop(self.extras, row, columns.extras.get(entry, ()))
        if entry in columns.reported:
            self.reported[row] = columns.reported[entry]
        else:
            self.reported.pop(row, None)

    def _is_earlier(self, row: int, time_ms: int) -> bool:
        return bool(time_ms) and (time_ms < self.time[row] or not self.time[row])

    def _own_owner_rank(self, row: int) -> tuple[int, int, int, str]:
        flags = self.flags[row]
        time_ms = self.owner_time.get(row, self.time[row]) or NEVER
        path = self.files[self.owner_file.get(row, self.file[row])].path
        return flags & COPY, time_ms, flags & SIDECHAIN, path

    def _owner_rank(self, columns: Columns, entry: int, file: int) -> tuple[int, int, int, str]:
        flags = columns.flags[entry]
        time_ms = columns.owner_time.get(entry, columns.time[entry]) or NEVER
        return flags & COPY, time_ms, flags & SIDECHAIN, self.files[file].path

    def _own_count_rank(self, row: int) -> tuple[int, int, str, int]:
        return self.output[row], self._tokens(self, row), self.files[self.file[row]].path, self.offset[row]

    def _count_rank(self, columns: Columns, entry: int, file: int) -> tuple[int, int, str, int]:
        return columns.output[entry], self._tokens(columns, entry), self.files[file].path, columns.offset[entry]

    @staticmethod
    def _tokens(arrays: Columns | Table, at: int) -> int:
        return arrays.input[at] + arrays.output[at] + arrays.write_5m[at] + arrays.write_1h[at] + arrays.cache_read[at]
