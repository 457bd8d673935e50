"""`claude-top telemetry install --service`: the file for the system's service manager, and having it used.

Must not know what the service does.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence

from claude_tui import files
from claude_tui.cli import exits, streams
from claude_tui.cli.environment import home

WAIT_S = 30.0
"""How long a service manager may take."""


def change(program: Sequence[str], *, is_undone: bool, is_dry: bool) -> int:
    """Install or remove the service, and return the exit code: 1 if the service manager did not take it."""
    from claude_tui.telemetry.service import service

    made = service(program, home(), os.environ)
    commands = made.stopping if is_undone else made.starting
    if is_dry:
        head = f"would remove {made.path}\n" if is_undone else f"# {made.path}\n{made.text}"
        streams.write(head + "".join(f"$ {shlex.join(command)}\n" for command in commands))
        return exits.OK
    if is_undone:
        if not made.path.exists():
            streams.narrate(f"{made.path}: not there")
            return exits.OK
        failed = _run(commands)
        made.path.unlink()
        streams.narrate(f"{made.path}: removed")
    else:
        made.path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(made.path, made.text.encode(), is_durable=True)
        streams.narrate(f"{made.path}: written")
        failed = _run(commands)
    if failed:
        streams.narrate(f"this did not work; try it yourself: {shlex.join(failed)}")
        return exits.FAILED
    if not is_undone:
        streams.narrate("telemetry is received from now on, and from every login on")
    return exits.OK


def _run(commands: Iterable[Sequence[str]]) -> Sequence[str]:
    """Run commands until one fails, and return that one; empty if none did. What they say goes to our stderr."""
    for command in commands:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=WAIT_S)
        except (OSError, subprocess.TimeoutExpired):
            return command
        if done.returncode:
            return command
    return ()
