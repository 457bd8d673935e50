from __future__ import annotations

from datetime import timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.model import Totals
from claude_tui.ui import format
from claude_tui.ui.bars import bar, buckets, columns, gauge, sparkline


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1000"),
        (9999, "9999"),
        (12_345, "12.3k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_999, "1.00M"),
        (1_234_567, "1.23M"),
        (12_345_678_901, "12.3G"),
    ],
)
def test_short(value: int, text: str) -> None:
    assert format.short(value) == text


@given(st.integers(0, 10**17))
def test_short_never_takes_more_than_its_width_and_stays_near(value: int) -> None:
    text = format.short(value, 5)
    assert len(text) <= 5
    factor = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}.get(text[-1], 1)
    shown = float(text.rstrip("kMGTP")) * factor
    assert abs(shown - value) <= max(1, value * 0.006)


@pytest.mark.parametrize(
    ("nano", "width", "text"),
    [
        (0, 10, "$0.00"),
        (12_340_000_000, 10, "$12.34"),
        (1_234_567_890_000, 10, "$1,234.57"),
        (1_234_567_890_000, 8, "$1,235"),
        (12_345_678_900_000, 6, "$12.3k"),
        (1_000_000, 10, "$0.0010"),
        (4_999_999, 10, "$0.0050"),
        (5_000_000, 10, "$0.01"),
    ],
)
def test_money(nano: int, width: int, text: str) -> None:
    assert format.money(nano, width) == text


@given(st.integers(1, 10**18), st.integers(6, 14))
def test_money_fits(nano: int, width: int) -> None:
    assert len(format.money(nano, width)) <= width


def test_money_says_how_sure_it_is() -> None:
    exact = Totals(responses=3, cost_nano=12_340_000_000)
    assert format.cost(exact) == "$12.34"
    assert format.confidence(exact) == "exact"
    assert format.headline_cost(exact._replace(unpriced_responses=2)) == "≥ $12.34"
    assert format.cost(exact._replace(lower_bound=1)) == "≥$12.34"
    assert format.cost(exact._replace(flagged=1)) == "~$12.34"
    assert format.confidence(exact._replace(lower_bound=1, flagged=2)) == "1 lower bound · 2 estimated"


def test_no_price_at_all_is_not_zero_dollars() -> None:
    assert format.cost(Totals(responses=1, unpriced_responses=1, unpriced_tokens=10)) == "n/a"
    assert format.cost(Totals()) == "$0.00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3600, "1h"), (86_400, "1d"), (20 * 86_400, "2w"), (800 * 86_400, "2y")],
)
def test_duration(seconds: int, text: str) -> None:
    assert format.duration(seconds) == text


def test_ages() -> None:
    assert format.age(0, 5_000) == ""
    assert format.age(5_000, 4_000) == "now"
    assert format.age(1_000, 63_000) == "1m"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("claude-opus-4-5-20251101", "opus-4-5"),
        ("claude-fable-5", "fable-5"),
        ("gpt-5", "gpt-5"),
        ("model-12345678", "model-12345678"),
    ],
)
def test_model_names_lose_what_they_share(name: str, text: str) -> None:
    assert format.short_model(name) == text


@given(st.floats(0, 1), st.integers(1, 40))
def test_bars_have_their_width_and_show_anything_above_zero(share: float, width: int) -> None:
    assert len(bar(share, width)) == width
    assert sum(map(len, gauge(share, width))) == width
    assert (bar(share, width).strip() != "") == (share > 0)


def test_sparkline_tells_nothing_from_little() -> None:
    assert sparkline([0, 1, 1000], 3) == "·▁█"
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


def test_why_a_sum_is_not_exact_is_never_cut_in_a_figure() -> None:
    totals = Totals(responses=9, unpriced_responses=16, lower_bound=11_573, flagged=1_360)
    assert format.confidence(totals) == "16 unpriced · 11,573 lower bound · 1,360 estimated"
    assert format.confidence(totals, 36) == "16 unpriced · 11,573 lower bound · …"
    assert format.confidence(totals, 28) == "16 unpriced · …"


@pytest.mark.parametrize("time_ms", [-(2**70), -(2**63), 253_402_300_800_000, 2**62, 2**70])
def test_an_instant_no_calendar_has_is_1970(time_ms: int) -> None:
    assert format.clock(time_ms, timezone.utc) == format.clock(0, timezone.utc) == " 1 Jan 00:00"
