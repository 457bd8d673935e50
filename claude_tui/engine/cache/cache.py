"""The disposable cache: everything counted so far, so that a warm start opens no log that did not change.

Two files of sections: `head` (sums, names, facts and how far each file was read; enough for every view) and
`table` (each response; loaded only if a file changed). Anything unexpected in them reads as no cache.
Deleting them changes no number. Must not know how logs are read.
"""

from __future__ import annotations

import contextlib
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice, starmap
from pathlib import Path
from struct import Struct, error
from typing import Any, Final

from claude_tui.engine.cache.given import Given
from claude_tui.engine.cache.place import HEAD
from claude_tui.engine.cache.schema import SCHEMA
from claude_tui.engine.cache.section_file import (
    PIECE_ROWS,
    DamagedSectionError,
    Pieces,
    Sections,
    columns_as_json,
    columns_of,
    from_json,
    to_columns,
    to_json,
    to_rows,
    write_sections,
)
from claude_tui.engine.cache.seen import Seen, SeenFiles, encoded
from claude_tui.engine.state.facts import FactBook
from claude_tui.engine.state.problems import ProblemLog
from claude_tui.engine.state.rows.table import AsLogged, FileRef, ResponseTable
from claude_tui.engine.state.store import UNUSABLE, Owner, Store
from claude_tui.engine.state.sums.cells import CELL_NUMBERS, CellKey, Sums
from claude_tui.hashes import blake2b
from claude_tui.model import Extra, Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import ARRAYS
from claude_tui.sources.protocol import FileFacts

NOTHING_GIVEN: Final = Given()

_HEAD: Final = ("cells", "names", "facts", "files", "given", "about")
_cell_key: Final = partial(tuple.__new__, CellKey)
_file_facts: Final = partial(tuple.__new__, FileFacts)
_ARRAYS: Final = ("file", *ARRAYS)
_NUMBERS: Final = ("web_search", "reported", "owner_time", "owner_file")


class CachedState(NamedTuple):
    """What a cache held: how far each file had been read, when that was saved, and what of the ledger is in it."""

    seen: SeenFiles
    saved_ms: int
    given: Given


class Cache:
    """The cache of one configuration, in a folder of its own. Never raises: without a folder it does nothing.

    `identity` names everything the numbers depend on beside logs and ledger: roots, scope, prices, time zone, version.
    """

    def __init__(self, folder: Path | None, identity: tuple[str, ...]) -> None:
        name = blake2b("\0".join((str(SCHEMA), *identity)).encode("utf-8", "surrogatepass"), digest_size=10)
        self._folder = folder / f"v{SCHEMA}-{name.hexdigest()}" if folder is not None else None
        self.problem = ""

    def load(self, store: Store) -> CachedState | None:
        """Fill an empty store with what was saved. Returns None, and leaves the store as it is, if nothing was."""
        if self._folder is None:
            return None
        try:
            head = Sections(self._folder / HEAD)
            cells, names, facts, files, given, about = head.read(*_HEAD)
            described = from_json(about)
            table = Sections(self._folder / Path(described["table"]).name)
            seen = SeenFiles(files, lambda: head.read("checkpoints")[0])
            _fill(store, cells, from_json(names), from_json(facts))
            store.table_loader = lambda: _load_table(table, described["rows"])
            return CachedState(seen, int(described["saved_ms"]), _given_of(from_json(given)))
        except FileNotFoundError:
            return None
        except UNUSABLE as error:
            self.problem = f"cache rebuilt: {type(error).__name__}"
            import logging  # 3 ms, for what should not happen

            logging.getLogger(__name__).warning("cache not usable, starting without it: %s", error)
            store.clear()
            return None

    def save(self, store: Store, seen: dict[str, Seen], now_ms: int, given: Given = NOTHING_GIVEN) -> bool:
        """Save everything. Returns whether it could be. Call with the store's lock held."""
        return self.prepared(store, seen, now_ms, given)()

    def prepared(
        self, store: Store, seen: dict[str, Seen], now_ms: int, given: Given = NOTHING_GIVEN
    ) -> Callable[[], bool]:
        """Return what saves everything, as `save` does, in whatever thread it is called. Call with the store's lock
        held, and take nothing in before it is saved: it is encoded as it is written, a piece at a time."""
        folder = self._folder
        if folder is None:
            return lambda: False
        name = f"table-{os.getpid():x}-{now_ms:x}"
        table, head = _table_sections(store.table), _head_sections(store, seen, now_ms, given, name)
        return lambda: self._write(folder, name, table, head)

    def discard(self) -> None:
        """Make the next start begin without what was saved."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / HEAD).unlink()

    def _write(
        self, folder: Path, name: str, table: Iterable[tuple[str, Pieces]], head: Iterable[tuple[str, Pieces]]
    ) -> bool:
        try:
            # The mode is not for parents that are made on the way, and the one that holds ours is ours too.
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            with _lease(folder) as is_ours:
                if is_ours:
                    write_sections(folder / name, table)
                    try:
                        write_sections(folder / HEAD, head)
                    except BaseException:
                        (folder / name).unlink(missing_ok=True)
                        raise
                    self.problem = ""
                    for path in folder.glob("table-*"):
                        if path.name != name:
                            path.unlink(missing_ok=True)
                return is_ours
        except OSError as error:
            self.problem = f"cache not saved: {error.strerror or type(error).__name__}"
        except OverflowError:  # sums of counts that no client has, but a log may say
            self.problem = "cache not saved: numbers of more than 64 bits"
        return False


@contextlib.contextmanager
def _lease(folder: Path) -> Iterator[bool]:
    """Let one program write at a time; the others get False and go on without."""
    import fcntl  # only for those who write

    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(fd)


def _head_sections(
    store: Store, seen: dict[str, Seen], now_ms: int, given: Given, table: str
) -> list[tuple[str, Pieces]]:
    about = {"saved_ms": now_ms, "table": table, "rows": len(store.table)}
    files, checkpoints = encoded(seen)
    parts: tuple[Pieces, ...] = (
        _cells_bytes(store.cells.all),
        _names_of(store.owners, store.models),
        _facts_of(store.facts, to_json(_others_of(store))),
        files,
        (to_json((*given[:3], *to_columns(given.checksums.items()))),),
        (to_json(about),),
    )
    # What is read first lies last: it is there if all is.
    return [("checkpoints", checkpoints), *zip(_HEAD, parts, strict=True)]


def _cells_bytes(cells: Mapping[CellKey, Sums]) -> Iterator[bytes]:
    packed, every = Struct(f"={CELL_NUMBERS}q").pack, iter(cells.items())
    try:
        while piece := [packed(*key, *sums) for key, sums in islice(every, PIECE_ROWS)]:
            yield b"".join(piece)
    except error as too_large:
        raise OverflowError from too_large


def _names_of(owners: Sequence[Owner], models: Sequence[str]) -> Iterator[bytes | memoryview]:
    yield b"["
    yield from columns_as_json(columns_of(owners))
    yield b",%b]" % to_json(models)


def _fill(store: Store, cells: bytes, names: Any, facts: Any) -> None:
    numbers = array("q", cells)
    if len(numbers) % CELL_NUMBERS:
        raise DamagedSectionError("cells")
    owners, models = list(starmap(Owner, to_rows(names[0]))), list(map(str, names[1]))
    most_owner, most_model = (max(numbers[at::CELL_NUMBERS], default=-1) for at in (1, 2))
    if most_owner >= len(owners) or most_model >= len(models):
        raise DamagedSectionError("names")
    keys = map(_cell_key, zip(*(numbers[at::CELL_NUMBERS] for at in range(3)), strict=True))
    plain = numbers.tolist()
    sums = [plain[at + 3 : at + CELL_NUMBERS] for at in range(0, len(plain), CELL_NUMBERS)]
    loaded = dict(zip(keys, sums, strict=True))
    book = FactBook()
    sources, paths, *values = facts["files"] or [[] for _ in range(2 + len(FileFacts._fields))]
    if len(values) != len(FileFacts._fields):
        raise DamagedSectionError("facts")
    book.restore(zip(sources, paths, map(_file_facts, to_rows(values)), strict=True))
    unlogged = {CellKey._make(key): int(nano) for *key, nano in facts["unlogged_cells"]}
    store.restore(owners, models, loaded, book, ProblemLog.unpacked(facts["problems"]), unlogged)
    store.remembered_days.update(facts["remembered"])
    store.is_told = bool(facts["is_told"])
    told = [(key[1], known.client_totals) for key, known in book.sessions.items() if known.client_totals]
    every = chain(book.sessions.items(), book.agents.items())
    asked = [(key[1], known.asked_models) for key, known in every if known.asked_models]
    store.unlogged.restore(told, asked, facts["unlogged"])


def _given_of(found: Any) -> Given:
    ledger, generation, mark, *checksums = found
    records = dict(zip(*checksums, strict=True)) if checksums else {}
    return Given(str(ledger), int(generation), str(mark), records)


def _facts_of(book: FactBook, others: bytes) -> Iterator[bytes | memoryview]:
    """Yield the facts of files, with other facts: an object in JSON."""
    files = list(book.files())
    yield b'{"files":'
    columns = chain(islice(columns_of(files), 2), columns_of([facts for _, _, facts in files]))
    yield from columns_as_json(columns)
    yield b",%b" % others[1:]


def _others_of(store: Store) -> dict[str, Any]:
    return {
        "problems": store.problem_log.packed(),
        "remembered": sorted(store.remembered_days),
        "is_told": store.is_told,
        "unlogged": store.unlogged.packed(),
        "unlogged_cells": [[*key, nano] for key, nano in store.cells.unlogged.items()],
    }


def _table_sections(table: ResponseTable) -> Iterator[tuple[str, Pieces]]:
    for name in _ARRAYS:
        yield name, (memoryview(getattr(table, name)).cast("B"),)
    yield "rare", (to_json(_rare_of(table)),)
    yield "files", columns_as_json(columns_of(table.files))


def _rare_of(table: ResponseTable) -> dict[str, Any]:
    rare = {name: list(getattr(table, name).items()) for name in (*_NUMBERS, "terms")}
    extras = [
        [row, [[extra.kind, extra.model, list(extra.usage), extra.terms] for extra in found]]
        for row, found in table.extras.items()
    ]
    return {
        **rare,
        "extras": extras,
        "memberships": table.memberships.packed(),
        "told": list(table.told.items()),
        "as_logged": [[row, *said] for row, said in table.as_logged.items()],
    }


def _load_table(sections: Sections, rows: int) -> ResponseTable:
    table = ResponseTable()
    for name in _ARRAYS:
        column = sections.read_array(name, getattr(table, name).typecode)
        if len(column) != rows:
            raise DamagedSectionError(name)
        setattr(table, name, column)
    rare, files = sections.read("rare", "files")
    table.row_of.keep(table.key)
    table.files.extend(map(FileRef._make, to_rows(from_json(files))))
    decoded = from_json(rare)
    for name in (*_NUMBERS, "terms"):
        getattr(table, name).update((row, value) for row, value in decoded[name])
    for row, found in decoded["extras"]:
        table.extras[row] = tuple(Extra(kind, model, Usage(*usage), terms) for kind, model, usage, terms in found)
    table.memberships.unpack(decoded["memberships"])
    table.told.update((row, event) for row, event in decoded["told"])
    for row, usage, terms, flags in decoded["as_logged"]:
        table.as_logged[row] = AsLogged(Usage(*usage), terms, flags)
    return table
