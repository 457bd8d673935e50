"""What is told of changes below folders, and how often it is looked for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from watchfiles._rust_notify import RustNotify

from claude_tui.engine.follow import changes as watching
from claude_tui.engine.follow.changes import BUSY_STEP_MS, QUIET_STEP_MS, changes

Changes = AsyncGenerator[set[str], None]


async def until_told(found: Changes, path: Path) -> None:
    async def told() -> None:
        async for paths in found:
            if str(path) in paths:
                return

    await asyncio.wait_for(told(), 60)


async def test_every_name_is_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "node_modules" / ".git"
    folder.mkdir(parents=True)
    async with aclosing(changes([str(tmp_path)], 0.1)) as found:
        assert await found.__anext__() == set()
        for name in ("a.jsonl", ".b.swp"):
            (folder / name).write_text("")
            await until_told(found, folder / name)


async def test_looks_are_few_until_something_changes_and_for_long_nothing_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    class Noting:
        def __init__(self, *arguments: object) -> None:
            self._real = RustNotify(*arguments)  # type: ignore[arg-type]

        def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, is_over: asyncio.Event) -> object:
            steps.append(step_ms)
            return self._real.watch(debounce_ms, step_ms, timeout_ms, is_over)

    monkeypatch.setattr("watchfiles._rust_notify.RustNotify", Noting)
    async with aclosing(changes([str(tmp_path)], 0.01)) as found:
        await found.__anext__()
        (tmp_path / "a").write_text("")
        await until_told(found, tmp_path / "a")
        assert set(steps) == {QUIET_STEP_MS}
        await found.__anext__()
        assert steps[-1] == BUSY_STEP_MS
        monkeypatch.setattr(watching, "BUSY_S", 0.0)
        await found.__anext__()
        assert steps[-1] == QUIET_STEP_MS
