"""Kills the receiver again and again while clients post to it, and counts what is lost.

    python -m tests.telemetry.kills 200

Each client posts one response after the other and sends again what was not acknowledged, as exporters do. At the end
every acknowledged response is in the spool, and none is there twice. Needs HOME and XDG_* of its own (it sets them).
"""

from __future__ import annotations

import http.client
import os
import random
import sys
import tempfile
import threading
from collections import Counter
from typing import NamedTuple

from claude_tui.paths import telemetry_folder
from claude_tui.telemetry.spool import days
from tests.telemetry.posting import lines, numbered, numbers_in, post
from tests.telemetry.running import Running, free_port

CLIENTS = 4


class Outcome(NamedTuple):
    """What came of it: acknowledged responses that are not there, responses that are there twice, and how many are."""

    lost: list[int]
    twice: list[int]
    acknowledged: int
    unanswered: int


class Client(threading.Thread):
    """Posts numbered responses, each until it is acknowledged, and waits a moment where nobody listens."""

    def __init__(self, port: int, number: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._port, self._over = port, over
        self._next = number
        self.acknowledged: list[int] = []
        self.unanswered = 0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                status = post(self._port, numbered(self._next)).status
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                self._over.wait(0.01)
                continue
            assert status == 200, status
            self.acknowledged.append(self._next)
            self._next += CLIENTS


def kill_often(times: int, seed: int = 1) -> Outcome:
    """Kill `times` receivers, each a moment after it began to receive."""
    random_s, port, over = random.Random(seed), free_port(), threading.Event()
    current = Running(port)
    current.says("receiving on")
    clients = [Client(port, number, over) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(times):
        following = Running(port)
        following.says("receives; waiting")
        # So that kills come at any place between a request and its answer.
        over.wait(random_s.uniform(0, 0.05))
        current.kill()
        current = following
        current.says("receiving on")
    over.set()
    for client in clients:
        client.join(30)
    current.end()
    found = Counter(numbers_in(whole_lines()))
    acknowledged = [number for client in clients for number in client.acknowledged]
    return Outcome(
        [number for number in acknowledged if not found[number]],
        [number for number, count in found.items() if count > 1],
        len(acknowledged),
        sum(client.unanswered for client in clients),
    )


def whole_lines() -> list[dict[str, object]]:
    """The lines of the spool, without those that a kill has torn: they were never acknowledged."""
    for path in days(telemetry_folder()):
        kept = [line for line in path.read_bytes().splitlines(True) if line.endswith(b"}]}]}]}\n")]
        path.write_bytes(b"".join(kept))
    return lines()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({"HOME": home, **{f"XDG_{kind}_HOME": home for kind in ("CONFIG", "CACHE", "DATA", "STATE")}})
        found = kill_often(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print(f"{found.acknowledged:,} acknowledged, {len(found.lost)} lost, {len(found.twice)} twice")
    sys.exit(bool(found.lost or found.twice))
