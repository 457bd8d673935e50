"""Showing a folder in the desktop's own program for folders. A path comes from a log: it is shown only if it is a
folder, and reaches no shell. Must not wait for that program.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Thread


class NotShown(Exception):
    """Why a folder cannot be shown, in words for a person."""


def command(folder: str, env: Mapping[str, str], platform: str = sys.platform) -> list[str]:
    """What to run to show a folder. Raises NotShown if it is not one, or there is nothing to show it with or on."""
    if not os.path.isabs(folder) or "\0" in folder:
        raise NotShown("not a folder of this machine")
    if not os.path.isdir(folder):
        raise NotShown("the folder is not there")
    is_mac = platform == "darwin"
    is_remote = bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY"))
    has_desktop = not is_remote if is_mac else bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))
    if not has_desktop:
        raise NotShown("no desktop to show it on" + (" over ssh" if is_remote else ""))
    name = "open" if is_mac else "xdg-open"
    program = shutil.which(name, path=env.get("PATH"))
    if program is None:
        raise NotShown(f"{name} is not there to show it with")
    # A folder with a suffix may be a program there, which `open` would start: it is shown where it lies instead.
    shows_place = is_mac and os.path.splitext(folder.rstrip("/"))[1]
    return [program, *(["-R"] if shows_place else []), folder]


def start(words: Sequence[str], on_failure: Callable[[str], object]) -> None:
    """Run what shows a folder; it stays when this program ends. `on_failure` is told in a thread. Raises OSError."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)

    def wait() -> None:
        code = process.wait()
        if code:
            on_failure(f"{os.path.basename(words[0])} could not show it (it ended with {code})")

    Thread(target=wait, name="folder", daemon=True).start()
