"""What was read of a file, on its way into the ledger and back. Must not know SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claude_tui.clients import TELEMETRY
from claude_tui.engine.ledger.file.book import Book, Rewritten
from claude_tui.engine.ledger.file.record import FileKey, FileRecord, pack_facts
from claude_tui.engine.ledger.file.sound import unsound, unsound_facts, unsound_place, without
from claude_tui.engine.ledger.history import FileHistory, MergeResult, merge_facts
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import Checkpoint, FileFacts, LogFile


class LedgerPiece(NamedTuple):
    """Something read of a file. A key without a host means this machine.

    `stamp` says up to where the file was read then and `since` from where: "" from its beginning or unknown,
    None if this comes from another ledger and not from the file. `is_whole`: all the file holds. `is_counted`: the
    store that writes has it as well.
    """

    key: FileKey
    columns: Columns
    facts: tuple[FileFacts, ...] = ()
    stamp: str = ""
    since: str | None = None
    is_whole: bool = False
    is_counted: bool = True


class KnownFile(NamedTuple):
    """A file as the ledger knows it. `path` is what a store is to call it: `host:path` for other machines'."""

    key: FileKey
    path: str
    columns: Columns
    facts: tuple[FileFacts, ...]


def stamp_of(file: LogFile, checkpoint: Checkpoint) -> str:
    """Return a text that identifies how far a file was read, and which content.

    It includes the time of change: a rewritten file may have the same length and the same ends.
    """
    offset, head, anchor, mark = checkpoint.offset, checkpoint.head, checkpoint.anchor, checkpoint.mark
    return f"3:{offset}:{mark}:{file.mtime_ns}:{head.hex()}:{anchor.hex()}"


class ReadSoFar(NamedTuple):
    """What a stamp says: up to which offset a file was read, and the hashes of its beginning and of what is before
    that."""

    offset: int
    hashes: tuple[bytes, bytes]


def read_stamp(stamp: str) -> ReadSoFar | None:
    """Return what a stamp says; None if it is unknown or of another version."""
    version, *parts = stamp.split(":")
    if version != "3" or len(parts) != 5:
        return None
    try:
        return ReadSoFar(int(parts[0]), (bytes.fromhex(parts[3]), bytes.fromhex(parts[4])))
    except ValueError:
        return None


def put_pieces(book: Book, key: FileKey, pieces: Sequence[LedgerPiece]) -> tuple[MergeResult, Rewritten | None]:
    """Merge pieces of one file, in the order they were read. What makes no sense is not taken in.

    Returns what changed, and the record's checksums.
    """
    if unsound_place(*key):
        return MergeResult(), None
    pieces = [_sound(piece) for piece in pieces]
    known = book.find(key)
    first = pieces[0]
    total = MergeResult()
    stamp, is_beyond = (known.stamp, known.is_beyond) if known is not None else ("", False)
    merged = merge_facts(known.facts if known is not None else (), *(piece.facts for piece in pieces))
    facts = pack_facts(merged)
    if known is None and len(pieces) == 1 and len(set(first.columns.key)) == len(first.columns):
        # The usual case of a first count: nothing to merge with.
        record = FileRecord(0, key, first.stamp if first.is_whole else "", first.since is None, facts)
        return MergeResult(len(first.columns)), book.put(None, record, first.columns, range(len(first.columns)))
    kept = book.stored_columns(known) if known is not None else Columns(key.source)
    doubted = unsound(kept)
    history = FileHistory(key.path, kept, doubted)
    for piece in pieces:
        change = history.absorb(piece.columns)
        is_news = bool(change.added or change.updated)
        if piece.is_whole:
            stamp = piece.stamp
            is_beyond = history.exceeds(piece.columns) or merged != merge_facts(piece.facts)
        elif piece.since is None:
            is_beyond |= is_news
        elif piece.since and piece.since == stamp:
            stamp = piece.stamp
        elif is_news:
            # Something before this piece may never have been kept.
            stamp = ""
        total = MergeResult(*map(sum, zip(total, change, strict=True)))
    record = FileRecord(0, key, stamp, is_beyond, facts)
    columns, is_mended = history.columns(), len(history.doubted) < len(doubted)
    return total, book.put(known, record, columns, history.changed, is_mended=is_mended)


def _sound(piece: LedgerPiece) -> LedgerPiece:
    columns = without(piece.columns, unsound(piece.columns))
    facts = tuple(facts for facts in piece.facts if not unsound_facts(facts))
    return piece._replace(columns=columns, facts=facts)


def remembered(record: FileRecord, columns: Columns, host: str) -> KnownFile:
    """Name a file for a store on the machine `host`."""
    key = record.key
    return KnownFile(key, key.path if key.host == host else f"{key.host}:{key.path}", columns, record.facts)


def machine_of(path: str, host: str) -> str:
    """Return the machine a file is on, by what a store on the machine `host` calls it; `host` for no file at all."""
    machine, colon, _ = path.partition(":/")
    return machine if colon and not path.startswith("/") else host


def keys_of(files: Iterable[Columns]) -> tuple[set[int], set[int]]:
    """Return the keys of the responses that logs say, and those of the events that telemetry told."""
    logged, told = set[int](), set[int]()
    for columns in files:
        (told if columns.source == TELEMETRY else logged).update(columns.key)
    return logged, told
