"""One measured count, in a process of its own: the job comes as JSON on stdin, what was measured goes to stdout.

A process of its own makes memory and caches honest. Must not choose what is measured, nor compare.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from multiprocessing import active_children
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from claude_tui.engine.check.reference import reference_count
from claude_tui.engine.count import count
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.projects import Projects
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Response, Totals
from claude_tui.pricing import Pricer, load_pricer
from claude_tui.sources.protocol import REFUSED, SourceConfig

COMMAND: Final = "from claude_tui.engine.check.measurement import main; main()"
"""What to run in the process; nothing is found by the folder it runs in."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to count, and how. `processes` 0 reads in the process itself, None as the program chooses: with the native
    core where it is. Without `cache` every log is read."""

    folders: tuple[str, ...]
    zone: str
    overrides: str
    snapshot: str
    processes: int | None = 0
    cache: str = ""
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class ComparableCount:
    """What a count says, in a form in which two counts can be compared.

    `projects`, `models` and `sessions` are how many there are; `digests` are of their names with messages,
    tokens and cost each.
    """

    messages: int
    tokens: int
    cost_nano: int
    projects: int
    models: int
    sessions: int
    digests: dict[str, str]


def main() -> None:
    """Do the job on stdin."""
    job = Job(**json.load(sys.stdin))
    answer = reference_answer(job) if job.is_reference else fast_answer(job)
    for worker in active_children():
        worker.join()  # only what has ended is in the sums below
    times = os.times()
    cpu_s = times.user + times.system + times.children_user + times.children_system
    json.dump({"answer": asdict(answer), "cpu_s": cpu_s, "peak_bytes": peak_bytes(job.processes or 0)}, sys.stdout)


def fast_answer(job: Job) -> ComparableCount:
    """Count as the program does."""
    zone = ZoneInfo(job.zone)
    cache = Path(job.cache) if job.cache else None
    setup = Setup(claude_config(job.folders), _pricer(job), zone, cache_folder=cache)
    return of_store(count(setup, processes=job.processes))


def reference_answer(job: Job) -> ComparableCount:
    """Count with the slow, plain code the program is checked against."""
    files = [file.path for file in discover(claude_config(job.folders)) if file.dev != REFUSED]
    return of_responses(reference_count(files, _pricer(job)))


def claude_config(folders: Iterable[str]) -> SourceConfig:
    """Return a configuration of these config folders of Claude Code and nothing else."""
    return SourceConfig(Path(os.sep), explicit={"claude": tuple(map(Path, folders))}, sources=("claude",))


def _pricer(job: Job) -> Pricer:
    return load_pricer(Path(job.overrides), Path(job.snapshot))


def of_store(store: Store) -> ComparableCount:
    """Return the answer that the screen and the reports show."""
    shown = SnapshotMaker(store).take(Query(), 0)
    return _answer(
        _sums(shown.totals),
        {
            "projects": {row.key: _sums(row.totals) for row in shown.projects},
            "models": {row.key: _sums(row.totals) for row in shown.models},
            "sessions": {row.key: _sums(row.totals) for row in shown.sessions},
        },
    )


def of_responses(responses: Iterable[Response]) -> ComparableCount:
    """Return the answer that single responses add up to."""
    found: dict[str, dict[str, list[int]]] = {"projects": {}, "models": {}, "sessions": {}}
    all_of_it = [0, 0, 0]
    project_of = Projects().of
    for line in responses:
        sums = (0 if line.extra else 1, line.usage.tokens, line.price.nano or 0)
        names = {"projects": project_of(line.project), "models": line.model, "sessions": line.session}
        for into in (all_of_it, *(found[group].setdefault(name, [0, 0, 0]) for group, name in names.items())):
            into[:] = [total + more for total, more in zip(into, sums, strict=True)]
    return _answer(all_of_it, found)


def _answer(totals: Sequence[int], groups: Mapping[str, Mapping[str, list[int]]]) -> ComparableCount:
    messages, tokens, cost_nano = totals
    projects, models, sessions = (len(groups[name]) for name in ("projects", "models", "sessions"))
    digests = {name: _digest(group) for name, group in groups.items()}
    return ComparableCount(messages, tokens, cost_nano, projects, models, sessions, digests)


def _sums(totals: Totals) -> list[int]:
    return [totals.responses, totals.tokens, totals.cost_nano]


def _digest(group: Mapping[str, list[int]]) -> str:
    text = json.dumps(sorted(group.items()))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def peak_bytes(processes: int) -> int:
    """Return the most memory this process and its workers held, pages they share counted in each."""
    unit = 1 if sys.platform == "darwin" else 1024
    workers = processes * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return (_own_peak() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit) + workers


def _own_peak() -> int:
    """Read the peak from where it does not include the process that started this one; 0 if there is no such."""
    try:
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0
