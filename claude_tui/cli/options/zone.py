"""The system's time zone, and what says which it is. Must not load zoneinfo for those who only ask the latter."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def system_zone() -> ZoneInfo:
    """Return the system's zone: TZ, else /etc/localtime or /etc/timezone, else the current UTC offset, else UTC."""
    from zoneinfo import ZoneInfo

    for name in (os.environ.get("TZ", "").lstrip(":"), _linked(), _written()):
        found = _zone(name)
        if found is not None:
            return found
    try:
        with open("/etc/localtime", "rb") as rules:
            return ZoneInfo.from_file(rules, key="localtime")
    except (OSError, ValueError):
        hours = -time.timezone // 3600
        # The names of fixed offsets have their sign reversed: Etc/GMT-2 is two hours east.
        return _zone(f"Etc/GMT{-hours:+d}" if hours else "UTC") or ZoneInfo("UTC")


def what_says_the_zone() -> str:
    """Return a text that is another one if `system_zone` may be."""
    looks = (0, 0)
    with suppress(OSError):
        found = os.stat("/etc/localtime")
        looks = found.st_size, found.st_mtime_ns
    return repr((os.environ.get("TZ"), _linked(), _written(), looks, time.timezone))


def _linked() -> str:
    _, found, name = os.path.realpath("/etc/localtime").partition("zoneinfo/")
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
