from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from claude_tui.sources.opencode.kilo import KiloSource
from claude_tui.sources.protocol import SourceConfig
from claude_tui.sources.settling import columns_of
from tests.sources.settle import GOLDEN, expected, log_file, read_all, totals

HOME = GOLDEN / "kilo" / "data-7.7.9"
SOURCE = KiloSource()


def test_golden_home_is_exact_with_the_cost_it_logged() -> None:
    settled, want = read_all(SOURCE, HOME), expected(HOME)
    assert totals(settled) == {name: want[name] for name in totals(settled)}
    # Of the copies of one message some have no cost: the one that has counts.
    columns = columns_of("kilo", SOURCE.read(log_file(SOURCE, HOME)).rows)
    assert round(sum(columns.reported.values()) / 1e9, 6) == want["cost"]
    assert all(one.cwd and "/" in one.model for one in settled.values())
    assert any(one.agent for one in settled.values())


def test_what_is_news_in_the_write_ahead_log_is_read_alone(tmp_path: Path) -> None:
    shutil.copy(HOME / "kilo.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "kilo.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        before = log_file(SOURCE, tmp_path)
        first = SOURCE.read(before)
        writer.execute(
            "INSERT INTO message (id, session_id, time_created, time_updated, data) SELECT 'msg_new', session_id,"
            " time_created + 900000, time_updated + 900000, json_set(data, '$.time.created', time_created + 900000)"
            " FROM message WHERE instr(data, '\"assistant\"') ORDER BY rowid LIMIT 1"
        )
        after = log_file(SOURCE, tmp_path)
        assert after.size > before.size
        more = SOURCE.read(after, first.checkpoint)
    assert not more.restarted
    assert len({row.key for row in more.rows} - {row.key for row in first.rows}) == 1


def test_roots_and_names_are_its_own(tmp_path: Path) -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".local" / "share" / "kilo"]
    assert SOURCE.roots(SourceConfig(home, {"XDG_DATA_HOME": "/data"})) == [Path("/data/kilo")]
    named = SOURCE.roots(SourceConfig(home, {"KILO_DB": "/else/my.db", "OPENCODE_DB": "/no.db"}))
    assert named == [Path("/else/my.db"), home / ".local" / "share" / "kilo"]
    for name in ("kilo.db", "kilo-beta.db", "opencode.db"):
        (tmp_path / name).write_bytes(b"")
    assert [Path(file.path).name for file in SOURCE.discover(tmp_path)] == ["kilo-beta.db", "kilo.db"]
    assert {file.source for file in SOURCE.discover(tmp_path)} == {"kilo"}
