"""Garbage is looked for once a first count is over: what it makes stays, and looking through it stops who draws."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from claude_tui import runtime
from claude_tui.model import Phase
from tests.engine.living import WAIT_S, Living
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.fakes import FakeSource
from tests.ui.helpers import running


@pytest.fixture
def begun() -> Iterator[None]:
    """As the program is when its screen begins."""
    threshold = gc.get_threshold()
    runtime.starting()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
        gc.enable()


async def test_a_first_count_is_not_looked_through(begun: None, claude_home: ClaudeHome) -> None:
    claude_home.append(*(assistant(f"m{number}", 1_790_000_000_000, usage(100, 5)) for number in range(50)))
    living = Living(claude_home.folder)
    was_enabled = []

    def note() -> None:
        if living.monitor.is_counting:
            was_enabled.append(gc.isenabled())

    living.monitor.subscribe(note)
    following = asyncio.create_task(living.monitor.run())
    try:
        await living.until(lambda shown: shown.progress.phase in (Phase.LIVE, Phase.POLLING))
        assert was_enabled
        assert not any(was_enabled)

        async def settled() -> None:
            while not gc.isenabled():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(settled(), WAIT_S)
        assert gc.get_threshold()[0] == runtime.SCREEN_GC_THRESHOLD
        assert gc.get_freeze_count(), "what was made until then is not looked through either"
    finally:
        following.cancel()
        await asyncio.wait([following])


class Counting(FakeSource):
    """A source that has not counted everything yet."""

    @property
    def is_counting(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [FakeSource, Counting])
async def test_who_has_nothing_to_count_begins_with_the_first_picture(
    begun: None, kind: type[FakeSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun = asyncio.Event()
    source = kind()
    plain_run = source.run

    async def run() -> None:
        has_begun.set()
        await plain_run()

    monkeypatch.setattr(source, "run", run)
    async with running(source):
        await asyncio.wait_for(has_begun.wait(), WAIT_S)
        assert gc.isenabled() is not source.is_counting
