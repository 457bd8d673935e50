"""The client's own list of running sessions: `<config>/sessions/<pid>.json`, one small file per process.

An entry outlives a killed process, so it proves nothing until its process is checked. Must not judge what a session is
doing.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

import orjson

from claude_tui.records import NamedTuple
from claude_tui.sources.claude.discovery import config_dirs
from claude_tui.sources.protocol import SourceConfig
from claude_tui.sources.reading.log import open_regular
from claude_tui.sources.values.json_values import as_count, text_of

MAX_BYTES: Final = 64 << 10
"""An entry has about 500 bytes; a larger file is not an entry."""

NAME: Final = re.compile(r"\d{1,10}\.json")

_DEAD: Final = (b"Z", b"X", b"x")
"""States in /proc of a process that has ended."""
_SNAPSHOT: Final = b"/shell-snapshots/snapshot-"
_PID_SPACE: Final = "pid:["


class RegistryEntry(NamedTuple):
    """What one process says about itself. `status` is "busy", "idle", "waiting", "shell" or "" (not recorded).

    `process_start` is the start of the process as the client read it, "" unknown: on Linux, the clock ticks in
    /proc/<pid>/stat. `waiting_for` says what a person is asked for, "" unless the status is "waiting". `started_ms` is
    when the process started, as it says. `is_spare`: it was started ahead and nobody talks to it yet.
    `pid_domain` names where the process id counts, "" unknown.
    """

    pid: int
    session: str
    process_start: str = ""
    cwd: str = ""
    status: str = ""
    status_ms: int = 0
    name: str = ""
    kind: str = ""
    version: str = ""
    waiting_for: str = ""
    started_ms: int = 0
    is_spare: bool = False
    pid_domain: str = ""


def registry_folders(config: SourceConfig) -> list[Path]:
    """Return the folders that list running sessions, existing or not: beside each `projects` folder."""
    folders = config_dirs(config)
    return [(folder.parent if _is_projects(folder) else folder) / "sessions" for folder in folders]


def read_entry(path: str) -> RegistryEntry | None:
    """Read one file of the list; None if it is not an entry. Raises OSError if it cannot be read."""
    fd, _ = open_regular(path)
    with open(fd, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    try:
        found = orjson.loads(content) if len(content) <= MAX_BYTES else None
    except orjson.JSONDecodeError:
        return None
    return entry_of(found)


def entry_of(found: object) -> RegistryEntry | None:
    """Return the entry in a decoded file; None if it is not one."""
    if not isinstance(found, dict):
        return None
    pid, session = as_count(found.get("pid")) or 0, text_of(found, "sessionId")
    if pid <= 0 or not session:
        return None
    status = text_of(found, "status")
    return RegistryEntry(
        pid=pid,
        session=session,
        process_start=text_of(found, "procStart"),
        cwd=text_of(found, "cwd"),
        status=status,
        status_ms=as_count(found.get("statusUpdatedAt")) or as_count(found.get("updatedAt")) or 0,
        name=text_of(found, "name"),
        kind=text_of(found, "kind"),
        version=text_of(found, "version"),
        # One that was not taken back when the status changed was seen.
        waiting_for=text_of(found, "waitingFor") if status == "waiting" else "",
        started_ms=as_count(found.get("startedAt")) or 0,
        is_spare=found.get("spare") is True,
        pid_domain=text_of(found, "pidDomain"),
    )


def process_state(entry: RegistryEntry) -> str | None:
    """Return the state of the very process that wrote an entry, as in /proc: "T" is stopped, "" is not running.

    On Linux the start time must be the same, because process ids are reused; elsewhere any running process is "?".
    None if this system cannot tell, as of a process of another container.
    """
    if sys.platform == "linux":
        return _state_in_proc(entry)
    if os.name != "posix":
        return None  # there os.kill() would end the process instead of asking for it
    try:
        os.kill(entry.pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "?"
    except (OSError, OverflowError):
        return None
    return "?"


def is_alive(entry: RegistryEntry) -> bool | None:
    """Whether the very process that wrote an entry is still running. None if this system cannot tell."""
    state = process_state(entry)
    return None if state is None else bool(state)


def runs_shell(pid: int) -> bool | None:
    """Whether a command of the Bash tool runs below a process; None where that cannot be seen. Linux only.

    Hooks and the statusline are children, too; a command of the tool names the snapshot of the shell it begins with.
    """
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
            children = file.read(1 << 16).split()
    except OSError:
        return None
    for child in children:
        try:
            with open(f"/proc/{child.decode()}/cmdline", "rb") as file:
                if _SNAPSHOT in file.read(4096):
                    return True
        except OSError:
            continue
    return False


def process_start(pid: int) -> str:
    """Return when a process started, in clock ticks since boot; "" if there is none. Linux only."""
    found = _stat_fields(pid)
    return found[19].decode("ascii", "replace") if found else ""


def _state_in_proc(entry: RegistryEntry) -> str | None:
    if _PID_SPACE in entry.pid_domain and not entry.pid_domain.endswith(_own_pid_space()):
        return None
    fields = _stat_fields(entry.pid)
    if fields is None:
        return None if not os.path.exists("/proc/self/stat") else ""
    if fields[0] in _DEAD:
        return ""
    start = entry.process_start
    is_same = not start.isdigit() or fields[19] == start.encode("ascii")
    return fields[0].decode("ascii", "replace") if is_same else ""


@lru_cache(maxsize=1)
def _own_pid_space() -> str:
    """Return the name of the namespace that process ids are of here; "", which is the end of any, if unknown."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _stat_fields(pid: int) -> list[bytes] | None:
    """Return the fields of /proc/<pid>/stat after the name, which may itself contain spaces and brackets."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read(4096).rpartition(b")")[2].split()
    except OSError:
        return None
    return fields if len(fields) > 19 else None


def _is_projects(folder: Path) -> bool:
    return folder.name == "projects" and not (folder / "projects").is_dir()
