"""A table that is settled part by part is the same table, and verify finds what is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from claude_tui.fleet.pushed import parts
from tests.engine.telemetry import FOLDER, spool_in
from tests.fleet.machine import NOON, SAME, Machine, objects, printed, three
from tests.logs import assistant, usage

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def machines(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """Machines with logs of real clients, among them resumed, forked and synchronised sessions with client totals."""
    made = three(tmp_path, monkeypatch)
    for number, folder in enumerate(sorted(GOLDEN.glob("claude/*/projects"))):
        for machine in {made[number % 3], made[(number // 2) % 3]}:
            shutil.copytree(folder, machine.logs.folder / "projects", dirs_exist_ok=True)
    # A response in two sessions of two machines.
    for machine, session in ((made[0], "fork1"), (made[2], "fork2")):
        machine.logs.append(assistant("msg_forked", NOON, usage(output=9), sessionId=session), session=session)
    return made


@pytest.fixture
def table(machines: list[Machine], tmp_path: Path) -> Path:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), "--paths", "full", *SAME)
    return table


def test_any_number_of_parts_gives_the_same_days_and_responses(
    machines: list[Machine], table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []
    for number in ("1", "2", "5", "64"):
        monkeypatch.setattr(parts, "SLICE_KEYS", 40 * int(number))
        assert machines[0].run("fleet", "merge", str(table), "--parts", number) == 0
        found = {name: data for name, data in objects(table).items() if name.startswith("daily/")}
        rows = [row for path in table.glob("responses/*/*.parquet") for row in pq.read_table(path).to_pylist()]
        keys = [(row["key"], row["extra"]) for row in rows if row["key"] is not None]
        assert len(set(keys)) == len(keys), "none is in two parts"
        report = printed(capsys, machines[0], "report", "--json", "--from", str(table))
        seen.append((found, sorted(map(repr, rows)), report))
        assert machines[0].run("fleet", "verify", str(table)) == 0
        assert machines[0].run("fleet", "status", str(table)) == 0
    assert all(one == seen[0] for one in seen)
    assert any("unlogged" in row for row in seen[0][1]), "sessions with more than their logs show are among them"


def test_verify_finds_what_was_changed(
    machines: list[Machine], table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = machines[0]
    assert machine.run("fleet", "merge", str(table), "--parts", "3") == 0
    path = next(table.glob("responses/*/*.parquet"))
    found = pq.read_table(path)
    at = found.column_names.index("input")
    changed = found.set_column(at, found.field("input"), pc.add(found.column("input"), 1))
    pq.write_table(changed, path)
    capsys.readouterr()
    assert machine.run("fleet", "verify", str(table), "--sample", "1") == 4
    assert "not equal: part" in capsys.readouterr().err
    assert machine.run("fleet", "merge", str(table), "--parts", "3") == 0
    assert machine.run("fleet", "verify", str(table), "--sample", "0.3") == 0
    assert "in 1 of 3 parts" in capsys.readouterr().err
    day = next(table.glob("daily/*/*.parquet"))
    pq.write_table(pq.read_table(day).slice(1), day)
    assert machine.run("fleet", "verify", str(table)) == 4


def test_verify_wants_a_table_that_is_merged_to_the_end(
    machines: list[Machine], table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = machines[1]
    assert machine.run("fleet", "verify", str(table)) == 1
    assert machine.run("fleet", "merge", str(table)) == 0
    machine.logs.append(assistant("msg_later", NOON, usage(output=5)))
    machine.run("fleet", "push", str(table), "--paths", "full", *SAME)
    capsys.readouterr()
    assert machine.run("fleet", "verify", str(table)) == 1
    assert "fleet merge" in capsys.readouterr().err
    assert machine.run("fleet", "verify", str(table), "--sample", "2") == 2


def test_the_number_of_parts_follows_the_responses(
    machines: list[Machine], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_RESPONSES", 50)
    assert machines[0].run("fleet", "merge", str(table)) == 0
    assert json.loads((table / "_claude_top.json").read_text())["parts"] > 2
    assert machines[0].run("fleet", "verify", str(table)) == 0


def test_an_event_stays_with_the_session_it_is_of_though_another_machine_pushed_it(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs, spool = (Machine(tmp_path, name, monkeypatch) for name in ("logs", "spool"))
    captured = FOLDER / "repl332"
    shutil.copytree(captured / "projects", logs.logs.folder / "projects")
    spool_in(spool.home / "STATE" / "claude-top" / "telemetry", captured)
    table = tmp_path / "table"
    for machine in (logs, spool):
        assert machine.run("fleet", "push", str(table), "--paths", "full", *SAME) == 0
    seen = []
    for number in ("1", "2", "5", "64"):
        assert logs.run("fleet", "merge", str(table), "--parts", number) == 0
        seen.append(printed(capsys, logs, "report", "--json", "--from", str(table)))
    assert seen[0]["totals"]["responses"] == 15
    assert all(one == seen[0] for one in seen)


def test_an_event_whose_log_comes_later_is_not_taken_for_lost(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs, spool, other = (Machine(tmp_path, name, monkeypatch) for name in ("logs", "spool", "other"))
    captured = FOLDER / "repl332"
    shutil.copytree(captured / "projects", logs.logs.folder / "projects")
    spool_in(spool.home / "STATE" / "claude-top" / "telemetry", captured)
    other.logs.append(assistant("msg_other", NOON, usage(output=5)))
    table = tmp_path / "table"
    spool.run("fleet", "push", str(table), *SAME)
    assert logs.run("fleet", "merge", str(table)) == 0
    logs.run("fleet", "push", str(table), *SAME)
    other.run("fleet", "push", str(table), "--user", "other", *SAME)
    (bad,) = table.glob("observations/user=other/**/*.parquet")
    bad.write_bytes(b"")
    assert logs.run("fleet", "merge", str(table)) == 4
    assert "stays as it is" not in capsys.readouterr().err
    assert printed(capsys, logs, "report", "--json", "--from", str(table))["totals"]["responses"] == 15
