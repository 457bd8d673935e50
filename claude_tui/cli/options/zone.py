"""The system's time zone, and what says which it is. Must not load zoneinfo for those who only ask the latter."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from claude_tui import files, paths

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DATABASE: Final = "/usr/share/zoneinfo"
"""Where the system has the rules of all zones by name."""


def system_zone() -> ZoneInfo:
    """Return the system's zone: TZ, else /etc/localtime or /etc/timezone, else the current UTC offset, else UTC."""
    from zoneinfo import ZoneInfo

    from claude_tui.engine.state.sums.calendar import UNNAMED

    for name in (os.environ.get("TZ", "").lstrip(":"), _linked(), _written()):
        found = _zone(name)
        if found is not None:
            return found
    try:
        with open(paths.SYSTEM_ZONE, "rb") as rules:
            return ZoneInfo.from_file(rules, key=UNNAMED)
    except (OSError, ValueError):
        hours = -time.timezone // 3600
        # The names of fixed offsets have their sign reversed: Etc/GMT-2 is two hours east.
        return _zone(f"Etc/GMT{-hours:+d}" if hours else "UTC") or ZoneInfo("UTC")


def what_says_the_zone(name: str = "") -> str:
    """Return a text that is another one if the zone of a name, or without one `system_zone`, may be: its rules, too."""
    told = os.environ.get("TZ", "").lstrip(":"), _linked(), _written()
    files_of_rules = (paths.SYSTEM_ZONE, *(os.path.join(DATABASE, one) for one in (name, *told) if one))
    return repr((name, *told, time.timezone, [_rules(path) for path in files_of_rules]))


def _rules(path: str) -> bytes:
    try:
        return files.read(path)
    except (OSError, ValueError):
        return b""


def _linked() -> str:
    _, found, name = os.path.realpath(paths.SYSTEM_ZONE).partition("zoneinfo/")
    return name if found else ""


def _written() -> str:
    try:
        with open("/etc/timezone", encoding="ascii") as file:
            return file.readline().strip()
    except (OSError, ValueError):
        return ""


def _zone(name: str) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo

    if name.startswith(os.sep):
        name = name.partition("zoneinfo/")[2]
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None
