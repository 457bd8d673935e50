"""A count that is begun before there is a monitor of it shows what one shows that begins later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_tui.engine import saver
from claude_tui.engine.first_read import FirstRead
from claude_tui.engine.ledger import Ledger
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from claude_tui.native import library
from tests.engine.counting import NOW_MS, PRICER, UTC, config_of, placeless, reference
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
SESSIONS = 30


@pytest.fixture(params=["0", "1"], ids=["python", "core"])
def home(claude_home: ClaudeHome, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ClaudeHome:
    monkeypatch.setenv("CLAUDE_TOP_NATIVE", request.param)
    library.found.cache_clear()
    request.addfinalizer(library.found.cache_clear)
    for number in range(SESSIONS):
        rows = (assistant(f"msg_{number // 2}_{at}", T + number, usage(number, at)) for at in range(4))
        claude_home.append(*rows, session=f"s{number}")
    return claude_home


async def told(monitor: Monitor, is_so: Callable[[], bool]) -> None:
    """Wait until the monitor has come to something."""
    news, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(news.set)

    monitor.subscribe(tell)
    while not is_so():
        await asyncio.wait_for(news.wait(), 30)
        news.clear()


async def test_what_was_begun_is_counted_once(
    home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "MAX_UNKEPT", 1)
    setup = Setup(config_of(home.folder), PRICER, UTC, tmp_path / "cache", tmp_path / "ledger.db")
    first = FirstRead(setup)
    first.begin()
    monitor = Monitor(setup, first)
    if library.found().core is not None:
        await told(monitor, lambda: monitor.maker.progress.files_done == SESSIONS)  # before anything runs
        assert placeless(list_responses(monitor.store)) == placeless(reference(home.folder))
        assert monitor.is_counting
    running = asyncio.create_task(monitor.run())
    await told(monitor, lambda: monitor.maker.progress.phase is Phase.LIVE)
    assert placeless(list_responses(monitor.store)) == placeless(reference(home.folder))
    await asyncio.to_thread(monitor.saver.keep_first_count)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    kept = Ledger.open(tmp_path / "ledger.db").summary()
    assert (kept.files, kept.responses) == (SESSIONS, monitor.snapshot(Query(), NOW_MS).totals.responses)


async def test_what_was_begun_and_never_ran_ends(home: ClaudeHome) -> None:
    first = FirstRead(Setup(config_of(home.folder), PRICER, UTC))
    scan = first.begin()
    monitor = Monitor(first.setup, first)
    first.end()
    taken = monitor.store.revision
    assert scan._begun is not None
    await asyncio.wait([asyncio.wrap_future(scan._begun)])
    assert monitor.store.revision == taken
