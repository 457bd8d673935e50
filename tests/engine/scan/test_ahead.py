"""Files that are read while others are still being found: the same is counted, whatever becomes of the workers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from claude_tui.engine import start
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan import ahead
from claude_tui.engine.scan.ahead import Ahead
from claude_tui.engine.scan.reading import MAX_IN_FLIGHT, Task, batches, with_short_end
from claude_tui.engine.setup import Setup
from claude_tui.model import Progress
from claude_tui.sources.protocol import LogFile
from tests.engine.counting import PRICER, UTC, config_of, placeless, reference
from tests.engine.scan.test_scan import until_gone
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
FILES = 80


class Counting:
    """Counts folders and notes what was begun while their files were being found."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[Progress] = []
        self.workers: list[BaseProcess] = []
        self.begun = 0
        found = Ahead.found

        def noting(this: Ahead, files: Iterable[LogFile]) -> list[LogFile]:
            made = found(this, files)
            self.begun = len(this.early)
            self.workers += this.workers._pool._processes.values() if this.workers is not None else ()
            self.after()
            return made

        monkeypatch.setattr(Ahead, "found", noting)

    def after(self) -> None:
        """Called when all files have been found."""

    def assert_counts(self, *folders: Path) -> None:
        store = count(Setup(config_of(*folders), PRICER, UTC), on_progress=self.told.append)
        assert placeless(list_responses(store)) == placeless(reference(*folders))
        assert store.problems == []
        assert self.told[-1].files_done == self.told[-1].files_total == FILES


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    """Every file a batch of its own, and each enough to begin with, on a machine with two processors."""
    monkeypatch.setenv("CLAUDE_TOP_NATIVE", "0")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(ahead, "BYTES_PER_WORKER", 1)
    monkeypatch.setattr(ahead, "batches", partial(batches, most=1))
    monkeypatch.setattr("claude_tui.engine.count.FEW_BYTES", 0)
    yield Counting(monkeypatch)


@pytest.fixture
def logs(claude_home: ClaudeHome) -> ClaudeHome:
    for number in range(FILES):
        rows = (assistant(f"msg_{number}_{n}", T + number, usage(number, n)) for n in range(3))
        claude_home.append(*rows, session=f"s{number}")
    return claude_home


def test_what_is_read_ahead_is_counted_as_otherwise(logs: ClaudeHome, counting: Counting) -> None:
    counting.assert_counts(logs.folder)
    assert 0 < counting.begun <= MAX_IN_FLIGHT < FILES


def test_a_file_with_two_names_is_read_once(logs: ClaudeHome, counting: Counting, tmp_path: Path) -> None:
    other = tmp_path / "other" / "projects" / "-home-user-project"
    other.mkdir(parents=True)
    for number in range(0, FILES, 2):
        os.link(logs.path(f"s{number}"), other / f"s{number}.jsonl")
    counting.assert_counts(logs.folder, tmp_path / "other")


def test_workers_that_end_lose_nothing(logs: ClaudeHome, counting: Counting) -> None:
    def end() -> None:
        for worker in counting.workers:
            worker.kill()

    counting.after = end  # type: ignore[method-assign]
    counting.assert_counts(logs.folder)
    assert counting.workers


def test_without_any_process_everything_is_read_here(
    logs: ClaudeHome, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "started", lambda *_: None)
    monkeypatch.setattr("claude_tui.engine.scan.workers.started", lambda *_: None)
    counting.assert_counts(logs.folder)
    assert not counting.workers


async def test_workers_end_where_finding_fails(
    logs: ClaudeHome, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(start.Opening, "_tasks", fail)
    with pytest.raises(ZeroDivisionError):
        count(Setup(config_of(logs.folder), PRICER, UTC))
    assert counting.workers
    await until_gone(counting.workers)


def test_little_is_not_begun_before_all_is_found(
    logs: ClaudeHome, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "BYTES_PER_WORKER", 1 << 20)
    counting.assert_counts(logs.folder)
    assert not counting.workers


def test_only_what_has_not_begun_at_the_end_is_divided_further() -> None:
    tasks = [Task(LogFile("claude", f"/{number}", "/", 1, 1, 1, number)) for number in range(57)]
    made = list(batches(tasks, most=10))
    for begun in range(len(made) + 1):
        found = with_short_end(made, begun)
        assert [task for batch in found for task in batch] == tasks
        assert found[:begun] == made[:begun]
        assert [] not in found
    assert [len(batch) for batch in with_short_end(made, 0)] == [10, 10, 10, 3, 3, 3, 1, 3, 3, 3, 1, 2, 2, 2, 1]
