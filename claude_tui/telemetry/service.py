"""Has the system start `claude-top telemetry run` at login: a systemd user unit, or a launchd agent on macOS.

Makes texts and names commands; must not write or run anything.
"""

from __future__ import annotations

import os
import plistlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from claude_tui.records import NamedTuple

UNIT: Final = "claude-top-telemetry.service"
LABEL: Final = "claude-top.telemetry"

PLACES: Final = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""Variables that say where our files are; a service does not inherit them."""


class Service(NamedTuple):
    """A file for the system, and the commands that have the system use it, or no longer."""

    path: Path
    text: str
    starting: tuple[tuple[str, ...], ...]
    stopping: tuple[tuple[str, ...], ...]


def service(program: Sequence[str], home: Path, env: Mapping[str, str], platform: str = sys.platform) -> Service:
    """Return the service that runs a program (a command without `telemetry run`)."""
    command = [*program, "telemetry", "run"]
    places = {name: env[name] for name in PLACES if os.path.isabs(env.get(name, ""))}
    return _agent(command, home, places) if platform == "darwin" else _unit(command, home, env, places)


def _unit(command: list[str], home: Path, env: Mapping[str, str], places: Mapping[str, str]) -> Service:
    config = Path(env["XDG_CONFIG_HOME"]) if "XDG_CONFIG_HOME" in places else home / ".config"
    text = "\n".join(
        [
            "[Unit]",
            "Description=claude-top, receiving what coding agents say over OpenTelemetry",
            "",
            "[Service]",
            f"ExecStart={' '.join(map(_quoted, command))}",
            *(f"Environment={_quoted(f'{name}={value}')}" for name, value in places.items()),
            "Restart=on-failure",
            "RestartSec=5",
            "UMask=0077",
            "NoNewPrivileges=true",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )
    systemctl = ("systemctl", "--user")
    return Service(
        config / "systemd" / "user" / UNIT,
        text,
        ((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", UNIT)),
        ((*systemctl, "disable", "--now", UNIT),),
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it."""
    for character, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(character, written)
    return f'"{word}"'


def _agent(command: list[str], home: Path, places: Mapping[str, str]) -> Service:
    path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    content = {
        "Label": LABEL,
        "ProgramArguments": command,
        "EnvironmentVariables": dict(places),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    domain = f"gui/{os.getuid()}"
    return Service(
        path,
        plistlib.dumps(content).decode(),
        (("launchctl", "bootstrap", domain, str(path)),),
        (("launchctl", "bootout", f"{domain}/{LABEL}"),),
    )
