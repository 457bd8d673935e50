"""A program on a terminal that is read as a person would: what is on the screen, and since when."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import pyte

ROWS, COLUMNS = 50, 200


class Terminal:
    """A running program and its screen; a context manager, which ends the program."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0
        self.started_s = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            with suppress(OSError):
                os.execve(arguments[0], list(arguments), dict(env))
            os._exit(127)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        ended = time.perf_counter() + 5
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.perf_counter() > ended:
                os.kill(self.pid, signal.SIGKILL)
            self.read(0.05)
        os.close(self.fd)

    def read(self, seconds: float) -> float:
        """Take in what is drawn next, at most this long; returns the instant it was drawn, 0 if nothing was."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return 0.0
        at_s = time.perf_counter()
        try:
            data = os.read(self.fd, 1 << 16)
            self.received += len(data)
            self._stream.feed(data)
        except OSError:
            time.sleep(seconds)
            return 0.0
        return at_s

    def wait(self, is_there: Callable[[str], bool], timeout_s: float = 60) -> float:
        """Read until the screen is as wanted; returns when it became so. Raises TimeoutError."""
        at_s = ends_s = time.perf_counter()
        ends_s += timeout_s
        while not is_there(self.text):
            at_s = self.read(0.1) or at_s
            if time.perf_counter() > ends_s:
                raise TimeoutError(self.text)
        return at_s

    def watch(self, seconds: float) -> None:
        """Read for so long."""
        ends_s = time.perf_counter() + seconds
        while (left := ends_s - time.perf_counter()) > 0:
            self.read(left)

    def watched(self, seconds: float) -> int:
        """Read for so long; returns how many bytes came."""
        before = self.received
        self.watch(seconds)
        return self.received - before

    def press(self, key: bytes) -> None:
        """Send a key."""
        os.write(self.fd, key)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)
