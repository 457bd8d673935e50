"""A receiver whose disk fills up: a small one of its own, that only this process and its children see.

Run as a module, as a root that may mount. Prints what each of the posts was answered and what other processes see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from claude_tui.paths import state_folder
from claude_tui.ui.main_screen.watches.telemetry_watch import TelemetryWatch
from tests.telemetry.posting import lines, numbered, numbers_in, post
from tests.telemetry.running import free_port, running


def fill_up() -> dict[str, Any]:
    """Receive, let the disk fill up and be emptied again, and say what was seen at each stop."""
    disk = Path(os.environ["XDG_STATE_HOME"])
    disk.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk], check=True)
    port, watch, said = free_port(), TelemetryWatch(state_folder()), dict[str, Any]()
    with running(port) as receiver:
        receiver.says("receiving on")
        said["before"] = post(port, numbered(1)).status
        ballast = os.open(disk / "ballast", os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(ballast, bytes(1024)):
                pass
        except OSError:
            os.close(ballast)
        said["full"] = post(port, numbered(*range(2, 40))).status
        said["header"] = _seen(watch, wanted=True)
        ran = subprocess.run(
            [sys.executable, "-m", "claude_tui", "telemetry", "status"], capture_output=True, text=True
        )
        said["status"] = ran.stdout
        said["kept"] = numbers_in(lines())
        (disk / "ballast").unlink()
        said["after"] = post(port, numbered(*range(2, 40))).status
        said["header after"] = _seen(watch, wanted=False)
        said["kept after"] = numbers_in(lines())
    return said


def _seen(watch: TelemetryWatch, *, wanted: bool) -> str:
    """What the header of another process says, once it says something, or nothing any more."""
    until = time.monotonic() + 20
    while True:
        found = watch.look(int(time.time() * 1000), lambda _: (0, 0))
        if (found is not None) == wanted:
            return found.text if found is not None else ""
        assert time.monotonic() < until
        time.sleep(0.01)


if __name__ == "__main__":
    print(json.dumps(fill_up()))
