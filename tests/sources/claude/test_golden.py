"""Logs that real clients wrote against a local API which kept a ledger of what it served."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.responses import list_responses
from claude_tui.model import UNLOGGED, Response
from claude_tui.sources.values.instants import instant_ms
from tests.engine.counting import BERLIN, GOLDEN_SETS, counted, counted_exactly, reference

each_set = pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
COUNTERS = ("input", "output", "cw", "cw1h", "cr", "ws")


def expected(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "expected.json").read_bytes())
    return result


def counters(line: Response) -> dict[str, int]:
    usage = line.usage
    writes = usage.cache_write_5m + usage.cache_write_1h
    values = (usage.input, usage.output, writes, usage.cache_write_1h, usage.cache_read, usage.web_search)
    return dict(zip(COUNTERS, values, strict=True))


def summed(lines: Sequence[Response]) -> dict[str, int]:
    total = Counter(dict.fromkeys(COUNTERS, 0))
    for line in lines:
        total.update(counters(line))
    return dict(total)


def assert_as_served(folder: Path, lines: Sequence[Response]) -> None:
    want = expected(folder)
    responses = [line for line in lines if not line.extra]
    assert len(responses) == want["responses"]
    assert summed(responses) == {name: want["totals"][name] for name in COUNTERS}
    advisor = {name: value for name, value in want["advisor"].items() if name in COUNTERS}
    found = summed([line for line in lines if line.extra not in ("", UNLOGGED)])
    assert found == {**dict.fromkeys(COUNTERS, 0), **advisor}
    rows = {row["key"]: row for row in want["per_response"]}
    assert sorted(rows) == sorted(line.key for line in responses)
    for line in responses:
        row = rows[line.key]
        assert counters(line) == {name: row[name] for name in COUNTERS}, line.key
        assert line.time_ms == instant_ms(row["ts"]), line.key
        assert (line.session, line.agent, line.model) == (row["session"], row["agent"] or "", row["model"])


@each_set
def test_the_reference_count_is_what_was_served(folder: Path) -> None:
    assert_as_served(folder, reference(folder))


@each_set
def test_the_count_is_what_was_served(folder: Path) -> None:
    assert_as_served(folder, list_responses(counted(folder)))


@each_set
def test_every_way_to_count_agrees_to_the_last_field(folder: Path) -> None:
    counted_exactly(folder, zone=BERLIN)


def test_all_sets_at_once_are_the_sum_of_the_sets() -> None:
    together = counted_exactly(*GOLDEN_SETS)
    alone = [line for folder in GOLDEN_SETS for line in list_responses(counted(folder))]
    assert sorted(line.key for line in together) == sorted({line.key for line in alone})
