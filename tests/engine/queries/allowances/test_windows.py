from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui import figures
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.allowances.blocks import LENGTH_MS, UsageBlock, blocks, entries_of, open_window
from claude_tui.engine.queries.allowances.limits import ReportedWindow, remember
from claude_tui.engine.queries.allowances.windows import WindowBook, reported_reset_ms
from claude_tui.engine.queries.periods.named import add
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.units import HOUR_MS
from tests.engine.counting import GOLDEN_SETS, NOW_MS, PRICER, UTC, config_of, counted
from tests.engine.queries.periods.test_hours import read_again
from tests.logs import ClaudeHome, assistant, usage
from tests.replacing import replace


def plain_blocks(store: Store) -> list[UsageBlock]:
    return [unordered(block) for block in blocks(entries_of(list_responses(store)))]


def unordered(block: UsageBlock) -> UsageBlock:
    """Models used in the same millisecond have no first."""
    return replace(block, models=tuple(sorted(block.models)))


def fill(home: ClaudeHome, seed: int, count: int = 300) -> None:
    chance = random.Random(seed)
    time_ms = NOW_MS - 60 * 24 * HOUR_MS
    for number in range(count):
        time_ms += chance.choice([1, 60_000, 1_800_000, HOUR_MS, 4 * HOUR_MS, LENGTH_MS - 1, LENGTH_MS, LENGTH_MS + 1])
        if chance.random() < 0.3:
            time_ms = -(-time_ms // HOUR_MS) * HOUR_MS + chance.choice([-1, 0, 1])
        model = chance.choice(["claude-sonnet-4-5-20250929", "claude-opus-4-5", "nobody-knows"])
        home.append(assistant(f"msg_{seed}_{number}", time_ms, usage(number, 5), model=model))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_blocks_are_those_of_the_single_responses(claude_home: ClaudeHome, seed: int, zone: str) -> None:
    fill(claude_home, seed)
    store = counted(claude_home.folder, zone=ZoneInfo(zone))
    assert [unordered(block) for block in WindowBook(store).picture(NOW_MS).blocks] == plain_blocks(store)


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_blocks_of_real_logs_are_those_of_the_single_responses(folder: Path) -> None:
    store = counted(folder)
    assert [unordered(block) for block in WindowBook(store).picture(NOW_MS).blocks] == plain_blocks(store)


def test_blocks_follow_what_arrives_later_and_earlier(claude_home: ClaudeHome) -> None:
    fill(claude_home, 1, 60)
    store = counted(claude_home.folder, keep_names=False)
    book = WindowBook(store)
    book.picture(NOW_MS)
    claude_home.append(assistant("msg_now", NOW_MS, usage(5, 5)))
    claude_home.append(assistant("msg_old", NOW_MS - 55 * 24 * HOUR_MS - 7, usage(5, 5)))
    claude_home.append(assistant("msg_1_30", NOW_MS - 80 * 24 * HOUR_MS, usage(30, 5)))
    read_again(claude_home, store)
    assert [unordered(block) for block in book.picture(NOW_MS).blocks] == plain_blocks(store)


def test_only_days_that_changed_are_summed_again(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(claude_home, 1, 60)
    store = counted(claude_home.folder, keep_names=False)
    book = WindowBook(store)
    first = book.picture(NOW_MS)
    assert book.picture(NOW_MS) is first
    claude_home.append(assistant("msg_now", NOW_MS, usage(5, 5)))
    read_again(claude_home, store)
    asked: list[tuple[int, int]] = []
    rows_between = store.rows_between

    def asking(since: int, until: int) -> object:
        asked.append((since, until))
        return rows_between(since, until)

    monkeypatch.setattr(store, "rows_between", asking)
    book.picture(NOW_MS)
    assert asked
    assert min(since for since, _ in asked) >= NOW_MS - 24 * HOUR_MS


def test_the_open_window_is_estimated_until_its_end_is_reported(claude_home: ClaudeHome, tmp_path: Path) -> None:
    for minute in range(0, 90, 10):
        claude_home.append(assistant(f"msg_{minute}", NOW_MS - minute * 60_000, usage(1000, 100)))
    store = counted(claude_home.folder)
    book = WindowBook(store, tmp_path)
    window = book.picture(NOW_MS).window
    assert window == open_window(list(entries_of(list_responses(store))), NOW_MS)
    assert window is not None
    assert not window.is_reported
    reset_ms = NOW_MS + 2 * HOUR_MS + 15 * 60_000
    reported = {"rate_limits": {"five_hour": {"used_percentage": 23.5, "resets_at": reset_ms // 1000}}}
    remember(os.fspath(tmp_path), "", reported, NOW_MS)
    picture = book.picture(NOW_MS)
    assert picture.window is not None
    assert (picture.window.is_reported, picture.window.end_ms) == (True, reset_ms)
    assert [limit.used_percent for limit in picture.reported] == [23.5]
    # Once that has passed, it is an estimate again.
    later = book.picture(reset_ms + 1).window
    assert later is None or not later.is_reported


def test_a_reported_window_is_open_where_nothing_was_logged(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_a", NOW_MS - 30 * HOUR_MS, usage(1)))
    book = WindowBook(counted(claude_home.folder), tmp_path)
    assert book.picture(NOW_MS).window is None
    reported = {"rate_limits": {"five_hour": {"used_percentage": 80, "resets_at": NOW_MS // 1000 + 60}}}
    remember(os.fspath(tmp_path), "", reported, NOW_MS)
    window = book.picture(NOW_MS).window
    assert window is not None
    assert (window.is_reported, window.block.entries, window.low_nano) == (True, 0, None)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema":1,"accounts":{"":{"five_hour":3}},"caches":{}}'])
def test_a_bad_file_of_limits_is_none(claude_home: ClaudeHome, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "reported.json").write_bytes(content)
    assert WindowBook(Store(PRICER, UTC), tmp_path).picture(NOW_MS).reported == ()


async def test_a_monitor_gives_blocks_once_it_has_read(claude_home: ClaudeHome) -> None:
    fill(claude_home, 2, 50)
    monitor = Monitor(Setup(config_of(claude_home.folder), PRICER, UTC))
    moved = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(moved.set)

    monitor.subscribe(tell)
    running = asyncio.create_task(monitor.run())
    while monitor.snapshot(Query(), NOW_MS).totals.responses < 50:
        moved.clear()
        await moved.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [unordered(block) for block in monitor.blocks(NOW_MS).blocks] == plain_blocks(monitor.store)


def test_the_window_reported_last_that_is_still_open_counts() -> None:
    def window(account: str, name: str, resets_ms: int, seen_ms: int) -> ReportedWindow:
        return ReportedWindow(account, name, 10.0, resets_ms, seen_ms, None)

    windows = [
        window("a", "five_hour", NOW_MS + 5, NOW_MS - 9),
        window("b", "five_hour", NOW_MS + 7, NOW_MS - 8),
        window("c", "five_hour", NOW_MS - 1, NOW_MS - 2),
        window("a", "seven_day", NOW_MS + 9, NOW_MS - 1),
        window("d", "five_hour", NOW_MS + LENGTH_MS + 1, NOW_MS),
    ]
    assert reported_reset_ms(windows, NOW_MS) == NOW_MS + 7
    assert reported_reset_ms(windows, NOW_MS + 7) == NOW_MS + LENGTH_MS + 1
    assert reported_reset_ms([], NOW_MS) == 0


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_what_blocks_hold_adds_up_to_the_totals(folder: Path) -> None:
    store = counted(folder)
    sums = add(block.totals for block in WindowBook(store).picture(NOW_MS).blocks)
    whole = totals_of(list_responses(store))
    assert sums == whole._replace(read_saved_nano=0, write_extra_nano=0, premium_milli=0)
    assert figures.doubt(sums) == figures.doubt(whole)


def test_a_block_counts_responses_and_says_what_is_not_exact(claude_home: ClaudeHome) -> None:
    advisor = {"type": "advisor_message", "model": "nobody-knows", "input_tokens": 7, "output_tokens": 1}
    advised = usage(10, 20, iterations=[{"type": "message", "input_tokens": 10, "output_tokens": 20}, advisor])
    claude_home.append(assistant("msg_advised", NOW_MS - HOUR_MS, advised))
    claude_home.append(assistant("msg_unknown", NOW_MS - HOUR_MS, usage(5, 5), model="nobody-knows"))
    store = counted(claude_home.folder, keep_names=False)
    (block,) = WindowBook(store).picture(NOW_MS).blocks
    assert (block.entries, block.totals.responses) == (3, 2)
    assert (block.totals.unpriced_responses, block.totals.unpriced_tokens) == (1, 18)
