"""Screens whose terminal goes away, or that are told to end, at any moment: who is still there afterwards?

The long form: `python -m tests.faults.leaving --exits 240`. Linux only, as it looks into /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.logs import ClaudeHome, assistant, usage

PATIENCE_S = 20.0
"""After this time whoever is still there stays for ever."""

MARK = "CLAUDE_TOP_TRIAL"
"""The variable that all processes of one trial have."""

STARTED = """
import asyncio, faulthandler, os, signal, sys
stacks = open(os.environ["STACKS"], "w")
def show(*_):
    for task in list(asyncio.tasks._all_tasks):
        if not task.done():
            task.print_stack(file=stacks)
    stacks.flush()
signal.signal(signal.SIGUSR2, show)
faulthandler.register(signal.SIGUSR2, file=stacks, all_threads=True, chain=True)
from claude_tui.ui.main_screen.screen import MainScreen
tick, broken = MainScreen._tick, []
signal.signal(signal.SIGUSR1, lambda *_: broken.append(1))
MainScreen._tick = lambda screen: 1 // 0 if broken else tick(screen)
exec(os.environ["ALSO"])
from claude_tui.cli import main
sys.exit(main())
"""
"""The program, which shows what its tasks and threads do on SIGUSR2 and whose screen fails on SIGUSR1."""

WALKS = (
    "", "2pppxq", "2ppp", "4\r", "4\r\x1b5\r", ",", "/a", "?", ":", "4\r\x1b5\r\x1bq", "4i", "e", "5", "6",
)  # fmt: skip
"""What was typed before the end."""


class Stay(NamedTuple):
    """One that stayed: how it was to end, in which state, and what its threads were doing."""

    way: str
    keys: str
    processes: int
    stacks: str


class Screen:
    """One screen in a terminal of its own, below a shell of its own.

    Without `is_told` the terminal is none that controls them: nobody gets a signal when it goes. `also` is run by the
    program before it begins.
    """

    def __init__(self, home: Path, env: Mapping[str, str], *, is_told: bool = True, also: str = "") -> None:
        self.mark = uuid.uuid4().hex
        self.stacks = home / "stacks"
        self.control, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        self.shell = subprocess.Popen(
            ["bash", "-c", '"$@"; exit $?', "shell", sys.executable, "-c", STARTED],
            env={**env, MARK: self.mark, "STACKS": str(self.stacks), "ALSO": also},
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if is_told else None,
        )  # fmt: skip
        os.close(terminal)
        self.drawn = b""
        self._is_open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while self._is_open:
            with contextlib.suppress(OSError, ValueError):
                if select.select([self.control], [], [], 0.1)[0]:
                    self.drawn += os.read(self.control, 1 << 16)

    def is_live(self) -> bool:
        """Whether all is counted and on screen."""
        return b"live" in self.drawn and b"/min" in self.drawn

    def kill(self) -> None:
        """End everyone of it."""
        for pid in self.processes():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.shell.kill()
        self.shell.wait()
        self.close()

    def type(self, keys: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self.control, keys.encode())

    def close(self) -> None:
        """The terminal goes away."""
        if self._is_open:
            self._is_open = False
            self._reader.join()
            os.close(self.control)

    def processes(self) -> list[int]:
        """Everyone of this trial who is left, whoever's child they are now."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != self.shell.pid:
                with contextlib.suppress(OSError):
                    state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
                    marks = Path(f"/proc/{name}/environ").read_bytes()
                    if state not in "ZX" and f"{MARK}={self.mark}".encode() in marks:
                        found.append(int(name))
        return found

    def program(self) -> int:
        """The process of the screen itself; 0 where there is none."""
        children = Path(f"/proc/{self.shell.pid}/task/{self.shell.pid}/children").read_text().split()
        return int(children[0]) if children else 0


def _signal(number: int) -> Callable[[Screen], None]:
    def send(screen: Screen) -> None:
        with contextlib.suppress(OSError):
            os.kill(screen.program() or screen.shell.pid, number)

    return send


def _kill_shell(screen: Screen) -> None:
    screen.shell.kill()


def _both(first: Callable[[Screen], object]) -> Callable[[Screen], object]:
    """Do one, then close the terminal."""

    def ended(screen: Screen) -> None:
        first(screen)
        screen.close()

    return ended


WAYS: dict[str, Callable[[Screen], object]] = {
    "terminal closed": Screen.close,
    "terminal closed, no signal": Screen.close,
    "shell killed": _kill_shell,
    "shell killed, terminal closed": _both(_kill_shell),
    "SIGHUP": _signal(signal.SIGHUP),
    "SIGTERM": _signal(signal.SIGTERM),
    "SIGTERM, terminal closed": _both(_signal(signal.SIGTERM)),
    "exception": _signal(signal.SIGUSR1),
}
"""How a screen ends. With `shell killed` its terminal is closed a moment later, as terminals do."""


def env_at(home: Path) -> dict[str, str]:
    """The environment of a program whose home is a folder."""
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / ".claude"), "TERM": "xterm-256color", "TZ": "UTC"}
    return env | {f"XDG_{kind}_HOME": str(home / f".{kind.lower()}") for kind in ("CONFIG", "CACHE", "DATA", "STATE")}


def trial(folder: Path, number: int, way: str, keys: str, *, is_early: bool, log_bytes: int = 0) -> Stay | None:
    """End one screen in one way; None where everybody went."""
    home = folder / f"home{number}"
    rows = [assistant(f"m{at}", time.time_ns() // 1_000_000 - at * 1000, usage(output=9)) for at in range(100)]
    for at in range(max(1, log_bytes // 4_000_000)):
        ClaudeHome(home / ".claude").append(*rows * (100 if log_bytes else 1), session=f"s{at}")
    chance = random.Random(number)
    screen = Screen(home, env_at(home), is_told=way != "terminal closed, no signal")
    try:
        if is_early:
            time.sleep(chance.uniform(0, 3))
        else:
            wait_until(screen.is_live)
            for key in keys:
                screen.type(key)
                time.sleep(chance.uniform(0, 0.4))
        WAYS[way](screen)
        if way == "shell killed":
            time.sleep(0.2)
            screen.close()
        if wait_until(lambda: not screen.processes()):
            return None
        left = screen.processes()
        for pid in left[:1]:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGUSR2)
        time.sleep(1)
        return Stay(way, keys if not is_early else "early", len(left), screen.stacks.read_text())
    finally:
        screen.kill()
        shutil.rmtree(home, ignore_errors=True)


def wait_until(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something is so. Returns whether it was in time."""
    end = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def exits(folder: Path, number: int, at_once: int = 3) -> list[Stay]:
    """Leave so many screens in every way and state in turn; return those that stayed."""

    def one(at: int) -> Stay | None:
        way = list(WAYS)[at % len(WAYS)]
        turn = at // len(WAYS)
        is_early = turn % 4 == 3
        return trial(
            folder, at, way, WALKS[(turn + at) % len(WALKS)], is_early=is_early, log_bytes=turn % 8 == 7 and 40_000_000
        )

    with ThreadPoolExecutor(at_once) as threads:
        return [stay for stay in threads.map(one, range(number)) if stay is not None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.leaving", description=__doc__)
    parser.add_argument("--exits", type=int, default=240)
    parser.add_argument("--at-once", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claude-top-leaving-") as name:
        stays = exits(Path(name), options.exits, options.at_once)
    for stay in stays:
        print(f"stayed: {stay.way}, after {stay.keys!r}, {stay.processes} processes\n{stay.stacks}")
    print(f"exits {options.exits}  stayed {len(stays)}  {dict(Counter(stay.way for stay in stays))}")
    return 1 if stays else 0


if __name__ == "__main__":
    sys.exit(main())
