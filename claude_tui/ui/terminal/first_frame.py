"""The last picture of the screen, shown again at once by the next start, until the app has drawn its own.

It was drawn by the app and is kept as text and colours; it says when that was. Must not import textual: being there
before that is loaded is what it is for. Must not know what the picture shows.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from claude_tui import __version__, files, paths
from claude_tui.clients import CLIENTS
from claude_tui.hashes import blake2b

LEAST_HEIGHT: Final = 6
"""In fewer lines there is none to say on how old the picture is."""

ENTER: Final = "\x1b[?1049h"
"""Makes a terminal show the alternate screen, the one of programs."""
LEAVE: Final = "\x1b[?1049l\x1b[?25h"

_MOST_BYTES: Final = 1 << 20
_SENSES: Final = (
    "TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "TZ", "HOME",
    *(name for client in CLIENTS.values() for name, _ in client.env),
)  # fmt: skip
"""What beside the arguments decides what is on the screen, and how it is drawn."""

# A line may hold what can be shown, and colours; nothing else that a terminal obeys.
_LINE: Final = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|\x1b\[[0-9;:]*m)*")


class FirstFrame:
    """One picture in a file of its own, for one way to start the program in a terminal of one size.

    Nothing here raises: without a picture the program starts as well.
    """

    def __init__(self, file: Path, arguments: Sequence[str], env: Mapping[str, str] = os.environ) -> None:
        self._file = file
        said = [__version__, *arguments, *(f"{name}={env.get(name)}" for name in _SENSES)]
        self._identity = blake2b("\0".join(said).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        self._kept: tuple[Sequence[str], int, str] | None = None
        self.is_shown = False

    def show(self) -> bool:
        """Show the picture, if there is one of this size. Returns whether the terminal is now on the other screen."""
        try:
            size = os.get_terminal_size(sys.stdout.fileno())
            first, *lines = files.read_text(self._file, _MOST_BYTES).split("\n")
            identity, width, saved_s, settings = first.split(" ")
            is_ours = (identity, width, settings) == (self._identity, str(size.columns), _settings_stamp())
            moment = time.localtime(int(saved_s))
        except (OSError, ValueError, OverflowError):
            return False
        fits = len(lines) == size.lines >= LEAST_HEIGHT and all(map(_LINE.fullmatch, lines))
        if not (is_ours and fits):
            return False
        is_today = moment[:3] == time.localtime()[:3]
        when = time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", moment)
        note = f" as it was at {when}, reading what is new"[: size.columns].ljust(size.columns)
        lines[-1] = f"\x1b[7m{note}"
        drawn = "".join(f"\x1b[{number};1H{line}\x1b[0m" for number, line in enumerate(lines, 1))
        self.is_shown = True  # also if it is interrupted in the middle
        self.is_shown = self._write(f"{ENTER}\x1b[?25l{drawn}")
        return self.is_shown

    def hide(self) -> None:
        """Give the terminal back, unless the app has taken it over."""
        if self.is_shown:
            self._write(LEAVE)
        self.taken_over()

    def taken_over(self) -> None:
        """Note that the app draws now and will give the terminal back."""
        self.is_shown = False

    def keep(self, lines: Sequence[str], width: int, *, if_new: bool = False) -> None:
        """Keep what is on a screen of `width` columns, line by line with its colours, for the next start.

        `if_new`: only if it is another picture than the last one that was kept here.
        """
        settings = _settings_stamp()
        is_known = if_new and self._kept == (lines, width, settings)
        if is_known or len(lines) < LEAST_HEIGHT or not all(map(_LINE.fullmatch, lines)):
            return
        first = f"{self._identity} {width} {int(time.time())} {settings}"
        with contextlib.suppress(OSError, ValueError):
            paths.create_private(self._file.parent)
            files.replace(self._file, "\n".join((first, *lines)).encode(), files.OWN)
            self._kept = lines, width, settings

    @staticmethod
    def _write(text: str) -> bool:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, ValueError):
            return False
        return True


def _settings_stamp() -> str:
    """What changes with the settings and how the screen was left: the picture may look otherwise with others."""
    return f"{_stamp(paths.config_folder() / 'config.toml')}/{_stamp(paths.state_folder() / 'screen.json')}"


def _stamp(path: Path) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return "-"
    return f"{found.st_mtime_ns}-{found.st_size}"
