"""Every settled response as one line of parallel arrays, found by its key's number.

Must not know prices, days or sums, and takes no locks: the store does.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.rows.key_index import KeyIndex
from claude_tui.engine.state.rows.memberships import Memberships
from claude_tui.model import NEVER_MS, Extra, Usage
from claude_tui.native.library import at_hand
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import (
    ARRAYS,
    COPY,
    LOWER_BOUND,
    RARE,
    SIDECHAIN,
    Columns,
    SettledArrays,
    put_or_drop,
)

PAIRED: Final = 8
"""Flag bit: it counts elsewhere: an event whose response is in a log, or a sum of calls that events tell one by one."""

_PLAIN: Final = tuple(name for name in ARRAYS if name not in ("owner", "model"))


class FileRef(NamedTuple):
    """A file responses came from."""

    source: str
    path: str


class TableNames(NamedTuple):
    """What the numbers of owners and models in a table stand for."""

    owners: Sequence[tuple[str, ...]]
    models: Sequence[str]


class AsLogged(NamedTuple):
    """What a log said of a response, before telemetry told better."""

    usage: Usage
    terms: str
    flags: int


class TableEntry(NamedTuple):
    """An entry of a file's columns, with the numbers that its file, its owner and its model have in the table."""

    columns: Columns
    entry: int
    file: int
    owner: int
    model: int


Changes = tuple[bool, bool, bool]
"""Whether an entry is earlier than the response it belongs to, has its owner, and its counted row."""
_COUNTS: Final[Changes] = (False, False, True)


class ResponseTable(SettledArrays):
    """Settled responses of all files. Numbers of files, owners and models are the store's.

    `file` is the file of the counted row; `owner_file` holds the owner's if it is another one. Events of telemetry are
    rows, too: `told` has the event of a response of the logs, and `as_logged` what the log said of a response that is
    now as an event says.
    """

    __slots__ = (
        "_keep_names", "as_logged", "cache_read", "extras", "file", "files", "flags", "input", "key", "memberships",
        "model", "names", "offset", "output", "owner", "owner_file", "owner_time", "reported", "row_of", "terms",
        "time", "told", "web_search", "write_1h", "write_5m",
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
        self.memberships = Memberships()
        self.told: dict[int, int] = {}
        self.as_logged: dict[int, AsLogged] = {}

    def __len__(self) -> int:
        return len(self.key)

    def extend(self, columns: Columns, files: array[int], owners: list[int], models: list[int]) -> None:
        """Add entries, whose keys `row_of` has already; `files` has the file of each."""
        start = len(self.key)
        self.owner.extend(_renumbered(owners, columns.owner))
        self.model.extend(_renumbered(models, columns.model))
        self.file.extend(files)
        for name in _PLAIN:
            getattr(self, name).extend(getattr(columns, name))
        for name in RARE:
            getattr(self, name).update((start + entry, value) for entry, value in getattr(columns, name).items())
        if self._keep_names:
            self.names.update(enumerate(columns.names, start))

    def picked(self, rows: Sequence[int], source: str, models: list[str]) -> Columns:
        """Return some responses of one source, with the numbers of owners and models that they have here."""
        picked = Columns(source)
        picked.models = models
        for name in ARRAYS:
            getattr(picked, name).extend(map(getattr(self, name).__getitem__, rows))
        for name in RARE:
            values, chosen = getattr(self, name), getattr(picked, name)
            if values:
                chosen.update((entry, values[row]) for entry, row in enumerate(rows) if row in values)
        return picked

    def is_event(self, row: int) -> bool:
        """Whether a row is an event of the telemetry."""
        return self.files[self.file[row]].source == TELEMETRY

    def logged_as(self, row: int) -> AsLogged:
        """Return a response as the log has it."""
        return self.as_logged.get(row) or AsLogged(self.usage(row), self.terms.get(row, ""), self.flags[row])

    def change(self, row: int, now: AsLogged) -> None:
        """Let a response be another one than the log has: the final output of a lower bound, the rest of a sum."""
        self.as_logged[row] = self.logged_as(row)
        self._set(row, now)

    def restore(self, row: int) -> None:
        """Take back what `change` did."""
        self._set(row, self.as_logged.pop(row))

    def _set(self, row: int, said: AsLogged) -> None:
        (self.input[row], self.output[row], self.write_5m[row], self.write_1h[row], self.cache_read[row], _) = (
            said.usage
        )
        put_or_drop(self.terms, row, said.terms)
        self.flags[row] = said.flags

    def would_add(self, found: TableEntry, names: TableNames) -> bool:
        """Whether an entry is a response that is not known, or not so."""
        row = self.row_of.get(found.columns.key[found.entry])
        return row is None or self.would_change(row, found, names)

    def would_change(self, row: int, found: TableEntry, names: TableNames) -> bool:
        """Whether merging an entry into a response, as the logs have it, changes anything."""
        return self.changes(row, found, names) is not None

    def changes(self, row: int, found: TableEntry, names: TableNames) -> Changes | None:
        """Return what merging an entry into a response, as the logs have it, changes; None for nothing."""
        if row in self.as_logged:
            now = AsLogged(self.usage(row), self.terms.get(row, ""), self.flags[row])
            self.restore(row)
            try:
                return self._changes(row, found, names)
            finally:
                self.change(row, now)
        return self._changes(row, found, names)

    def _changes(self, row: int, found: TableEntry, names: TableNames) -> Changes | None:
        is_earlier = self._is_earlier(row, found.columns.time[found.entry])
        changes = is_earlier, self._owns(row, found, names), self._counts(row, found, names)
        return changes if True in changes else None

    def is_only_moved(self, row: int, found: TableEntry, changes: Changes) -> bool:
        """Whether merging an entry with these changes into a response changes no sum: it is said once more, of the same
        owner, in a log that comes first."""
        return changes == _COUNTS and self._says_the_same(row, found.columns, found.entry, found.model)

    def merge(self, row: int, found: TableEntry, names: TableNames) -> bool:
        """Merge an entry of a file into the response it belongs to, as the logs have it: see `columns` for the rule.

        Returns whether that changed anything.
        """
        changes = self._changes(row, found, names)
        if changes is None:
            return False
        self.put(row, found, changes)
        return True

    def put(self, row: int, found: TableEntry, changes: Changes) -> None:
        """Merge an entry of a file into a response, which has these changes."""
        columns, entry, file, owner, model = found
        is_earlier, owns, counts = changes
        owner_time, owner_file = (
            self.owner_time.get(row, self.time[row]) or NEVER_MS,
            self.owner_file.get(row, self.file[row]),
        )
        if owns:
            self.owner[row] = owner
            self.flags[row] = (columns.flags[entry] & (COPY | SIDECHAIN)) | (self.flags[row] & (LOWER_BOUND | PAIRED))
            owner_time, owner_file = columns.owner_rank(entry)[1], file
        if is_earlier:
            self.time[row] = columns.time[entry]
        if counts:
            self._count(row, columns, entry, file, model)
        put_or_drop(self.owner_time, row, 0 if owner_time == (self.time[row] or NEVER_MS) else owner_time)
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

    def _owns(self, row: int, found: TableEntry, names: TableNames) -> bool:
        """Whether the owner of an entry is that of the response, and not the one known so far."""
        columns, entry, file, owner, _ = found
        rank, own = columns.owner_rank(entry), self.owner_rank(row)
        if rank != own:
            return rank < own
        if owner != self.owner[row]:
            return names.owners[owner] < names.owners[self.owner[row]]
        return self.files[file].path < self.files[self.owner_file.get(row, self.file[row])].path

    def _says_the_same(self, row: int, columns: Columns, entry: int, model: int) -> bool:
        """Whether an entry with nothing rare has the counted row of a response over again: most do."""
        return (
            columns.output[entry] == self.output[row]
            and columns.input[entry] == self.input[row]
            and columns.cache_read[entry] == self.cache_read[row]
            and columns.write_5m[entry] == self.write_5m[row]
            and columns.write_1h[entry] == self.write_1h[row]
            and model == self.model[row]
            and not (columns.flags[entry] ^ self.flags[row]) & LOWER_BOUND
            and not (row in self.web_search or row in self.terms or row in self.extras or row in self.reported)
            and not (entry in columns.web_search or entry in columns.terms)
            and not (entry in columns.extras or entry in columns.reported)
        )

    def _counts(self, row: int, found: TableEntry, names: TableNames) -> bool:
        """Whether the counted row of an entry is that of the response, and not the one known so far."""
        columns, entry, file, _, model = found
        if not self._says_the_same(row, columns, entry, model):
            size, own_size = columns.size(entry), self.size(row)
            if size != own_size:
                return size > own_size
            rank, own_rank = columns.rank(entry, names.models[model]), self.rank(row, names.models[self.model[row]])
            if rank != own_rank:
                return rank > own_rank
        # They say the same, so where it stands changes no sum.
        path, own_path = self.files[file].path, self.files[self.file[row]].path
        return (path, columns.offset[entry]) > (own_path, self.offset[row])


def _renumbered(numbers: list[int], column: array[int]) -> array[int]:
    core = at_hand()
    if core is not None and len(column) > len(numbers):
        return core.renumbered(array("i", numbers), column)
    return array("i", [numbers[number] for number in column])
