"""Machines push, one merges, anybody reads: the same as one machine with all the logs."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import time_machine

from claude_tui.fleet import push as pushing
from claude_tui.fleet.lake import Lake
from claude_tui.fleet.table.meta import LEASE, LEASE_S
from claude_tui.fleet.table.meta import lease as leased
from tests.engine.telemetry import FOLDER, spool_in
from tests.fleet.machine import DAY, NOON, SAME, Machine, objects, printed, three
from tests.logs import assistant, usage

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def machines(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    return three(tmp_path, monkeypatch)


@pytest.fixture
def one(tmp_path: Path, machines: list[Machine], monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One machine with the logs of all."""
    alone = Machine(tmp_path, "alone", monkeypatch)
    for machine in machines:
        target = alone.logs.folder / "projects" / f"-{machine.name}"
        target.mkdir(parents=True)
        for log in machine.logs.folder.rglob("*.jsonl"):
            shutil.copy(log, target / log.name if machine.name != "desk" else target / f"{log.name}")
    return alone


def test_any_order_of_pushes_gives_the_report_of_one_machine(
    machines: list[Machine], one: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = printed(capsys, one, "report", "--json", *SAME)
    written = set()
    for number, order in enumerate(itertools.permutations(machines)):
        table = tmp_path / f"table{number}"
        for machine in order:
            assert machine.run("fleet", "push", str(table), "--user", "ann", "--paths", "full", "--all", *SAME) == 0
        assert order[0].run("fleet", "merge", str(table)) == 0
        assert printed(capsys, order[0], "report", "--json", "--from", str(table)) == expected
        written.add(str(sorted((name, data) for name, data in objects(table).items() if "=" in name)))
    assert len(written) == 1, "the same objects, byte for byte"


def test_periods_and_sections_are_those_of_one_machine(
    machines: list[Machine], one: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(tmp_path / "table")
    for machine in machines:
        machine.run("fleet", "push", table, "--paths", "full", *SAME)
    assert one.run("fleet", "merge", table) == 0
    for by in ("day", "week", "month", "model", "project", "session"):
        for period in ([], ["--since", "2026-11-21"], ["--until", "2026-11-20"]):
            ours = printed(capsys, one, "report", "--json", "--by", by, "--from", table, *period)
            assert ours == printed(capsys, one, "report", "--json", "--by", by, *period, *SAME), (by, period)


def test_users_teams_and_machines_add_up(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(tmp_path / "table")
    for machine, (user, team) in zip(machines, (("ann", "web"), ("bob", "web"), ("ann", "ops")), strict=True):
        assert machine.run("fleet", "push", table, "--user", user, "--team", team, *SAME) == 0
    assert machines[0].run("fleet", "merge", table) == 0
    found = {by: printed(capsys, machines[0], "report", "--json", "--from", table, "--by", by) for by in
             ("user", "team", "host")}  # fmt: skip
    for by, one in found.items():
        assert sum(row["cost_nano"] for row in one[f"{by}s"]) == one["totals"]["cost_nano"]
        assert sum(row["responses"] for row in one[f"{by}s"]) == one["totals"]["responses"] == 21
    assert {row["user"] for row in found["user"]["users"]} == {"ann", "bob"}
    web = printed(capsys, machines[0], "report", "--json", "--from", table, "--team", "web", "--by", "user")
    assert web["totals"]["responses"] == next(r["responses"] for r in found["team"]["teams"] if r["team"] == "web")
    assert machines[0].run("check", "--from", table, "--team", "web", "--budget-month", "0.0001") == 11
    assert (
        machines[0].run("check", "--from", table, "--team", "web", "--budget-month", "100", "-q") == 20
    )  # a model has no price


def test_a_second_night_sees_what_grew_and_loses_nothing(
    machines: list[Machine], one: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), "--paths", "full", *SAME)
    machines[0].run("fleet", "merge", str(table))
    grown = assistant("msg_new", NOON + 2 * DAY, usage(output=77), cwd="/home/u/project0", sessionId="s00")
    for machine in (machines[0], one):
        machine.logs.append(grown, session="s00", **({"project": "-desk"} if machine is one else {}))
    expected = printed(capsys, one, "report", "--json", *SAME)
    shutil.rmtree(machines[2].logs.folder / "projects")  # the client deletes its logs
    before = objects(table)
    machines[0].run("fleet", "push", str(table), "--paths", "full", *SAME)
    assert len(objects(table)) == len(before) + 2
    assert machines[0].run("fleet", "merge", str(table)) == 0
    assert printed(capsys, one, "report", "--json", "--from", str(table)) == expected


def test_pushing_and_merging_again_writes_nothing(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for _ in range(2):
        for machine in machines:
            assert machine.run("fleet", "push", str(table), *SAME) == 0
        assert machines[0].run("fleet", "merge", str(table)) == 0
        written = {path: path.stat().st_mtime_ns for path in table.rglob("*") if path.is_file()}
        if _ == 0:
            first = written
    assert written == first
    assert "pushed as" in capsys.readouterr().err
    assert machines[0].run("fleet", "push", str(table), "--all", *SAME) == 0
    assert objects(table).keys() == {str(path.relative_to(table)) for path in first}


@pytest.mark.parametrize("rule", ["name", "hash", "none"])
def test_nothing_anybody_wrote_is_in_a_table(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    machine = Machine(tmp_path, "desk", monkeypatch)
    texts = set()
    for folder in sorted(GOLDEN.glob("claude/*/projects"))[:12]:
        shutil.copytree(folder, machine.logs.folder / "projects", dirs_exist_ok=True)
    secret = "zqx-secret-words-zqx"
    machine.logs.append(
        {"type": "summary", "summary": secret, "leafUuid": "x"},
        {"type": "user", "sessionId": "s1", "gitBranch": secret, "message": {"content": secret}, "cwd": "/srv/zqx-top"},
        assistant("msg_1", NOON, usage(output=3), gitBranch=secret, cwd="/srv/zqx-top/deep"),
    )
    for log in machine.logs.folder.rglob("*.jsonl"):
        for line in log.read_text(errors="replace").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            for part in strings(row.get("message", {}).get("content") if isinstance(row, dict) else None):
                texts |= {part} if len(part) > 12 and " " in part else set()
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    extra = ["--key-file", str(key)] if rule == "hash" else []
    table = tmp_path / "table"
    assert machine.run("fleet", "push", str(table), "--paths", rule, *extra, *SAME) == 0
    assert machine.run("fleet", "merge", str(table)) in (0, 4)
    kept = set()
    for path in table.rglob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            kept |= set(strings(list(row.values())))
    kept.add((table / "_claude_top.json").read_text())
    everything = "\n".join(kept)
    assert len(texts) > 5 and secret not in everything and "zqx-top/" not in everything
    assert not [text for text in texts if text in everything]
    assert ("zqx-top" in everything) == (rule == "name")


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def test_what_cannot_be_is_refused_in_one_line(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(tmp_path / "table")
    machine = machines[0]
    for code, arguments, said in (
        (1, ["fleet", "merge", table], "there is no table"),
        (1, ["report", "--from", table], "nothing has been merged"),
        (1, ["fleet", "push", "s3://key:secret@bucket/x"], "credentials in a URL"),
        (2, ["fleet", "push", table, "--paths", "hash"], "16 to 64"),
        (2, ["report", "--team", "web"], "--from"),
        (2, ["report", "--by", "team"], "--from"),
        (2, ["report", "--from", table, "--timezone", "UTC"], "--timezone"),
        (2, ["check", "--from", table], "budget"),
    ):
        capsys.readouterr()
        assert machine.run(*arguments) == code, arguments
        said_there = capsys.readouterr().err
        assert said in said_there and said_there.count("\n") == 1 and "secret" not in said_there.replace(said, "")
    assert machine.run("fleet", "push", table, *SAME) == 0
    assert machine.run("fleet", "push", table, "--paths", "full") == 1
    assert "'name'" in capsys.readouterr().err
    meta = tmp_path / "table" / "_claude_top.json"
    meta.write_text(meta.read_text().replace('"schema": 1', '"schema": 2'))
    assert machine.run("fleet", "merge", table) == 1
    assert "newer version" in capsys.readouterr().err


def test_two_cannot_merge_at_once_and_a_dead_one_does_not_stay(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    lease = table / LEASE
    host, now_s, gone = socket.gethostname(), time.time(), subprocess.Popen(["true"])
    gone.wait()
    for at_work in ({"host": "other", "pid": 7, "at_s": now_s}, {"host": host, "pid": os.getpid(), "at_s": now_s}):
        lease.write_text(json.dumps(at_work))
        assert machines[0].run("fleet", "merge", str(table)) == 1
        assert f"{at_work['host']} is merging it (process {at_work['pid']})" in capsys.readouterr().err
    for dead in (
        {"host": "other", "pid": 7, "at_s": now_s - 2 * LEASE_S},
        {"host": "other", "pid": 7, "at_s": now_s + 2 * LEASE_S},  # its clock is wrong
        {"host": host, "pid": gone.pid, "at_s": now_s},
    ):
        lease.write_text(json.dumps(dead))
        assert machines[0].run("fleet", "merge", str(table)) == 0
        assert not lease.exists()


def test_a_lease_that_a_kill_has_torn_holds_as_long_as_any_other(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    lease = table / LEASE
    lease.write_bytes(b"")
    assert machines[0].run("fleet", "merge", str(table)) == 1
    assert "another machine is merging it" in capsys.readouterr().err
    os.utime(lease, (1_000, 1_000))
    assert machines[0].run("fleet", "merge", str(table)) == 0
    assert not lease.exists()


def test_a_lease_that_another_took_over_is_not_given_back(machines: list[Machine], tmp_path: Path) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    theirs = json.dumps({"host": "other", "pid": 7, "at_s": time.time()})
    with leased(Lake(str(table))):
        (table / LEASE).write_text(theirs)
    assert (table / LEASE).read_text() == theirs


@pytest.mark.parametrize("parts", ["1", "3"])
def test_a_merge_of_many_hours_stays_the_only_one(
    machines: list[Machine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    parts: str,
) -> None:
    url = str(tmp_path / "table")
    for machine in machines:
        machine.run("fleet", "push", url, *SAME)
    read, write, codes = Lake.read, Lake.write, list[int]()
    with time_machine.travel(NOON / 1000, tick=False) as clock, monkeypatch.context() as patch:

        def slow_read(lake: Lake, name: str, size: int | None = None) -> bytes:
            if name != LEASE:
                clock.shift(LEASE_S / 3)
            return read(lake, name, size)

        def seen_write(lake: Lake, name: str, data: bytes) -> None:
            if name.startswith("daily/"):
                patch.setattr(Lake, "read", read)  # the other is quick
                codes.append(machines[1].run("fleet", "merge", url))
                patch.setattr(Lake, "read", slow_read)
            write(lake, name, data)

        patch.setattr(Lake, "read", slow_read)
        patch.setattr(Lake, "write", seen_write)
        assert machines[0].run("fleet", "merge", url, "--parts", parts) == 0
        assert time.time() > NOON / 1000 + 2 * LEASE_S
    assert codes == [1, 1, 1] and "desk is merging it" in capsys.readouterr().err
    assert not (tmp_path / "table" / LEASE).exists()


def test_a_merge_that_slept_while_another_took_over_writes_nothing(
    machines: list[Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), *SAME)
    read, theirs = Lake.read, json.dumps({"host": "other", "pid": 7, "at_s": NOON // 1000 + 2 * LEASE_S})
    with time_machine.travel(NOON / 1000, tick=False) as clock, monkeypatch.context() as patch:

        def asleep(lake: Lake, name: str, size: int | None = None) -> bytes:
            if name.startswith("observations/"):
                clock.move_to(NOON / 1000 + 2 * LEASE_S)
                (table / LEASE).write_text(theirs)
            return read(lake, name, size)

        patch.setattr(Lake, "read", asleep)
        assert machines[0].run("fleet", "merge", str(table)) == 1
    assert "another took it over" in capsys.readouterr().err
    assert (table / LEASE).read_text() == theirs and not (table / "daily").exists()


def test_a_push_that_was_cut_off_is_done_again(
    machines: list[Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machine = machines[0]
    monkeypatch.setattr(pushing, "BATCH_RESPONSES", 3)
    write, left = Lake.write, iter(range(5))

    def cut_off(lake: Lake, name: str, data: bytes) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write(lake, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "write", cut_off)
        assert machine.run("fleet", "push", str(table), *SAME) == 130
    assert machine.run("fleet", "push", str(table), *SAME) == 0
    assert machine.run("fleet", "merge", str(table)) == 0
    whole = printed(capsys, machine, "report", "--json", "--by", "day", *SAME)
    assert printed(capsys, machine, "report", "--json", "--by", "day", "--from", str(table)) == whole


def test_the_tables_add_up_for_other_programs(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), *SAME)
    machines[0].run("fleet", "merge", str(table))
    totals = printed(capsys, machines[0], "report", "--json", "--from", str(table))["totals"]
    for folder, count in (("daily", "sum(responses)"), ("responses", "count(*) filter (extra = '')")):
        answer: Any = duckdb.sql(f"select {count}, sum(output), sum(cost_nano) from '{table}/{folder}/*/*.parquet'")
        assert answer.fetchall() == [(totals["responses"], totals["output"], totals["cost_nano"])]
    assert {path.parent.name for path in table.glob("daily/*/*")} == {f"day=2026-11-{20 + at}" for at in range(3)}
    assert os.listdir(table / "responses") == ["part=0000"]


def test_what_telemetry_says_is_in_the_table_once(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine(tmp_path, "desk", monkeypatch)
    captured = FOLDER / "repl332"
    shutil.copytree(captured / "projects", machine.logs.folder / "projects")
    spool_in(machine.home / "STATE" / "claude-top" / "telemetry", captured)
    expected = printed(capsys, machine, "report", "--json", "--by", "day", *SAME)
    assert expected.pop("telemetry")["only_told"] > 0
    table = str(tmp_path / "table")
    assert machine.run("fleet", "push", table, "--paths", "full", *SAME) == 0
    assert machine.run("fleet", "merge", table) == 0
    assert printed(capsys, machine, "report", "--json", "--by", "day", "--from", table) == expected


@pytest.mark.timeout(120)
def test_what_is_no_file_in_a_shared_table_is_refused_and_not_read_for_ever(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    assert machines[0].run("fleet", "merge", str(table)) == 0
    for name, kept in objects(table).items():
        (table / name).unlink()
        os.mkfifo(table / name)  # nobody ever writes to it
        capsys.readouterr()
        codes = [machines[0].run("fleet", action, str(table)) for action in ("status", "merge", "verify")]
        assert any(codes), name
        assert "it is not a regular file" in capsys.readouterr().err
        (table / name).unlink()
        (table / name).write_bytes(kept)


def test_a_flipped_bit_in_a_table_is_told_and_not_counted(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    assert machines[0].run("fleet", "merge", str(table)) == 0
    (name,) = [one for one in objects(table) if one.startswith("daily/") and one.endswith(".parquet")]
    kept = (table / name).read_bytes()
    ends = max(
        chunk.file_offset + chunk.total_compressed_size
        for chunk in map(pq.ParquetFile(table / name).metadata.row_group(0).column, range(10))
    )
    capsys.readouterr()
    told = machines[0].run("report", "--from", str(table), "--json"), capsys.readouterr().out
    for at in range(4, ends, 7):  # what comes behind says what the columns are
        (table / name).write_bytes(kept[:at] + bytes([kept[at] ^ 16]) + kept[at + 1 :])
        code = machines[0].run("report", "--from", str(table), "--json")
        printed = capsys.readouterr()
        assert (code, printed.out) == told or (code == 1 and "is not a table of claude-top" in printed.err), at


@pytest.mark.parametrize("damage", ["object", "folder", "all"])
def test_a_day_that_is_missing_is_told_and_the_next_merge_writes_it_again(
    machines: list[Machine],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
) -> None:
    monkeypatch.setenv("TEXTUAL_DRIVER", "none")
    table, url = tmp_path / "table", str(tmp_path / "table")
    for machine in machines:
        machine.run("fleet", "push", url, *SAME)
    assert machines[0].run("fleet", "merge", url) == 0
    expected = printed(capsys, machines[0], "report", "--json", "--from", url)
    other = printed(capsys, machines[0], "report", "--json", "--from", url, "--until", "2026-11-20")
    if damage == "object":
        (table / "daily/day=2026-11-21/sums.parquet").unlink()
    else:
        shutil.rmtree(table / ("daily/day=2026-11-21" if damage == "folder" else "daily"))
    for arguments in (
        ("report", "--json"), ("report", "--since", "2026-11-21"), ("check", "--budget-month", "1000000"), (),
    ):  # fmt: skip
        capsys.readouterr()
        with time_machine.travel((NOON + 3 * DAY) / 1000):  # the screen shows the last 30 days
            assert machines[0].run(*arguments, "--from", url) == 1, arguments
        said = capsys.readouterr()
        assert "daily/day=2026-11-2" in said.err and "is missing" in said.err and "fleet merge" in said.err
        assert said.out == "" and said.err.count("\n") == 1
    if damage != "all":  # a report without that day is right as it is
        assert printed(capsys, machines[0], "report", "--json", "--from", url, "--until", "2026-11-20") == other
    assert machines[0].run("fleet", "merge", url) == 0
    assert printed(capsys, machines[0], "report", "--json", "--from", url) == expected


def test_a_table_of_an_earlier_version_that_names_no_days_is_read(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    assert machines[0].run("fleet", "merge", str(table)) == 0
    expected = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    meta = table / "_claude_top.json"
    kept = json.loads(meta.read_text())
    assert kept.pop("days") == "2026-11-20"
    meta.write_text(json.dumps(kept))
    assert printed(capsys, machines[0], "report", "--json", "--from", str(table)) == expected
    assert machines[0].run("fleet", "merge", str(table)) == 0
    assert json.loads(meta.read_text())["days"] == "2026-11-20"


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"schema": 1, "id": 7, "timezone": "UTC", "paths": "name"}'])
def test_a_table_whose_own_word_is_damaged_says_the_way_out_and_it_is_one(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    url, meta = str(tmp_path / "table"), tmp_path / "table" / "_claude_top.json"
    for machine in machines:
        machine.run("fleet", "push", url, "--paths", "full", *SAME)
    assert machines[0].run("fleet", "merge", url) == 0
    expected = printed(capsys, machines[0], "report", "--json", "--from", url)
    meta.write_text(damage)
    for arguments in (
        ["fleet", "merge", url],
        ["fleet", "push", url],
        ["fleet", "status", url],
        ["report", "--from", url],
    ):
        capsys.readouterr()
        assert machines[0].run(*arguments) == 1, arguments
        said = capsys.readouterr().err
        assert "_claude_top.json is damaged: remove it" in said and "--paths" in said and said.count("\n") == 1
    meta.unlink()
    assert machines[2].run("fleet", "push", url, "--paths", "full", *SAME) == 0
    assert machines[0].run("fleet", "merge", url) == 0
    assert printed(capsys, machines[0], "report", "--json", "--from", url) == expected


def test_a_time_zone_that_is_not_known_here_is_told(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, meta = str(tmp_path / "table"), tmp_path / "table" / "_claude_top.json"
    machines[0].run("fleet", "push", url, *SAME)
    for zone in ("Mars/Base", "../x", ""):
        meta.write_text(meta.read_text().replace('"UTC"', json.dumps(zone)))
        capsys.readouterr()
        assert machines[0].run("fleet", "merge", url) == 1
        assert f"its time zone {zone!r} is not known here" in capsys.readouterr().err
        meta.write_text(meta.read_text().replace(json.dumps(zone), '"UTC"'))
