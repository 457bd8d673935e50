"""Where a limit is heading: nothing from too little, and eight of ten futures like the past inside the band."""

from __future__ import annotations

import random

import pytest

from claude_tui.engine.queries.allowances.forecast import DAY_H, LEAST_STRETCHES, forecast


def test_a_steady_past_has_a_band_without_width() -> None:
    found = forecast(30.0, [100] * DAY_H * 28, hours_gone=3 * DAY_H, hours_left=4 * DAY_H)
    assert found is not None
    assert found.low == found.high == pytest.approx(70.0)
    assert found.reached == 0 and found.stretches == 28 - 4 + 1


@pytest.mark.parametrize(
    ("percent", "hours", "gone", "left"),
    [
        pytest.param(1.0, [5] * DAY_H * 28, 48, 120, id="hardly anything used"),
        pytest.param(30.0, [], 48, 120, id="no history"),
        pytest.param(30.0, [0] * DAY_H * 28, 48, 120, id="nothing spent"),
        pytest.param(30.0, [5] * (120 + DAY_H * (LEAST_STRETCHES - 2)), 48, 120, id="too few days"),
        pytest.param(30.0, [0] * DAY_H * 28 + [5] * 48, 48, 120, id="zeros before the first use are no days"),
        pytest.param(30.0, [5] * DAY_H * 28, 48, 0, id="over"),
        pytest.param(30.0, [5] * DAY_H * 28 + [0] * 48, 48, 120, id="nothing spent since it began"),
    ],
)
def test_nothing_is_said_from_too_little(percent: float, hours: list[int], gone: int, left: int) -> None:
    assert forecast(percent, hours, gone, left) is None


def test_the_band_holds_what_really_comes_in_about_eight_of_ten_weeks() -> None:
    chance = random.Random(3)
    inside = told = 0
    for _ in range(300):
        hours = [int(chance.lognormvariate(3, 1)) if 9 <= number % 24 < 18 else 0 for number in range(DAY_H * 42)]
        known, coming = hours[: DAY_H * 38], hours[DAY_H * 38 :]
        spent = sum(known[-3 * DAY_H :])
        found = forecast(30.0, known, 3 * DAY_H, 4 * DAY_H)
        assert found is not None and found.low <= found.high
        told += 1
        inside += found.low <= 30 + 30 * sum(coming) / spent <= found.high
    assert 0.65 <= inside / told <= 0.95


def test_how_often_the_past_would_have_used_it_up() -> None:
    days = [10, 90] * 14
    hours = [day for day in days for _ in range(DAY_H)]
    found = forecast(50.0, hours, hours_gone=DAY_H, hours_left=DAY_H)
    assert found is not None
    assert found.stretches == 28 and found.reached == 14, "each day of 90 fills the other half"
