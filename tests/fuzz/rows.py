"""Both ways of reading the databases of OpenCode and Kilo CLI, side by side on mutated rows of real ones.

    python -m tests.fuzz.rows --lines 1000000 [--seed 1]

A line is a row here. Ends at the first disagreement, with the rows that show it.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any, Final

from claude_tui.sources.protocol import Checkpoint, LogFile
from claude_tui.sources.registry import reader
from tests.fuzz.fuzzer import Compared, Fuzzer, Fuzzers
from tests.fuzz.lines import GOLDEN, MUTATIONS, differences
from tests.fuzz.long_run import run_long

NAMES: Final = ("kilo", "opencode")
COLUMN_VALUES: Final = (0, 1, -1, 1.5, 2**62, "", "soon", b"\xff", "x", 1_795_246_754_903)

Stored = tuple[Any, ...]
"""Id, kind (of 2.x), session, instants of creation and change, and data, of which some are stored as bytes."""
KINDS: Final = ("assistant", "user", "compaction", "other")


class RowsFuzzer(Fuzzer[Stored, Sequence[Stored]]):
    """Writes databases of mutated messages in place of real ones of a client."""

    mutations = MUTATIONS

    def __init__(self, name: str, seed: int, folder: Path) -> None:
        super().__init__(seed)
        self.databases: list[tuple[LogFile, list[Stored]]] = []
        for home in sorted((GOLDEN / name).iterdir()):
            if home.is_dir():
                shutil.copytree(home, folder / name / home.name)
                found = (one for one in reader(name).discover(folder / name / home.name) if one.path.endswith(".db"))
                taken = [(file, self._taken_apart(file)) for file in found]
                self.databases += [(file, rows) for file, rows in taken if rows]
        self.file = self.databases[0][0]
        self.pool = [data for _, rows in self.databases for *_, data in rows]

    def _taken_apart(self, file: LogFile) -> list[Stored]:
        """Leave nothing that keeps out what is no JSON. Returns the messages."""
        with closing(sqlite3.connect(file.path, isolation_level=None)) as database:
            indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            for (name,) in database.execute(indexes).fetchall():
                database.execute(f'DROP INDEX "{name}"')
            found = database.execute(
                "SELECT id, NULL, session_id, time_created, time_updated, CAST(data AS blob) FROM message"
                " ORDER BY rowid"
            ).fetchall()
            if found:
                return found
            return database.execute(
                "SELECT id, type, session_id, time_created, time_updated, CAST(data AS blob) FROM session_message"
                " ORDER BY rowid"
            ).fetchall()

    def make(self, length: int) -> list[Stored]:
        """Make messages: real ones in order, some mutated, some in other sessions as a fork copies them."""
        chance = self.chance
        self.file, real = chance.choice(self.databases)
        sessions = [row[2] for row in real]
        share = chance.choice((0.1, 0.4, 1.0))
        made: list[Stored] = []
        while len(made) < length:
            name, kind, session, created, updated, data = real[len(made) % len(real)]
            data = self.mutated(data, chance.choice((1, 1, 2)) if chance.random() < share else 0)
            if chance.random() < 0.2:
                session = chance.choice(sessions)
            if chance.random() < 0.05:
                session = chance.choice(COLUMN_VALUES)
            if kind and chance.random() < 0.05:
                kind = chance.choice(KINDS)
            if chance.random() < 0.05:
                created = chance.choice(COLUMN_VALUES)
            if chance.random() < 0.05:
                updated = chance.choice(COLUMN_VALUES)
            if len(made) < len(real) and chance.random() < 0.7:
                made.append((name, kind, session, created, updated, data))  # its parts are of this name
            else:
                made.append((f"{name}-{len(made)}", kind, session, created, updated, data))
        return made

    def reading(self) -> AbstractContextManager[None]:
        """Read a database as it is."""
        return nullcontext()

    def content(self, made: Sequence[Stored]) -> Sequence[Stored]:
        """Return rows as they are."""
        return made

    def write(self, content: Sequence[Stored], *, is_more: bool = False) -> None:
        """Store messages in place of all, or more of them."""
        with closing(sqlite3.connect(self.file.path, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("BEGIN")
            if not is_more:
                for table in {"session_message" if kind else "message" for _, kind, *_ in content}:
                    database.execute(f"DELETE FROM {table}")
            for name, kind, *columns, data in content:
                how = "CAST(? AS text)" if len(data) % 5 else "?"
                if kind:
                    table = f"session_message VALUES (?, ?, ?, ?, ?, ?, {how})"
                    values = [name, columns[0], kind, 0, *columns[1:], data]
                else:
                    table, values = f"message VALUES (?, ?, ?, ?, {how})", [name, *columns, data]
                database.execute(f"INSERT OR REPLACE INTO {table}", values)
            database.execute("COMMIT")

    def differences(self, since: Checkpoint | None = None) -> Compared:
        """Read the database in both ways."""
        return differences(self.file, since)


def of_all(seed: int, folder: Path) -> Fuzzers:
    """Return a fuzzer for each client."""
    return Fuzzers([RowsFuzzer(name, seed, folder) for name in NAMES])


def main() -> int:
    """Run the long form."""
    return run_long("tests.fuzz.rows", __doc__, of_all, MUTATIONS)


if __name__ == "__main__":
    sys.exit(main())
