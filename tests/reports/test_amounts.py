from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.model import Totals
from claude_tui.reports.amounts import cost, dollars, instant, share, short_count, unpriced


@given(st.integers(-(10**20), 10**20), st.integers(0, 9))
def test_dollars_round_half_even_and_exactly(nano: int, digits: int) -> None:
    wanted = (Decimal(nano) / 10**9).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    assert Decimal(dollars(nano, digits).replace("$", "").replace(",", "")) == wanted


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (1_234_567_890_000, "$1,234.57"),
        (5_000_000, "$0.00"),
        (15_000_000, "$0.02"),
        (-1_000_000_000, "-$1.00"),
        (-1, "$0.00"),
    ],
)
def test_dollars(nano: int, text: str) -> None:
    assert dollars(nano) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (1999, "1.9k"),
        (41_234, "41k"),
        (999_999, "999k"),
        (1_250_000, "1.2M"),
        (10**10, "10G"),
    ],
)
def test_short_counts_never_round_up(number: int, text: str) -> None:
    assert short_count(number) == text


def test_a_cost_says_how_sure_it_is() -> None:
    assert cost(Totals(cost_nano=10**9)) == "$1.00"
    assert cost(Totals(cost_nano=10**9, flagged=1)) == "~$1.00"
    assert cost(Totals(cost_nano=10**9, lower_bound=1)) == ">=$1.00"
    assert cost(Totals(cost_nano=10**9, unpriced_responses=1, unpriced_tokens=5)) == ">=$1.00"
    assert cost(Totals(unpriced_responses=1, unpriced_tokens=5)) == "n/a"
    assert cost(Totals()) == "$0.00"


def test_what_is_missing() -> None:
    assert unpriced(3, Totals(unpriced_tokens=41_000)) == "3 unpriced models, 41k tokens"
    assert unpriced(1, Totals(unpriced_tokens=7)) == "1 unpriced model, 7 tokens"
    assert unpriced(0, Totals()) == ""


def test_instants() -> None:
    assert instant(0) == "1970-01-01T00:00:00.000Z"
    assert instant(1_795_244_181_021) == "2026-11-21T06:56:21.021Z"
    assert instant(10**18) == "1970-01-01T00:00:00.000Z", "no client writes the year 31 million"


def test_shares() -> None:
    assert [share(0, 0), share(0, 5), share(1, 100_000), share(1, 3), share(3, 3)] == [
        "-",
        "0.0%",
        "<0.1%",
        "33.3%",
        "100.0%",
    ]
