"""How far each file has been read, kept encoded until somebody asks.

A start that finds every file as it was needs their stats alone. Must not know what the files hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from claude_tui.engine.cache.section_file import (
    PIECE_ROWS,
    DamagedSectionError,
    Pieces,
    columns_as_json,
    columns_of,
    from_json,
    to_json,
    to_rows,
)
from claude_tui.records import NamedTuple
from claude_tui.sources.checkpoints import Reached, checkpoint_of, fields_of, restored
from claude_tui.sources.protocol import Checkpoint, LogFile

Stat = tuple[int, int, int, int]
"""Size, time of change in nanoseconds, device and inode: the end of a `LogFile`."""


class Seen(NamedTuple):
    """The stat a file was last read at, and how far that `reached`."""

    file: LogFile
    reached: Reached

    @property
    def checkpoint(self) -> Checkpoint:
        """How far it was read."""
        return checkpoint_of(self.reached)


class SeenFiles:
    """Every file that was read, by path: as it was saved, and what was read since.

    Made of what `encoded` gave, its second part when that is needed. Where that is damaged, any method may raise.
    """

    def __init__(self, files: bytes = b"[]", checkpoints: Callable[[], bytes] = bytes) -> None:
        self._columns: list[list[Any]] = from_json(files) or [[] for _ in LogFile._fields]
        _, paths, _, *stats = self._columns
        self._stats: dict[str, Stat] | None = dict(zip(paths, to_rows(stats), strict=True))
        self._checkpoints = checkpoints
        self._decoded: dict[str, Seen] = {}
        """Those read since, as long as there are `_stats`; afterwards all."""

    def is_same(self, file: LogFile) -> bool:
        """Whether a file looks exactly as it did when it was last read."""
        found = self._decoded.get(file.path)
        if found is None and self._stats is not None:
            return self._stats.get(file.path) == file[3:]
        return found is not None and found.file[3:] == file[3:]

    def __contains__(self, path: str) -> bool:
        return path in self._decoded or (self._stats is not None and path in self._stats)

    def has_any(self, paths: Collection[str]) -> bool:
        """Whether any of these files is known."""
        stats = self._stats or {}
        return not (self._decoded.keys().isdisjoint(paths) and stats.keys().isdisjoint(paths))

    def __len__(self) -> int:
        return len(self.paths()) if self._decoded and self._stats else len(self._stats or self._decoded)

    def paths(self) -> set[str]:
        """Return the paths of all files."""
        return {*(self._stats or ()), *self._decoded}

    def checkpoints(self, paths: Iterable[str]) -> list[Checkpoint | None]:
        """Return how far files had been read; None for those that were not."""
        if self._stats is None:
            return [self._decoded[path].checkpoint if path in self._decoded else None for path in paths]
        rows, saved, decoded = {path: row for row, path in enumerate(self._columns[1])}, self._rows(), self._decoded
        return [
            decoded[path].checkpoint if path in decoded else restored(saved[rows[path]]) if path in rows else None
            for path in paths
        ]

    def note(self, read: Iterable[tuple[str, Seen]]) -> None:
        """Remember how far files, given by their paths, have been read."""
        self._decoded.update(read)

    def all(self) -> dict[str, Seen]:
        """Return all files, decoded. What is put into this dictionary is known from then on."""
        if self._stats is not None:
            files = map(LogFile._make, to_rows(self._columns))
            saved = {file.path: Seen(file, restored(row)) for file, row in zip(files, self._rows(), strict=True)}
            self._decoded = {**saved, **self._decoded}
            self._columns, self._stats, self._checkpoints = [], None, bytes
        return self._decoded

    def drop(self, paths: Collection[str]) -> None:
        """Forget some files."""
        known = self.all()
        for path in paths:
            known.pop(path, None)

    def clear(self) -> None:
        """Forget all files. What `all` gave is empty then, and still what is known."""
        self._columns, self._stats, self._checkpoints = [], None, bytes
        self._decoded.clear()

    def _rows(self) -> list[list[Any]]:
        rows: list[list[Any]] = from_json(self._checkpoints() or b"[]")
        if len(rows) != len(self._columns[1]):
            raise DamagedSectionError("checkpoints")
        return rows


def encoded(seen: Mapping[str, Seen]) -> tuple[Pieces, Pieces]:
    """Return files and checkpoints, as what `SeenFiles` is made of. Column by column: row by row takes ten times as
    long."""
    entries = list(seen.values())
    kept = [one for one in entries if isinstance(one.reached, bytes)]
    others = [one for one in entries if not isinstance(one.reached, bytes)]
    return columns_as_json(columns_of([file for file, _ in (*kept, *others)])), _checkpoints(kept, others)


def _checkpoints(kept: Sequence[Seen], others: Sequence[Seen]) -> Iterator[bytes | memoryview]:
    yield b"["
    opening = b""
    for at in range(0, len(kept), PIECE_ROWS):
        yield opening
        yield b",".join([reached for _, reached in kept[at : at + PIECE_ROWS]])  # type: ignore[misc]
        opening = b","
    for at in range(0, len(others), PIECE_ROWS):
        yield opening
        yield memoryview(to_json([fields_of(one.checkpoint) for one in others[at : at + PIECE_ROWS]]))[1:-1]
        opening = b","
    yield b"]"
