"""Counts a tree of Claude Code logs in every way there is, in forms that can be compared."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from claude_tui.clients import TELEMETRY
from claude_tui.engine.check.reference import reference_count
from claude_tui.engine.count import NoLogsError, count
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import TOLD, UNLOGGED, Query, Response, Snapshot, Totals
from claude_tui.native import library
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.columns import Columns, key_number
from claude_tui.sources.protocol import SourceConfig
from tests.replacing import replace

GOLDEN = Path(__file__).parent.parent / "golden" / "claude"
GOLDEN_SETS = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
PRICER = load_pricer()
UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOW_MS = 1_795_262_400_000  # 2026-11-21T12:00:00Z


def config_of(*folders: Path) -> SourceConfig:
    return SourceConfig(home=Path("/nonexistent"), explicit={"claude": folders}, sources=("claude",))


def here() -> int | None:
    """How many processes a count in this one is told of: none, or what lets the core read if that is asked for."""
    return None if library.is_asked_for() else 0


def counted(*folders: Path, zone: ZoneInfo = UTC, keep_names: bool = True) -> Store:
    """A cold count in this process, natively if that is asked for; of nothing where there are no logs."""
    try:
        return count(Setup(config_of(*folders), PRICER, zone), keep_names=keep_names, processes=here())
    except NoLogsError:
        return Store(PRICER, zone)


def transcripts_of(*folders: Path) -> list[str]:
    source = ClaudeSource()
    found = {(f.dev, f.ino): f.path for root in source.roots(config_of(*folders)) for f in source.discover(root)}
    return sorted(path for path in found.values() if os.path.isfile(path) and not os.path.islink(path))


def reference(*folders: Path) -> list[Response]:
    return reference_count(transcripts_of(*folders), PRICER)


def counted_exactly(*folders: Path, zone: ZoneInfo = UTC) -> list[Response]:
    """The settled responses, after making sure that every way to count gives them and every sum agrees."""
    want = reference(*folders)
    snapshots = []
    for native in ("0", "1"):
        with reading_by(native):
            store = counted(*folders, zone=zone)
            assert list_responses(store) == want
            snapshots.append(canonical(assert_sums_agree(store)))
    assert snapshots[0] == snapshots[1]
    return want


@contextmanager
def reading_by(native: str) -> Iterator[None]:
    """Read logs as CLAUDE_TOP_NATIVE says: "0" in Python, "1" with the native core, where that is built."""
    with patch.dict(os.environ, {library.VARIABLE: native}):
        if native == "1" and not library.LIBRARY.exists():
            del os.environ[library.VARIABLE]  # or each count would say that it cannot be had
        library.found.cache_clear()
        try:
            yield
        finally:
            library.found.cache_clear()


def assert_sums_agree(store: Store, query: Query | None = None, now_ms: int = NOW_MS) -> Snapshot:
    """Every section of a snapshot adds up to its totals, and these to the single responses."""
    query = query or Query()
    snapshot = SnapshotMaker(store).take(query, now_ms)
    assert snapshot.totals == totals_of(list_responses(store, query))
    assert_sections_agree(snapshot)
    assert_unlogged_agrees(snapshot, list_responses(store, query))
    return snapshot


def assert_unlogged_agrees(snapshot: Snapshot, lines: Iterable[Response]) -> None:
    """What is said of calls in no log is the sum of the lines of such calls, in every way it is divided."""
    found = snapshot.unlogged
    alone = [line for line in lines if line.extra == UNLOGGED or line.origin == TOLD]
    assert found.nano == sum(line.price.nano or 0 for line in alone)
    for parts, rows in (
        (found.models, {(row.source, row.key): row for row in snapshot.models}),
        (found.projects, {(row.source, row.key): row for row in snapshot.projects}),
        (found.sessions, {(row.source, row.key): row for row in snapshot.sessions}),
        (found.days, {row.day: row for row in snapshot.days}),
    ):
        assert sum(parts.values()) == found.nano
        assert all(nano <= rows[key].totals.cost_nano for key, nano in parts.items())  # type: ignore[index]
    of_sessions = Counter[tuple[str, str]]()
    for line in alone:
        of_sessions[line.source, line.session] += line.price.nano or 0
    assert +of_sessions == found.sessions


def assert_sections_agree(snapshot: Snapshot) -> None:
    totals = snapshot.totals
    for section in (snapshot.models, snapshot.projects, snapshot.sessions, snapshot.days):
        assert add(row.totals for row in section) == totals
    costs = [cost for models in snapshot.day_models.values() for cost in models.values()]
    assert sum(costs) == totals.cost_nano
    assert {row.day for row in snapshot.days} == set(snapshot.day_models)
    assert sum(row.sessions for row in snapshot.projects) >= len(snapshot.sessions)


def add(many: Iterable[Totals]) -> Totals:
    """Sum totals; first and last instants are the outermost."""
    rows = list(many)
    sums = {name: sum(getattr(row, name) for row in rows) for name in Totals._fields}
    sums["first_ms"] = min((row.first_ms for row in rows), default=0)
    sums["last_ms"] = max((row.last_ms for row in rows), default=0)
    return Totals(**sums)


def placeless(responses: Sequence[Response]) -> list[Response]:
    """Responses without where they were read and with keys as numbers, sorted: what any order must agree on."""
    plain = [line._replace(key=_number_of(line), path="", offset=0) for line in responses]
    return sorted(plain, key=lambda line: (line.time_ms, line.key))


def _number_of(line: Response) -> str:
    """The key of a response, or of an event that alone tells of it."""
    return numbered(line.key, TELEMETRY if line.origin == TOLD else "claude")


def numbered(key: str, source: str = "claude") -> str:
    """The key as a store without names gives it; one that is a number already is left alone."""
    name, slash, extra = key.partition("/")
    return (name if name.isdigit() else str(key_number(source, name))) + slash + extra


def canonical(snapshot: Snapshot) -> str:
    """A snapshot as JSON, without what depends on how it came to be."""
    return json.dumps(plain(replace(snapshot, revision=0, progress=type(snapshot.progress)())), sort_keys=True)


def plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def content(columns: Columns) -> list[tuple[object, ...]]:
    """The entries of columns with the names their numbers stand for, by key."""
    return sorted(
        (
            columns.key[e], columns.time[e], columns.owners[columns.owner[e]], columns.models[columns.model[e]],
            columns.input[e], columns.output[e], columns.write_5m[e], columns.write_1h[e], columns.cache_read[e],
            columns.offset[e], columns.flags[e], columns.web_search.get(e), columns.terms.get(e),
            columns.extras.get(e), columns.reported.get(e), columns.owner_time.get(e),
        )
        for e in range(len(columns))
    )  # fmt: skip
