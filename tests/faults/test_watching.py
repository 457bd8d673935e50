"""What the system does to those who watch folders: limits, overflow, folders that go and come back."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import time_machine

from claude_tui.engine import saver
from claude_tui.engine.follow import tail, watch
from claude_tui.engine.follow.changes import changes as changes_of
from claude_tui.engine.ledger.sync import keeper
from claude_tui.model import Phase
from claude_tui.sources.protocol import LogFile
from tests.faults.following import follower, until_shown
from tests.faults.level import Shadowed, assert_level, expected, fresh, kept, row
from tests.logs import ClaudeHome, line

EVENT_QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
WATCH_LIMIT = 'OS file watch limit reached. about ["/home"]'


@pytest.fixture
def home(own_home: Path) -> Shadowed:
    return Shadowed(own_home / ".claude")


async def test_at_the_watch_limit_files_are_polled_and_that_is_said(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = True
    real = changes_of

    def changes(roots: Sequence[str], check_s: float) -> AsyncGenerator[set[str], None]:
        if limited:
            raise OSError(28, WATCH_LIMIT)
        return real(roots, check_s)

    monkeypatch.setattr(watch, "changes", changes)
    monkeypatch.setattr(watch, "MAX_BACKOFF_S", 0.2)
    monkeypatch.setattr(tail, "SWEEP_S", 3600.0)
    claude_home.append(row(1))
    async with kept(claude_home.folder) as live:
        await live.until(lambda snapshot: snapshot.progress.phase is Phase.POLLING)
        claude_home.append(row(2))
        await live.until_counted(2)
        limited = False
        await live.until(lambda snapshot: snapshot.progress.phase is Phase.LIVE)
        claude_home.append(row(3), session="s2")
        await live.until_counted(3)
        assert_level(await live.settle(), claude_home.folder)


@pytest.fixture
def few_descriptors() -> Iterator[Any]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
        while True:
            try:
                held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                return

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        while held:
            os.close(held.pop())

    yield limit, free
    free()


async def test_without_file_descriptors_it_goes_on_and_recovers(
    claude_home: ClaudeHome, few_descriptors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "SWEEP_S", 0.05)
    monkeypatch.setattr(tail, "SWEEP_SHARE", 0)
    monkeypatch.setattr(watch, "RENEW_S", 0.0)
    monkeypatch.setattr(watch, "CHECK_MS", 20)
    limit, free = few_descriptors
    path = claude_home.append(row(1))
    async with kept(claude_home.folder) as live:
        with path.open("ab") as writing:
            writing.write(line(row(2)))
            while not live.tail.is_polling:  # whenever the watcher gives its own back to be made anew
                limit()
                await asyncio.sleep(0)
            limit()
            writing.write(line(row(3)))
        await live.until_swept(live.tail.work.sweeps + 3)
        assert live.look().progress.phase is Phase.POLLING
        free()
        claude_home.append(row(4), session="s2", project="-new")
        await live.until_counted(4)
        assert_level(await live.settle(), claude_home.folder)
        assert not live.look().problems


@pytest.mark.skipif(not EVENT_QUEUE.exists(), reason="asks how long the event queue is")
def test_a_burst_beyond_the_event_queue_loses_nothing(home: Shadowed) -> None:
    length = int(EVENT_QUEUE.read_text())
    if length > 100_000:
        pytest.skip("a queue as long as this is not filled in a test")
    home.append(row(0))
    folder = home.path().parent
    with follower(home.folder) as (process, receiver):
        for number in range(1, 10):  # until it watches, and has looked for what came before that
            assert until_shown(receiver, number)
            home.append(row(number))
        assert until_shown(receiver, 10)
        # Nobody takes an event while the program stands still, so of the logs that come last it is told nothing.
        os.kill(process.pid or 0, signal.SIGSTOP)
        for number in range(length):
            os.close(os.open(folder / f"{number}.tmp", os.O_CREAT | os.O_WRONLY))
        for number in range(10, 100):
            home.append(row(number), session=f"s{number}", project=f"-new{number % 40}")
        os.kill(process.pid or 0, signal.SIGCONT)
        assert until_shown(receiver, 100)
    assert fresh(home.folder) == expected(home.folder)


@pytest.mark.parametrize("way", ["removed", "moved", "linked"])
async def test_a_root_that_becomes_another_one_is_watched_anew(
    way: str, home: Shadowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "SWEEP_S", 3600.0)
    monkeypatch.setattr(watch, "CHECK_MS", 20)
    home.append(row(1))
    root = home.folder / "projects"
    if way == "linked":
        root.rename(home.folder / "real")
        root.symlink_to("real")
        home.folder.joinpath("other").mkdir()
    async with kept(home.folder) as live:
        await live.until_swept(3)  # the last one says that from now on it watches
        home.append(row(2))
        await live.until_counted(2)
        swept = live.tail.work.sweeps
        if way == "removed":
            shutil.rmtree(root)
        elif way == "moved":
            root.rename(home.folder / "elsewhere")
        else:
            root.unlink()
            root.symlink_to("other")
        home.append(row(3), project="-after")
        await live.until_counted(3)
        await live.until_swept(swept + 2)  # one because the old root has gone, one because the new one is watched
        home.append(row(4), project="-later")
        await live.until_counted(4)
    assert_level(live.look(), home.folder, home.shadow)


async def test_a_file_system_without_events_is_polled(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "needs_polling", lambda root: True)
    monkeypatch.setattr(tail, "SWEEP_S", 0.1)
    monkeypatch.setattr(tail, "SWEEP_SHARE", 0)
    claude_home.append(row(1))
    async with kept(claude_home.folder) as live:
        assert live.look().progress.phase is Phase.POLLING
        claude_home.append(row(2))
        claude_home.append(row(3), session="s2", project="-new")
        await live.until_counted(3)
        assert_level(await live.settle(), claude_home.folder)


async def test_a_folder_that_moves_and_a_root_that_is_made_again_lose_nothing(home: Shadowed) -> None:
    home.append(row(1), row(2))
    home.append(row(3), session="s2", project="-other")
    async with kept(home.folder) as live:
        await live.until_counted(3)
        folder = home.path().parent
        folder.rename(folder.with_name("-renamed"))
        home.remember(folder.with_name("-renamed") / "s1.jsonl")
        await live.settle()
        home.append(row(4), project="-renamed")
        await live.until_counted(4)
        shutil.rmtree(home.folder / "projects")
        await live.settle()
        home.append(row(5), project="-after")
        await live.until_counted(5)
        home.append(row(6), project="-after")
        await live.until_counted(6)
    assert_level(live.look(), home.folder, home.shadow)


async def test_a_clock_set_back_and_forth_and_another_zone_change_no_number(home: Shadowed) -> None:
    path = home.append(row(1))
    with time_machine.travel(1_780_000_000.0, tick=True) as clock:
        async with kept(home.folder) as live:
            for number, jump_s in enumerate((-86_400 * 400, 86_400 * 800, -3_600), 2):
                clock.shift(jump_s)
                home.append(row(number))
                os.utime(path, ns=(10**18 * number, 10**18 * (5 - number)))
                await asyncio.to_thread(os.environ.__setitem__, "TZ", "Asia/Kathmandu")
                await live.until_counted(number)
            shown = await live.settle()
    assert_level(shown, home.folder)


@pytest.mark.parametrize("jump_s", [-86_400 * 400, 86_400 * 400])
async def test_a_clock_that_jumps_during_a_sweep_delays_no_other(
    jump_s: int, home: Shadowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "hints", no_hints)
    monkeypatch.setattr(tail, "SWEEP_S", 0.02)
    monkeypatch.setattr(saver, "SAVE_INTERVAL_S", 0.02)
    monkeypatch.setattr(keeper, "COMMIT_S", 0.02)
    home.append(row(1))
    with time_machine.travel(1_780_000_000.0, tick=True) as clock:
        async with kept(home.folder) as live:
            discover = live.tail._discover

            def discover_and_jump() -> Iterator[LogFile]:
                clock.shift(jump_s)
                return discover()

            monkeypatch.setattr(live.tail, "_discover", discover_and_jump)
            await live.until_swept(live.tail.work.sweeps + 5)
            home.append(row(2))
            await live.until_counted(2)
            shown = await live.settle()
    assert_level(shown, home.folder)


async def no_hints(roots: object) -> AsyncIterator[set[str]]:
    await asyncio.Event().wait()
    yield set()
