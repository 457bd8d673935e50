"""Machines with logs and ledgers of their own, in one process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
DAY = 86_400_000
SAME = ("--timezone", "UTC")


class Machine:
    """A machine: a home of its own, whose ledger has the machine's name."""

    def __init__(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.home = name, folder / name
        self.logs = ClaudeHome(self.home / ".claude")
        self._monkeypatch = monkeypatch

    def run(self, *arguments: str) -> int:
        """Run a command here."""
        for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
            self._monkeypatch.setenv(f"XDG_{kind}_HOME", str(self.home / kind))
        self._monkeypatch.setenv("HOME", str(self.home))
        self._monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(self.logs.folder))
        self._monkeypatch.setattr("socket.gethostname", lambda: self.name)
        # A budget is asked in the month of the logs, whatever day it is here.
        self._monkeypatch.setattr("claude_tui.cli.commands.watching.check.now_ms", lambda: NOON + 3 * DAY)
        return main(list(arguments))


def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """Return three machines, two of which synchronise a session."""
    made = [Machine(tmp_path, name, monkeypatch) for name in ("desk", "laptop", "server")]
    for number, machine in enumerate(made):
        for at in range(4):
            key = f"msg_{number}_{at}"
            session = f"s{number}{at % 2}"
            model = ("claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001", "house-model")[at % 3]
            machine.logs.append(
                assistant(
                    key, NOON + number * DAY + at, usage(input=at, output=10 + at, write_5m=100, read=7), model=model,
                    cwd=f"/home/u/project{number}", sessionId=session,
                ),
                session=session,
            )  # fmt: skip
    # A synchronised session: the laptop has more of it, the desk an older state.
    for machine, ends in ((made[0], 5), (made[1], 9)):
        for at in range(ends):
            row = assistant(f"msg_sync_{at}", NOON + at, usage(output=at + 1), cwd="/home/u/shared", sessionId="sync")
            machine.logs.append(row, session="sync")
    return made


def printed(capsys: pytest.CaptureFixture[str], machine: Machine, *arguments: str) -> Any:
    capsys.readouterr()
    assert machine.run(*arguments) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def objects(table: Path) -> dict[str, bytes]:
    return {str(path.relative_to(table)): path.read_bytes() for path in table.rglob("*") if path.is_file()}
