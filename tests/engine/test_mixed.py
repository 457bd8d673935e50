"""Logs of all clients beside each other: read by the same workers, into one store, from one cache."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.engine import count as counting
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan import reading, scan
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Totals
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, SourceConfig
from claude_tui.sources.registry import read_columns, reader
from tests.captured import one_set, sets_of, truth_of
from tests.engine.counting import NOW_MS, PRICER, UTC, counted, here, placeless
from tests.engine.living import living

pytestmark = pytest.mark.every_client
HOMES = {name: one_set(name) for name in CLIENTS if name != "claude"}
LINES = {name for name in HOMES if CLIENTS[name].is_append_only}
SAID_LATER = (
    "INSERT INTO message (id, session_id, time_created, time_updated, data) SELECT 'msg_later', session_id,"
    " time_created + 900000, time_updated + 900000, json_set(data, '$.time.created', time_created + 900000)"
    " FROM message WHERE instr(data, '\"assistant\"') ORDER BY rowid LIMIT 1"
)
CLAUDE = sets_of("claude")[0]


@pytest.fixture
def config(tmp_path: Path) -> SourceConfig:
    """A home in which every client has written; a copy, because some of them are read where they are."""
    claude_alone()
    explicit = {"claude": (CLAUDE,)}
    for name, home in HOMES.items():
        shutil.copytree(home, tmp_path / name)
        explicit[name] = (tmp_path / name,)
    return SourceConfig(home=Path("/nonexistent"), explicit=explicit, sources=tuple(CLIENTS))


def totals(store: Store, source: str) -> Totals:
    return SnapshotMaker(store).take(Query(source=source), NOW_MS).totals


@cache
def claude_alone() -> Totals:
    return totals(counted(CLAUDE, keep_names=False), "")


def assert_complete(store: Store) -> None:
    for name, home in HOMES.items():
        want = truth_of(home)
        got = totals(store, name)
        assert got.responses == want["events"]
        assert (got.input, got.cache_read, got.cache_write) == (want["inp"], want["cread"], want["cwrite"])
        assert got.output == want["out"] + want["reason"]
    assert totals(store, "claude") == claude_alone()
    assert sum(totals(store, name).responses for name in CLIENTS) == totals(store, "").responses
    assert sum(totals(store, name).cost_nano for name in CLIENTS) == totals(store, "").cost_nano


@pytest.mark.parametrize("processes", [0, 2])
def test_a_cold_scan_of_all_clients_is_complete(
    config: SourceConfig, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []
    submit = scan.Scan._submit

    def watching(self: scan.Scan, batch: list[reading.Task]) -> object:
        given.append([task.file.source for task in batch])
        return submit(self, batch)

    monkeypatch.setattr(scan.Scan, "_submit", watching)
    store = count(Setup(config, PRICER, UTC), processes=processes)
    assert_complete(store)
    if processes:
        assert set(CLIENTS) == {source for batch in given for source in batch}, "every client's logs go to the workers"
        assert all(len(set(batch)) == 1 for batch in given), "each batch is of one client"


def test_a_cache_holds_all_clients(config: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "UNSAVED_BYTES", 0)
    cold = count(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"), processes=here())
    read: Counter[str] = Counter()

    def watching(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
        read[file.source] += 1
        return read_columns(file, since, keep_names=keep_names)

    monkeypatch.setattr("claude_tui.engine.scan.reading.read_columns", watching)
    warm = count(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"), processes=here())
    assert not read, "a database or a log that has not changed is not read again"
    assert_complete(warm)
    assert placeless(list_responses(warm)) == placeless(list_responses(cold))
    rollout = next(tmp_path.glob("codex/sessions/**/*.jsonl"))
    with rollout.open("ab") as log:
        log.write(b'{"timestamp":"2026-11-21T12:00:00.000Z","type":"compacted","payload":{}}\n')
    assert_complete(count(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"), processes=here()))
    assert read == {"codex": 1}, "of all clients only what grew"


async def test_what_every_client_writes_while_it_is_watched_is_counted(config: SourceConfig, tmp_path: Path) -> None:
    rest = {}
    for name in (*LINES, "gemini"):
        found = [Path(file.path) for file in reader(name).discover(tmp_path / name) if file.path.endswith("l")]
        log = max(found, key=lambda path: path.stat().st_size)
        data = log.read_bytes()
        half = data.index(b"\n", len(data) // 3) + 1
        log.write_bytes(data[:half])
        rest[log] = data[half:]
    async with living(config=config) as live:
        before = Counter(one.source for one in list_responses(live.monitor.store))
        for log, more in rest.items():
            with log.open("ab") as grown:
                grown.write(more)
        with ExitStack() as writers:
            for database in ("kilo/kilo.db", "opencode/opencode.db"):
                writer = writers.enter_context(closing(sqlite3.connect(tmp_path / database, isolation_level=None)))
                writer.execute("PRAGMA journal_mode = WAL")
                writer.execute(SAID_LATER)
            await live.settle()
            shown = list_responses(live.monitor.store)
            assert placeless(shown) == placeless(list_responses(count(Setup(config, PRICER, UTC), processes=here())))
        grew = Counter(one.source for one in shown) - before
        assert set(grew) == set(HOMES)
