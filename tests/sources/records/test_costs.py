"""A cost is rounded to nanodollars as decimal arithmetic rounds it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from claude_tui.sources.records.events import nano_of


@given(st.one_of(st.floats(0, 1e9, exclude_min=True, exclude_max=True), st.integers(1, 10**9 - 1)))
@example(0.0000000005)
@example(0.1234567885)
@example(0.1234567895)
@example(1.0000000005)
@example(1.0000000015)
@example(2.00000000050001)
@example(0.1 + 0.2)
@example(999_999_999.9999999)
def test_a_cost_is_rounded_half_to_even(cost: float) -> None:
    assert nano_of(cost) == int((Decimal(str(cost)) * 10**9).to_integral_value(ROUND_HALF_EVEN))
