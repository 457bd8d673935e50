from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.ui.text.drawings.bars import bar, buckets, columns, fitted, gauge, sparkline


@given(st.floats(0, 1), st.integers(1, 40))
def test_bars_have_their_width_and_show_anything_above_zero(share: float, width: int) -> None:
    assert len(bar(share, width)) == width
    assert sum(map(len, gauge(share, width))) == width
    assert (bar(share, width).strip() != "") == (share > 0)


def test_sparkline_tells_nothing_from_little() -> None:
    assert sparkline([0, 1, 1000], 3) == "·▁▇"
    assert sparkline([0, 0, 0], 5) == "  ···"
    assert sparkline([], 3) == "   "


@given(st.lists(st.integers(0, 10**6), max_size=100), st.integers(1, 70))
def test_buckets_lose_nothing(values: list[int], width: int) -> None:
    found = buckets(values, width)
    assert len(found) <= width
    assert sum(found) == sum(values)


def test_columns_reach_the_top_at_the_greatest_value_only() -> None:
    lines = columns([1, 50, 100], 3, 3)
    assert [len(line) for line in lines] == [3, 3, 3]
    assert lines[0] == "  █"
    assert lines[2][0] == "▁"


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=100), st.integers(1, 150))
def test_fitted_values_fill_their_width_and_stay_between_least_and_greatest(values: list[int], width: int) -> None:
    found = fitted(values, width)
    assert len(found) == width
    assert min(values) <= min(found) and max(found) <= max(values)
    assert fitted([3, 7], 6) == [3, 3, 3, 7, 7, 7] and fitted([2, 4, 6, 8], 2) == [3, 7]
