"""No acknowledged response is lost to a kill, and none is kept twice. `tests.telemetry.kills` does it 200 times."""

from __future__ import annotations

from tests.telemetry.kills import kill_often


def test_what_was_acknowledged_outlives_ten_kills() -> None:
    found = kill_often(10)
    assert found.acknowledged > 10
    assert (found.lost, found.twice) == ([], [])
