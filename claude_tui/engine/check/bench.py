"""Measures how fast a user's own logs are counted, in several ways, and whether all of them agree.

Each measurement is a process of its own; ways take turns, so that what else the machine does is spread over all.
The logs are measured as they were at the start. Must not format anything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

import claude_tui
from claude_tui.engine.check.measurement import COMMAND, ComparableCount, Job, claude_config
from claude_tui.engine.scan.discovery import discover
from claude_tui.native.library import VARIABLE
from claude_tui.sources.protocol import REFUSED, LogFile, SourceConfig

QUIET_S: Final = 3600
"""A log that grew within this time may grow while it is measured, so a copy of it is."""

OnStep = Callable[[str, int, int], None]
"""Takes what is measured next, how many measurements are done, and of how many."""


class BenchError(Exception):
    """A measurement did not come to its end."""


@dataclass(frozen=True, slots=True)
class BenchWay:
    """One way to count. `workers` 0 reads in one process."""

    name: str
    job: Job
    workers: int = 0
    is_warm: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """The medians of a way's runs; times are of whole processes, started and ended. `peak_bytes` 0: unknown."""

    way: BenchWay
    runs: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    answer: ComparableCount


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs that are measured. `folders` are config folders."""

    folders: tuple[str, ...]
    files: int
    bytes: int

    @property
    def are_same(self) -> bool:
        """Whether none of them changed since."""
        return _logs(self.folders, discover(claude_config(self.folders))) == self


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured. `sweep` are ways that differ in the number of processes only.

    Where not `are_logs_same`, a log changed while it was measured, and ways may differ for that alone.
    """

    logs: Logs
    are_logs_same: bool
    measured: tuple[Measured, ...]
    sweep: tuple[Measured, ...] = ()
    core_status: str = ""
    """Why the native core was not measured; "" where it was."""

    @property
    def disagreeing(self) -> tuple[Measured, ...]:
        """The ways whose answer is not that of the first."""
        first, *others = *self.measured, *self.sweep
        return tuple(other for other in others if other.answer != first.answer)


def freeze(config: SourceConfig, folder: Path) -> Logs:
    """Lay out the logs of Claude Code below `folder` as they are now: hard links to quiet ones, copies of the others.

    If no such links can be made (`folder` is on another disk) everything is copied. What cannot be read is left
    out. Raises OSError if there is no room.
    """
    files = [file for file in discover(config) if file.dev != REFUSED]
    roots = {root: folder / str(number) / "projects" for number, root in enumerate({file.root: 0 for file in files})}
    recent_ns = time.time_ns() - QUIET_S * 1_000_000_000
    for file in files:
        place = roots[file.root] / os.path.relpath(file.path, file.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        note = Path(file.path).with_suffix(".meta.json")
        _lay(Path(file.path), place, is_copied=file.mtime_ns >= recent_ns)
        if note.exists():
            _lay(note, place.with_suffix(".meta.json"), is_copied=False)
    folders = tuple(str(root.parent) for root in roots.values())
    return _logs(folders, discover(claude_config(folders)))


def _logs(folders: tuple[str, ...], files: Sequence[LogFile]) -> Logs:
    return Logs(folders, len(files), sum(file.size for file in files))


def _lay(path: Path, place: Path, *, is_copied: bool) -> None:
    if not is_copied:
        with suppress(OSError):
            os.link(path, place)
            return
    shutil.copy2(path, place)


def read_once(logs: Logs) -> None:
    """Read every byte once, so that the first measurement does not pay for the disk."""
    for folder in logs.folders:
        for name, _, files in os.walk(folder):
            for file in files:
                with suppress(OSError), open(os.path.join(name, file), "rb", buffering=0) as log:
                    while log.read(1 << 20):
                        pass


def ways(job: Job, cache: Path, workers: int, *, has_core: bool) -> tuple[BenchWay, ...]:
    """Return the ways to count: the reference, one process, several, the native core, from a cache below `cache`."""
    found = [
        BenchWay("reference, one process", replace(job, is_reference=True)),
        BenchWay("cold, one process", job),
        BenchWay(f"cold, {workers} processes", replace(job, processes=workers), workers),
        *([BenchWay("cold, native core", replace(job, processes=None))] if has_core else []),
        BenchWay("warm", replace(job, cache=str(cache)), is_warm=True),
    ]
    return tuple(way for way in found if way.workers != 1)


def sweep(job: Job, workers: Sequence[int]) -> tuple[BenchWay, ...]:
    """Return a way for each number of processes; 1 is no worker but the process itself."""
    return tuple(
        BenchWay(f"{number} process" + "es" * (number > 1), replace(job, processes=number if number > 1 else 0), number)
        for number in workers
    )


def measure(chosen: Sequence[BenchWay], runs: int, on_step: OnStep) -> tuple[Measured, ...]:
    """Measure ways in turns; the reference, which takes long, once. Raises BenchError if one fails."""
    found: dict[str, list[Measured]] = {}
    plan = list(_plan(chosen, runs))
    for number, way in enumerate(plan):
        on_step(way.name, number, len(plan))
        one = run(way)
        if way.name not in found and way.is_warm:
            found[way.name] = []  # the first run filled the cache
        else:
            found.setdefault(way.name, []).append(one)
    return tuple(_medians(found[way.name]) for way in chosen)


def _plan(chosen: Sequence[BenchWay], runs: int) -> Iterator[BenchWay]:
    yield from (way for way in chosen if way.is_warm)
    for number in range(runs):
        yield from (way for way in chosen if not (number and way.job.is_reference))


def run(way: BenchWay) -> Measured:
    """Measure once, in a process that is started for it."""
    package = str(Path(claude_tui.__file__).parent.parent)
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH", ""))))
    with_core = {VARIABLE: "1"} if way.job.processes is None else {}  # however little there is to read
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND],
        input=json.dumps(asdict(way.job)).encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path, **with_core},
    )
    wall_s = time.perf_counter() - started
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        reason = next((line for line in reversed(lines) if line.strip()), "no reason given")
        raise BenchError(f"{way.name}: {reason.strip()}")
    said = json.loads(done.stdout)
    return Measured(way, 1, wall_s, said["cpu_s"], said["peak_bytes"], ComparableCount(**said["answer"]))


def _medians(found: Sequence[Measured]) -> Measured:
    differing = [one for one in found if one.answer != found[0].answer]
    return replace(
        found[0],
        runs=len(found),
        wall_s=median(one.wall_s for one in found),
        cpu_s=median(one.cpu_s for one in found),
        peak_bytes=max(one.peak_bytes for one in found),
        answer=(differing or found)[0].answer,
    )
