"""The real program in a real pseudo-terminal: what it draws, and the very bytes it sends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pexpect
import pyte

PATIENCE_S = 40.0
"""How long something may take to appear; not a measurement."""


class Terminal:
    """A pseudo-terminal with the program in it."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        width: int = 120,
        height: int = 36,
        command: Sequence[str] = ("-m", "claude_tui"),
        variables: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
        env = kept | {
            "HOME": str(home),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TZ": "UTC",
            "PYTHONUTF8": "1",
        }
        env |= {f"XDG_{kind}_HOME": str(home / f".{kind.lower()}") for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
        self.received = b""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._child = pexpect.spawn(
            sys.executable,
            [*command, *arguments],
            env=env | dict(variables or {}) | more,
            dimensions=(height, width),
            timeout=PATIENCE_S,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    def take(self, wait_s: float = 0.05) -> None:
        """Take over what the program has sent."""
        try:
            data = self._child.read_nonblocking(1 << 16, wait_s)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            time.sleep(wait_s)
            return
        self.received += data
        self._stream.feed(data)

    @property
    def text(self) -> str:
        """What is on screen."""
        return "\n".join(self._screen.display)

    def wait_for(self, is_so: Callable[[str], bool], what: str = "it") -> None:
        """Wait until the screen is so."""
        end = time.monotonic() + PATIENCE_S
        while not is_so(self.text):
            if time.monotonic() > end or not self._child.isalive():
                self.take()
                raise AssertionError(f"{what} did not come true; on screen:\n{self.text}")
            self.take()

    def wait_for_silence(self, silence_s: float = 0.6) -> None:
        """Wait until nothing comes for some time."""
        quiet_since, known = time.monotonic(), len(self.received)
        while time.monotonic() - quiet_since < silence_s:
            self.take()
            if len(self.received) != known:
                quiet_since, known = time.monotonic(), len(self.received)

    def press(self, keys: str) -> None:
        """Send keys."""
        self._child.send(keys)

    def resize(self, width: int, height: int) -> None:
        """Another size."""
        self._screen.resize(height, width)
        self._child.setwinsize(height, width)

    def leave(self) -> int:
        """Press q and return the exit code."""
        self.press("q")
        return self.ended()

    def ended(self, number: int = 0) -> int:
        """Wait for the end, with `number` for that of a signal, and return the exit code."""
        if number:
            self._child.kill(number)
        end = time.monotonic() + PATIENCE_S
        while self._child.isalive() and time.monotonic() < end:
            self.take()
        known = -1
        while known != len(self.received):  # what it had sent when it ended
            known = len(self.received)
            self.take()
        self._child.close()
        return self._child.exitstatus if self._child.exitstatus is not None else -1
