"""What logs said of why responses were made outlives them in the ledger, whoever else writes there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from claude_tui.engine.archive import archive_of
from claude_tui.engine.ledger.causes import keep_causes, known_causes, recall_causes
from claude_tui.engine.ledger.file.causes import CausesStamp, KeptCauses
from claude_tui.engine.ledger.foreign import read_foreign
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.queries.causes.tables import CauseTable
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.causes import FORMAT, packed
from claude_tui.sources.causes_archive import archived
from claude_tui.sources.claude.causes.fast import read_causes
from tests.benchmarks.corpus import write_corpus
from tests.engine.ledgers import Run, content_of, ledger_in, piece, ran, row, sql, wait_until
from tests.logs import ClaudeHome, assistant, usage

GOLDEN = Path(__file__).parents[2] / "golden" / "causes"
SETS = ("mixed-332", "agents-332", "plugin-332", "skills-150", "gap-332", "waste-332")
OLD_S = 1_790_000_000


def asked(store: Store, folder: Path) -> dict[str, CauseTable]:
    causes = Causes(store, archive=archive_of(ledger_in(folder).path))
    return {by: causes.table(Query(), by) for by in DIMENSIONS}


def keep(folder: Path, ledger_folder: Path) -> Store:
    """Count, and keep in the ledger what there is, causes included."""
    run = Run(folder, ledger_in(ledger_folder))
    assert run.keeper.settle()
    run.keeper.keep_causes()
    return run.end()


@pytest.mark.parametrize("name", SETS)
def test_the_answer_is_the_same_after_the_logs_were_deleted(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(GOLDEN / name, home)
    before = asked(keep(home, tmp_path), tmp_path)
    shutil.rmtree(home / "projects")
    (home / "projects").mkdir()
    after = asked(ran(home, ledger_in(tmp_path)), tmp_path)
    for by, table in after.items():
        assert table.total_nano == before[by].total_nano == sum(one.cost_nano for one in table.rows)
        if by == "context":  # sizes are not kept
            assert "(log gone)" in {one.label for one in table.rows}
        else:
            assert table == before[by], by


def test_a_log_that_goes_while_it_is_known_stays_known(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append({**assistant("msg_1", 1_790_000_000_000, usage(1, 2)), "gitBranch": "main"})
    causes = Causes(keep(claude_home.folder, tmp_path))
    before = causes.table(Query(), "branch")
    path.unlink()
    assert causes.table(Query(), "branch") == before


def test_what_is_quiet_is_kept_by_itself_and_what_is_written_to_is_not(claude_home: ClaudeHome, tmp_path: Path) -> None:
    quiet = claude_home.append(assistant("msg_1", 1_790_000_000_000, usage(1, 2)), session="quiet")
    busy = claude_home.append(assistant("msg_2", 1_790_000_000_000, usage(1, 2)), session="busy")
    os.utime(quiet, (OLD_S, OLD_S))
    run = Run(claude_home.folder, ledger_in(tmp_path))
    assert wait_until(lambda: bool(known_causes(ledger_in(tmp_path))))
    run.end()
    assert known_causes(ledger_in(tmp_path)).keys() == {("claude", str(quiet))}
    os.utime(busy, (OLD_S, OLD_S))
    again = Run(claude_home.folder, ledger_in(tmp_path))
    assert wait_until(lambda: len(known_causes(ledger_in(tmp_path))) == 2)
    again.end()


def test_a_kept_log_that_did_not_change_is_not_read_again(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude_home.append(assistant("msg_1", 1_790_000_000_000, usage(1, 2)))
    keep(claude_home.folder, tmp_path)

    def load(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("claude_tui.sources.registry.load", load)
    keep(claude_home.folder, tmp_path)


def test_who_does_not_know_of_it_reads_and_writes_the_ledger_as_ever(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/logs/a.jsonl", [row("msg_1")])])
    before = content_of(ledger)
    stamp = CausesStamp(5, 6, 3)
    keep_causes(
        ledger, {("claude", "/logs/a.jsonl"): KeptCauses(stamp, b"x"), ("claude", "/no"): KeptCauses(stamp, b"y")}
    )
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,), "an older version would not write any more"
        assert connection.execute("SELECT count(*) FROM causes").fetchone() == (1,)
    assert content_of(ledger) == before and ledger.verify()
    assert len(read_foreign(ledger.path).pieces) == 1
    ledger.write([piece("/logs/a.jsonl", [row("msg_1"), row("msg_2")])])
    assert recall_causes(ledger, [("claude", "/logs/a.jsonl")]) == {
        ("claude", "/logs/a.jsonl"): KeptCauses(stamp, b"x")
    }
    sql(ledger.path, "DROP TABLE causes")
    assert not recall_causes(ledger, [("claude", "/logs/a.jsonl")]) and not known_causes(ledger)
    assert ledger.notice == ledger.status == ""


@pytest.mark.parametrize("change", ["data = x'00'", "size = 'many'", "format = 5", "crc = 1"])
def test_what_is_not_as_it_was_written_is_not_known(change: str, claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append({**assistant("msg_1", 1_790_000_000_000, usage(1, 2)), "gitBranch": "main"})
    keep(claude_home.folder, tmp_path)
    path.unlink()
    sql(ledger_in(tmp_path).path, f"UPDATE causes SET {change}")
    store = ran(claude_home.folder, ledger_in(tmp_path))
    assert [one.label for one in asked(store, tmp_path)["branch"].rows] == ["(log gone)"]


def test_bytes_that_mean_nothing_are_not_known(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", 1_790_000_000_000, usage(1, 2)))
    keep(claude_home.folder, tmp_path)
    ((name, stamp),) = known_causes(ledger_in(tmp_path)).items()
    keep_causes(ledger_in(tmp_path), {name: KeptCauses(stamp, b"no archive")})
    path.unlink()
    store = ran(claude_home.folder, ledger_in(tmp_path))
    assert [one.label for one in asked(store, tmp_path)["tool"].rows] == ["(log gone)"]


def test_a_ledger_that_is_mended_keeps_it(claude_home: ClaudeHome, tmp_path: Path) -> None:
    for number in range(3):
        row_ = {**assistant(f"msg_{number}", 1_790_000_000_000, usage(1, 2)), "gitBranch": f"b{number}"}
        claude_home.append(row_, session=f"s{number}")
    before = asked(keep(claude_home.folder, tmp_path), tmp_path)["branch"]
    shutil.rmtree(claude_home.folder / "projects")
    (claude_home.folder / "projects").mkdir()
    ledger = ledger_in(tmp_path)
    sql(ledger.path, "UPDATE seal SET crc = 1")
    assert not ledger.verify()
    assert ledger.notice.startswith("the ledger was damaged")
    assert asked(ran(claude_home.folder, ledger_in(tmp_path)), tmp_path)["branch"] == before


def test_what_an_older_version_kept_is_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(GOLDEN / "mixed-332", home)
    before = asked(keep(home, tmp_path), tmp_path)
    ledger = ledger_in(tmp_path)
    older = {}
    for name, stamp in known_causes(ledger).items():
        older[name] = KeptCauses(stamp._replace(format=FORMAT), zlib.compress(packed(read_causes(name[1])[0]), 6))
    assert older
    keep_causes(ledger, older)
    shutil.rmtree(home / "projects")
    (home / "projects").mkdir()
    after = asked(ran(home, ledger_in(tmp_path)), tmp_path)
    assert {by: table for by, table in after.items() if by != "context"} == {
        by: table for by, table in before.items() if by != "context"
    }


def test_what_an_older_version_kept_is_kept_anew_from_the_log(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", 1_790_000_000_000, usage(1, 2)))
    keep(claude_home.folder, tmp_path)
    ledger = ledger_in(tmp_path)
    ((name, stamp),) = known_causes(ledger).items()
    keep_causes(ledger, {name: KeptCauses(stamp._replace(format=FORMAT), b"older")})
    keep(claude_home.folder, tmp_path)
    assert known_causes(ledger_in(tmp_path)) == {name: stamp}
    assert stamp.format > FORMAT


def test_a_response_takes_few_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    write_corpus(folder, "XS", jobs=1)
    responses = size = 0
    for path in folder.rglob("*.jsonl"):
        found = read_causes(str(path))[0]
        responses, size = responses + len(found.responses), size + len(archived(found))
    assert responses > 100
    assert size / responses < 17
