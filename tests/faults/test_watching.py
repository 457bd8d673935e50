"""What the system does to those who watch folders: limits, overflow, folders that go and come back."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from claude_tui.engine import tail, watch
from claude_tui.model import Phase
from tests.faults.level import Shadowed, assert_level, kept, row
from tests.logs import ClaudeHome, line

WATCH_LIMIT = 'OS file watch limit reached. about ["/home"]'


@pytest.fixture
def home(own_home: Path) -> Shadowed:
    return Shadowed(own_home / ".claude")


async def test_at_the_watch_limit_files_are_polled_and_that_is_said(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = True
    real = watch.awatch

    def awatch(*roots: str, **options: Any) -> AsyncIterator[Any]:
        if limited:
            raise OSError(28, WATCH_LIMIT)
        return real(*roots, **options)

    monkeypatch.setattr(watch, "awatch", awatch)
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


async def test_a_burst_of_new_files_beyond_the_event_queue_loses_none(home: Shadowed) -> None:
    home.append(row(0))
    folder = home.path().parent
    async with kept(home.folder) as live:
        # The queue holds 16,384 events; nobody reads it while the loop is held up.
        for number in range(20_000):
            os.close(os.open(folder / f"{number}.tmp", os.O_CREAT | os.O_WRONLY))
        for number in range(1, 400):
            home.append(row(number), session=f"s{number}", project=f"-new{number % 40}")
        await live.until_counted(400)
        assert_level(await live.settle(), home.folder)


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
