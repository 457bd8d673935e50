"""The first read: nothing is lost, whatever becomes of the workers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import pytest

from claude_tui import runtime
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan import scan as scanning
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import MAX_IN_FLIGHT, FileReader, Task, batches
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.scan.workers import Workers
from claude_tui.engine.state.batch import Packed
from claude_tui.engine.state.store import Store
from claude_tui.model import Progress
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.reading.log import Opener
from tests.engine.counting import PRICER, UTC, config_of, placeless, reference
from tests.logs import ClaudeHome, assistant, usage

ROOT: Final = Path(__file__).parents[3]
T = 1_780_000_000_000
FILES = 120


@pytest.fixture
def home(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeHome]:
    """Many small files, each a batch of its own."""
    monkeypatch.setattr(scanning, "batches", partial(batches, most=1))
    for number in range(FILES):
        rows = (assistant(f"msg_{number}_{n}", T + number, usage(number, n)) for n in range(3))
        claude_home.append(*rows, session=f"s{number}")
    yield claude_home


class Taking:
    """Takes in what a scan reads, and what it tells of its progress."""

    def __init__(self, folder: Path, processes: int) -> None:
        self.store = Store(PRICER, UTC)
        self.told: list[Progress] = []
        self.files = discover(config_of(folder))
        self.scan = Scan([Task(file) for file in self.files], FileReader(PRICER, UTC), processes=processes)
        self.workers = list(worker_processes(self.scan))

    def take(self, found: Packed) -> None:
        self.store.take_in(found)

    async def run(self, way: str) -> None:
        if way == "run":
            await self.scan.run(self.take, self.told.append)
        else:
            await asyncio.to_thread(self.scan.run_here, self.take, self.told.append)

    def assert_complete(self, folder: Path) -> None:
        assert placeless(list_responses(self.store)) == placeless(reference(folder))
        assert self.store.problems == []


def worker_processes(scan: Scan) -> Iterator[BaseProcess]:
    if scan._workers is not None:
        yield from scan._workers._pool._processes.values()


async def until_gone(processes: Sequence[BaseProcess]) -> None:
    """Wait until processes have ended. The pool waits for them too, so only their ids are sure to tell."""

    async def gone() -> None:
        for process in processes:
            while is_there(process.pid or 0):
                await asyncio.to_thread(process.join, 0.05)

    await asyncio.wait_for(gone(), 30)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


ways = pytest.mark.parametrize("way", ["run", "run_here"])


@ways
@pytest.mark.parametrize("processes", [0, 2])
async def test_progress_ends_at_everything(home: ClaudeHome, way: str, processes: int) -> None:
    taking = Taking(home.folder, processes)
    await taking.run(way)
    taking.assert_complete(home.folder)
    total = sum(file.size for file in taking.files)
    assert [told.files_done for told in taking.told] == list(range(1, FILES + 1))
    assert {(told.files_total, told.bytes_total) for told in taking.told} == {(FILES, total)}
    done = [told.bytes_done for told in taking.told]
    assert done == sorted(done) and done[-1] == total
    assert all((told.eta_s or 0) >= 0 for told in taking.told)
    assert taking.told[-1].eta_s == 0
    await until_gone(taking.workers)


@pytest.mark.parametrize("processes", [0, 2])
@pytest.mark.parametrize("least", [0, 1 << 30])
def test_what_reading_left_free_is_returned_again_and_again(
    home: ClaudeHome, processes: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = Taking(home.folder, processes)
    total = sum(file.size for file in taking.files)
    trims: list[int] = []
    monkeypatch.setattr(scanning, "FREED_BYTES", total // 4)
    monkeypatch.setattr(scanning, "LEAST_FREED_BYTES", least)
    monkeypatch.setattr(runtime, "trim", lambda: trims.append(taking.told[-1].bytes_done))
    taking.scan.run_here(taking.take, taking.told.append)
    taking.assert_complete(home.folder)
    at_end = [total] if not least else []
    between = trims[: len(trims) - len(at_end)]
    assert trims == [*between, *at_end]
    assert len(between) in (3, 4)
    assert all(later - earlier >= total // 4 for earlier, later in zip([0, *between], between, strict=False))


@ways
@pytest.mark.parametrize("after", [0, 1, 60])
async def test_killed_workers_lose_nothing(home: ClaudeHome, way: str, after: int) -> None:
    taking = Taking(home.folder, 2)
    take, taken = taking.take, 0

    def kill_and_take(found: Packed) -> None:
        nonlocal taken
        taken += 1
        if taken == after:
            kill(taking.workers)
        take(found)

    taking.take = kill_and_take  # type: ignore[method-assign]
    if not after:
        kill(taking.workers)
    await taking.run(way)
    taking.assert_complete(home.folder)
    assert taking.told[-1].files_done == FILES


def kill(processes: list[BaseProcess]) -> None:
    assert processes
    for process in processes:
        if process.pid is not None and process.is_alive():
            with suppress(ProcessLookupError):  # the pool ends the others once one is gone
                os.kill(process.pid, signal.SIGKILL)


@ways
@pytest.mark.parametrize("place", ["__init__", "submit"])
async def test_without_any_process_everything_is_read_here(
    home: ClaudeHome, monkeypatch: pytest.MonkeyPatch, way: str, place: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(11, "no more processes")

    if place == "__init__":
        monkeypatch.setattr(Workers, place, refuse)
        taking = Taking(home.folder, 2)
    else:
        monkeypatch.setattr(ProcessPoolExecutor, place, refuse)
        monkeypatch.setattr(f"{__name__}.worker_processes", lambda scan: ())
        taking = Taking(home.folder, 2)
    await taking.run(way)
    taking.assert_complete(home.folder)


class Begun(Taking):
    """A scan that has begun and has taken in some of it, before there is a loop to run in."""

    def __init__(self, folder: Path, processes: int = 2) -> None:
        super().__init__(folder, processes)
        self.taken = 0
        self.some = threading.Event()
        self.scan.begin(self.take, self.told.append)

    def take(self, found: Packed) -> None:
        super().take(found)
        self.taken += 1
        if self.taken == 3:
            self.some.set()


async def test_what_workers_read_is_taken_in_before_there_is_a_loop(home: ClaudeHome) -> None:
    begun = Begun(home.folder)
    assert await asyncio.to_thread(begun.some.wait, 30)
    await begun.run("run")
    begun.assert_complete(home.folder)
    assert [told.files_done for told in begun.told] == list(range(1, FILES + 1))
    await until_gone(begun.workers)


async def test_what_workers_do_not_read_waits_for_the_loop(home: ClaudeHome) -> None:
    begun = Begun(home.folder, 0)
    assert begun.scan._begun is not None
    await asyncio.wrap_future(begun.scan._begun)
    assert not begun.taken
    await begun.run("run")
    begun.assert_complete(home.folder)


async def test_workers_killed_before_there_is_a_loop_lose_nothing(home: ClaudeHome) -> None:
    begun = Begun(home.folder)
    kill(begun.workers)
    await begun.run("run")
    begun.assert_complete(home.folder)
    assert [told.files_done for told in begun.told] == list(range(1, FILES + 1))


async def test_what_is_stopped_before_there_is_a_loop_takes_in_no_more(home: ClaudeHome) -> None:
    begun = Begun(home.folder)
    assert await asyncio.to_thread(begun.some.wait, 30)
    begun.scan.stop()
    taken = begun.taken
    assert begun.scan._begun is not None
    await asyncio.wrap_future(begun.scan._begun)
    assert begun.taken == taken <= FILES
    await until_gone(begun.workers)


@ways
async def test_no_more_batches_are_under_way_than_allowed(
    home: ClaudeHome, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    under_way = most = 0
    submit = Workers.submit

    def counting(workers: Workers, tasks: list[Task]) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        return submit(workers, tasks)

    monkeypatch.setattr(Workers, "submit", counting)
    taking = Taking(home.folder, 2)
    take = taking.take

    def taken(found: Packed) -> None:
        nonlocal under_way
        take(found)
        under_way -= 1

    taking.take = taken  # type: ignore[method-assign]
    await taking.run(way)
    taking.assert_complete(home.folder)
    assert MAX_IN_FLIGHT <= most <= MAX_IN_FLIGHT + 1


async def test_a_cancelled_scan_leaves_no_worker(home: ClaudeHome) -> None:
    taking = Taking(home.folder, 2)
    running = asyncio.create_task(taking.run("run"))
    taking.told = Stop(running)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert taking.told[0].files_done < FILES
    assert len(taking.workers) == 2
    await until_gone(taking.workers)


class Stop(list[Progress]):
    """Cancels what it is told about."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        super().__init__()
        self._task = task

    def append(self, told: Progress) -> None:
        super().append(told)
        self._task.cancel()


@ways
async def test_nothing_to_read_is_read_at_once(claude_home: ClaudeHome, way: str) -> None:
    taking = Taking(claude_home.folder, 0)
    await taking.run(way)
    assert (taking.told, list_responses(taking.store)) == ([], [])


async def test_a_file_that_goes_between_finding_and_reading_is_a_problem(home: ClaudeHome) -> None:
    taking = Taking(home.folder, 0)
    home.path("s7").unlink()
    await taking.run("run")
    (problem,) = taking.store.problems
    assert (problem.path, problem.detail) == (str(home.path("s7")), "No such file or directory")
    assert len(list_responses(taking.store)) == 3 * (FILES - 1)


async def test_a_reader_that_fails_is_a_problem_of_its_file(home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    from claude_tui.sources.claude.fast import reader

    with_agent_type = reader.with_agent_type  # type: ignore[attr-defined]

    def fail(facts: FileFacts, path: str, opener: Opener) -> FileFacts:
        if path == str(home.path("s7")):
            raise ZeroDivisionError
        found: FileFacts = with_agent_type(facts, path, opener)
        return found

    monkeypatch.setattr(reader, "with_agent_type", fail)
    taking = Taking(home.folder, 0)
    await taking.run("run")
    (problem,) = taking.store.problems
    assert (problem.path, problem.detail) == (str(home.path("s7")), "ZeroDivisionError")


WITHOUT_A_NUMBER: Final = """
import io, sys, threading
from zoneinfo import ZoneInfo
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.scan.workers import Workers
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import LogFile

class Screen(io.StringIO):
    def fileno(self):
        return -1

if __name__ == "__main__":
    sys.stderr = Screen()
    threading.Thread(target=threading.Event().wait, daemon=True).start()  # so that no process is forked
    workers = Workers(2, FileReader(load_pricer(), ZoneInfo("UTC")))
    print(len(workers.submit([Task(LogFile("claude", sys.argv[1], "", 1, 1, 1, 1))]).result().columns))
    workers.stop()
"""


def test_workers_start_while_a_screen_holds_stderr(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 2)), session="s1")
    program = tmp_path / "program.py"
    program.write_text(WITHOUT_A_NUMBER)
    told = subprocess.run(
        [sys.executable, str(program), str(path)], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert (told.stdout, told.stderr) == ("1\n", "")
