"""The engine's way of settling rows, written down a second time and slowly, for tests of readers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile
from claude_tui.sources.records.events import ResponseEvent

GOLDEN = Path(__file__).parent.parent / "golden"


class EventSource(Protocol):
    def discover(self, root: Path) -> Iterable[LogFile]: ...

    def read_events(self, file: LogFile, since: Checkpoint | None = None) -> tuple[FileRead, list[ResponseEvent]]: ...


class Settled(NamedTuple):
    """One response after the merge of its rows."""

    time_ms: int
    session: str
    agent: str
    cwd: str
    model: str
    usage: tuple[int, ...]
    reasoning: int
    reported_nano: int | None


def settle(events: Iterable[tuple[str, ResponseEvent]]) -> dict[str, Settled]:
    """Merge events (each with the path of its file) by key."""
    groups: dict[str, list[tuple[str, ResponseEvent]]] = defaultdict(list)
    for path, event in events:
        groups[event.row.key].append((path, event))
    settled = {}
    for key, group in groups.items():
        winner = max(group, key=lambda g: (g[1].row.usage.output, g[1].row.usage.tokens, g[0], g[1].row.offset))[1]
        owner = min(group, key=lambda g: (g[1].row.is_copy, g[1].row.time_ms, g[1].row.is_sidechain, g[0]))[1].row
        time_ms = min(event.row.time_ms for _, event in group)
        row = winner.row
        settled[key] = Settled(
            time_ms, owner.session, owner.agent, owner.cwd, row.model, row.usage, winner.reasoning, row.reported_nano
        )
    return settled


def read_all(source: EventSource, root: Path, *, backward: bool = False) -> dict[str, Settled]:
    """Discover and read everything below a root, once."""
    files = list(source.discover(root))
    if backward:
        files.reverse()
    return settle((file.path, event) for file in files for event in source.read_events(file)[1])


def totals(settled: dict[str, Settled]) -> dict[str, int]:
    """Sums named as in the expected results of the golden homes."""
    values = list(settled.values())
    return {
        "events": len(values),
        "inp": sum(v.usage[0] for v in values),
        "cread": sum(v.usage[4] for v in values),
        "cwrite": sum(v.usage[2] + v.usage[3] for v in values),
        "out": sum(v.usage[1] - v.reasoning for v in values),
        "reason": sum(v.reasoning for v in values),
    }


def expected(path: Path) -> dict[str, Any]:
    """The expected result beside a golden home."""
    result: dict[str, Any] = json.loads(path.with_name(path.name + ".expected.json").read_text())
    return result


def log_file(source: EventSource, root: Path) -> LogFile:
    """The only log below a root."""
    (file,) = source.discover(root)
    return file
