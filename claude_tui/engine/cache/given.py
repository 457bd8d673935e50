"""What a store has received from a ledger, and a quick check whether the ledger has changed since.

Must not open the ledger: a start that finds it unchanged needs no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from claude_tui.records import NamedTuple

NOTHING: Final[Mapping[int, int]] = MappingProxyType({})


class Given(NamedTuple):
    """The state of a ledger that a store has: every record named here is in the store, at least in that state.

    `ledger` is the ledger's own name ("" for none), `generation` the change it was at, `mark` the result of `mark_of`
    at that time ("" unknown). `checksums` are those of its records, by number, including records out of scope.
    """

    ledger: str = ""
    generation: int = 0
    mark: str = ""
    checksums: Mapping[int, int] = NOTHING

    def is_of(self, path: Path) -> bool:
        """Whether the file at `path` may be the same ledger: a backup put in its place is another file."""
        return not self.mark or self.mark.startswith(f"{path.stat().st_ino}:")

    def is_at(self, path: Path) -> bool:
        """Whether the ledger at `path` is provably the same and unchanged. Reads only its first bytes."""
        return mark_of(path) == self.mark if self.mark else not self.ledger and not path.exists()


def mark_of(path: Path) -> str:
    """Return a text that differs after every change of a ledger, from the first bytes of its file; "" if unknown."""
    try:
        if not path.is_file() or path.with_name(path.name + "-journal").exists():
            return ""
        with path.open("rb") as file:
            # SQLite's file format: at 24 a counter of commits, at 28 the size in pages.
            head = file.read(32)
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_ino}:{stat.st_mtime_ns}:{head[24:32].hex()}" if len(head) == 32 else ""
