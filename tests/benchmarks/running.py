"""Runs whole programs in turns and measures them. Every program gets a home of its own, never the user's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
KINDS: Final = ("CONFIG", "CACHE", "DATA", "STATE")
OURS: Final = (sys.executable, "-m", "claude_tui")


class Home:
    """A home folder for the programs measured, with the logs of a config folder in it."""

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder = folder
        self.logs = logs
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".claude").symlink_to(logs)

    @property
    def env(self) -> dict[str, str]:
        """The whole environment; TOKSCALE_PRICING_CACHE_ONLY spares it waiting for a network."""
        folders = {f"XDG_{kind}_HOME": str(self.folder / kind.lower()) for kind in KINDS}
        own = {"HOME": str(self.folder), "CLAUDE_CONFIG_DIR": str(self.folder / ".claude"), "TZ": "UTC"}
        names = ("PATH", "LANG", "SYSTEMROOT", "CLAUDE_TOP_NATIVE")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        term = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "TOKSCALE_PRICING_CACHE_ONLY": "1"}
        return {**kept, **folders, **own, **term}

    def forget(self) -> None:
        """Remove everything the programs keep."""
        for kind in KINDS:
            shutil.rmtree(self.folder / kind.lower(), ignore_errors=True)


class Run(NamedTuple):
    """One run of a program: seconds of wall and CPU (children included), MiB of its largest process."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Program:
    """What to run. `before` is called before each run and not measured."""

    arguments: Sequence[str]
    home: Home
    before: Callable[[], object] | None = None
    stdin: bytes = b""
    more_env: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**self.home.env, **self.more_env},
            cwd=self.home.folder,
        )


def once(program: Program) -> Run:
    """Run a program to its end. Raises RuntimeError where it fails."""
    if program.before:
        program.before()
    started = time.perf_counter()
    process = program.start()
    assert process.stdin
    with suppress(BrokenPipeError):
        process.stdin.write(program.stdin)
        process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(program.arguments)} ended with {process.returncode}")
    unit = 2**20 if sys.platform == "darwin" else 1024
    return Run(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def in_turns(programs: Mapping[str, Program], runs: int) -> dict[str, Run]:
    """Run programs A B A B ... and return the medians of each; a first turn, not counted, warms up."""
    found: dict[str, list[Run]] = {name: [] for name in programs}
    for number in range(runs + 1):
        for name, program in programs.items():
            tell(f"{name}, turn {number} of {runs}")
            run = once(program)
            if number:
                found[name].append(run)
    tell("")
    return {name: Run(*map(median, zip(*done, strict=True))) for name, done in found.items()}


def peak_mib(program: Program, interval_s: float = 0.01) -> float:
    """Run once and return the most memory all its processes held together, shared pages counted once (Linux)."""
    if program.before:
        program.before()
    process = program.start()
    most = 0.0
    over = threading.Event()

    def look() -> None:
        nonlocal most
        while not over.wait(interval_s):
            most = max(most, sum(map(pss_mib, family(process.pid))))

    thread = threading.Thread(target=look)
    thread.start()
    process.communicate(program.stdin)
    over.set()
    thread.join()
    return most


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def pss_mib(pid: int) -> float:
    """The memory of a process, what it shares divided by the number of those it shares it with; 0 if unknown."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds processes have used so far."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(after_name[11]) + int(after_name[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of all are at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def tell(text: str) -> None:
    """Say on stderr what goes on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
