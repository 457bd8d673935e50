"""The short form of the fuzzer of clients that write lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.lines import NAMES, LinesFuzzer


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_both_ways_of_reading_agree_on_mutated_lines(name: str, seed: int, tmp_path: Path) -> None:
    fuzzer = LinesFuzzer(name, seed, tmp_path)
    assert fuzzer.run(2000) == []
    assert fuzzer.counts["files"] == 50
