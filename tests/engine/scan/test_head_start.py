"""What is read while the rest is being loaded is counted as if it had been read when it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.cache.place import is_anything_saved
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan import asking, native
from claude_tui.engine.scan import head_start as reading_ahead
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.head_start import HeadStart, Reading, begin
from claude_tui.engine.scan.native import begun_of
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.setup import Setup
from claude_tui.native import library
from claude_tui.native.core import Core
from claude_tui.native.reading import CoreAnswer
from claude_tui.sources.protocol import LogFile, SourceConfig
from tests.engine.counting import PRICER, UTC, config_of, placeless, reference
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
SESSIONS = 60


@pytest.fixture
def home(claude_home: ClaudeHome, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ClaudeHome:
    """Sessions of which the core reads a few at once, and some lines of each are left to Python."""
    monkeypatch.setenv("CLAUDE_TOP_NATIVE", "1")
    library.found.cache_clear()
    request.addfinalizer(library.found.cache_clear)
    if library.found().core is None:
        pytest.skip(library.found().reason)
    monkeypatch.setattr(asking, "LEAST_BYTES", 6 * asking.FILE_BYTES)
    for number in range(SESSIONS):
        rows = (assistant(f"msg_{number // 2}_{at}", T + number, usage(number, at)) for at in range(4))
        claude_home.append(*rows, b'{"type":"assistant",torn\n', session=f"s{number}")
    return claude_home


def setup_of(home: ClaudeHome, *, with_names: bool = False) -> tuple[Setup, HeadStart]:
    config = config_of(home.folder)
    begun = begin(config, UTC, with_names=with_names, is_shown=False)
    assert begun is not None
    return Setup(config, PRICER, UTC, head_start=begun), begun


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many files the core was asked to read ahead, and how many after that."""
    found = {"ahead": 0, "then": 0}
    read = asking.read_transcripts

    def noting(when: str) -> Callable[..., object]:
        def note(core: Core, files: list[LogFile], zone: ZoneInfo, *, with_names: bool, number: int = 0) -> object:
            found[when] += len(files)
            return read(core, files, zone, with_names=with_names, number=number)

        return note

    monkeypatch.setattr(native, "read_transcripts", noting("then"))
    monkeypatch.setattr(reading_ahead, "read_transcripts", noting("ahead"))
    return found


@pytest.mark.parametrize("keep_names", [True, False])
def test_what_was_begun_is_counted_and_not_read_again(
    home: ClaudeHome, asked: dict[str, int], keep_names: bool
) -> None:
    setup, _ = setup_of(home, with_names=keep_names)
    store = count(setup, keep_names=keep_names)
    assert placeless(list_responses(store)) == placeless(reference(home.folder))
    assert asked["ahead"] > 0
    assert sum(asked.values()) == SESSIONS
    assert len(store.problems) == SESSIONS


def test_names_that_are_wanted_are_read_if_they_were_not(home: ClaudeHome, asked: dict[str, int]) -> None:
    setup, _ = setup_of(home)
    assert list_responses(count(setup, keep_names=True)) == reference(home.folder)
    assert asked["then"] == SESSIONS


def test_it_serves_one_count(home: ClaudeHome, asked: dict[str, int]) -> None:
    setup, _ = setup_of(home)
    first, second = (placeless(list_responses(count(setup))) for _ in range(2))
    assert first == second == placeless(reference(home.folder))
    assert sum(asked.values()) == 2 * SESSIONS


def test_what_nobody_asks_for_is_not_waited_for(
    home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has saved all of it since it was begun."""
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", 0)
    config = config_of(home.folder)
    begun = begin(config, UTC, with_names=False, is_shown=False)
    known = count(Setup(config, PRICER, UTC, tmp_path / "cache"))
    store = count(Setup(config, PRICER, UTC, tmp_path / "cache", head_start=begun))
    assert store.cells.all == known.cells.all
    assert begun is not None and begun.taken_over(with_names=False) == (None, [])
    with pytest.raises(RuntimeError, match="shutdown"):
        begun._threads.submit(int)


@pytest.mark.parametrize("is_all_saved", [True, False])
def test_what_nobody_asks_for_is_not_read_on(
    home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_all_saved: bool
) -> None:
    """Another process has saved all of it, or all but the newest, before the core has read the first file."""
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", 0)
    is_stopped, read, stop, stopped = threading.Event(), asking.read_transcripts, Core.stop, list[int]()

    def wait(*args: Any, **more: Any) -> object:
        assert is_stopped.wait(10)
        return read(*args, **more)

    def note(core: Core, number: int) -> None:
        stop(core, number)
        stopped.append(number)
        if len(stopped) == len(readings):
            is_stopped.set()

    config = config_of(home.folder)
    count(Setup(config, PRICER, UTC, tmp_path / "cache"))
    if not is_all_saved:
        home.append(assistant("msg_new", T, usage(1, 2)), session="s1")
    monkeypatch.setattr(reading_ahead, "read_transcripts", wait)
    monkeypatch.setattr(Core, "stop", note)
    begun = begin(config, UTC, with_names=False, is_shown=False)
    assert begun is not None
    begun._finding.join()
    readings = begun._readings
    store = count(Setup(config, PRICER, UTC, tmp_path / "cache", head_start=begun))
    assert placeless(list_responses(store)) == placeless(reference(home.folder))
    assert [len(one.answer.result().files) for one in readings] == [0] * len(readings)


def test_what_fails_is_read_when_it_is_asked_for(home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **more: object) -> object:
        raise ValueError("not now")

    monkeypatch.setattr(reading_ahead, "read_transcripts", fail)
    setup, _ = setup_of(home)
    assert placeless(list_responses(count(setup))) == placeless(reference(home.folder))


def test_what_cannot_be_found_is_found_when_it_is_asked_for(home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> object:
        raise OSError("not now")

    monkeypatch.setattr(reading_ahead, "transcripts_below", fail)
    setup, _ = setup_of(home)
    assert placeless(list_responses(count(setup))) == placeless(reference(home.folder))


def test_only_the_files_that_were_found_are_taken_for_read(home: ClaudeHome) -> None:
    """What another client or folder has among them does not matter; what is not to be read whole does."""
    files = discover(config_of(home.folder), natively=True)
    some, more = files[:9], files[20:30]
    none, other = Future[CoreAnswer](), Task(LogFile("codex", "/r.jsonl", "/", 1, files[3].mtime_ns, 0, 0))
    tasks = [*map(Task, files[:3]), other, *map(Task, files[3:25]), Task(LogFile(*files[25])), *map(Task, files[26:])]
    stopped: list[str] = []
    readings = [
        Reading(some, none, partial(stopped.append, "some")), Reading(more, none, partial(stopped.append, "more")),
    ]  # fmt: skip
    taken, rest = begun_of(readings, tasks)
    assert stopped == ["more"]
    assert [task.file for mine, _ in taken for task in mine] == some
    assert rest == [task for task in tasks if task.file not in some]


def test_a_process_that_starts_others_has_no_threads_then(home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    setup, begun = setup_of(home)
    files = discover(setup.config, found_before=begun.found)
    monkeypatch.setattr("claude_tui.engine.scan.scan.BYTES_PER_WORKER", 1)
    old = LogFile("gemini", str(home.folder / "none.json"), str(home.folder), 1 << 20, 0, 0, 0)
    running = threading.active_count()
    scan = Scan([*map(Task, files), Task(old)], FileReader(PRICER, UTC), head_start=begun)
    try:
        assert scan._workers is not None
        assert running > 1
        assert "Fork" in type(scan._workers._pool._mp_context).__name__
    finally:
        scan.stop()


@pytest.mark.parametrize("name", ["v1-of-an-older-program/head", "v99-x/lock", ""])
def test_whether_anything_was_saved(tmp_path: Path, name: str) -> None:
    if name:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert is_anything_saved(tmp_path) == name.endswith("head")
    assert not is_anything_saved(tmp_path / "none")


def test_nothing_is_begun_of_clients_that_are_not_counted_or_folders_that_are_not_there(tmp_path: Path) -> None:
    assert begin(SourceConfig(tmp_path, sources=("codex",)), UTC, with_names=False, is_shown=False) is None
    assert begin(config_of(tmp_path / "none"), UTC, with_names=False, is_shown=False) is None
