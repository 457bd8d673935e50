"""What a command asks of the machine it runs on: the home folder, how claude-top is started, the time.

Must not know what it is asked for.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def home() -> Path:
    """Return the user's home folder; the root of the file system if there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.sep)


def program() -> list[str]:
    """Return the command that starts claude-top, for files that others start it from."""
    import shutil  # not for commands that write no such file

    found = shutil.which("claude-top")
    return [os.path.abspath(found)] if found else [sys.executable, "-m", "claude_tui"]


def now_ms() -> int:
    """Return the current time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
