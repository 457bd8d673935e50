"""What plain responses cost is what the slow way gives, which takes any response and any price."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS
from claude_tui.engine.queries.causes.costs.plain import PlainCost, PlainCosts
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Extra, Query, Usage
from tests.engine.counting import PRICER, UTC, config_of, counted
from tests.engine.queries.causes.test_properties import corpus, lines_of_all_kinds, queries
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
MODELS = (
    "claude-sonnet-4-5", "claude-opus-4-6", "claude-haiku-4-5", "claude-3-haiku-20240307", "claude-nobody-1",
    "anthropic/claude-opus-4.6-fast", "anthropic/claude-sonnet-4-5-fast",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
)  # fmt: skip


def random_usage(random: Random) -> dict[str, object]:
    most = random.choice((3, 5_000, 400_000))
    counters = [random.choice((0, random.randrange(most))) for _ in range(5)]
    given, output, write_5m, write_1h, read = counters
    return usage(given, output, write_5m=write_5m, write_1h=write_1h, read=read)


def of_all_models(folder: Path, random: Random) -> Store:
    home = ClaudeHome(folder)
    for number in range(400):
        time_ms = T - random.choice((0, 0, 0, 400)) * 86_400_000 + number
        row = assistant(f"msg_{number}", time_ms, random_usage(random), session="s1", model=random.choice(MODELS))
        home.append(row, session="s1")
    return count(Setup(config_of(home.folder), PRICER, UTC), processes=0)


def slow(biller: Biller, row: int, thinking: int) -> PlainCost | None:
    """What the slow way says; None of what is never plain."""
    lines = biller.lines(row)
    if len(lines) > 1 or lines[0].doubts != NO_DOUBTS or lines[0].terms or lines[0].usage.web_search:
        return None
    *new, old_nano, thinking_nano, output_nano, _ = biller.parts(lines[0], thinking)
    return PlainCost(lines[0].usage.prompt, sum(new), old_nano, thinking_nano, output_nano)


@pytest.mark.parametrize("seed", range(3))
def test_plain_costs_are_those_of_the_slow_way(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    store = of_all_models(tmp_path, random)
    biller, total = Biller(store), len(store.table)
    by_time = sorted(range(total), key=lambda row: store.table.time[row])
    of_now = [row for row in by_time if store.table.time[row] >= T]
    some: list[Sequence[int]] = [
        range(total),
        of_now,
        [-1, *random.sample(by_time, 5), -1],
        *([row] for row in by_time),
    ]
    found = 0
    for rows in some:
        plain = PlainCosts(store, rows)
        for row in rows:
            thinking = random.choice((0, 7, 10_000))
            if row >= 0 and (cost := plain.of(row, thinking)) is not None:
                assert cost == slow(biller, row, thinking), (store.models[store.table.model[row]], row)
                found += 1
    assert found > total
    assert all(PlainCosts(store, rows, "claude-opus-4-6").of(0, 0) is None for rows in some)


def test_what_is_billed_otherwise_is_not_plain(tmp_path: Path) -> None:
    store = of_all_models(tmp_path, Random(1))
    table = store.table
    rows = [row for row in range(len(table)) if table.time[row] >= T]
    first, other, third, *_ = [row for row in rows if PlainCosts(store, rows).of(row, 0) is not None]
    table.extras[first] = (Extra("advisor", "claude-opus-4-6", Usage(1, 2)),)
    table.reported[other] = 5
    plain = PlainCosts(store, rows)
    assert plain.of(first, 0) is None and plain.of(other, 0) is None and plain.of(third, 0) is not None


@pytest.mark.parametrize("seed", range(4))
def test_answers_do_not_know_which_way_was_taken(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus(Random(200 + seed), tmp_path, lines_of_all_kinds())
    store = counted(tmp_path)
    asked: list[Query] = queries(store)
    wanted = [Causes(store).table(query, "context") for query in asked]
    taken: list[int] = []
    monkeypatch.setattr(PlainCosts, "of", lambda self, row, thinking: taken.append(row))
    assert [Causes(store).table(query, "context") for query in asked] == wanted
    assert taken
