"""Reads that fail or give less at the Nth call, and workers that die: made good by the next look."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.state.batch import Packed
from claude_tui.engine.state.store import Store
from tests.engine.counting import PRICER, UTC, assert_sums_agree, config_of
from tests.faults.level import assert_level, canonical, expected, kept, row, said, write_many
from tests.logs import ClaudeHome

FAULTS = [
    (call, what)
    for call, whats in {
        "open": ("EIO", "EACCES", "EMFILE", "ENOENT", "ESTALE"),
        "fstat": ("EIO", "ESTALE"),
        "pread": ("EIO", "ESTALE", "short", "nothing"),
    }.items()
    for what in whats
]


def lying(monkeypatch: pytest.MonkeyPatch, call: str, what: str, number: int, lasts: int) -> list[int]:
    """Make the Nth call on a transcript, and some after it, fail or give less. Returns the count of calls."""
    real: Callable[..., Any] = getattr(os, call)
    calls = [0]

    def lie(given: Any, *more: Any, **named: Any) -> Any:
        path = os.readlink(f"/proc/self/fd/{given}") if isinstance(given, int) else os.fsdecode(given)
        if not path.endswith(".jsonl"):
            return real(given, *more, **named)
        calls[0] += 1
        if not number <= calls[0] < number + lasts:
            return real(given, *more, **named)
        if what in ("short", "nothing"):
            found = real(given, *more, **named)
            return found[: len(found) // 2] if what == "short" else b""
        raise OSError(getattr(errno, what), os.strerror(getattr(errno, what)), path)

    monkeypatch.setattr(os, call, lie)
    return calls


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks which file a descriptor is")
@pytest.mark.parametrize(("call", "what"), FAULTS, ids=lambda part: str(part))
async def test_a_read_that_fails_at_the_nth_call_loses_nothing(
    call: str, what: str, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3, 5, 8):
        home = ClaudeHome(own_home / f"at-{number}")
        write_many(home, 3, 4, start=100)
        with monkeypatch.context() as patched:
            calls = lying(patched, call, what, number, lasts=1 + number % 3)
            async with kept(home.folder) as live:
                for turn in range(4):
                    home.append(row(turn), session="s1")
                    home.append(row(10 + turn), session=f"s100-{turn % 3}", project=f"-p{turn % 3}")
                    await live.settle()
                assert calls[0] > number
        async with kept(home.folder) as live:
            shown = await live.settle()
            assert canonical(said(shown)) == expected(home.folder), (number, "after a restart")
    assert_level(shown, home.folder)
    assert not shown.problems


@pytest.mark.parametrize("call", ["open", "pread"])
async def test_a_read_that_fails_is_read_at_the_next_look(
    call: str, claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude_home.append(row(1), b"garbage\n")
    async with kept(claude_home.folder) as live:
        with monkeypatch.context() as patched:
            lying(patched, call, "EIO", 1, lasts=1 << 30)
            claude_home.append(row(2))
            await live.until(lambda snapshot: dict(snapshot.problems) == {"malformed": 1, "unreadable": 1})
        assert_level(await live.settle(), claude_home.folder)
        assert live.look().totals.responses == 2
        assert dict(live.look().problems) == {"malformed": 1}


def test_workers_that_are_killed_while_they_read_lose_nothing(claude_home: ClaudeHome) -> None:
    write_many(claude_home, 1_200, 2)
    tasks = [Task(file) for file in discover(config_of(claude_home.folder))]
    scan = Scan(tasks, FileReader(PRICER, UTC, keep_names=True), processes=2)
    assert scan._workers is not None
    pool = scan._workers._pool
    assert isinstance(pool, process.ProcessPoolExecutor)
    store = Store(PRICER, UTC, keep_names=True)
    taken = 0

    def take_in(found: Packed) -> None:
        nonlocal taken
        store.take_in(found)
        taken += 1
        for worker in list((pool._processes or {}).values()):
            worker.kill()

    scan.run_here(take_in, lambda progress: None)
    assert taken > 3
    snapshot = assert_sums_agree(store)
    assert canonical(said(snapshot)) == expected(claude_home.folder)


class Dying(FileReader):
    """Reads like any other, but dies in the middle of handing over what it read for its own task."""

    def __init__(self, parent: int) -> None:
        super().__init__(PRICER, UTC, keep_names=True)
        self._parent = parent

    def read_all(self, tasks: Sequence[Task]) -> Packed:
        if os.getpid() != self._parent:
            Connection._send = hand_over_half_and_die  # type: ignore[attr-defined]
        return super().read_all(tasks)


def hand_over_half_and_die(self: Connection, data: bytes, write: object = None) -> None:
    """Give as much as a pipe holds of what is more than that; of what is less, all."""
    os.write(self.fileno(), data[: max(4, len(data) // 2)])
    if len(data) > PIPE_BYTES:
        os.kill(os.getpid(), signal.SIGKILL)


PIPE_BYTES = 64 << 10


@pytest.mark.parametrize("way", ["run", "run_here"])
async def test_a_worker_killed_in_the_middle_of_a_result_holds_nothing_up(claude_home: ClaudeHome, way: str) -> None:
    write_many(claude_home, 4, 3_000)
    tasks = [Task(file) for file in discover(config_of(claude_home.folder))]
    scan = Scan(tasks, Dying(os.getpid()), processes=2)
    store = Store(PRICER, UTC, keep_names=True)

    def take_in(found: Packed) -> None:
        store.take_in(found)

    if way == "run":
        reading = scan.run(take_in, lambda progress: None)
    else:
        reading = asyncio.to_thread(scan.run_here, take_in, lambda progress: None)
    await asyncio.wait_for(reading, 60)
    assert canonical(said(assert_sums_agree(store))) == expected(claude_home.folder)
