"""Old files of the spool go once the ledger holds all of them, and nothing is lost by it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.engine.ledger import Ledger
from claude_tui.engine.ledger.sync.spool import Pruned, prune
from claude_tui.engine.scan.reading import FileReader
from claude_tui.paths import telemetry_folder
from claude_tui.sources.telemetry.keeping import KEEP_DAYS, day_of, shared
from claude_tui.units import DAY_MS
from tests.engine.counting import PRICER, UTC
from tests.engine.telemetry import FOLDER, exports_of

REPL = FOLDER / "repl332"
OLD = "2026-08-01"
RECENT = time.strftime("%Y-%m-%d", time.gmtime(time.time() - (KEEP_DAYS - 10) * 86_400))
"""A day whose file is kept whatever the ledger holds."""


@pytest.fixture
def spool(own_home: Path) -> Path:
    """Our own spool: an old file and one of today, beside the logs they belong to."""
    shutil.copytree(REPL / "projects", own_home / ".claude" / "projects")
    lines = exports_of(REPL)
    written(OLD, lines[: len(lines) // 2])
    written(time.strftime("%Y-%m-%d", time.gmtime()), lines[len(lines) // 2 :])
    return telemetry_folder()


def written(day: str, lines: Sequence[str]) -> Path:
    path = telemetry_folder() / f"{day}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    aged(path)
    return path


def aged(path: Path) -> None:
    """Let a file be as old as its name says."""
    day = day_of(str(path))
    assert day is not None
    stamp = time.mktime(day.timetuple()) + 3600
    os.utime(path, (stamp, stamp))


def days() -> list[str]:
    return sorted(path.stem for path in telemetry_folder().iterdir())


def pruned(now_ms: int | None = None) -> Pruned:
    reader = FileReader(PRICER, UTC, keep_names=True)
    return prune(Ledger.open(), telemetry_folder(), reader, time.time_ns() // 1_000_000 if now_ms is None else now_ms)


def totals(capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert main(["report", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return {name: found[name] for name in ("totals", "telemetry", "unlogged")}


def test_what_the_ledger_holds_goes_and_every_number_stays(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = totals(capsys)
    assert len(days()) == 2
    assert main(["ledger", "keep"]) == 0
    assert OLD not in days()
    assert len(days()) == 1
    assert totals(capsys) == before
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)
    assert totals(capsys) == before


def test_nothing_goes_that_the_ledger_does_not_hold(spool: Path) -> None:
    assert pruned() == Pruned()
    assert main(["ledger", "keep"]) == 0  # this removes the old file; it comes back with one line more
    lines = exports_of(REPL)
    written(OLD, lines[: len(lines) // 2 + 1])
    assert pruned() == Pruned()
    assert OLD in days()


def test_a_file_stays_for_its_days_though_the_ledger_holds_it(spool: Path) -> None:
    path = written(RECENT, exports_of(REPL)[:3])
    day_ms = int(path.stat().st_mtime * 1000) // DAY_MS * DAY_MS
    assert main(["ledger", "keep"]) == 0
    assert RECENT in days()
    assert pruned(day_ms + KEEP_DAYS * DAY_MS) == Pruned()
    assert pruned(day_ms + (KEEP_DAYS + 1) * DAY_MS).files == 1


def test_a_file_stays_while_anybody_reads_it(spool: Path) -> None:
    path = written(RECENT, exports_of(REPL)[:3])
    assert main(["ledger", "keep"]) == 0
    later_ms = time.time_ns() // 1_000_000 + 40 * DAY_MS
    holder = "import sys; from claude_tui.sources.telemetry.keeping import shared\n"
    holder += "with shared(sys.argv[1]): print('reads', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reads\n"
        pruned(later_ms)
        assert path.exists()
        process.communicate()
    with shared(str(path)):
        pruned(later_ms)
        assert path.exists()
    assert pruned(later_ms).files >= 1
    assert not path.exists()


def test_what_is_not_ours_stays(spool: Path) -> None:
    other = telemetry_folder() / "collector.jsonl"
    other.write_text("".join(exports_of(REPL)))
    os.utime(other, (0, 0))
    assert main(["ledger", "keep"]) == 0
    assert other.exists()


def test_a_folder_that_is_named_is_left_alone(spool: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    shutil.copytree(spool, named)
    for path in named.iterdir():
        aged(path)
    assert main(["ledger", "keep", "--telemetry-dir", str(named)]) == 0
    assert sorted(path.stem for path in named.iterdir()) == days()
    assert OLD in days()


def test_a_line_that_a_kill_has_torn_keeps_no_file(spool: Path) -> None:
    lines = exports_of(REPL)
    written(OLD, [*lines[:2], lines[2][:50]])
    assert main(["ledger", "keep"]) == 0
    assert OLD not in days()


def test_status_says_how_long_files_are_kept(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["telemetry", "status", "--json"])
    files = json.loads(capsys.readouterr().out)["files"]
    assert (files["keep_days"], files["overdue"]) == (KEEP_DAYS, 1)
    assert OLD in files["days"]
    main(["telemetry", "status"])
    said = capsys.readouterr().out
    assert "1 older file not gone yet" in said
    main(["ledger", "keep"])
    main(["telemetry", "status"])
    assert "older file" not in capsys.readouterr().out


def test_what_only_telemetry_told_is_counted_when_nothing_but_the_ledger_is_left(
    spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(Path(os.environ["HOME"]) / ".claude" / "projects")
    before = totals(capsys)
    assert before["totals"]["responses"] == 15
    assert main(["ledger", "keep"]) == 0
    for path in telemetry_folder().iterdir():
        path.unlink()
    assert totals(capsys)["totals"] == before["totals"]
