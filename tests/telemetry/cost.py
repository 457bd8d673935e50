"""What a receiver adds to a process that has the screen's code loaded, in KiB and in seconds of CPU.

    python -m tests.telemetry.cost 60

Prints both for a receiver that just started, after posts of 300 responses and one of 6 MB, and after being idle.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from tests.telemetry.posting import numbered, post


class Costly:
    """A process with the screen's code and a receiver. `measured` asks it what the receiver has cost so far."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.telemetry.beside_screen"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.port = int(self._line())

    def measured(self) -> tuple[int, float]:
        """KiB and seconds of CPU."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        memory, cpu = self._line().split()
        return int(memory), float(cpu)

    def end(self) -> None:
        """End the process."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def _tell(what: str, costly: Costly) -> None:
    memory, cpu = costly.measured()
    print(f"{what:12} {memory:6} KiB, {cpu:.3f} s")


def _print(idle_s: float) -> None:
    costly = Costly()
    _tell("started:", costly)
    for number in range(300):
        post(costly.port, numbered(number))
    _tell("300 posts:", costly)
    records = [json.loads(numbered(number))["resourceLogs"][0] for number in range(1000, 15_000)]
    post(costly.port, json.dumps({"resourceLogs": records}).encode())
    _tell("one of 6 MB:", costly)
    time.sleep(1.0)
    _, before = costly.measured()
    time.sleep(idle_s)
    memory, cpu = costly.measured()
    print(f"{'idle:':12} {memory:6} KiB, {cpu - before:.3f} s in {idle_s:g} s")
    costly.end()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        _print(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
