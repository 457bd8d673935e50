from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)

from tests.faults.leaving import WAYS, exits

EXITS = int(os.environ.get("FAULT_EXITS", str(4 * len(WAYS))))


@pytest.mark.timeout(120 + 10 * EXITS)
def test_whichever_way_a_screen_ends_nobody_of_it_stays(own_home: Path) -> None:
    assert exits(own_home, EXITS) == []
