"""What a ledger keeps of why responses were made: asked and written by the names of this machine's files.

Must not know what it means, nor read logs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from claude_tui.engine.ledger.file.book import Book, FileKey
from claude_tui.engine.ledger.file.causes import CausesStamp, KeptCauses, causes_of, causes_stamps, put_causes
from claude_tui.engine.ledger.file.schema import DamagedError, LedgerError
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.results import WriteResult

Name = tuple[str, str]
"""Source and path of a file."""


def recall_causes(ledger: Ledger, names: Collection[Name]) -> dict[Name, KeptCauses]:
    """Return what is kept of some files. Never raises: what cannot be read is not known."""

    def look(book: Book) -> dict[Name, KeptCauses]:
        host = book.seal().host
        records = [(name, book.find(FileKey(host, *name))) for name in names]
        named = {record.id: name for name, record in records if record is not None}
        return {named[file]: kept for file, kept in causes_of(book.connection, named)}

    try:
        return ledger.look(look, {})
    except (LedgerError, DamagedError):
        return {}


def known_causes(ledger: Ledger) -> dict[Name, CausesStamp]:
    """Return of which files something is kept, and how they looked then. Never raises."""

    def look(book: Book) -> dict[Name, CausesStamp]:
        host, stamps = book.seal().host, causes_stamps(book.connection)
        records = [record for record in book.records() if record.key.host == host] if stamps else []
        return {(one.key.source, one.key.path): stamps[one.id] for one in records if one.id in stamps}

    try:
        return ledger.look(look, {})
    except (LedgerError, DamagedError):
        return {}


def keep_causes(ledger: Ledger, found: Mapping[Name, KeptCauses]) -> WriteResult:
    """Keep what files say, of those that the ledger knows. Raises LedgerError."""

    def put(book: Book, host: str) -> None:
        for name, kept in found.items():
            record = book.find(FileKey(host, *name))
            if record is not None:
                put_causes(book.connection, record.id, kept)

    return ledger.change(put)
