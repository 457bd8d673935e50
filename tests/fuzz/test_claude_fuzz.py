"""The short form of the fuzzer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.claude import ClaudeFuzzer


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_ways_of_reading_agree_on_mutated_lines(seed: int, tmp_path: Path) -> None:
    fuzzer = ClaudeFuzzer(seed, tmp_path)
    assert fuzzer.run(1200) == []
    assert fuzzer.counts["files"] == 20
