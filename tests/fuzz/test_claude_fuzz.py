"""The short form of the fuzzer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from claude_tui.sources.protocol import ColumnsRead
from tests.fuzz.claude import ClaudeFuzzer
from tests.fuzz.sameness import native_reads


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_ways_of_reading_agree_on_mutated_lines(seed: int, tmp_path: Path) -> None:
    fuzzer = ClaudeFuzzer(seed, tmp_path)
    assert fuzzer.run(1200) == []
    assert fuzzer.counts["files"] == 20


def test_nearly_every_line_reaches_the_native_core(tmp_path: Path) -> None:
    fuzzer = ClaudeFuzzer(102, tmp_path, whole_of=8)
    if not fuzzer.has_core:
        pytest.skip("not built")
    assert fuzzer.run(600) == []
    assert fuzzer.counts["read natively"] > 0.9 * fuzzer.counts["lines"]


def test_a_line_that_is_read_otherwise_is_found_among_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fuzzer = ClaudeFuzzer(1, tmp_path, whole_of=10**9)
    if not fuzzer.has_core:
        pytest.skip("not built")
    wrong = b'"speed":"fast"'

    def read_wrongly(paths: Sequence[str], *, is_left_alone: bool) -> list[ColumnsRead | None]:
        found = native_reads(paths, is_left_alone=is_left_alone)
        return [
            one._replace(lines=one.lines + 1) if one is not None and wrong in Path(path).read_bytes() else one
            for path, one in zip(paths, found, strict=True)
        ]

    monkeypatch.setattr("tests.fuzz.claude.native_reads", read_wrongly)
    found = fuzzer.run(100_000)
    assert len(found) == 2, found
    assert found[0].startswith("natively: lines")
    assert wrong.decode() in found[1]
