"""The system starts the receiver: what its files say, and that they are installed and taken away."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from claude_tui.telemetry.service import LABEL, UNIT, service
from tests.cli.program import run

NO_MANAGER = {"PATH": "/nowhere"}


def test_a_unit_runs_the_receiver_with_our_folders(own_home: Path) -> None:
    made = service(["/opt/my apps/50%/claude-top"], own_home, {"XDG_STATE_HOME": "/s t/ate"}, "linux")
    assert made.path == own_home / ".config/systemd/user" / UNIT
    assert 'ExecStart="/opt/my apps/50%%/claude-top" "telemetry" "run"\n' in made.text
    assert 'Environment="XDG_STATE_HOME=/s t/ate"\n' in made.text
    assert "WantedBy=default.target" in made.text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    made = service([shutil.which("true") or "/bin/true"], tmp_path, {"XDG_STATE_HOME": "/s"}, "linux")
    path = tmp_path / UNIT
    path.write_text(made.text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(path)], capture_output=True, text=True, timeout=60
    )
    assert UNIT not in done.stderr, done.stderr


def test_an_agent_runs_the_receiver_with_our_folders(own_home: Path) -> None:
    made = service(["/opt/claude-top"], own_home, {"XDG_STATE_HOME": "/state"}, "darwin")
    assert made.path == own_home / "Library/LaunchAgents" / f"{LABEL}.plist"
    content = plistlib.loads(made.text.encode())
    assert content["ProgramArguments"] == ["/opt/claude-top", "telemetry", "run"]
    assert content["EnvironmentVariables"] == {"XDG_STATE_HOME": "/state"}
    assert content["RunAtLoad"] is True


def manager(folder: Path) -> dict[str, str]:
    """An environment in which every service manager notes what it is asked."""
    folder.mkdir()
    for name in ("systemctl", "launchctl"):
        (folder / name).write_text(f'#!/bin/sh\necho {name} "$@" >> "{folder}/asked"\n')
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_it_is_installed_started_stopped_and_taken_away(own_home: Path, tmp_path: Path) -> None:
    env = manager(tmp_path / "bin")
    made = service(["x"], own_home, os.environ)
    shown = run("telemetry", "install", "--service", "--dry-run", env=env)
    assert "telemetry" in shown.text
    assert not made.path.exists()
    assert run("telemetry", "install", "--service", env=env).code == 0
    assert "telemetry" in made.path.read_text()
    assert run("telemetry", "install", "--service", "--undo", env=env).code == 0
    assert not made.path.exists()
    asked = (tmp_path / "bin" / "asked").read_text().splitlines()
    assert asked == [" ".join(command) for command in (*made.starting, *made.stopping)]
    assert not (own_home / ".claude/settings.json").exists()


def test_without_a_service_manager_the_command_is_told(own_home: Path) -> None:
    done = run("telemetry", "install", "--service", env=NO_MANAGER)
    assert done.code == 1
    assert "try it yourself" in done.stderr
    assert service(["x"], own_home, os.environ).path.exists()


def test_client_and_service_go_together(own_home: Path, tmp_path: Path) -> None:
    done = run("telemetry", "install", "--client", "claude", "--service", env=manager(tmp_path / "bin"))
    assert done.code == 0
    assert (own_home / ".claude/settings.json").exists()
