"""What the native core finds and reads of Claude Code's transcripts while what counts them is still being loaded.

Worth it where nothing has been counted before: all files are to be read, and the core needs no lock of Python's while
it reads. Must not decide what is counted: what nobody asks for in the end is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from claude_tui.engine.scan.asking import (
    CALLS,
    NATIVE_BYTES,
    SHOWN_BYTES,
    is_little,
    read_transcripts,
    spans,
)
from claude_tui.engine.scan.discovery import is_core_worthwhile, newest_first, transcripts_below
from claude_tui.native.library import found
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import LogFile, SourceConfig
from claude_tui.sources.registry import roots

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from claude_tui.native.core import Core
    from claude_tui.native.reading import CoreAnswer


class Reading(NamedTuple):
    """Some transcripts, and what the core says of them once it has read them."""

    files: list[LogFile]
    answer: Future[CoreAnswer]


class HeadStart:
    """Finds the transcripts below some folders, and reads the newest of them as soon as all have been found: as many
    parts of at most `most_bytes` as are read at once."""

    def __init__(
        self, core: Core, places: Sequence[Path], zone: ZoneInfo, most_bytes: int, *, with_names: bool
    ) -> None:
        from concurrent.futures import ThreadPoolExecutor  # for those who read much

        self._with_names = with_names
        self._core, self._zone, self._most_bytes = core, zone, most_bytes
        self._threads: ThreadPoolExecutor = ThreadPoolExecutor(CALLS, "core")
        self._is_taken = False
        self._readings: list[Reading] = []
        self._found = self._threads.submit(self._find, places)

    def found(self, root: Path) -> list[LogFile] | None:
        """Return every transcript below one of the folders, each once, the newest first; None where somebody else must
        look, or has been told already."""
        try:
            return self._found.result().pop(root, None)
        except Exception:  # whoever looks again says what is wrong
            import logging  # 3 ms, for what should not happen

            logging.getLogger(__name__).exception("nothing was found ahead")
            return None

    def taken_over(self, *, with_names: bool) -> tuple[ThreadPoolExecutor | None, list[Reading]]:
        """Return the threads that read, None if they have been taken over, and what they have begun to read as it is
        wanted."""
        if self._is_taken:
            return None, []
        self._found.exception()
        begun, self._readings, self._is_taken = self._readings, [], True
        return self._threads, begun if with_names == self._with_names else []

    def _find(self, places: Sequence[Path]) -> dict[Path, list[LogFile]]:
        parts = {place: part for place in places if (part := transcripts_below(place)) is not None}
        if parts:
            self._begin([file for file in _all(list(parts.values())) if file.size])
        return parts

    def _begin(self, files: Sequence[LogFile]) -> None:
        sizes = [file.size for file in files]
        if is_little(sizes):
            return
        for start, end in islice(spans(sizes, self._most_bytes), CALLS):
            some = list(files[start:end])
            self._readings.append(Reading(some, self._threads.submit(self._read, some)))

    def _read(self, files: Sequence[LogFile]) -> CoreAnswer:
        return read_transcripts(self._core, files, self._zone, with_names=self._with_names)


def _all(parts: Sequence[list[LogFile]]) -> list[LogFile]:
    return parts[0] if len(parts) == 1 else newest_first(parts)


def begin(config: SourceConfig, zone: ZoneInfo, *, with_names: bool, is_shown: bool) -> HeadStart | None:
    """Find and read what is going to be asked for; None if there is little, or no core.

    `is_shown`: beside a screen.
    """
    places = roots("claude", config) if "claude" in config.sources else []
    core = found().core if any(map(is_core_worthwhile, places)) else None
    if core is None:
        return None
    return HeadStart(core, places, zone, SHOWN_BYTES if is_shown else NATIVE_BYTES, with_names=with_names)
