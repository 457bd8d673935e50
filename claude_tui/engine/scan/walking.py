"""Where the native core finds transcripts, if there is one and it is worthwhile. Must not load what reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.native.library import found, is_asked_for

if TYPE_CHECKING:
    from claude_tui.sources.protocol import LogFile

MANY_FOLDERS: Final = 16
"""So few entries of a folder are looked at in Python sooner than the core is loaded."""


def is_core_worthwhile(root: Path) -> bool:
    """Whether a folder is there and holds so much that the core finds it sooner than Python, or is to."""
    try:
        return len(os.listdir(root)) >= MANY_FOLDERS or is_asked_for()
    except OSError:
        return False


def transcripts_below(root: Path) -> list[LogFile] | None:
    """Return every transcript below a folder, each once, the newest first; None where Python must look, or may."""
    core = found(to_read=False).core if is_core_worthwhile(root) else None
    if core is None:
        return None
    from claude_tui.native import walking

    return walking.transcripts_below(core, os.fspath(root))
