"""What the native core is asked for: which transcripts it reads at once, and over which days.

Must not take in what it answers, nor load what does: it is asked before that is there.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.native.core import threads_for
from claude_tui.native.library import is_asked_for
from claude_tui.sources.values.instants import AHEAD_MS

if TYPE_CHECKING:
    from claude_tui.native.core import Core
    from claude_tui.native.reading import CoreAnswer, Days
    from claude_tui.sources.protocol import LogFile

LITTLE_BYTES: Final = 1 << 18
"""So much is read in Python sooner than the core is loaded."""

CALLS: Final = 2
"""Calls of the core at once: it reads on while what it gave before is put together. They share the processors: more
threads would only keep Python, which has one, from taking in what was read."""

NATIVE_BYTES: Final = 128 << 20
"""Bytes that the native core is given at most at once: the more, the less its threads wait for each other, and the
fewer responses are known from others before."""

SHOWN_BYTES: Final = 64 << 20
"""The same beside a screen, which shows numbers sooner and waits less long while one is taken in."""

FILE_BYTES: Final = 32 << 10
"""Opening a file and taking in what it says take as long as reading so much."""

PARTS: Final = 4
"""The core is given at most this part of what is left."""

LEAST_BYTES: Final = 8 << 20
"""So much is not divided further: each call of the core takes its own time, too."""

_FIRST_DAY: Final = date(2023, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000


def is_little(sizes: Sequence[int]) -> bool:
    """Whether files of these sizes are read in Python sooner, and may be."""
    return sum(sizes) < LITTLE_BYTES and not is_asked_for()


def spans(sizes: Sequence[int], most_bytes: int) -> Iterator[tuple[int, int]]:
    """Divide files of these sizes into what the core is given at once, in order: where each part begins and ends.

    The less is left the less it is, for nothing is read beside the last one being taken in.
    """
    ends = list(accumulate(FILE_BYTES + size for size in sizes))
    at = begun = 0
    while at < len(ends):
        room = min(most_bytes, max((ends[-1] - begun) // PARTS, LEAST_BYTES))
        end = min(bisect_left(ends, begun + room, at) + 1, len(ends))
        yield at, end
        at, begun = end, ends[end - 1]


def read_transcripts(
    core: Core, files: Sequence[LogFile], zone: ZoneInfo, *, with_names: bool, number: int = 0
) -> CoreAnswer:
    """Have whole transcripts read, until the core is told to stop what has this `number`. Raises ValueError if the core
    fails."""
    from claude_tui.native.reading import read_files
    from claude_tui.native.walking import WithoutNote

    latest_ms = time.time_ns() // 1_000_000 + AHEAD_MS
    days = days_of(zone, latest_ms // _DAY_MS + 3)
    threads = threads_for([file.size for file in files], CALLS)
    paths = [(file.path, file.size) for file in files]
    notes = [type(file) is not WithoutNote for file in files]
    return read_files(core, paths, days, latest_ms, threads=threads, with_names=with_names, notes=notes, number=number)


@lru_cache(4)
def days_of(zone: ZoneInfo, last_day: int) -> Days:
    """Return when the local days of a zone begin up to one, given in days since the epoch."""
    from claude_tui.native.reading import Days

    calendar = Calendar(zone)
    last = date(1970, 1, 1).toordinal() + last_day
    # A span is two days' beginnings: of every second day it gives those of all.
    return Days(_FIRST_DAY, [start for day in range(_FIRST_DAY, last + 1, 2) for start in calendar.span_ms(day)])
