"""A report that was printed before is printed again without a count, and is always what a count would print."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine

import claude_tui
from claude_tui import paths
from claude_tui.cli import main
from claude_tui.cli.counting import answered
from claude_tui.cli.options import zone
from claude_tui.engine import unchanged
from claude_tui.engine.cache import schema
from claude_tui.engine.count import UNSAVED_BYTES
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.paths import cache_folder, config_folder, data_folder
from claude_tui.pricing.price_list.catalogue import CLAUDE_FILE, OTHERS_FILE
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_763_000_000_000
MUCH = {"type": "user", "text": "x" * UNSAVED_BYTES}
"""So much is read that it is kept."""
DAY_MS = 86_400_000


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(assistant("msg_1", NOON, usage(input=10, output=20)), MUCH)
    claude_home.append(
        assistant("msg_2", NOON - DAY_MS, usage(output=5), cwd="/home/user/other", session="s2"), session="s2"
    )
    return claude_home


Capture = pytest.CaptureFixture[str]
Counted = list[object]


def printed(capsys: Capture, *options: str, code: int = 0) -> str:
    assert main(["report", "--json", *options]) == code
    return capsys.readouterr().out


def learnt(capsys: Capture, *options: str) -> str:
    """Asked until the answer is kept: by the first count that finds nothing new."""
    printed(capsys, *options)
    return printed(capsys, *options)


def counted_now(capsys: Capture, *options: str) -> str:
    """What is printed when nothing is known of the past."""
    for path in (cache_folder() / unchanged.FOLDER).glob("*"):
        path.unlink()
    return printed(capsys, *options)


def test_what_has_not_changed_is_not_counted_again(history: ClaudeHome, capsys: Capture, counts: Counted) -> None:
    first = learnt(capsys)
    assert json.loads(first)["totals"]["output"] == 25
    assert len(counts) == 2
    assert printed(capsys) == first
    assert len(counts) == 2


def append(home: ClaudeHome) -> None:
    home.append(assistant("msg_3", NOON + 1, usage(output=100)))


def replace(home: ClaudeHome) -> None:
    path = home.path("s2")
    text = (
        path.read_text()
        .replace('"output_tokens": 5', '"output_tokens": 7')
        .replace('output_tokens":5', 'output_tokens":7')
    )
    path.write_text(text)


def add_file(home: ClaudeHome) -> None:
    home.append(assistant("msg_4", NOON, usage(output=50), session="s9"), session="s9", project="-new")


def delete(home: ClaudeHome) -> None:
    home.path("s2").unlink()


def rename(home: ClaudeHome) -> None:
    path = home.path("s2")
    path.rename(path.with_name("s3.jsonl"))


def own_prices(home: ClaudeHome) -> None:
    config_folder().mkdir(parents=True, exist_ok=True)
    (config_folder() / "prices.toml").write_text('[models."claude-sonnet-4-5"]\ninput = "100"\noutput = "200"\n')


def name_project(home: ClaudeHome) -> None:
    config_folder().mkdir(parents=True, exist_ok=True)
    (config_folder() / "config.toml").write_text('[projects]\n"/home/user/other" = "elsewhere"\n')


CHANGES: dict[str, Callable[[ClaudeHome], None]] = {
    "a line is appended": append,
    "a log is written anew": replace,
    "a log is new": add_file,
    "a log is gone": delete,
    "a log has another name": rename,
    "prices are the user's": own_prices,
    "a project has a name": name_project,
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_seen(change: str, history: ClaudeHome, capsys: Capture) -> None:
    before = learnt(capsys)
    CHANGES[change](history)
    found = printed(capsys)
    assert found == counted_now(capsys)
    if change != "a log has another name":
        assert found != before
    assert [learnt(capsys), printed(capsys)] == [found, found]


def test_the_zone_and_the_version_are_part_of_the_question(
    history: ClaudeHome, capsys: Capture, monkeypatch: pytest.MonkeyPatch, counts: Counted
) -> None:
    here = learnt(capsys)
    assert learnt(capsys, "--timezone", "local") == here
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    there = printed(capsys)
    assert json.loads(there)["timezone"] == "Pacific/Kiritimati"
    assert there == printed(capsys, "--timezone", "local")
    assert there != here == printed(capsys, "--timezone", "UTC")
    known = len(counts)
    monkeypatch.setattr(unchanged, "SCHEMA", schema.SCHEMA + 1)
    learnt(capsys)
    assert len(counts) > known
    known = len(counts)
    printed(capsys)
    assert len(counts) == known
    monkeypatch.setattr(unchanged, "__version__", claude_tui.__version__ + "1")
    printed(capsys)
    assert len(counts) == known + 1


def test_a_system_whose_zone_has_no_name_may_move(
    history: ClaudeHome, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`/etc/localtime` is a copy of a zone's rules, as in many a container, and then one of another's."""
    rules = tmp_path / "localtime"
    monkeypatch.setattr(paths, "SYSTEM_ZONE", str(rules))
    monkeypatch.setattr(zone, "_written", lambda: "")
    monkeypatch.delenv("TZ", raising=False)
    days = {}
    for name in ("Pacific/Pago_Pago", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        rules.write_bytes(Path(zone.DATABASE, name).read_bytes())
        os.utime(rules, (NOON // 1000, NOON // 1000))
        first = json.loads(learnt(capsys))
        assert first["timezone"] == "localtime"
        named = json.loads(printed(capsys, "--timezone", name))
        days[name] = first["days"]
        assert first["days"] == named["days"]
    assert len(set(map(str, days.values()))) == 2


def installed(at: Path) -> Path:
    """A package of one module and its prices."""
    data = at / "claude_tui" / "pricing" / "price_list" / "data"
    data.mkdir(parents=True)
    for name in answered.PRICES:
        (data / name).write_text("{}")
    (at / "claude_tui" / "__init__.py").write_text("")
    return at / "claude_tui"


def test_another_program_of_the_same_version_answers_for_itself(
    history: ClaudeHome, capsys: Capture, counts: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation is made anew, or the working copy that is run has another module."""
    package = installed(tmp_path / "site-packages")
    monkeypatch.setattr(claude_tui, "__file__", str(package / "__init__.py"))
    learnt(capsys)
    known = len(counts)
    printed(capsys)
    assert len(counts) == known
    package.parent.rename(tmp_path / "before")
    installed(tmp_path / "site-packages")
    learnt(capsys)
    assert len(counts) == known + 1

    (package.parent / "pyproject.toml").write_text("")
    (package / "pricing" / "rule.py").write_text("RULE = 1")
    learnt(capsys)
    known = len(counts)
    printed(capsys)
    assert len(counts) == known
    (package / "pricing" / "rule.py").write_text("RULE = 22")
    printed(capsys)
    assert len(counts) == known + 1


def test_every_question_has_its_own_answer(history: ClaudeHome, capsys: Capture) -> None:
    asked: list[list[str]] = [
        [], ["--by", "day"], ["--by", "week"], ["--by", "session"], ["--top", "1"], ["--since", "2025-11-13"],
        ["--until", "2025-11-12"], ["--session", "s2"], ["--project", "other"], ["--by", "account"],
    ]  # fmt: skip
    answers = {}
    for options in asked:
        learnt(capsys, *options)
    for options in asked:
        answers[tuple(options)] = printed(capsys, *options)
        assert answers[tuple(options)] == counted_now(capsys, *options)
    assert len(set(answers.values())) == len(answers) - 1  # the session is all there is of the project


def test_a_day_that_passes_is_another_question(history: ClaudeHome, capsys: Capture) -> None:
    with time_machine.travel(NOON / 1000, tick=False):
        today = learnt(capsys, "--period", "today")
        assert json.loads(today)["totals"]["responses"] == 1
    with time_machine.travel((NOON + DAY_MS) / 1000, tick=False):
        assert json.loads(printed(capsys, "--period", "today"))["totals"]["responses"] == 0


def test_what_is_dated_ahead_is_counted_each_time(history: ClaudeHome, capsys: Capture, counts: Counted) -> None:
    """Sessions are in the order of their last instant unless that is ahead: it stands elsewhere when it has come."""
    with time_machine.travel((NOON - 3 * DAY_MS) / 1000, tick=False):
        early = learnt(capsys)
        printed(capsys)
        assert len(counts) == 3
    with time_machine.travel((NOON + DAY_MS) / 1000, tick=False):
        late = learnt(capsys)
        assert sorted(json.loads(late)["sessions"], key=str) == sorted(json.loads(early)["sessions"], key=str)
    known = len(counts)
    with time_machine.travel((NOON - 3 * DAY_MS) / 1000, tick=False):
        assert printed(capsys) == early
        assert len(counts) == known + 1


def test_what_is_no_longer_ahead_when_it_has_been_counted_is_counted_again(
    history: ClaudeHome, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt(capsys, "--top", "9")
    with time_machine.travel((NOON - DAY_MS - 1000) / 1000, tick=False) as clock:

        def late(*given: Any, **more: Any) -> Any:
            made = take(*given, **more)
            clock.shift(2)
            return made

        take = SnapshotMaker.take
        monkeypatch.setattr(SnapshotMaker, "take", late)
        ahead = printed(capsys)
        monkeypatch.setattr(SnapshotMaker, "take", take)
        assert printed(capsys) == counted_now(capsys) != ahead


@pytest.mark.parametrize("damage", ["cut", "bits", "empty", "foreign"])
def test_a_damaged_answer_is_made_again(damage: str, history: ClaudeHome, capsys: Capture) -> None:
    known = learnt(capsys)
    (path,) = (cache_folder() / unchanged.FOLDER).iterdir()
    data = bytearray(path.read_bytes())
    if damage == "bits":
        data[-30] ^= 1
    path.write_bytes(bytes({"cut": data[:-7], "bits": data, "empty": b"", "foreign": b"hello" * 100}[damage]))
    assert printed(capsys) == known


def test_complaints_are_made_each_time(history: ClaudeHome, capsys: Capture) -> None:
    config_folder().mkdir(parents=True)
    (config_folder() / "prices.toml").write_text("nonsense = [")
    told = []
    for _ in range(3):
        assert main(["report", "--json"]) == 0
        told.append(capsys.readouterr().err)
    assert told[0] and told == [told[0]] * 3


def test_strict_fails_each_time(history: ClaudeHome, capsys: Capture) -> None:
    history.append(b'{"type": "assistant", "message": {]\n')
    known = [printed(capsys, "--strict", code=4) for _ in range(3)]
    assert known == [known[0]] * 3
    assert learnt(capsys) == known[0] == printed(capsys)
    assert printed(capsys, "--strict", code=4) == known[0]


def test_what_the_ledger_gains_counts(history: ClaudeHome, capsys: Capture) -> None:
    assert main(["ledger", "keep"]) == 0
    capsys.readouterr()
    before = learnt(capsys)
    history.path("s2").unlink()
    after = printed(capsys)
    assert json.loads(after)["totals"] == json.loads(before)["totals"]
    assert learnt(capsys) == printed(capsys) == counted_now(capsys)
    (data_folder() / "ledger.db").unlink()
    assert json.loads(printed(capsys))["totals"]["output"] == 20


def test_only_so_many_answers_are_kept(history: ClaudeHome, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "MOST_KEPT", 2)
    for top in "123":
        learnt(capsys, "--top", top)
    kept = list((cache_folder() / unchanged.FOLDER).iterdir())
    assert len(kept) == 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept)


def test_without_a_place_for_it_nothing_is_kept(history: ClaudeHome, capsys: Capture) -> None:
    known = printed(capsys)
    (cache_folder() / unchanged.FOLDER).write_text("a file in the way")
    assert [printed(capsys), printed(capsys)] == [known, known]


def test_bundled_prices_lie_where_they_are_looked_for() -> None:
    data = Path(claude_tui.__file__).with_name("pricing") / "price_list" / "data"
    assert [os.fspath(data / name) for name in answered.PRICES] == [str(CLAUDE_FILE), str(OTHERS_FILE)]


def test_text_that_is_no_unicode_is_written_the_same_each_time(claude_home: ClaudeHome, tmp_path: Path) -> None:
    row = assistant("msg_1", NOON, usage(output=20), cwd="/home/\ud83d")
    claude_home.append(MUCH, (json.dumps(row) + "\n").encode())
    command = [sys.executable, "-m", "claude_tui", "report", "--json"]
    printed = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(3)]
    assert printed == [printed[0]] * 3
    assert json.loads(printed[0])["projects"][0]["project"].endswith("\ud83d")


def keep(capsys: Capture) -> None:
    assert main(["ledger", "keep"]) == 0
    capsys.readouterr()


def test_a_log_that_another_session_goes_on_with_counts_the_same_however_it_was_kept(
    history: ClaudeHome, capsys: Capture
) -> None:
    """The history has the log as it was, then as it is; a count in between has seen more of the log than that."""
    history.append(assistant("msg_5", NOON, usage(output=6), cwd="/home/user/elsewhere"))
    keep(capsys)
    history.append(assistant("msg_3", NOON + 1, usage(output=7), session="s7", cwd="/home/user/third"))
    elsewhere = "--timezone", "Asia/Tokyo"
    learnt(capsys, *elsewhere)
    keep(capsys)
    known = [learnt(capsys, *elsewhere), printed(capsys, *elsewhere)]
    shutil.rmtree(cache_folder())
    assert known == [printed(capsys, *elsewhere)] * 2


def test_a_title_that_follows_what_the_history_has_is_the_one_shown(history: ClaudeHome, capsys: Capture) -> None:
    title = {"type": "custom-title", "sessionId": "s1", "customTitle": "Zebra"}
    history.append(title)
    keep(capsys)
    history.append({**title, "customTitle": "Apple"})
    for _ in range(2):
        assert main(["--once"]) == 0
        shown = capsys.readouterr().out
        assert "Apple" in shown and "Zebra" not in shown
        shutil.rmtree(cache_folder())
