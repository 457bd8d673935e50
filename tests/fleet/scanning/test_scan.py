"""Raw logs in a store are read as if each machine had pushed its own: the same as one machine with all of them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from claude_tui.fleet.lake import Lake
from claude_tui.fleet.scanning.scan import layout_pattern
from tests.fleet.machine import DAY, NOON, SAME, Machine, objects, printed, three
from tests.logs import assistant, usage

GOLDEN = Path(__file__).parents[2] / "golden"
LAYOUT = ("--layout", "{team}/user={user}/host={host}", "--paths", "full", *SAME)
OWNERS = {"desk": "web/user=ann/host=desk", "laptop": "web/user=ann/host=laptop", "server": "ops/user=bob/host=server"}


@pytest.fixture
def machines(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    made = three(tmp_path, monkeypatch)
    for number, folder in enumerate(sorted(GOLDEN.glob("claude/*/projects"))):
        shutil.copytree(folder, made[number % 3].logs.folder / "projects", dirs_exist_ok=True)
    return made


@pytest.fixture
def store(machines: list[Machine], tmp_path: Path) -> Path:
    """The logs of all machines, as something copies them into a store."""
    for machine in machines:
        target = tmp_path / "logs" / OWNERS[machine.name] / ".claude"
        shutil.copytree(machine.logs.folder / "projects", target / "projects")
    (tmp_path / "logs" / "readme.jsonl").write_text("{}\n")
    return tmp_path / "logs"


def alone(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, name: str = "alone") -> Machine:
    """One machine with the logs of a store, each in a config folder of its own."""
    machine = Machine(tmp_path, name, monkeypatch)
    for number, folder in enumerate(sorted(store.rglob("projects"))):
        shutil.copytree(folder, machine.home / f"{number}" / "projects")
    return machine


def counted(capsys: pytest.CaptureFixture[str], machine: Machine) -> object:
    folders = [part for folder in sorted(machine.home.glob("[0-9]")) for part in ("--claude-dir", str(folder))]
    return without_problems(printed(capsys, machine, "report", "--json", *folders, *SAME))


def without_problems(report: object) -> object:
    """Leave out what a table does not have: problems, and names other than ids."""
    if isinstance(report, dict):
        for session in report.get("sessions", ()):
            session.pop("name", None)
        return {name: value for name, value in report.items() if name != "problems"}
    return report


def read_from(capsys: pytest.CaptureFixture[str], machine: Machine, table: Path) -> object:
    return without_problems(printed(capsys, machine, "report", "--json", "--from", str(table)))


def test_a_scan_is_the_report_of_one_machine_night_after_night(
    machines: list[Machine], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    table, machine = tmp_path / "table", machines[0]
    scan = ("fleet", "scan", str(store), "--into", str(table), *LAYOUT)
    assert machine.run(*scan) == 0, capsys.readouterr().err
    first = alone(tmp_path, store, monkeypatch)
    assert read_from(capsys, machine, table) == counted(capsys, first)
    by_user = printed(capsys, machine, "report", "--json", "--from", str(table), "--by", "user")["users"]
    assert {row["user"] for row in by_user} == {"ann", "bob"}

    before = objects(table)
    assert machine.run(*scan) == 0
    assert objects(table) == before, "nothing is new"
    assert "read: 0 logs" in capsys.readouterr().err

    home = store / OWNERS["desk"] / ".claude" / "projects"
    logs = sorted(home.rglob("*.jsonl"))
    sync = next(log for log in logs if log.stem == "sync")
    grown = next(log for log in logs if log.stem == "s00")
    with grown.open("a") as file:
        file.write(json.dumps(assistant("msg_g", NOON + 5 * DAY, usage(output=6), sessionId="s00")) + "\n")
    shutil.copy(grown, grown.with_name("new.jsonl"))
    both = tmp_path / "both"
    shutil.copytree(store, both)
    sync.write_bytes(sync.read_bytes()[:400])  # cut short
    (home / grown.parent.name / "s01.jsonl").unlink()
    capsys.readouterr()
    assert machine.run(*scan) == 0
    assert "read: 3 logs" in capsys.readouterr().err
    assert read_from(capsys, machine, table) == counted(capsys, alone(tmp_path, both, monkeypatch, "both-nights"))
    assert machine.run("fleet", "verify", str(table)) == 0


def test_small_batches_and_large_ones_give_the_same_table(
    machines: list[Machine], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, megabytes in (("one", 128 << 20), ("many", 2000)):
        table = tmp_path / name
        monkeypatch.setattr("claude_tui.cli.fleet.scanning.MB", megabytes // 128)
        assert machines[0].run("fleet", "scan", str(store), "--into", str(table), *LAYOUT) == 0
        found.append({name: data for name, data in objects(table).items() if name.startswith(("daily", "responses"))})
        assert len(list(table.glob("files/scan/*"))) == 1 or name == "many"
    assert found[0] == found[1]


def test_what_cannot_be_read_is_said_and_read_the_next_night(
    machines: list[Machine], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    table, machine = tmp_path / "table", machines[0]
    scan = ("fleet", "scan", str(store), "--into", str(table), *LAYOUT)
    folder = store / OWNERS["server"] / ".claude" / "projects" / "-hostile"
    folder.mkdir()
    (folder / "binary.jsonl").write_bytes(os.urandom(4096) + b"\n{{{{" + b"[" * 100_000)
    (folder / "empty.jsonl").write_bytes(b"")
    read = Lake.read

    def refuse(self: Lake, name: str, size: int | None = None) -> bytes:
        if name.endswith("/s00.jsonl"):
            raise FileNotFoundError(name)
        if name.endswith("/s10.jsonl"):
            raise OSError("the network is down")
        if name.endswith("/s20.jsonl"):
            data = read(self, name, size)
            path = store / name
            path.write_bytes(data + path.read_bytes().splitlines(keepends=True)[0])
            os.utime(path, (NOON / 1000, NOON / 1000))
            return data
        return read(self, name, size)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "read", refuse)
        assert machine.run(*scan) == 4
    said = capsys.readouterr().err
    assert "s00.jsonl: it went away meanwhile" in said and "s10.jsonl: the network is down" in said
    assert machine.run(*scan) == 0
    assert "read: 3 logs" in capsys.readouterr().err, "two that failed, and one that changed while it was read"
    assert read_from(capsys, machine, table) == counted(capsys, alone(tmp_path, store, monkeypatch))


def ending(writes: int) -> Callable[[Lake, str, bytes], None]:
    """Return a way to write that is interrupted after some."""
    write, left = Lake.write, [writes]

    def cut_off(self: Lake, name: str, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        write(self, name, data)

    return cut_off


def test_a_scan_that_was_cut_off_goes_on_where_it_ended(
    machines: list[Machine], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("claude_tui.cli.fleet.scanning.MB", 16)
    tables = []
    for name in ("whole", "cut"):
        table = tmp_path / name
        scan = ("fleet", "scan", str(store), "--into", str(table), *LAYOUT)
        if name == "cut":
            with monkeypatch.context() as patch:
                patch.setattr(Lake, "write", ending(7))
                assert machines[0].run(*scan) == 130
        assert machines[0].run(*scan) == 0
        tables.append({name: data for name, data in objects(table).items() if name.startswith(("daily", "responses"))})
    assert tables[0] == tables[1]


def test_nothing_there_and_a_dry_run_write_nothing(
    machines: list[Machine], store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    assert machines[0].run("fleet", "scan", str(store), "--into", str(table), "--layout", "no/{host}") == 3
    assert machines[0].run("fleet", "scan", str(store), "--into", str(table), "--layout", "{user}") == 2
    assert "{host}" in capsys.readouterr().err
    assert machines[0].run("fleet", "scan", str(store), "--into", str(table), *LAYOUT, "--dry-run") == 0
    assert "would read" in capsys.readouterr().err
    assert not table.exists()


def test_a_layout_says_whose_a_log_is() -> None:
    found = layout_pattern("{team}/user={user}/host={host}").fullmatch(
        "web/user=ann/host=desk/.claude/projects/-x/s.jsonl"
    )
    assert found is not None
    assert found.groupdict() == {"team": "web", "user": "ann", "host": "desk", "path": "/.claude/projects/-x/s.jsonl"}
    assert layout_pattern("a.b/{host}").fullmatch("aXb/desk/projects/s.jsonl") is None


def test_a_log_without_any_instant_counts_as_on_one_machine(
    machines: list[Machine], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    log = store / OWNERS["desk"] / ".claude" / "projects" / "-undated" / "u.jsonl"
    log.parent.mkdir()
    row = assistant("msg_u", NOON, usage(output=3))
    row.pop("timestamp")
    log.write_text(json.dumps(row) + "\n")
    os.utime(log, ((NOON + 9 * DAY) / 1000,) * 2)
    table = tmp_path / "table"
    assert machines[0].run("fleet", "scan", str(store), "--into", str(table), *LAYOUT) == 0
    capsys.readouterr()
    one = alone(tmp_path, store, monkeypatch)
    assert read_from(capsys, machines[0], table) == counted(capsys, one)


def test_nothing_anybody_wrote_gets_from_raw_logs_into_a_table(
    machines: list[Machine], store: Path, tmp_path: Path
) -> None:
    secret = "zqx-secret-words-zqx"
    log = store / OWNERS["desk"] / ".claude" / "projects" / f"-{secret}" / "s.jsonl"
    log.parent.mkdir()
    rows = (
        {"type": "summary", "summary": secret, "leafUuid": "x"},
        {
            "type": "user",
            "sessionId": "s1",
            "gitBranch": secret,
            "message": {"content": secret},
            "cwd": f"/{secret}/top",
        },
        assistant("msg_1", NOON, usage(output=3), gitBranch=secret, cwd=f"/{secret}/top"),
    )
    log.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    table = tmp_path / "table"
    scan = ("fleet", "scan", str(store), "--into", str(table), "--layout", LAYOUT[1], *SAME)
    assert machines[0].run(*scan) == 0
    cells = [str(row) for path in table.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert any("'project': 'top'" in cell for cell in cells)
    assert secret not in "\n".join((*cells, *objects(table)))
