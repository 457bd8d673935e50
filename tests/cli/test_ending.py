from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from claude_tui.fleet.table.meta import LEASE
from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage

MERGING = """
import sys, tempfile, threading
import claude_tui.fleet.merge as merging
def merge(*_):
    with tempfile.TemporaryDirectory() as folder:
        print(folder, flush=True)
        threading.Event().wait()
merging.merge = merge
from claude_tui.cli import main
sys.exit(main())
"""
"""The program, which merges until it is told to end."""


def merging(table: Path, *, is_deaf: bool = False) -> subprocess.Popen[str]:
    deaf = (lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) if is_deaf else None
    command = [sys.executable, "-c", MERGING, "fleet", "merge", str(table)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=deaf, env=os.environ)


@pytest.fixture
def table(own_home: Path, claude_home: ClaudeHome, tmp_path: Path) -> Path:
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=9)))
    assert run("ledger", "keep").code == 0
    assert run("fleet", "push", str(tmp_path / "table")).code == 0
    return tmp_path / "table"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_puts_away_what_it_began(table: Path, number: signal.Signals) -> None:
    with merging(table) as program:
        assert program.stdout is not None
        kept = Path(program.stdout.readline().strip())
        assert kept.is_dir() and (table / LEASE).exists()
        program.send_signal(number)
        assert program.wait(30) == 128 + number
    assert not kept.exists() and not (table / LEASE).exists()


def test_a_command_under_nohup_does_not_hear_that_its_terminal_went(table: Path) -> None:
    with merging(table, is_deaf=True) as program:
        assert program.stdout is not None
        kept = Path(program.stdout.readline().strip())
        program.send_signal(signal.SIGHUP)
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 128 + signal.SIGTERM
    assert not kept.exists()
