"""Transcripts found below a folder by the core, as `sources.claude.discovery.transcripts` finds them.

Must not open any of them. What is no plain tree of folders and files is left to Python.
"""

from __future__ import annotations

import os
from array import array
from itertools import repeat
from struct import Struct
from typing import Final

from claude_tui.native.core import VERSION, Core
from claude_tui.sources.claude.discovery import AGENT_MODE, NOT_TRANSCRIPTS
from claude_tui.sources.protocol import LogFile

_HEADER: Final = Struct("<2q")
_NUMBERS: Final = 5
"""Numbers of a file."""
_UNSIGNED: Final = 1 << 64


class WithoutNote(LogFile):
    """A transcript beside which there was no note on the type of its sub-agent (see `facts.with_agent_type`)."""

    __slots__ = ()


_KINDS: Final = (WithoutNote, LogFile)


def transcripts_below(core: Core, root: str, *, threads: int = 0) -> list[LogFile] | None:
    """Return every transcript below a folder, the newest first; None where Python must look.

    Two of one instant are in the order of their paths.
    """
    threads = threads or min(os.cpu_count() or 1, 8)
    texts = (os.fsencode(root), AGENT_MODE.encode(), *(name.encode() for name in sorted(NOT_TRANSCRIPTS)))
    try:
        answer = core.walk(_HEADER.pack(VERSION, threads) + b"\0".join(texts))
    except ValueError:
        return None
    _, middle, _ = array("q", answer[:24].tobytes())
    numbers = array("q", answer[24:middle].tobytes())
    sizes, mtimes, devs, inos, notes = (numbers[at::_NUMBERS] for at in range(_NUMBERS))
    if min(devs, default=0) < 0 or min(inos, default=0) < 0:
        devs, inos = ([number % _UNSIGNED for number in some] for some in (devs, inos))  # type: ignore[assignment]
    paths = str(answer[middle:], "utf-8").split("\0")[:-1]
    fields = zip(repeat("claude", len(paths)), paths, repeat(root), sizes, mtimes, devs, inos)
    return list(map(tuple.__new__, map(_KINDS.__getitem__, notes), fields))
