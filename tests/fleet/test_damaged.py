"""A push that is damaged: what it said before stays, what others say is merged, and a good push heals it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.fleet.machine import NOON, SAME, Machine, objects, printed, three
from tests.logs import assistant, usage

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def machines(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    return three(tmp_path, monkeypatch)


@pytest.mark.parametrize("damage", ["torn", "foreign", "swapped", "gone", "huge"])
def test_damaged_pushes_are_left_out_and_said(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), *SAME)
    bad, other = sorted(table.glob("observations/**/*.parquet"))[:2]
    if damage == "torn":
        bad.write_bytes(bad.read_bytes()[:-40])
    elif damage == "foreign":
        pq.write_table(pq.read_table(bad).rename_columns([f"x{n}" for n in range(pq.read_table(bad).num_columns)]), bad)
    elif damage == "swapped":
        bad.write_bytes(other.read_bytes())
    elif damage == "gone":
        bad.unlink()
    else:
        found = pq.read_table(bad)
        at = found.schema.get_field_index("output")
        pq.write_table(found.set_column(at, found.schema.field(at), [[2**62] * found.num_rows]), bad)
    capsys.readouterr()
    assert machines[0].run("fleet", "merge", str(table)) == 4
    assert "left out: files/user=" in capsys.readouterr().err
    found = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    assert 4 <= found["totals"]["responses"] < 21
    capsys.readouterr()
    assert machines[0].run("fleet", "status", str(table)) == 4
    shown = capsys.readouterr().out
    assert "damaged, and left out: files/user=" in shown and "does not agree" not in shown


@pytest.mark.parametrize("parts", ["1", "5"])
@pytest.mark.parametrize("damage", ["torn", "gone", "smaller", "files"])
def test_what_was_published_stays_and_all_else_is_merged_until_a_push_heals_what_was_damaged(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str, parts: str
) -> None:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), "--user", machine.name, *SAME)
    assert machines[0].run("fleet", "merge", str(table), "--parts", parts) == 0
    expected = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    (bad,) = table.glob("observations/user=laptop/**/*.parquet")
    if damage == "torn":
        bad.write_bytes(bad.read_bytes()[:-40])
    elif damage == "gone":
        bad.unlink()
    elif damage == "smaller":  # and one row of it makes no sense
        found = pq.read_table(bad)
        at = found.schema.get_field_index("output")
        pq.write_table(found.set_column(at, found.schema.field(at), [[2**62, *[1] * (found.num_rows - 1)]]), bad)
    else:
        (files,) = table.glob("files/user=laptop/**/*.parquet")
        files.write_bytes(files.read_bytes()[:-40])
    # What another machine has to say meanwhile would hide the loss in the total.
    for at in range(40):
        machines[2].logs.append(assistant(f"msg_late_{at}", NOON, usage(output=1_000)), session="late")
    assert machines[2].run("fleet", "push", str(table), "--user", "server", *SAME) == 0
    seen = []
    for _ in range(2):
        capsys.readouterr()
        assert machines[0].run("fleet", "merge", str(table), "--parts", parts) == 4
        said = capsys.readouterr().err
        assert "left out: files/user=laptop/host=laptop/" in said and "--all" in said
        assert "13 responses of 3 sessions in what was left out stay as published" in said
        seen.append(objects(table))
    assert seen[0] == seen[1], "merging again writes nothing"
    while_damaged = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    assert while_damaged["totals"]["responses"] == expected["totals"]["responses"] + 40
    assert machines[0].run("report", "--from", str(table), "--strict") == 4
    assert "damaged, and left out since: files/user=laptop/" in capsys.readouterr().err
    assert machines[0].run("check", "--from", str(table), "--budget-month", "0.0001") == 11
    assert "damaged, and left out since: files/user=laptop/" in capsys.readouterr().err
    assert machines[0].run("fleet", "verify", str(table)) == 1
    assert "fleet status" in capsys.readouterr().err
    assert machines[1].run("fleet", "push", str(table), "--user", "laptop", "--all", *SAME) == 0
    assert machines[0].run("fleet", "merge", str(table), "--parts", parts) == 0
    assert machines[0].run("fleet", "verify", str(table)) == 0
    healed = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    assert while_damaged.pop("problems") != healed.pop("problems")
    assert while_damaged == healed


@pytest.mark.parametrize("parts", ["1", "5"])
@pytest.mark.parametrize("name", ["desk", "laptop", "server"])
def test_any_machine_may_be_damaged_and_the_total_is_that_of_all(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, parts: str
) -> None:
    for number, folder in enumerate(sorted(GOLDEN.glob("claude/*/projects"))):
        for machine in {machines[number % 3], machines[(number // 2) % 3]}:
            shutil.copytree(folder, machine.logs.folder / "projects", dirs_exist_ok=True)
    for machine, session in ((machines[0], "fork1"), (machines[1], "fork2"), (machines[2], "fork3")):
        machine.logs.append(assistant("msg_forked", NOON, usage(output=9), sessionId=session), session=session)
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), "--user", machine.name, "--paths", "full", *SAME)
    assert machines[0].run("fleet", "merge", str(table), "--parts", parts) == 0
    before = rows_of(table)
    assert any("unlogged" in row for row in before)
    (bad,) = table.glob(f"observations/user={name}/**/*.parquet")
    whole = bad.read_bytes()
    bad.write_bytes(whole[:-40])
    other = next(machine for machine in machines if machine.name != name)
    other.logs.append(assistant("msg_late", NOON, usage(output=1_000), sessionId="late"), session="late")
    other.run("fleet", "push", str(table), "--user", other.name, "--paths", "full", *SAME)
    assert machines[0].run("fleet", "merge", str(table), "--parts", parts) == 4
    found = rows_of(table)
    assert [row for row in found if "'late'" not in row] == before, "each once, and none lost"
    assert len(found) == len(before) + 1
    while_damaged = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    bad.write_bytes(whole)
    assert machines[0].run("fleet", "merge", str(table), "--parts", parts) == 0
    assert rows_of(table) == found
    healed = printed(capsys, machines[0], "report", "--json", "--from", str(table))
    assert while_damaged.pop("problems") != healed.pop("problems")
    assert while_damaged == healed


def test_a_response_that_is_now_of_another_session_stays_where_it_was_published_if_that_one_is_damaged(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    first, second = (Machine(tmp_path, name, monkeypatch) for name in ("first", "second"))
    shared = assistant("msg_shared", NOON, usage(output=5), sessionId="a")
    first.logs.append(shared, assistant("msg_own", NOON + 1, usage(output=7), sessionId="a"), session="a")
    assert first.run("fleet", "push", str(table), "--user", "first", *SAME) == 0
    assert first.run("fleet", "merge", str(table)) == 0
    (bad,) = table.glob("observations/user=first/**/*.parquet")
    bad.write_bytes(b"")
    # A fork on another machine has a copy, more of its own, and nothing of the session it was copied from.
    second.logs.append({**shared, "sessionId": "b"}, session="b")
    second.logs.append(assistant("msg_fork", NOON + 2, usage(output=11), sessionId="b"), session="b")
    second.logs.append(assistant("msg_else", NOON + 3, usage(output=13), sessionId="c"), session="c")
    assert second.run("fleet", "push", str(table), "--user", "second", *SAME) == 0
    assert second.run("fleet", "merge", str(table)) == 4
    found = printed(capsys, second, "report", "--json", "--from", str(table), "--by", "all")
    assert found["totals"]["output"] == 5 + 7 + 13, "the fork waits for the session it is of"


def test_what_no_log_shows_stays_though_another_machine_has_all_that_the_log_shows(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    whole, part = (Machine(tmp_path, name, monkeypatch) for name in ("whole", "part"))
    for folder in sorted(GOLDEN.glob("claude/*329/projects")):
        shutil.copytree(folder, whole.logs.folder / "projects", dirs_exist_ok=True)
    shutil.copytree(whole.logs.folder / "projects", part.logs.folder / "projects")
    for log in (part.logs.folder / "projects").rglob("*.jsonl"):
        log.write_bytes(
            b"".join(line for line in log.read_bytes().splitlines(keepends=True) if b'"type":"cost-state"' not in line)
        )
    for machine in (whole, part):
        assert machine.run("fleet", "push", str(table), "--user", machine.name, *SAME) == 0
    assert part.run("fleet", "merge", str(table)) == 0
    before = rows_of(table)
    assert any("unlogged" in row for row in before)
    (bad,) = table.glob("observations/user=whole/**/*.parquet")
    bad.write_bytes(b"")
    assert part.run("fleet", "merge", str(table)) == 4
    assert rows_of(table) == before


def test_a_day_that_is_gone_as_well_is_said_and_nothing_is_written(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for machine in machines:
        machine.run("fleet", "push", str(table), "--user", machine.name, *SAME)
    assert machines[0].run("fleet", "merge", str(table)) == 0
    (bad,) = table.glob("observations/user=laptop/**/*.parquet")
    bad.write_bytes(b"")
    shutil.rmtree(sorted(table.glob("daily/*"))[0])
    before = objects(table)
    assert machines[0].run("fleet", "merge", str(table)) == 1
    assert "so are the days" in capsys.readouterr().err
    assert objects(table) == before


def rows_of(table: Path) -> list[str]:
    """Return the single responses, but for whose they are: what two machines have is that of one that can be read."""
    found = [row for path in table.glob("responses/*/*.parquet") for row in pq.read_table(path).to_pylist()]
    return sorted(repr({name: row[name] for name in row if name not in ("user", "host")}) for row in found)


def test_a_response_that_was_published_whole_does_not_become_the_part_another_machine_has(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for name, output in (("old", 2), ("whole", 50)):
        machine = Machine(tmp_path, name, monkeypatch)
        machine.logs.append(assistant("msg_1", NOON, usage(output=output), sessionId="s"), session="s")
        assert machine.run("fleet", "push", str(table), "--user", name, *SAME) == 0
    assert machine.run("fleet", "merge", str(table)) == 0
    (bad,) = table.glob("observations/user=whole/**/*.parquet")
    bad.write_bytes(b"")
    assert machine.run("fleet", "merge", str(table)) == 4
    assert printed(capsys, machine, "report", "--json", "--from", str(table))["totals"]["output"] == 50


def test_what_was_never_published_does_not_hold_up_the_others(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    machines[0].run("fleet", "push", str(table), *SAME)
    assert machines[0].run("fleet", "merge", str(table)) == 0
    before = printed(capsys, machines[0], "report", "--json", "--from", str(table))["totals"]["responses"]
    machines[1].run("fleet", "push", str(table), "--user", "laptop", *SAME)
    machines[2].run("fleet", "push", str(table), "--user", "server", *SAME)
    (bad,) = table.glob("observations/user=laptop/**/*.parquet")
    bad.write_bytes(b"")
    assert machines[0].run("fleet", "merge", str(table)) == 4
    after = printed(capsys, machines[0], "report", "--json", "--from", str(table))["totals"]["responses"]
    assert after == before + 4, "those of the server"
