"""The short form of the fuzzer of what is read for causes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.causes import CausesFuzzer


@pytest.mark.parametrize("seed", [1, 2])
def test_all_ways_of_reading_agree_on_mutated_lines(seed: int, tmp_path: Path) -> None:
    fuzzer = CausesFuzzer(seed, tmp_path)
    assert fuzzer.run(420) == []
    assert fuzzer.counts["files"] == 7


def test_most_lines_reach_the_native_core(tmp_path: Path) -> None:
    fuzzer = CausesFuzzer(3, tmp_path, whole_of=100)
    if not fuzzer.has_core:
        pytest.skip("not built")
    assert fuzzer.run(600) == []
    assert fuzzer.counts["read natively"] > 0.5 * fuzzer.counts["lines"]


def test_all_ways_of_reading_agree_on_lines_as_they_are(tmp_path: Path) -> None:
    fuzzer = CausesFuzzer(4, tmp_path)
    if not fuzzer.has_core:
        pytest.skip("not built")
    assert fuzzer.compare_parts(fuzzer.parts(fuzzer.pool)) == []
    assert fuzzer.counts["read natively"] > 0.9 * len(fuzzer.pool)
