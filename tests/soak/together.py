"""Everybody at once on one home: `python -m tests.soak.together --minutes 2`. Leaves nothing behind.

Logs and posts of telemetry come in while screens are open, reports of every kind are asked, the history is kept, logs
that it holds are deleted, a fleet's table is written, and programs are killed. A count may be anything between what was
there before it was asked for and what was there when it came. At the end everybody says the same, and so does whoever
counts anew.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Lock, Thread
from typing import NamedTuple

from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, timestamp, usage
from tests.telemetry.posting import post
from tests.telemetry.running import Running, free_port
from tests.ui.terminal import Terminal

MODEL = "claude-sonnet-4-5-20250929"
DAYS = 20
KEPT_LOGS = 8
"""So many of the logs are never deleted."""
KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "j", "k", "\x1b")

Asked = Callable[[], int | None]
"""Asks a program; returns the responses it counts, if it says."""


class Figures(NamedTuple):
    """What came of it. `wrong` are answers that cannot be, and `said` by whom the same was said at the end."""

    responses: int
    done: dict[str, int]
    wrong: list[str]
    said: dict[str, int]

    @property
    def is_right(self) -> bool:
        """Whether every answer could be, and everybody came to all there is."""
        return not self.wrong and set(self.said.values()) == {self.responses}


class Together:
    """One home; the environment must name folders of its own."""

    def __init__(self, home: Path, seed: int = 1) -> None:
        self._home, self._logs = home, ClaudeHome(home / ".claude")
        self._table, self._port = str(home / "table"), free_port()
        self._seed = seed
        self._over, self._all_kept, self._lock = Event(), Event(), Lock()
        self._responses = 0
        self._sessions: list[str] = []
        self._done: Counter[str] = Counter()
        self._wrong: list[str] = []

    def run(self, seconds: float) -> Figures:
        """Do everything at once for so long, then ask everybody."""
        asked: dict[str, Asked] = {
            "report": self._report, "days": self._days, "models": self._models, "keep": self._keep,
            "sessions": lambda: self._quiet("sessions", "--json"),
            "text": lambda: self._quiet("report", "--by", "tool"),
            "check": lambda: self._quiet("check", "--budget-day", "1000000"),
            "push": lambda: self._quiet("fleet", "push", self._table, "--user", "ann"),
        }  # fmt: skip
        self._write(random.Random(self._seed))
        actors = [Thread(target=self._ask, args=(name, one)) for name, one in asked.items()]
        actors += [Thread(target=one) for one in (self._go_on, self._post, self._receive, self._kill)]
        with ExitStack() as stack:
            screens = [stack.enter_context(Terminal(self._home)) for _ in range(2)]
            for actor in actors:
                actor.start()
            self._look(screens, seconds)
            self._over.set()
            for actor in actors:
                actor.join()
            codes = {f"screen {number}": screen.leave() for number, screen in enumerate(screens)}
        self._wrong += [f"{name} ended with {code}" for name, code in codes.items() if code]
        return Figures(self._responses, dict(self._done), self._wrong, self._at_the_end())

    def _at_the_end(self) -> dict[str, int]:
        said = {"warm": self._report()}
        for native in ("0", "1"):
            with tempfile.TemporaryDirectory() as cache:
                said[f"cold, native {native}"] = self._report(XDG_CACHE_HOME=cache, CLAUDE_TOP_NATIVE=native)
        self._quiet("fleet", "push", self._table, "--user", "ann")
        self._quiet("fleet", "merge", self._table)
        said["fleet"] = self._report("--from", self._table)
        self._quiet("verify")
        return said

    def _ask(self, name: str, asked: Asked) -> None:
        """Ask again and again, and look whether it can be."""
        while not self._over.is_set():
            before = self._responses
            try:
                found = asked()
            except Exception as error:
                self._wrong.append(f"{name}: {error!r}")
                continue
            self._done[name] += 1
            with self._lock:  # nobody is half way through writing
                after = self._responses
            if found is not None and not before <= found <= after:
                self._wrong.append(f"{name}: {found}, of {before} before and {after} after")

    def _said(self, *arguments: str, **env: str) -> str:
        outcome = run(*arguments, env=env)
        if outcome.code or "Traceback" in outcome.stderr:
            raise RuntimeError(f"{arguments} ended with {outcome.code}: {outcome.stderr[-300:]}")
        return outcome.text

    def _quiet(self, *arguments: str) -> None:
        self._said(*arguments)

    def _report(self, *more: str, **env: str) -> int:
        return int(json.loads(self._said("report", "--json", *more, **env))["totals"]["responses"])

    def _days(self) -> int:
        return sum(day["responses"] for day in json.loads(self._said("report", "--json", "--by", "day"))["days"])

    def _models(self) -> int:
        rows = csv.DictReader(io.StringIO(self._said("report", "--csv", "--by", "model")))
        return sum(int(row["responses"]) for row in rows)

    def _keep(self) -> None:
        """Keep the history, and delete a log it then holds."""
        with self._lock:
            gone = self._sessions.pop(0) if len(self._sessions) > KEPT_LOGS else ""
        self._quiet("ledger", "keep")
        if gone:
            self._logs.path(gone).unlink()
            self._done["deleted"] += 1

    def _go_on(self) -> None:
        chance = random.Random(self._seed + 1)
        while not self._over.wait(chance.random() / 8):
            self._write(chance)

    def _write(self, chance: random.Random) -> None:
        with self._lock:
            if not self._sessions or chance.random() < 0.2:
                self._sessions.append(f"s{self._responses}")
            session, number = chance.choice(self._sessions), chance.randrange(1, 6)
            at_ms = time.time_ns() // 1_000_000 - chance.randrange(DAYS * 86_400_000)
            first = self._responses
            rows = [assistant(f"msg_{first + at}", at_ms + at, usage(3, 10 + at), session) for at in range(number)]
            self._logs.append(*rows, session=session)
            self._responses += number
            self._done["written"] += number

    def _post(self) -> None:
        """Tell of calls that no log has, each until it is acknowledged."""
        chance, number = random.Random(self._seed + 2), 0
        while not self._over.wait(0.2):
            body, number = _export(number, self._chosen_session(chance)), number + 1
            while not self._is_kept(body):
                self._done["refused"] += 1
                time.sleep(0.1)
        self._all_kept.set()

    def _chosen_session(self, chance: random.Random) -> str:
        with self._lock:
            return chance.choice(self._sessions)

    def _is_kept(self, body: bytes) -> bool:
        with self._lock:
            try:
                is_kept = post(self._port, body).status == 200
            except (OSError, http.client.HTTPException):
                return False
            self._responses += is_kept
            self._done["posted"] += is_kept
        return is_kept

    def _receive(self) -> None:
        """Have somebody receive, who is killed now and then."""
        chance = random.Random(self._seed + 3)
        while not self._all_kept.is_set():
            receiver = Running(self._port)
            self._all_kept.wait(chance.uniform(2, 20))
            receiver.kill()
            self._done["receivers killed"] += 1

    def _kill(self) -> None:
        """Kill reports in the middle."""
        chance = random.Random(self._seed + 4)
        command = [sys.executable, "-m", "claude_tui", "report", "--json"]
        while not self._over.wait(1):
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                self._over.wait(chance.uniform(0, 0.6))
                process.kill()
            self._done["reports killed"] += 1

    def _look(self, screens: list[Terminal], seconds: float) -> None:
        """Go from view to view."""
        chance, end = random.Random(self._seed + 5), time.monotonic() + seconds
        for turn in range(sys.maxsize):
            if time.monotonic() >= end:
                return
            for screen in screens:
                if turn % 20 == 0:
                    screen.press(chance.choice(KEYS))
                screen.take()


def _export(number: int, session: str) -> bytes:
    """One call that is like no other."""
    told: dict[str, str | int] = {
        "event.name": "api_request", "session.id": session, "model": MODEL, "request_id": f"req_alone_{number}",
        "event.timestamp": timestamp(time.time_ns() // 1_000_000), "input_tokens": 1_000_000 + number,
        "output_tokens": 5, "cache_read_tokens": 0, "cache_creation_tokens": 0, "duration_ms": 500,
    }  # fmt: skip
    attributes = [
        {"key": name, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
        for name, value in told.items()
    ]
    record = {"body": {"stringValue": "claude_code.api_request"}, "attributes": attributes}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.together", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claude-top-together-") as name:
        for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
            os.environ[f"XDG_{kind}_HOME"] = f"{name}/.{kind.lower()}"
        os.environ.pop("CLAUDE_CONFIG_DIR", None)
        os.environ |= {"HOME": name, "TZ": "UTC"}
        figures = Together(Path(name), options.seed).run(60 * options.minutes)
    for what, value in figures._asdict().items():
        print(f"{what:10} {value}")
    return 0 if figures.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
