"""`claude-top telemetry run` as a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import IO


class Running:
    """One such process. What it says on stderr is read line by line."""

    def __init__(self, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "claude_tui", "telemetry", "run", "--port", str(port)],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env={**os.environ},
        )  # fmt: skip

    def says(self, text: str) -> None:
        """Wait until it says something with this in it."""
        heard = []
        for line in self._stderr:
            heard.append(line)
            if text in line:
                return
        raise AssertionError(f"it ended without {text!r}: {heard}")

    @property
    def _stderr(self) -> IO[str]:
        assert self.process.stderr is not None
        return self.process.stderr

    def kill(self) -> None:
        """End it at once, as a crash or the kernel does."""
        self.process.kill()
        self.process.wait(20)
        self._stderr.close()

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.terminate()
        code = self.process.wait(20)
        self._stderr.close()
        return code


@contextlib.contextmanager
def running(port: int) -> Iterator[Running]:
    """A process that is gone at the end of the block."""
    made = Running(port)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
