"""The short form of the fuzzer of clients that write databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.rows import NAMES, RowsFuzzer


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_both_ways_of_reading_agree_on_mutated_rows(name: str, seed: int, tmp_path: Path) -> None:
    fuzzer = RowsFuzzer(name, seed, tmp_path)
    assert fuzzer.run(1500) == []
    assert fuzzer.counts["files"] == 25
