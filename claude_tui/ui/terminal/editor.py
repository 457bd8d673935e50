"""Opening a log in the user's editor at the line something was counted from. Reads that log and nothing else."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20
_COLON: Final = frozenset({"code", "codium", "cursor", "subl", "zed", "hx", "helix"})
"""Editors that want `file:line`; all others are given `+line file`."""
_GOTO: Final = frozenset({"code", "codium", "cursor"})
_FALLBACKS: Final = ("nano", "vim", "vi", "less")


def line_number(path: str, offset: int) -> int:
    """The number of the line that begins at a byte offset, counted from 1. Raises OSError."""
    newlines, left = 0, offset
    with Path(path).open("rb") as file:
        while left > 0 and (chunk := file.read(min(left, _CHUNK))):
            newlines += chunk.count(b"\n")
            left -= len(chunk)
    return newlines + 1


def command(path: str, line: int, env: Mapping[str, str]) -> list[str]:
    """What to run: $VISUAL, else $EDITOR, else an editor that is there. Empty if there is none."""
    chosen = env.get("VISUAL") or env.get("EDITOR") or ""
    try:
        words = shlex.split(chosen)
    except ValueError:
        words = []
    if not words:
        words = [found for name in _FALLBACKS if (found := shutil.which(name, path=env.get("PATH")))][:1]
    if not words:
        return []
    name = os.path.basename(words[0])
    if name in _COLON:
        return [*words, *(["-g"] if name in _GOTO else []), f"{path}:{line}"]
    return [*words, f"+{line}", path]
