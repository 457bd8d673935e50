"""A cache that is written beside what comes after the count: it holds what was counted up to then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main, streams
from claude_tui.cli.counting.beside import beside
from claude_tui.engine.cache import cache
from claude_tui.engine.cache.section_file import Pieces, write_sections
from claude_tui.engine.count import count
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.queries.snapshots.recent import load_recent
from claude_tui.engine.setup import Setup
from claude_tui.model import Query
from tests.engine.counting import NOW_MS, PRICER, UTC, config_of
from tests.logs import ClaudeHome, assistant, usage


@pytest.fixture
def setup(claude_home: ClaudeHome, tmp_path: Path) -> Setup:
    claude_home.append(*(assistant(f"msg_{number}", NOW_MS - number * 1000, usage(100, 7)) for number in range(3)))
    return Setup(config_of(claude_home.folder), PRICER, UTC, tmp_path / "cache")


def said(setup: Setup) -> object:
    store = count(setup)
    load_recent(store, NOW_MS)
    return SnapshotMaker(store).take(Query(), NOW_MS).sessions


def read_again(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is read of logs from now on."""
    read: list[object] = []
    monkeypatch.setattr("claude_tui.engine.count._read", lambda _, tasks, *__: read.extend(tasks))
    return read


def test_what_changes_before_it_is_written_is_not_in_it(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    works: list[Callable[[], object]] = []
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", -1)
    store = count(setup, meanwhile=works.append)
    expected = SnapshotMaker(store).take(Query(), NOW_MS).sessions
    store.clear()
    (work,) = works
    assert work() is True
    read = read_again(monkeypatch)
    assert said(setup) == expected
    assert not read


def test_a_report_has_written_the_cache_when_it_ends(
    claude_home: ClaudeHome, setup: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(claude_home.folder))
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", -1)
    write, print_json, is_printed, threads = write_sections, streams.write_json, threading.Event(), set[str]()

    def write_after_all(path: Path, sections: Iterable[tuple[str, Pieces]]) -> None:
        threads.add(threading.current_thread().name)
        assert is_printed.wait(60)
        write(path, sections)

    def printing(data: object, **how: Any) -> bytes | None:
        made = print_json(data, **how)
        is_printed.set()
        return made

    monkeypatch.setattr(cache, "write_sections", write_after_all)
    monkeypatch.setattr(streams, "write_json", printing)
    assert main(["report", "--json"]) == 0
    assert threads == {"beside"}
    first, read = capsys.readouterr().out, read_again(monkeypatch)
    assert main(["report", "--json"]) == 0
    assert capsys.readouterr().out == first
    assert not read


def test_what_is_done_beside_is_over_even_after_a_failure() -> None:
    is_failing = threading.Event()
    with pytest.raises(ValueError, match="no"), beside() as meanwhile:
        meanwhile(lambda: is_failing.wait(60))
        is_failing.set()
        raise ValueError("no")
    assert "beside" not in {thread.name for thread in threading.enumerate()}
