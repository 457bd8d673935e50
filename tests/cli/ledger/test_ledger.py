from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from claude_tui.cli import main
from claude_tui.engine.ledger import Ledger, export_jsonl, pieces
from claude_tui.paths import ledger_file
from tests.cli.program import run
from tests.engine.ledgers import piece, ran, row
from tests.engine.living import living
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
HOUR = 3_600_000


def machine(folder: Path, host: str, *keys: str) -> Path:
    """The ledger of a machine that counted responses with these keys."""
    home = ClaudeHome(folder / host)
    home.append(*(assistant(key, NOON + HOUR * at, usage(output=10)) for at, key in enumerate(keys)))
    path = folder / f"{host}.db"
    ran(home.folder, Ledger.open(path, host))
    return path


@pytest.fixture
def laptop(tmp_path: Path, own_home: Path) -> Path:
    return machine(tmp_path, "laptop", "msg_1", "msg_2")


@pytest.fixture
def desk(tmp_path: Path, own_home: Path) -> Path:
    return machine(tmp_path, "desk", "msg_2", "msg_3", "msg_4")


def status(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["ledger", "status", "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_two_machines_merge_and_what_both_know_counts_once(
    laptop: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "merge", str(laptop)]) == 0
    assert main(["ledger", "merge", str(desk)]) == 0
    assert main(["ledger", "merge", str(desk)]) == 0
    assert "merged: 0 responses added, 0 updated, 3 unchanged" in capsys.readouterr().err
    found = status(capsys)
    assert (found["schema"], found["responses"], found["trouble"]) == ("claude-top/ledger@1", 4, None)
    hosts = found["hosts"]
    assert isinstance(hosts, list)
    assert {row["host"]: row["responses"] for row in hosts} == {"laptop": 2, "desk": 3}
    assert main(["ledger", "status"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("host ") and "laptop" in printed and str(ledger_file()) in printed


def test_lines_carry_a_history_to_another_place(
    laptop: Path, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (laptop, desk):
        assert main(["ledger", "merge", str(path)]) == 0
    written = tmp_path / "history.jsonl"
    assert main(["ledger", "export", "--output", str(written)]) == 0
    exported = run("ledger", "export")
    assert (exported.code, exported.stdout) == (0, written.read_bytes())
    before = status(capsys)
    ledger_file().unlink()
    done = run("ledger", "import", "-", stdin=exported.stdout)
    assert (done.code, done.stdout) == (0, b"") and "5 responses added" in done.stderr
    after = status(capsys)
    assert [after[name] for name in ("responses", "hosts")] == [before[name] for name in ("responses", "hosts")]


def test_lines_that_make_no_sense_are_counted_and_the_rest_is_kept(laptop: Path, tmp_path: Path) -> None:
    assert main(["ledger", "merge", str(laptop)]) == 0
    lines = run("ledger", "export").stdout
    ledger_file().unlink()
    done = run("ledger", "import", "-", stdin=b"nonsense\n" + lines + b"{}\n")
    assert done.code == 4 and "left out: 2 lines" in done.stderr and "2 responses added" in done.stderr


def test_what_was_imported_counts_in_every_report(laptop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "merge", str(laptop)]) == 0
    capsys.readouterr()
    assert main(["report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["responses"] == 2


@pytest.mark.parametrize("action", ["status", "export"])
def test_no_history_yet(own_home: Path, capsys: pytest.CaptureFixture[str], action: str) -> None:
    assert main(["ledger", action]) == 3
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and str(ledger_file()) in captured.err


def test_files_that_are_none(own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.db"
    odd.write_bytes(b"no database" * 100)
    for arguments in (["merge", str(odd)], ["merge", str(tmp_path / "none.db")], ["import", str(tmp_path / "none")]):
        assert main(["ledger", *arguments]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert not ledger_file().exists()


def test_damage_is_told(laptop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "merge", str(laptop)]) == 0
    content = bytearray(ledger_file().read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    ledger_file().write_bytes(content)
    capsys.readouterr()
    assert main(["ledger", "status"]) == 4
    assert "damaged" in capsys.readouterr().out


@pytest.mark.timeout(60)
def test_files_that_never_end_are_refused_at_once(laptop: Path, tmp_path: Path) -> None:
    assert main(["ledger", "merge", str(laptop)]) == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for action in ("merge", "import"):
        for path in (pipe, Path("/dev/zero"), tmp_path):
            done = run("ledger", action, str(path))
            assert done.code == 1 and done.stderr.count("\n") == 1 and "not a regular file" in done.stderr
    done = run("ledger", "export", "--output", str(tmp_path))
    assert done.code == 1 and done.stderr.count("\n") == 1


def test_the_first_line_that_is_left_out_is_named(laptop: Path, tmp_path: Path) -> None:
    assert main(["ledger", "merge", str(laptop)]) == 0
    lines = run("ledger", "export").stdout.splitlines()
    (bad,) = [json.loads(line) for line in lines if b"msg_2" in line]
    done = run("ledger", "import", "-", stdin=b"\n".join([*lines, json.dumps({**bad, "terms": "x"}).encode()]))
    assert done.code == 4 and f"line {len(lines) + 1}: unreadable terms" in done.stderr


def test_rows_that_make_no_sense_are_told(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Ledger.open(tmp_path / "other.db", "desk")
    with monkeypatch.context() as patched:
        patched.setattr(pieces, "_sound", lambda piece: piece)
        for ledger in (Ledger.open(), other):
            ledger.write([piece("/logs/\x1b[2Jp.jsonl", [row("msg_1", time_ms=NOON), row("msg_2", time_ms=10**18)])])
    assert main(["ledger", "merge", str(other.path)]) == 4
    captured = capsys.readouterr()
    assert "1 response added" in captured.err and "left out: 1 invalid row" in captured.err
    assert main(["ledger", "status"]) == 4
    printed = capsys.readouterr().out
    assert "time is out of range" in printed and "\x1b" not in printed
    assert main(["ledger", "status", "--json"]) == 4
    (left_out,) = json.loads(capsys.readouterr().out)["left_out"]
    assert (left_out["number"], left_out["path"]) == (1, "/logs/\x1b[2Jp.jsonl")
    assert main(["doctor"]) == 0
    assert "time is out of range" in capsys.readouterr().out
    assert main(["report", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["totals"]["responses"] == 1


async def test_a_row_that_makes_no_sense_is_told_live_and_from_the_cache_as_well(
    claude_home: ClaudeHome, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = claude_home.append(assistant("msg_1", NOON, usage(output=10)))
    ledger = Ledger.open()
    with monkeypatch.context() as patched:
        patched.setattr(pieces, "_sound", lambda piece: piece)
        ledger.write([piece(str(log.with_name("gone.jsonl")), [row("msg_2"), row("msg_3", time_ms=10**18)])])
    for _ in range(3):  # counted, and from what was saved of that
        assert main(["report", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["totals"]["responses"], found["problems"]["by_kind"]) == (2, {"ledger": 1})
    async with living(claude_home.folder, ledger_file=ledger.path) as live:
        for _ in range(2):
            assert dict((await live.settle()).problems) == {"ledger": 1}


def test_a_folder_that_moved_is_brought_over_with_the_command_that_is_shown(
    own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ClaudeHome(tmp_path / "old place")
    gone = home.append(assistant("msg_1", NOON, usage(output=10)))
    ran(home.folder, Ledger.open())
    gone.unlink()
    home.folder.rename(own_home / ".claude")
    assert main(["report", "--json"]) != 0 or json.loads(capsys.readouterr().out)["totals"]["responses"] == 0
    capsys.readouterr()
    assert main(["ledger", "status", "--json"]) == 0
    (moved,) = json.loads(capsys.readouterr().out)["moved"]
    assert moved["responses"] == 1
    for command in (["ledger", "status"], ["doctor"]):
        assert main(command) in (0, 3)
        assert moved["command"] in capsys.readouterr().out
    assert main(shlex.split(moved["command"])[1:]) == 0
    assert "carried over: 1 file; 1 response added" in capsys.readouterr().err
    assert main(["report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["responses"] == 1
    assert main(["ledger", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["moved"] == []
    assert main(["ledger", "adopt", "/nowhere", "/else"]) == 3


@pytest.mark.parametrize("is_there", [True, False])
def test_history_of_another_home_on_this_machine_is_said_to_be_left_out_until_it_is_carried_over(
    own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], is_there: bool
) -> None:
    home = ClaudeHome(tmp_path / "theirs" / ".claude")
    home.append(assistant("msg_1", NOON, usage(output=10)))
    other = Ledger.open(tmp_path / "other.db")
    ran(home.folder, other)
    if not is_there:
        shutil.rmtree(home.folder)
    with (tmp_path / "history.jsonl").open("wb") as file:
        file.writelines(export_jsonl(other))
    for taken in (["import", str(tmp_path / "history.jsonl")], ["merge", str(tmp_path / "other.db")]):
        assert main(["ledger", *taken]) == 0
        told = capsys.readouterr().err
        assert "not counted: 1 response of 1 file in" in told
        assert ("look in it with --claude-dir" in told) == is_there
    adopt = told.splitlines()[-1].strip()
    for command in (["report"], ["ledger", "status"], ["doctor"]):
        code, captured = main(command), capsys.readouterr()
        assert code in (0, 3)
        assert adopt in captured.out + captured.err
    assert main(shlex.split(adopt)[1:]) == 0
    assert main(["report", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["totals"]["responses"] == 1
    assert "not counted" not in captured.err


def test_history_of_no_known_client_and_of_a_folder_without_a_like_is_told_without_a_command(
    own_home: Path, claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=10)))
    Ledger.open().write([piece("/x/logs/s1.jsonl", [row("msg_2")])])
    assert main(["ledger", "status", "--json"]) == 0
    (moved,) = json.loads(capsys.readouterr().out)["moved"]
    assert (moved["old"], moved["new"], moved["command"]) == ("/x/logs", "", None)
    assert main(["doctor"]) == 0
    assert "in /x/logs, which is not looked in; look in it with --claude-dir" in capsys.readouterr().out
    other = ClaudeHome(tmp_path / "other")
    log = other.append(assistant("msg_3", NOON, usage(output=10)))
    Ledger.open().write([piece(str(log.with_name("s9.jsonl")), [row("msg_4")])])
    for given, is_told in (([], True), (["--claude-dir", str(other.folder)], False)):
        assert main(["doctor", *given]) == 0
        assert (f"in {other.folder}" in capsys.readouterr().out.partition("not counted")[2]) == is_told


def test_a_report_by_machine_adds_up(
    laptop: Path, desk: Path, claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_9", NOON, usage(output=7)))
    assert main(["ledger", "merge", str(laptop)]) == main(["ledger", "merge", str(desk)]) == 0
    capsys.readouterr()
    assert main(["report", "--by", "host", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    here = Ledger.open().host
    assert {row["host"]: row["responses"] for row in found["hosts"]} == {"laptop": 2, "desk": 2, here: 1}
    assert sum(row["cost_nano"] for row in found["hosts"]) == found["totals"]["cost_nano"]
    costs = [row["cost_nano"] for row in found["hosts"]]
    assert costs == sorted(costs, reverse=True)
