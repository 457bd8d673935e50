"""What a ledger says when it is read or written, as records. Must not know how it is kept."""

from __future__ import annotations

from pathlib import Path

from claude_tui.engine.cache.given import Given
from claude_tui.engine.ledger.file.book import Doubt, Rewritten, Seal
from claude_tui.engine.ledger.history import MergeResult
from claude_tui.engine.ledger.pieces import KnownFile
from claude_tui.records import NamedTuple


class Recalled(NamedTuple):
    """Everything: how far this machine's files are known (by source and path), and all files."""

    stamps: dict[tuple[str, str], str]
    files: list[KnownFile]


class News(NamedTuple):
    """What a ledger holds beyond what the store has: `files`, and `given` once the store has them.

    `doubts` are the invalid rows of these files. If not `is_continued`, this is another ledger, or an older state of
    it, so what the store has may not be in it.
    """

    given: Given
    files: list[KnownFile]
    doubts: tuple[Doubt, ...] = ()
    is_continued: bool = True


class WriteResult(NamedTuple):
    """The result of writing: the seals before and after, each record written, and the ledger's mark afterwards."""

    change: MergeResult
    before: Seal
    after: Seal
    records: tuple[Rewritten, ...] = ()
    mark: str = ""


class Summary(NamedTuple):
    """A ledger in numbers. `responses` are those of the logs and `events` what telemetry told, each key once: one that
    both tell is in both. Instants are 0 if there is nothing."""

    path: Path
    hosts: tuple[str, ...] = ()
    files: int = 0
    responses: int = 0
    first_ms: int = 0
    last_ms: int = 0
    size_bytes: int = 0
    events: int = 0
