"""What the native core finds and reads of Claude Code's transcripts while what counts them is still being loaded.

Worth it where nothing has been counted before: all files are to be read, and the core needs no lock of Python's while
it reads. Must not decide what is counted: what nobody asks for in the end is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from claude_tui.engine.scan.asking import (
    CALLS,
    NATIVE_BYTES,
    SHOWN_BYTES,
    is_little,
    read_transcripts,
    spans,
)
from claude_tui.engine.scan.walking import is_core_worthwhile, transcripts_below
from claude_tui.native.library import found
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.discovery import projects_dirs
from claude_tui.sources.protocol import LogFile, SourceConfig

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from claude_tui.native.core import Core
    from claude_tui.native.reading import CoreAnswer


class Reading(NamedTuple):
    """Some transcripts, and what the core says of them once it has read them; `stop` is for who does not want that."""

    files: list[LogFile]
    answer: Future[CoreAnswer]
    stop: Callable[[], None]


_numbers: Final = count(1)
"""By which readings are stopped."""


class HeadStart:
    """Finds the transcripts below some folders, and reads the newest of them as soon as all have been found: as many
    parts of at most `most_bytes` as are read at once."""

    def __init__(self, places: Sequence[Path], zone: ZoneInfo, most_bytes: int, *, with_names: bool) -> None:
        self._zone, self._most_bytes, self._with_names = zone, most_bytes, with_names
        self._found: dict[Path, list[LogFile]] = {}
        self._readings: list[Reading] = []
        self._is_taken, self._is_loaded = False, Event()
        self._core: Core | None = None  # also where what follows is interrupted: then nothing is read
        self._finding = Thread(target=self._find, args=(places,), name="finding")
        self._finding.start()
        try:
            # While files are being found: what reads them is loaded, and tried on a log.
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(CALLS, "core")
            self._core = found().core
        finally:
            self._is_loaded.set()

    def found(self, root: Path) -> list[LogFile] | None:
        """Return every transcript below one of the folders, each once, the newest first; None where somebody else must
        look, or has been told already."""
        self._finding.join()
        return self._found.pop(root, None)

    def taken_over(self, *, with_names: bool) -> tuple[ThreadPoolExecutor | None, list[Reading]]:
        """Return the threads that read, None if they have been taken over, and what they have begun to read as it is
        wanted."""
        if self._is_taken:
            return None, []
        self._finding.join()
        begun, self._readings, self._is_taken = self._readings, [], True
        if with_names != self._with_names:
            for reading in begun:
                reading.stop()
            return self._threads, []
        return self._threads, begun

    def end(self) -> None:
        """Read no more of what nobody has taken over, and does not wait for the files that are being read."""
        threads, begun = self.taken_over(with_names=self._with_names)
        for reading in begun:
            reading.stop()
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)

    def _find(self, places: Sequence[Path]) -> None:
        try:
            self._found = {place: part for place in places if (part := transcripts_below(place)) is not None}
            self._begin()
        except Exception:  # whoever does it again says what is wrong
            import logging  # 3 ms, for what should not happen

            logging.getLogger(__name__).exception("nothing was read ahead")

    def _begin(self) -> None:
        """Begin to read the newest files."""
        found = list(self._found.values())
        if len(found) > 1:
            from claude_tui.engine.scan.discovery import newest_first  # for those who have several folders

            found = [newest_first(found)]
        files = [file for part in found for file in part if file.size]
        sizes = [file.size for file in files]
        self._is_loaded.wait()
        if self._core is None or is_little(sizes):
            return
        read = partial(read_transcripts, self._core, zone=self._zone, with_names=self._with_names)
        for start, end in islice(spans(sizes, self._most_bytes), CALLS):
            some, number = files[start:end], next(_numbers)
            answer = self._threads.submit(read, some, number=number)
            self._readings.append(Reading(some, answer, partial(self._core.stop, number)))


def begin(config: SourceConfig, zone: ZoneInfo, *, with_names: bool, is_shown: bool) -> HeadStart | None:
    """Find and read what is going to be asked for; None if there is little, or no core.

    `is_shown`: beside a screen.
    """
    places = projects_dirs(config) if "claude" in config.sources else []
    if not any(map(is_core_worthwhile, places)) or found(to_read=False).core is None:
        return None
    return HeadStart(places, zone, SHOWN_BYTES if is_shown else NATIVE_BYTES, with_names=with_names)
