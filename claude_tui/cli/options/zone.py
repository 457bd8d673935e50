"""The name of the system's time zone. Must not load zoneinfo."""

from __future__ import annotations

import os
import time
from zoneinfo import ZoneInfo


def system_zone() -> ZoneInfo:
    """Return the system's zone: TZ, else /etc/localtime or /etc/timezone, else the current UTC offset, else UTC."""
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
    if name.startswith(os.sep):
        name = name.partition("zoneinfo/")[2]
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None
