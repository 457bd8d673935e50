"""Where Codex keeps its rollouts, and what their names contain. Must not open any."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from claude_tui.sources.protocol import LogFile
from claude_tui.sources.reading.folders import log_files

FOLDERS: Final = ("sessions", "archived_sessions")
"""Folders with rollouts. Archiving moves a file from the first to the second."""

_NAME: Final = re.compile(r"rollout-(?:\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-)?(.+)\.jsonl(?:\.zst)?")


def rollouts(root: Path) -> Iterator[LogFile]:
    """Walk every rollout of a Codex folder."""
    for folder in FOLDERS:
        yield from log_files("codex", root, folder, is_rollout)


def is_rollout(name: str) -> bool:
    """Whether a file of this name is a rollout."""
    return bool(_NAME.fullmatch(name))


def thread_of(path: str) -> str:
    """Return the thread id in a rollout's name."""
    name = os.path.basename(path)
    found = _NAME.fullmatch(name)
    return found[1] if found else name
