"""The short form of the fuzzer of Codex's rollouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.codex import CodexFuzzer


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_ways_of_reading_agree_on_mutated_rollouts(seed: int, tmp_path: Path) -> None:
    fuzzer = CodexFuzzer(seed, tmp_path)
    assert fuzzer.run(1800) == []
    assert fuzzer.counts["files"] == 30
