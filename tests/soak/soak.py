"""Hours of logs in minutes or hours: appends at a steady rate with every fault of a file, under one program.

The program follows in a process of its own, with a cache and a ledger. Whatever is taken away was shown before, so
nothing that was written may ever be missing.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
from collections import Counter, deque
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import linear_regression
from threading import Thread
from typing import NamedTuple

from claude_tui import paths
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from tests.engine.counting import PRICER, UTC, config_of
from tests.faults.level import Shadowed, expected, fresh, picture, row, write_many
from tests.logs import line

PATIENCE_S = 60.0
FAULTS = ("truncate", "rotate", "delete", "rename", "fork", "duplicate", "half", "regrow")
FAULT_SHARE = 0.1
OURS = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "TZ")


class Figures(NamedTuple):
    """What a soak came to."""

    seconds: float
    files: int
    appends: int
    faults: dict[str, int]
    lost: int
    divergences: list[str]
    p50_ms: float
    p99_ms: float
    max_ms: float
    responses: int
    rss_mib: list[float]
    """At the beginning, the quarters and the end."""
    rss_slope_mib_h: float
    """Of the second half, as that of the descriptors."""
    fds: int
    fd_slope_h: float


def follow(folder: Path, env: dict[str, str], pipe: Connection) -> None:
    """Follow; tell each count with the instant it was shown, and give a picture when asked."""
    os.environ.update(env)

    async def run() -> None:
        monitor = Monitor(
            Setup(config_of(folder), PRICER, UTC, cache_folder=paths.cache_folder(), ledger_file=paths.ledger_file())
        )
        loop = asyncio.get_running_loop()
        last = -1

        def tell() -> None:
            nonlocal last
            snapshot = monitor.snapshot(Query(), 0)
            if snapshot.progress.phase in (Phase.LIVE, Phase.POLLING) and snapshot.totals.responses != last:
                last = snapshot.totals.responses
                pipe.send((last, time.monotonic()))

        def hear() -> None:
            loop.call_soon_threadsafe(tell)

        monitor.subscribe(hear)
        running = asyncio.create_task(monitor.run())
        while await asyncio.to_thread(pipe.recv):
            assert monitor.tail is not None
            await monitor.tail.sweep()
            pipe.send((picture(monitor), 0.0))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


class Soak:
    """One soak in an empty folder; the environment must name folders of its own (see `OURS`)."""

    def __init__(self, folder: Path, files: int, seed: int = 1) -> None:
        self._home = Shadowed(folder / ".claude")
        self._chosen = random.Random(seed)
        write_many(self._home, files, 2)
        self._paths = sorted((self._home.folder / "projects").rglob("*.jsonl"))
        self._number = self._responses = 2 * files
        self._waiting: deque[tuple[int, float]] = deque()
        self._latencies: list[float] = []
        self._shown = 0
        self._faults: Counter[str] = Counter()
        self._pictures: deque[str] = deque()

    def run(self, seconds: float, rate: float) -> Figures:
        """Write and damage for so long, then compare."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        env = {name: os.environ[name] for name in OURS}
        process = context.Process(target=follow, args=(self._home.folder, env, theirs))
        process.start()
        theirs.close()
        Thread(target=self._listen, args=(ours,), daemon=True).start()
        try:
            self._wait_until_level()
            measured, appends = self._write(seconds, rate, process.pid or 0)
            self._wait_until_level()
            ours.send(True)
            end = time.monotonic() + PATIENCE_S
            while not self._pictures and time.monotonic() < end:
                time.sleep(0.01)
            shown = self._pictures.popleft() if self._pictures else "nothing was shown"
            ours.send(False)
            process.join(PATIENCE_S)
        finally:
            process.kill()
            process.join()
        whole = expected(self._home.shadow)
        divergences = [
            name
            for name, told in (
                ("live", shown),
                ("fresh", fresh(self._home.folder)),
                ("warm", fresh(self._home.folder, Path(env["XDG_CACHE_HOME"]))),
            )
            if told != whole
        ]
        late = sorted(self._latencies) or [0.0]
        later = measured[len(measured) // 2 :]
        quarters = [measured[(len(measured) - 1) * part // 4] for part in range(5)]
        return Figures(
            seconds, len(self._paths), appends, dict(self._faults), self._responses - self._shown, divergences,
            1000 * late[len(late) // 2], 1000 * late[int(len(late) * 0.99)], 1000 * late[-1],
            self._responses, [round(rss_mib, 1) for _, rss_mib, _ in quarters], slope(later, 1),
            int(measured[-1][2]), slope(later, 2),
        )  # fmt: skip

    def _listen(self, pipe: Connection) -> None:
        while True:
            try:
                told, at = pipe.recv()
            except (EOFError, OSError):
                return
            if isinstance(told, str):
                self._pictures.append(told)
                continue
            while self._waiting and self._waiting[0][0] <= told:
                self._latencies.append(at - self._waiting.popleft()[1])
            self._shown = told

    def _wait_until_level(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while self._shown != self._responses and time.monotonic() < end:
            time.sleep(0.01)

    def _write(self, seconds: float, rate: float, pid: int) -> tuple[list[tuple[float, float, float]], int]:
        started = time.monotonic()
        measured = [(0.0, *usage_of(pid))]
        appends = 0
        while (now := time.monotonic() - started) < seconds:
            if now - measured[-1][0] >= min(5.0, seconds / 10):
                measured.append((now, *usage_of(pid)))
            if self._chosen.random() < FAULT_SHARE:
                self._wait_until_level()
                self._do(self._chosen.choice(FAULTS))
            self._append(self._chosen.choice(self._paths))
            appends += 1
            time.sleep(max(0.0, started + appends / rate - time.monotonic()))
        return [*measured, (seconds, *usage_of(pid))], appends

    def _append(self, path: Path) -> None:
        self._number += 1
        self._responses += 1
        self._waiting.append((self._responses, time.monotonic()))
        self._into(path, line(row(self._number, self._chosen.randrange(1, 99))))

    def _into(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            log.write(data)
        self._home.remember(path)

    def _do(self, fault: str) -> None:
        at = self._chosen.randrange(len(self._paths))
        path = self._paths[at]
        if not path.exists():
            return
        self._faults[fault] += 1
        if fault == "truncate":
            whole = path.read_bytes().splitlines(keepends=True)
            os.truncate(path, sum(map(len, whole[: len(whole) // 2])))
        elif fault == "rotate":
            other = path.with_name("rotated.tmp")
            other.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[-1:]))
            other.replace(path)
        elif fault == "delete":
            path.unlink()
        elif fault == "rename":
            moved = path.with_name(f"moved-{self._number}.jsonl")
            path.rename(moved)
            self._paths[at] = moved
            self._home.remember(moved)
        elif fault == "fork":
            forked = path.with_name(f"fork-{self._number}.jsonl")
            shutil.copyfile(path, forked)
            self._paths.append(forked)
            self._home.remember(forked)
        elif fault == "duplicate":
            self._into(path, path.read_bytes().splitlines(keepends=True)[-1] if path.stat().st_size else b"")
        elif fault == "half":
            self._number += 1
            self._responses += 1
            text = line(row(self._number))
            self._into(path, text[: len(text) // 2])
            self._waiting.append((self._responses, time.monotonic()))
            self._into(path, text[len(text) // 2 :])
        elif fault == "regrow":
            data = path.read_bytes()
            os.truncate(path, 0)
            self._into(path, data)


def usage_of(pid: int) -> tuple[float, float]:
    """Resident memory in MiB and open files of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    rss_kib = next(int(text.split()[1]) for text in status.splitlines() if text.startswith("VmRSS"))
    return rss_kib / 1024, float(len(os.listdir(f"/proc/{pid}/fd")))


def slope(measured: Sequence[tuple[float, float, float]], column: int) -> float:
    """How much a figure grows in an hour."""
    if len(measured) < 2:
        return 0.0
    return 3600 * linear_regression([m[0] for m in measured], [m[column] for m in measured]).slope
