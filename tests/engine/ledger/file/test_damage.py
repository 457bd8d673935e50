from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from claude_tui.engine.ledger import Ledger, LedgerError
from claude_tui.engine.ledger.file import schema
from claude_tui.engine.ledger.file.runs import RUN
from claude_tui.engine.queries.responses import list_responses
from tests.engine.ledgers import Content, Run, content_of, ledger_in, piece, ran, row, sql, wait_until
from tests.logs import ClaudeHome, assistant, usage

T = 1_790_000_000_000
FLIPS = int(os.environ.get("LEDGER_FLIPS", "300"))
"""Bits flipped; the long form flips more."""


def written(folder: Path) -> Ledger:
    ledger = ledger_in(folder)
    ledger.write([
        piece(f"/logs/{n}.jsonl", [row(f"msg_{n}_{m}", m, T + m, m) for m in range(RUN * (n % 2) + 9)], f"stamp{n}")
        for n in range(5)
    ])  # fmt: skip
    return ledger


def lost_and_kept(found: Content, before: Content) -> bool:
    """Whether something is missing. What is there must be exactly as it was."""
    for key, responses in found.items():
        assert set(responses) <= set(before[key])
    return found != before


@pytest.mark.timeout(120 + FLIPS)
def test_a_flipped_bit_is_noticed_or_harmless(tmp_path: Path) -> None:
    original = written(tmp_path / "sound")
    before, data = content_of(original), original.path.read_bytes()
    chosen = random.Random(5)
    noticed = 0
    for number in range(FLIPS):
        ledger = ledger_in(tmp_path / f"flip{number}")
        ledger.path.parent.mkdir(parents=True)
        at = chosen.randrange(8 * len(data))
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        ledger.path.write_bytes(flipped)
        is_missing = lost_and_kept(content_of(ledger), before)
        told = bool(ledger.notice or ledger.status)
        assert told or not is_missing, f"bit {at} changed the history and nothing was said"
        noticed += told
        # Whatever it was, the history can be written again, or says why not.
        try:
            ledger.write([piece("/logs/new.jsonl", [row("msg_new")])])
        except LedgerError:
            assert ledger.status
        else:
            assert not lost_and_kept(content_of(ledger), {**before, **new_in(ledger)}) or told or ledger.notice
        shutil.rmtree(ledger.path.parent.parent)
    assert noticed > FLIPS / 4


def new_in(ledger: Ledger) -> Content:
    return {key: found for key, found in content_of(ledger).items() if key[2] == "/logs/new.jsonl"}


@pytest.mark.parametrize("keep", [0, 1, 50, 100, 4_096, 5_000, 20_000])
def test_a_truncated_ledger_is_noticed(keep: int, tmp_path: Path) -> None:
    ledger = written(tmp_path)
    before, data = content_of(ledger), ledger.path.read_bytes()
    assert len(data) > keep
    ledger.path.write_bytes(data[:keep])
    lost_and_kept(content_of(ledger), before)
    assert "damaged" in ledger.notice
    assert [path.read_bytes() for path in ledger.path.parent.glob("*damaged*.db")] == [data[:keep]]
    again = ledger_in(tmp_path)
    again.write([piece("/logs/new.jsonl", [row("msg_new")])])
    assert again.verify()
    assert again.notice == "", "told once"


def test_garbage_instead_of_a_ledger_is_set_aside(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    ledger.path.write_bytes(os.urandom(30_000))
    ledger.write([piece("/logs/new.jsonl", [row("msg_new")])])
    assert "damaged" in ledger.notice
    assert len(content_of(ledger)) == 1
    assert len(list(ledger.path.parent.glob("*damaged*.db"))) == 1


def test_one_bad_run_costs_only_its_responses(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    before = content_of(ledger)
    sql(ledger.path, "UPDATE runs SET data = zeroblob(length(data)) WHERE id = (2 << 20 | 1)")
    found = content_of(ledger)
    assert lost_and_kept(found, before)
    assert sum(map(len, found.values())) == sum(map(len, before.values())) - 9
    assert ledger.recall().stamps["claude", "/logs/1.jsonl"] == "", "it must be read again"
    assert ledger.recall().stamps["claude", "/logs/2.jsonl"] == "stamp2"


def test_a_row_that_was_removed_is_noticed(tmp_path: Path) -> None:
    for number, table in enumerate(("runs", "files", "seal")):
        ledger = written(tmp_path / str(number))
        sql(ledger.path, f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")
        content_of(ledger)
        assert "damaged" in ledger.notice


def test_a_run_that_was_removed_is_noticed_without_reading_what_is_in_it(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    assert ledger.verify()
    sql(ledger.path, "DELETE FROM runs WHERE id = (SELECT max(id) FROM runs)")
    assert not ledger.verify()
    assert "damaged" in ledger.notice


@pytest.mark.parametrize("change", ["path = x'00'", "host = x'41'", "stamp = x''", "beyond = 1", "source = x'63'"])
def test_a_changed_file_row_is_noticed(change: str, tmp_path: Path) -> None:
    ledger = written(tmp_path)
    before = content_of(ledger)
    sql(ledger.path, f"UPDATE files SET {change} WHERE id = 3")
    assert len(before) - len(content_of(ledger)) == 1
    assert "damaged" in ledger.notice


def test_damage_is_found_and_mended_while_the_logs_are_still_there(claude_home: ClaudeHome, tmp_path: Path) -> None:
    for session in ("a", "b", "c"):
        claude_home.append(assistant(f"msg_{session}", T, usage(1, 1), session=session), session=session)
    before = list_responses(ran(claude_home.folder, ledger_in(tmp_path)))
    sql(ledger_in(tmp_path).path, "UPDATE runs SET crc = crc + 1")
    ledger = ledger_in(tmp_path)
    run = Run(claude_home.folder, ledger)
    # Nothing changed, so nothing is written: it is looked for.
    assert wait_until(lambda: bool(ledger.notice) and ledger_in(tmp_path).summary().responses == 3)
    assert "damaged" in run.keeper.status
    assert run.keeper.close()
    for session in ("a", "b", "c"):
        claude_home.path(session).unlink()
    assert list_responses(ran(claude_home.folder, ledger_in(tmp_path))) == before


def test_a_newer_ledger_is_read_and_left_alone(tmp_path: Path) -> None:
    before = content_of(written(tmp_path))
    ledger = ledger_in(tmp_path)
    sql(ledger.path, "PRAGMA user_version = 99")
    data = ledger.path.read_bytes()
    assert content_of(ledger) == before
    with pytest.raises(LedgerError, match="newer"):
        ledger.write([piece("/logs/new.jsonl", [row("msg_new")])])
    assert "newer version" in ledger.status
    assert ledger.path.read_bytes() == data
    sql(ledger.path, "ALTER TABLE files ADD COLUMN more INTEGER")
    data = ledger.path.read_bytes()
    assert content_of(ledger) == {}
    assert "newer version" in ledger.status
    assert ledger.path.read_bytes() == data


def _next_version(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")


def _failing_version(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")
    raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.parametrize("first", ["read", "write"])
def test_a_migration_keeps_a_copy_and_everything_in_it(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_of(written(tmp_path))
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, _next_version])
    ledger = ledger_in(tmp_path)
    if first == "write":
        assert ledger.write([piece("/logs/0.jsonl", [row("msg_0_0", 0, T, 0)])]).change == (0, 0, 1)
    assert content_of(ledger) == before
    assert ledger.notice == ledger.status == ""
    assert version_of(ledger.path) == 2
    (copy,) = ledger.path.parent.glob("ledger-version1-*.db")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert version_of(copy) == 1
    monkeypatch.undo()
    assert content_of(Ledger.open(copy)) == before


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_of(written(tmp_path))
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, _failing_version])
    ledger = ledger_in(tmp_path)
    with pytest.raises(LedgerError, match="disk I/O"):
        ledger.write([piece("/logs/new.jsonl", [row("msg_new")])])
    assert "disk I/O" in ledger.status
    monkeypatch.undo()
    assert version_of(ledger.path) == 1
    assert content_of(ledger) == before


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
