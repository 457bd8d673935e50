"""The short form of the soak: everything happens, nothing is timed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.soak.soak import FAULTS, Soak
from tests.soak.together import Together


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_lost_and_nothing_differs(own_home: Path) -> None:
    figures = Soak(own_home, files=200).run(seconds=4, rate=50)
    print(figures)
    assert figures.lost == 0
    assert figures.divergences == []
    assert figures.appends > 30
    assert len(figures.faults) > len(FAULTS) // 2


@pytest.mark.skipif(sys.platform != "linux", reason="ends programs by their pseudo-terminals")
def test_everybody_at_once_says_what_there_is(own_home: Path) -> None:
    figures = Together(own_home).run(seconds=6)
    print(figures)
    assert figures.wrong == []
    assert figures.is_right, figures.said
    assert all(figures.done[what] for what in ("report", "days", "models", "keep", "push", "written", "posted"))
