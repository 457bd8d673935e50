"""The small files of the statusline: the newest count, the last good lines, and the start of the background count.

Imported by a program that has 60 ms: only the standard library, and little of it. Must not know what a line says.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from typing import Any, Final
from zlib import crc32

from claude_tui import files

SCHEMA: Final = 3
LINES_FILE: Final = "statusline-lines.json"
MOST_LINES: Final = 32
FIRST_WAIT_S: Final = 1.0
"""How long the very first line waits for the first count."""
STALE_LOCK_S: Final = 120
LONGEST_ID: Final = 200
"""Maximum length in characters of a session id that is passed to the count."""
IDLE_MS: Final = 60_000
"""A new count is due after this time even if this session's log has not changed, because others may have."""


def state_folder() -> str:
    """Return the folder for our small files, created if needed; "" if it cannot be created."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(base):
        folder = os.path.join(base, "claude-top")
    else:
        from claude_tui import paths

        folder = str(paths.state_folder())
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return ""
    return folder


def newest_count(
    folder: str, given: dict[str, Any], now_ms: int, timezone: str, interval_s: float
) -> dict[str, Any] | None:
    """Return the newest count, and start another one in the background if it is due."""
    place = place_of(timezone)
    path = count_path(folder, place)
    day = _load_day(path, place)
    session = _session_of(given)
    is_due = _is_due(day, given, session, now_ms, interval_s)
    if is_due and _start_count(path, folder, timezone, session) and day is None:
        deadline_s = time.monotonic() + FIRST_WAIT_S
        while day is None and time.monotonic() < deadline_s:
            time.sleep(0.02)
            day = _load_day(path, place)
    return day if day is not None and now_ms < day["day_end_ms"] else None


def _session_of(given: dict[str, Any]) -> str:
    session = given.get("session_id")
    if not isinstance(session, str) or len(session) > LONGEST_ID:
        return ""
    return session if session.isascii() and session.isprintable() else ""


def place_of(timezone: str) -> str:
    """Return what identifies a count: the location of the logs and the time zone. Counts of another place are not
    used."""
    names = ("CLAUDE_CONFIG_DIR", "CLAUDE_CONFIG_DIRS", "HOME", "TZ")
    return "\n".join([timezone, *(os.environ.get(name, "") for name in names)])


def count_path(folder: str, place: str) -> str:
    """Return the path of the count file of a place."""
    return os.path.join(folder, f"statusline-{crc32(os.fsencode(place)):08x}.json")


def lock_path(path: str) -> str:
    """Return the path of the file that exists while a count is running."""
    return path + ".lock"


def _load_day(path: str, place: str) -> dict[str, Any] | None:
    try:
        day: dict[str, Any] = json.loads(files.read(path))
        is_good = day["schema"] == SCHEMA and day["place"] == place
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return day if is_good else None


def _is_due(day: dict[str, Any] | None, given: dict[str, Any], session: str, now_ms: int, interval_s: float) -> bool:
    if day is None:
        return True
    age_ms = now_ms - day["taken_ms"]
    if age_ms < interval_s * 1000:
        return False
    if session and session not in day["sessions"]:
        return True
    # A count may take a twentieth of the time at most, however long the history is.
    if age_ms < 20 * day["took_ms"]:
        return False
    try:
        moved_ms = os.stat(given["transcript_path"]).st_mtime * 1000
    except (OSError, LookupError, TypeError, ValueError):
        moved_ms = 0
    taken_ms: int = day["taken_ms"]
    return moved_ms > taken_ms or now_ms - taken_ms > IDLE_MS or bool(now_ms >= day["day_end_ms"])


def _start_count(path: str, folder: str, timezone: str, session: str) -> bool:
    """Start the count in its own process, unless one is running. Returns whether one is running now."""
    lock = lock_path(path)
    try:
        if time.time() - os.stat(lock).st_mtime < STALE_LOCK_S:
            return True
        os.unlink(lock)
    except OSError:
        pass
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return True
    except OSError:
        return False
    command = [sys.executable, "-m", "claude_tui.cli.statusline.count", folder, timezone, session]
    nowhere = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, nowhere, number) for number in range(3)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=actions, setpgroup=0)
    os.close(nowhere)
    return True


def keep_line(folder: str, given: dict[str, Any], text: str) -> None:
    """Keep the line as the fallback for when no better one can be made."""
    session = given.get("session_id")
    lines = _load_lines(folder)
    if not isinstance(session, str) or lines.get(session) == text:
        return
    lines.pop(session, None)
    kept = dict(list(lines.items())[-MOST_LINES + 1 :]) | {session: text}
    with contextlib.suppress(OSError):
        files.replace(os.path.join(folder, LINES_FILE), json.dumps(kept).encode(), files.OWN)


def _load_lines(folder: str) -> dict[str, str]:
    try:
        lines = json.loads(files.read(os.path.join(folder, LINES_FILE)))
        return {session: text for session, text in lines.items() if isinstance(text, str)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def last_line(folder: str, given: dict[str, Any], raw: bytes = b"") -> str:
    """Return the last good line of the session, "" if there is none: another's figures are not this one's.

    `raw` is what was given, and may name the session where the rest of it cannot be read.
    """
    session = given.get("session_id")
    if not isinstance(session, str):
        _, _, rest = raw.partition(b'"session_id"')
        session = rest.partition(b'"')[2].partition(b'"')[0].decode("utf-8", "replace")
    return _load_lines(folder).get(session, "") if folder else ""
