"""A process with the screen's code and a receiver; says what the receiver has cost so far whenever it is asked.

Run as a module. The first line of stdout is the port; each line on stdin is answered with KiB and seconds of CPU.
"""

from __future__ import annotations

import gc
import os
import sys
import threading


def receive() -> None:
    """Receive until stdin ends."""
    import claude_tui.ui.app  # noqa: F401
    from claude_tui import runtime

    gc.collect()
    runtime.settled()
    before, cpu = _resident_kib(), _cpu_s()
    from claude_tui.telemetry.receiver import Receiver  # what it loads is a part of what it costs

    changed = threading.Event()
    receiver = Receiver("screen", 0, on_change=changed.set)
    receiver.start()
    changed.wait(20)
    print(receiver.status.port, flush=True)
    for _ in sys.stdin:
        print(_resident_kib() - before, _cpu_s() - cpu, flush=True)
    receiver.stop()


def _resident_kib() -> int:
    with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def _cpu_s() -> float:
    spent = os.times()
    return spent.user + spent.system


if __name__ == "__main__":
    receive()
