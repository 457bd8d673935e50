"""What a count takes from the cache, and when it reads everything again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import time_machine

from claude_tui.engine import count as counting
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from tests.engine.counting import NOW_MS, PRICER, UTC, config_of, here
from tests.logs import ClaudeHome, assistant, usage


class Logs:
    """Two sessions, counted with a cache; and what a count reads of them."""

    def __init__(self, home: ClaudeHome, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.cache = home, cache
        self.first, self.second = (self.write(f"msg_{name}", name) for name in ("a", "b"))
        self.read: list[tuple[str, bool]] = []
        plain, together = FileReader.read, FileReader._read_many

        def noting(reader: FileReader, task: Task) -> object:
            self.read.append((task.file.path, task.since is not None))
            return plain(reader, task)

        def noting_all(reader: FileReader, tasks: Sequence[Task]) -> object:
            found = together(reader, tasks)
            if found is not None:
                self.read += [(task.file.path, task.since is not None) for task in tasks]
            return found

        def watch() -> None:
            monkeypatch.setattr(FileReader, "read", noting)
            monkeypatch.setattr(FileReader, "_read_many", noting_all)

        watch()
        monkeypatch.setattr(counting, "UNSAVED_BYTES", -1)
        self.count()
        monkeypatch.undo()
        watch()

    def write(self, key: str, session: str) -> Path:
        return self.home.append(assistant(key, NOW_MS, usage(output=2), session=session), session=session)

    def count(self) -> tuple[list[str], list[tuple[str, bool]]]:
        """Return the sessions of all responses, and which files were read: whole, or from a checkpoint."""
        self.read.clear()
        store = count(Setup(config_of(self.home.folder), PRICER, UTC, cache_folder=self.cache), processes=here())
        return sorted(found.session for found in list_responses(store)), sorted(self.read)


@pytest.fixture
def logs(claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(claude_home, tmp_path / "cache", monkeypatch)


def test_what_did_not_change_is_not_read(logs: Logs) -> None:
    assert logs.count() == (["a", "b"], [])


def test_what_grew_is_read_from_where_it_ended(logs: Logs) -> None:
    logs.write("msg_c", "b")
    assert logs.count() == (["a", "b", "b"], [(str(logs.second), True)])


def test_a_response_that_is_known_is_counted_once(logs: Logs) -> None:
    logs.write("msg_a", "b")
    assert logs.count() == (["a", "b"], [(str(logs.second), True)])


def test_what_is_new_is_read_whole(logs: Logs) -> None:
    third = logs.write("msg_c", "c")
    assert logs.count() == (["a", "b", "c"], [(str(third), False)])


def test_where_a_log_is_gone_all_others_are_read_again(logs: Logs) -> None:
    logs.first.unlink()
    assert logs.count() == (["b"], [(str(logs.second), False)])


def test_where_a_log_shrank_all_are_read_again(logs: Logs) -> None:
    logs.first.write_bytes(b"")
    assert logs.count() == (["b"], [(str(logs.first), False), (str(logs.second), False)])


def test_sums_that_fit_no_cache_are_counted_without_one(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.home.append(assistant("msg_c", NOW_MS, usage(2**52, 2**52), session="a"), session="a")
    monkeypatch.setattr(counting, "UNSAVED_BYTES", -1)
    for _ in range(2):
        assert logs.count() == (["a", "a", "b"], [(str(logs.first), True)])


def test_an_end_that_is_not_written_on_is_named_by_a_later_count_that_finds_the_file_as_it_was(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "UNSAVED_BYTES", -1)
    path = claude_home.append(assistant("msg_a", NOW_MS, usage(output=2)), b'{"type":' + b"x\n" * 2000 + b'{"torn')
    now = path.stat().st_mtime
    told = []
    for later_s in (1, 61, 3600):
        with time_machine.travel(now + later_s, tick=False):
            store = count(
                Setup(config_of(claude_home.folder), PRICER, UTC, cache_folder=tmp_path / "cache"), processes=here()
            )
            told.append({kind: number for kind, number in store.problem_log.counts.items() if number})
    assert told == [{"malformed": 2000}, *[{"malformed": 2000, "unfinished": 1}] * 2]


def test_what_could_not_be_read_and_is_gone_is_a_problem_no_more(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "UNSAVED_BYTES", -1)
    pipe = claude_home.append(assistant("msg_a", NOW_MS, usage(output=2))).with_name("pipe.jsonl")
    os.mkfifo(pipe)
    for problems in ({"unreadable": 1}, {"unreadable": 1}, {}, {}):
        if not problems:
            pipe.unlink(missing_ok=True)
        store = count(
            Setup(config_of(claude_home.folder), PRICER, UTC, cache_folder=tmp_path / "cache"), processes=here()
        )
        assert +store.problem_log.counts == problems
