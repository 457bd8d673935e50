"""Logs of all clients beside each other: read by the same workers, into one store, from one cache."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from claude_tui.engine import count as counting
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots import SnapshotMaker
from claude_tui.engine.scan import reading, scan
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import SOURCES, Query, Totals
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, SourceConfig
from claude_tui.sources.registry import read_columns
from tests.engine.counting import NOW_MS, PRICER, UTC, counted, placeless

GOLDEN = Path(__file__).parent.parent / "golden"
HOMES = {"gemini": "gemini/home-mixed", "opencode": "opencode/data-1.18.33", "codex": "codex/home-0.169"}
CLAUDE = next(path for path in sorted((GOLDEN / "claude").iterdir()) if path.is_dir())


@pytest.fixture
def config(tmp_path: Path) -> SourceConfig:
    """A home in which every client has written; a copy, because some of them are read where they are."""
    claude_alone()
    explicit = {"claude": (CLAUDE,)}
    for name, home in HOMES.items():
        shutil.copytree(GOLDEN / home, tmp_path / name)
        explicit[name] = (tmp_path / name,)
    return SourceConfig(home=Path("/nonexistent"), explicit=explicit, sources=SOURCES)


def totals(store: Store, source: str) -> Totals:
    return SnapshotMaker(store).take(Query(source=source), NOW_MS).totals


@cache
def claude_alone() -> Totals:
    return totals(counted(CLAUDE, keep_names=False), "")


def assert_complete(store: Store) -> None:
    for name, home in HOMES.items():
        want = json.loads((GOLDEN / f"{home}.expected.json").read_text())
        got = totals(store, name)
        assert got.responses == want["events"]
        assert (got.input, got.cache_read, got.cache_write) == (want["inp"], want["cread"], want["cwrite"])
        assert got.output == want["out"] + want["reason"]
    assert totals(store, "claude") == claude_alone()
    assert sum(totals(store, name).responses for name in SOURCES) == totals(store, "").responses
    assert sum(totals(store, name).cost_nano for name in SOURCES) == totals(store, "").cost_nano


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
        assert set(SOURCES) == {source for batch in given for source in batch}, "every client's logs go to the workers"
        assert all(len(set(batch)) == 1 for batch in given), "each batch is of one client"


def test_a_cache_holds_all_clients(config: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "UNSAVED_BYTES", 0)
    cold = count(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"), processes=0)
    read: Counter[str] = Counter()

    def watching(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
        read[file.source] += 1
        return read_columns(file, since, keep_names=keep_names)

    monkeypatch.setattr("claude_tui.engine.scan.reading.read_columns", watching)
    warm = count(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"), processes=0)
    assert not read, "a database or a log that has not changed is not read again"
    assert_complete(warm)
    assert placeless(list_responses(warm)) == placeless(list_responses(cold))
    rollout = next(tmp_path.glob("codex/sessions/**/*.jsonl"))
    with rollout.open("ab") as log:
        log.write(b'{"timestamp":"2026-11-21T12:00:00.000Z","type":"compacted","payload":{}}\n')
    assert_complete(count(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"), processes=0))
    assert read == {"codex": 1}, "of all clients only what grew"
