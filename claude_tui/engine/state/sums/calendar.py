"""Which local day and hour an instant falls on. Must not know responses."""

from __future__ import annotations

import os
import zoneinfo
from datetime import date, datetime, time, timezone
from typing import Final
from zoneinfo import ZoneInfo

from claude_tui import files, paths

_FIRST_MS: Final = -62_104_060_800_000
_LAST_MS: Final = 253_370_764_800_000
"""The years 2 to 9998: days before and after any of theirs exist, in every time zone. No log is of another year."""

SLOT_MS: Final = 15 * 60 * 1000
"""Every time zone's offset is a multiple of a quarter of an hour, so a slot lies within one local day."""

UNNAMED: Final = "localtime"
"""What the system's zone is called where nothing names it."""


class Calendar:
    """Maps instants to local (day ordinal, hour) of one time zone, remembered per quarter of an hour."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._slots: dict[int, tuple[int, int]] = {}

    def day_hour(self, time_ms: int) -> tuple[int, int]:
        """Return the proleptic ordinal of the local day and the local hour (0..23) of an instant.

        An instant that is out of any log's reach counts as unknown, which is 1970.
        """
        slot = time_ms // SLOT_MS
        found = self._slots.get(slot)
        if found is None:
            local = _local(slot * SLOT_MS, self.zone)
            found = self._slots[slot] = (local.toordinal(), local.hour)
        return found

    def day(self, time_ms: int) -> date:
        """Return the local calendar day of an instant."""
        return date.fromordinal(self.day_hour(time_ms)[0])

    def span_ms(self, day: int) -> tuple[int, int]:
        """Return when a local day, given as its proleptic ordinal, begins and when the next one does."""
        return self._start_ms(day), self._start_ms(day + 1)

    def _start_ms(self, day: int) -> int:
        return int(datetime.combine(date.fromordinal(day), time(), self.zone).timestamp()) * 1000


def rules_of(zone: ZoneInfo) -> bytes:
    """Return the rules of a zone as the system has them now: the file of its name, or `/etc/localtime` if it has no
    name. b"" if there is none, as where the zone comes from a package of Python's.

    The name alone does not say where its days begin: the system's zone may have none, and rules are corrected.
    """
    named = (os.path.join(folder, zone.key) for folder in zoneinfo.TZPATH)
    for path in [paths.SYSTEM_ZONE] if zone.key == UNNAMED else named:
        try:
            return files.read(path)
        except (OSError, ValueError):
            continue
    return b""


def _local(time_ms: int, zone: ZoneInfo) -> datetime:
    if not _FIRST_MS <= time_ms < _LAST_MS:
        time_ms = 0
    try:
        return datetime.fromtimestamp(time_ms // 1000, timezone.utc).astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, timezone.utc).astimezone(zone)
