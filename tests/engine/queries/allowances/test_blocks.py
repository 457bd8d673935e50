from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.engine.queries.allowances.blocks import LENGTH_MS, BlockEntry, UsageBlock, blocks, open_window
from claude_tui.model import Usage
from claude_tui.units import HOUR_MS, MINUTE_MS

TEN = 1_795_255_200_000  # 2026-11-21 10:00 UTC


def entry(time_ms: int, nano: int | None = 1000, model: str = "m", tokens: int = 1) -> BlockEntry:
    return BlockEntry(time_ms, Usage(output=tokens), nano, model)


def starts(times: list[int], **options: int) -> list[tuple[int, int, bool]]:
    found = blocks([entry(time) for time in times], **options)
    return [(block.start_ms - TEN, block.end_ms - TEN, block.is_gap) for block in found]


def test_a_block_starts_at_the_full_hour_and_lasts_five() -> None:
    assert starts([TEN + 59 * MINUTE_MS]) == [(0, LENGTH_MS, False)]
    assert starts([TEN + 59 * MINUTE_MS], anchor_ms=10 * MINUTE_MS) == [
        (50 * MINUTE_MS, 50 * MINUTE_MS + LENGTH_MS, False)
    ]


def test_exactly_five_hours_after_its_start_is_still_inside() -> None:
    assert len(starts([TEN, TEN + LENGTH_MS])) == 1
    assert starts([TEN + 1, TEN + LENGTH_MS + 1]) == [(0, LENGTH_MS, False), (LENGTH_MS, 2 * LENGTH_MS, False)]


def test_a_longer_pause_leaves_a_gap_from_five_hours_after_the_last_entry() -> None:
    late = TEN + 7 * HOUR_MS + 90
    assert starts([TEN + 30, late]) == [
        (0, LENGTH_MS, False),
        (LENGTH_MS + 30, 7 * HOUR_MS + 90, True),
        (7 * HOUR_MS, 7 * HOUR_MS + LENGTH_MS, False),
    ]


def test_a_block_is_active_until_its_end_or_five_hours_of_silence() -> None:
    (block,) = blocks([entry(TEN + 10 * MINUTE_MS)])
    assert block.is_active(TEN + LENGTH_MS - 1)
    assert not block.is_active(TEN + LENGTH_MS)
    assert not UsageBlock(TEN, TEN + LENGTH_MS).is_active(TEN)


def test_sums_models_and_what_has_no_price() -> None:
    (block,) = blocks([entry(TEN + 2, None, "b"), entry(TEN + 1, 5, "a"), entry(TEN + 3, 7, "b")])
    assert (block.entries, block.nano, block.unpriced) == (3, 12, 1)
    assert block.models == ("a", "b")
    assert (block.first_ms - TEN, block.last_ms - TEN) == (1, 3)


@given(st.lists(st.integers(0, 200).map(lambda step: TEN + step * 17 * MINUTE_MS), max_size=60), st.randoms())
def test_every_entry_is_in_one_block_whatever_the_order(times: list[int], random: object) -> None:
    entries = [entry(time, number) for number, time in enumerate(times)]
    found = blocks(entries)
    assert sum(block.entries for block in found) == len(entries)
    assert sum(block.nano for block in found) == sum(each.nano or 0 for each in entries)
    assert blocks(entries[::-1]) == found
    windows = [block for block in found if not block.is_gap]
    for block in windows:
        assert block.start_ms <= block.first_ms <= block.last_ms <= block.end_ms
    for earlier, later in pairwise(windows):
        assert earlier.last_ms < later.first_ms


def test_a_reported_reset_wins_while_it_is_ahead() -> None:
    now = TEN + 2 * HOUR_MS
    entries = [entry(TEN - HOUR_MS), entry(TEN + 5 * MINUTE_MS), entry(TEN + HOUR_MS)]
    reset = TEN + LENGTH_MS
    window = open_window(entries, now, reset_ms=reset)
    assert window is not None and window.is_reported
    assert (window.start_ms, window.end_ms, window.block.entries) == (TEN, reset, 2)
    estimated = open_window(entries, now, reset_ms=now - 1)
    assert estimated is not None and not estimated.is_reported
    assert estimated.start_ms == TEN - HOUR_MS and estimated.block.entries == 3


def test_no_window_is_open_after_silence() -> None:
    assert open_window([entry(TEN)], TEN + LENGTH_MS) is None
    assert open_window([], TEN) is None


def test_a_projection_needs_evidence_and_is_a_range() -> None:
    thin = open_window([entry(TEN), entry(TEN + 1)], TEN + HOUR_MS)
    assert thin is not None and thin.low_nano is None
    entries = [entry(TEN, 1_000_000), entry(TEN + 50 * MINUTE_MS, 3_000_000), entry(TEN + 55 * MINUTE_MS, 2_000_000)]
    early = open_window(entries, TEN + 4 * MINUTE_MS)
    assert early is not None and early.low_nano is None
    window = open_window(entries, TEN + HOUR_MS)
    assert window is not None
    # 6 in the hour so far, 5 in its last half: 6 or 10 an hour, for four more.
    assert (window.low_nano, window.high_nano) == (6_000_000 + 24_000_000, 6_000_000 + 40_000_000)


def test_an_idle_window_projects_nothing_more() -> None:
    entries = [entry(TEN + minute * MINUTE_MS, 1_000_000) for minute in range(3)]
    window = open_window(entries, TEN + 3 * HOUR_MS)
    assert window is not None and window.low_nano == 3_000_000
