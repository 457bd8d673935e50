"""What our hook stores of the events Claude Code sends it: one small file per session, for what no log says in time.

Nothing of prompts, tool input or paths is kept. Imported by a command that has little time: standard library only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from claude_tui.records import NamedTuple

FOLDER: Final = "hooks"
"""Below our state folder."""
EVENTS: Final = ("PreCompact", "PermissionRequest")
"""The events our hook is for. Both are older than any version whose sessions can be watched."""
MAX_BYTES: Final = 4096
_SESSION: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TOOL: Final = re.compile(r"[0-9A-Za-z_.-]{1,128}")


class HookMarks(NamedTuple):
    """When the newest compaction began, and when a permission was asked for last, and for which tool.

    0 and "" where there was nothing of that kind, or no hook. Whether it is over, the log says.
    """

    compacting_ms: int = 0
    permission_ms: int = 0
    permission_tool: str = ""


NO_MARKS: Final = HookMarks()


def marked(before: HookMarks, event: Mapping[str, Any], now_ms: int) -> HookMarks:
    """Return the marks after an event, which Claude Code sends on standard input."""
    name, tool = event.get("hook_event_name"), event.get("tool_name")
    if name == "PreCompact":
        return before._replace(compacting_ms=now_ms)
    if name == "PermissionRequest" and isinstance(tool, str) and _TOOL.fullmatch(tool):
        return before._replace(permission_ms=now_ms, permission_tool=tool)
    return before


def hooks_folder(state_folder: str) -> str:
    """Return the folder with the files of all sessions; there is none until the hook received an event."""
    return os.path.join(state_folder, FOLDER)


def marks_path(state_folder: str, session: object) -> str | None:
    """Return the file of a session; None if that is no name of one."""
    if not isinstance(session, str) or not _SESSION.fullmatch(session):
        return None
    return os.path.join(hooks_folder(state_folder), f"{session}.json")


def read_marks(path: str) -> HookMarks:
    """Return what was kept; nothing where it cannot be read."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return NO_MARKS
    if not isinstance(found, dict):
        return NO_MARKS
    compacting, permission, tool = (found.get(name) for name in HookMarks._fields)
    return HookMarks(
        compacting if type(compacting) is int else 0,
        permission if type(permission) is int else 0,
        tool if isinstance(tool, str) else "",
    )
