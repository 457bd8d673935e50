"""`ledger merge` of what was made to do harm ends, soon, with one clear reason, and changes nothing."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.cache.given import mark_of
from claude_tui.engine.ledger import Ledger, LedgerError
from claude_tui.engine.ledger.file.book import Book, _run_crc
from claude_tui.engine.ledger.file.record import FileRecord, row_crc, row_of
from claude_tui.engine.ledger.file.schema import APPLICATION_ID
from tests.engine.ledgers import content_of, ledger_in, piece, row, sql

T = 1_790_000_000_000

ENDLESS = "CREATE VIEW {0} AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id{1} FROM n"
MILLIARD = (
    "CREATE VIEW runs AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 1000000000)"
    " SELECT id, zeroblob(1000000) AS data, 0 AS crc FROM n"
)
HARM = {
    "endless runs": ["DROP TABLE runs", ENDLESS.format("runs", ", x'00' AS data, 0 AS crc")],
    "endless files": ["DROP TABLE files", ENDLESS.format("files", "")],
    "endless seal": ["DROP TABLE seal", ENDLESS.format("seal", "")],
    "a milliard rows": ["DROP TABLE runs", MILLIARD],
    "a view of a table": ["ALTER TABLE runs RENAME TO r", "CREATE VIEW runs AS SELECT * FROM r"],
    "a trigger": ["CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM files; END"],
    "a computed column": [
        "DROP TABLE runs",
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, crc INTEGER, data BLOB AS (zeroblob(999999999)))",
        "INSERT INTO runs (id, crc) VALUES (1048576, 0)",
    ],
    "an index of its own": ["CREATE INDEX i ON runs (length(hex(data)))"],
    "no tables": ["DROP TABLE runs", "DROP TABLE files"],
    "no seal": ["DELETE FROM seal"],
    "files that are gone": ["DELETE FROM files"],
    "runs that are gone": ["DELETE FROM runs"],
    "wrong types": ["UPDATE runs SET data = 'text'"],
    "wrong types of files": ["UPDATE files SET path = 7 WHERE id = 1"],
    "wrong types of the seal": ["UPDATE seal SET host = 'text'"],
    "another program's": ["PRAGMA application_id = 7"],
    "no version": ["PRAGMA user_version = 0"],
    "a newer version": ["PRAGMA user_version = 99"],
}


def written(folder: Path) -> Ledger:
    ledger = ledger_in(folder, "there")
    ledger.write([
        piece(f"/logs/{file}.jsonl", [row(f"msg_{file}_{n}", n, T + n, n) for n in range(150)]) for file in range(3)
    ])  # fmt: skip
    return ledger


def refused(folder: Path, other: Path) -> str:
    ledger = ledger_in(folder / "own")
    ledger.write([piece("/own", [row("msg_own")])])
    before = content_of(ledger)
    with pytest.raises(LedgerError) as found:
        ledger.merge(other)
    assert content_of(ledger) == before and not ledger.notice
    assert "\n" not in str(found.value)
    return str(found.value)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("statements", HARM.values(), ids=HARM)
def test_a_ledger_that_was_changed_is_refused(statements: list[str], tmp_path: Path) -> None:
    other = written(tmp_path / "other").path
    for statement in statements:
        sql(other, statement)
    assert any(word in refused(tmp_path, other) for word in ("damaged", "newer version"))


def test_a_ledger_that_was_not_changed_is_taken_in(tmp_path: Path) -> None:
    other = written(tmp_path / "other")
    sql(other.path, "ANALYZE")
    ledger = ledger_in(tmp_path / "own")
    assert ledger.merge(other.path) == (450, 0, 0)
    assert content_of(ledger) == content_of(other)


def forged(path: Path, record: FileRecord, runs: list[tuple[int, bytes]]) -> None:
    """Put a file with sound checksums, whatever it says, in the place of all."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM files")
        connection.execute("DELETE FROM runs")
        for run, data in runs:
            connection.execute("INSERT INTO runs VALUES (?, ?, ?)", (run, data, _run_crc(run, data)))
        record = record._replace(runs=len(runs), runs_sum=sum(_run_crc(*run) for run in runs))
        values = row_of(record)
        connection.execute(f"INSERT INTO files VALUES ({', '.join('?' * 12)})", (*values, row_crc(values)))
        book = Book(connection)
        book.write_seal(book.seal()._replace(files=1, files_sum=row_crc(values)))


@pytest.mark.parametrize(
    "change",
    [
        {"id": 2**62}, {"id": -5}, {"id": 0}, {"facts_json": "text"}, {"responses": -1},
        {"responses": 2**62}, {"output": -(2**62)},
    ],
    ids=repr,
)  # fmt: skip
def test_a_file_with_a_sound_checksum_that_makes_no_sense_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    other = written(tmp_path / "other")
    with closing(sqlite3.connect(other.path)) as connection:
        book = Book(connection)
        record = book.stored_records()[0]
        runs = [(run, data) for run, data, _ in book.raw_runs(record.id)]
    wanted = record._replace(**change)
    forged(other.path, wanted, runs)
    assert "damaged" in refused(tmp_path, other.path)


@pytest.mark.parametrize("seed", range(40))
def test_a_run_with_a_sound_checksum_that_makes_no_sense_harms_nothing(seed: int, tmp_path: Path) -> None:
    other = written(tmp_path / "other")
    chosen = random.Random(seed)
    with closing(sqlite3.connect(other.path)) as connection:
        book = Book(connection)
        record = book.stored_records()[0]
        runs = [(run, bytearray(data)) for run, data, _ in book.raw_runs(record.id)]
    for _ in range(1 + seed % 3):
        _, data = chosen.choice(runs)
        at = chosen.randrange(len(data))
        data[at : at + chosen.choice((0, 1, 8))] = chosen.choice((b"", b"\xff", b"[" * 5_000, b"9" * 400, b"\0", b'"'))
    forged(other.path, record, [(run, bytes(data)) for run, data in runs])
    ledger = ledger_in(tmp_path / "own")
    try:
        ledger.merge(other.path)
    except LedgerError as error:
        assert "damaged" in str(error)
    assert ledger.verify() and ledger.doubts() == [] and not ledger.notice


@pytest.mark.parametrize("seed", range(40))
def test_broken_pages_harm_nothing(seed: int, tmp_path: Path) -> None:
    other = written(tmp_path / "other")
    chosen = random.Random(seed)
    content = bytearray(other.path.read_bytes())
    for _ in range(chosen.choice((1, 5, 50))):
        at = chosen.randrange(100, len(content))
        content[at] = chosen.randrange(256)
    other.path.write_bytes(content)
    ledger = ledger_in(tmp_path / "own")
    try:
        ledger.merge(other.path)
    except LedgerError as error:
        assert str(error)
    else:
        assert set(content_of(ledger)) <= set(content_of(written(tmp_path / "again")))


def test_a_file_that_points_to_the_same_bytes_over_and_over_is_refused(tmp_path: Path) -> None:
    """Cells of a page that share one large row: a small file that says gigabytes."""
    other = written(tmp_path / "other")
    with closing(sqlite3.connect(other.path)) as connection, connection:
        connection.execute("DELETE FROM runs")
        connection.executemany("INSERT INTO runs VALUES (?, ?, 0)", [(1 << 20 | n, b"x" * 3_000_000) for n in (0, 1)])
    sql(other.path, "VACUUM")
    content = bytearray(other.path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    root = next(at for at in range(0, len(content), size) if content[at] == 13 and content[at + 3 : at + 5] == b"\0\2")
    first, second = (int.from_bytes(content[root + at : root + at + 2], "big") for at in (8, 10))
    cells = content[root + first : root + first + 20], content[root + second : root + second + 20]
    assert cells[0][:4] == cells[1][:4]
    # As many pointers to one cell as a page may have.
    number = min((min(first, second) - 8) // 2, (size - 8) // 6)
    content[root + 3 : root + 5] = number.to_bytes(2, "big")
    content[root + 5 : root + 7] = min(first, second).to_bytes(2, "big")
    for at in range(number):
        content[root + 8 + 2 * at : root + 10 + 2 * at] = first.to_bytes(2, "big")
    other.path.write_bytes(content)
    assert "more than its file can hold" in refused(tmp_path, other.path)


@pytest.mark.timeout(30)
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/null"), tmp_path):
        assert "not a regular file" in refused(tmp_path, path)
    own = Ledger.open(pipe, "here")
    assert own.recall().files == [] and "not a regular file" in own.status
    assert mark_of(own.path) == ""
    with pytest.raises(LedgerError, match="not a regular file"):
        own.write([piece("/p", [row("msg_1")])])


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sql(other, "CREATE TABLE seal (id INTEGER PRIMARY KEY)")
    sql(other, f"PRAGMA application_id = {APPLICATION_ID}")
    sql(other, "PRAGMA user_version = 1")
    assert "not a ledger" in refused(tmp_path, other)
