"""The line of the statusline from given figures: what it says of them, without a count."""

from __future__ import annotations

from typing import Any

import pytest

from claude_tui.reports.gauges.statusline import line
from claude_tui.units import HOUR_MS, MINUTE_MS

NOW_MS = 1_795_168_800_000
DOLLAR = 1_000_000_000


def day(*costs: tuple[int, int], begun_minutes: int) -> dict[str, Any]:
    """A count with some costs: minutes ago, and nanodollars. The block began so many minutes ago."""
    return {
        "today": "$1.00", "today_nano": DOLLAR, "block_end_ms": NOW_MS + HOUR_MS, "block_nano": DOLLAR,
        "block_first_ms": NOW_MS - begun_minutes * MINUTE_MS, "minutes": [], "sessions": {},
        "recent": [[NOW_MS - minutes * MINUTE_MS, nano, 60_000] for minutes, nano in costs],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("costs", "begun_minutes", "burn"),
    [
        ([(10, DOLLAR)], 10, "$6.00/hr"),
        ([(10, DOLLAR), (5, DOLLAR)], 10, "$12.00/hr"),
        ([(0, DOLLAR)], 0, "$60.00/hr"),
        ([(29, DOLLAR)], 29, "$2.07/hr"),
        ([(30, DOLLAR), (20, DOLLAR)], 30, "$2.00/hr"),
        ([(45, DOLLAR), (29, DOLLAR)], 240, "$2.00/hr"),
        ([(12, DOLLAR), (5, DOLLAR)], 10, "$6.00/hr"),
        ([], 240, "$0.00/hr"),
    ],
)
def test_the_burn_is_that_of_the_last_half_hour_or_of_a_younger_block(
    costs: list[tuple[int, int]], begun_minutes: int, burn: str
) -> None:
    assert f"🔥 {burn}" in line({}, day(*costs, begun_minutes=begun_minutes), NOW_MS)


def test_the_first_response_of_a_block_makes_it_hot() -> None:
    assert "(High)" in line({}, day((10, DOLLAR), begun_minutes=10), NOW_MS, burn="text")
