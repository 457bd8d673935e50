"""What a log contains about one response beside its counters, read again at the counted row.

Must not know any client's format.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

WINDOW: Final = 1 << 20
"""Bytes held at once while lines are counted."""


@dataclass(frozen=True, slots=True)
class TurnDetails:
    """One response as it is in its log. Every text is safe to show except `path`, which is for opening the file.

    `line` counts from 1 (0 unknown). `tools` are the names of the tools called, in order, with repeats; `text` is the
    first line of the response's text; `kinds` are the types of its content blocks. `rows` is how many log rows of the
    response were found near the counted one. `duration_ms` runs from the line that it responds to, to its own last
    line; None if that is not in the log. `problem` says why details are missing, "" if none are.
    """

    path: str
    offset: int
    line: int = 0
    tools: tuple[str, ...] = ()
    text: str = ""
    kinds: tuple[str, ...] = ()
    stop_reason: str = ""
    request_id: str = ""
    message_id: str = ""
    version: str = ""
    agent: str = ""
    session: str = ""
    is_sidechain: bool = False
    rows: int = 0
    duration_ms: int | None = None
    problem: str = ""


def line_number(fd: int, offset: int) -> int:
    """Return which line, from 1, a byte of an open file is on. Holds `WINDOW` bytes at most."""
    line, position = 1, 0
    while position < offset:
        chunk = os.pread(fd, min(WINDOW, offset - position), position)
        if not chunk:
            break
        line += chunk.count(b"\n")
        position += len(chunk)
    return line
