from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.following import kill_followers
from tests.faults.level import Shadowed

KILLS = int(os.environ.get("FAULT_KILLS", "50"))


@pytest.mark.timeout(60 + 3 * KILLS)
def test_programs_that_are_killed_leave_nothing_wrong_behind(own_home: Path) -> None:
    outcome = kill_followers(Shadowed(own_home / ".claude"), KILLS // 2)
    print(outcome)
    assert outcome.kills >= KILLS - 1
    assert outcome.pictures == KILLS // 4 * 2, "each that was given the time showed everything"
    assert outcome.divergences == 0
