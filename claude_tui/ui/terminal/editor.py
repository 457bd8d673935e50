"""Opening a log to be read, at the line something was counted from. Must not let anyone change it by a slip.

Reads that log and nothing else.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20
_TAKES_LINE: Final = frozenset({"less", "more", "most", "view", "vim", "nvim", "vi"})
_READ_ONLY: Final = {"vim": "-R", "nvim": "-R", "vi": "-R", "nano": "-v"}
"""Editors some have as their pager, with what keeps them from writing."""
_ENDS_AT_ONCE: Final = frozenset({"cat", "bat", "batcat"})
_READERS: Final = (("view",), ("vim", "-R"), ("nvim", "-R"), ("less",), ("more",))


def line_number(path: str, offset: int) -> int:
    """The number of the line that begins at a byte offset, counted from 1. Raises OSError."""
    newlines, left = 0, offset
    with Path(path).open("rb") as file:
        while left > 0 and (chunk := file.read(min(left, _CHUNK))):
            newlines += chunk.count(b"\n")
            left -= len(chunk)
    return newlines + 1


def command(path: str, line: int, env: Mapping[str, str]) -> list[str]:
    """What to run: $PAGER, else a reader that is there. Empty if there is none."""
    try:
        words = shlex.split(env.get("PAGER") or "")
    except ValueError:
        words = []
    if not words or os.path.basename(words[0]) in _ENDS_AT_ONCE:
        words = next(([*one] for one in _READERS if shutil.which(one[0], path=env.get("PATH"))), [])
    if not words:
        return []
    read_only = _READ_ONLY.get(os.path.basename(words[0]))
    if read_only and read_only not in words:
        words.append(read_only)
    return [*words, *([f"+{line}"] if os.path.basename(words[0]) in _TAKES_LINE else []), path]
