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


def test_nearly_every_line_reaches_the_native_core(tmp_path: Path) -> None:
    fuzzer = ClaudeFuzzer(102, tmp_path, whole_of=8)  # this seed's first files are read with the shortest limits
    if not fuzzer.has_core:
        pytest.skip("not built")
    assert fuzzer.run(600) == []
    assert fuzzer.counts["read natively"] > 0.9 * fuzzer.counts["lines"]
