"""The command that runs all fuzzers of what has a native core."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fuzz import __main__ as command


def test_each_fuzzer_has_its_share() -> None:
    asked = (sys.executable, "-m", "tests.fuzz", "--lines", "180", "--piece", "60", "--jobs", "2")
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    said, end = done.stdout.splitlines()
    assert said.startswith("180 lines read alike (60 of claude, 60 of codex, 60 of causes), ")
    assert end == "no disagreement"


def test_a_disagreement_ends_it_and_says_how_it_is_seen_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_piece(reader: str, seed: int, lines: int) -> tuple[str, int, str]:
        return (f"python {reader} {seed}", 0, "they differ") if seed == 3 else ("", lines, "")

    monkeypatch.setattr(command, "run_piece", run_piece)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--lines", "500", "--piece", "100", "--jobs", "1"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert command.main() == 1
    assert capsys.readouterr().out.endswith("python causes 3\nthey differ\n")
