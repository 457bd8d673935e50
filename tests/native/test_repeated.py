"""Responses that several files have are merged as in Python, whichever files the core is given at once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.native import read_natively
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import Packed
from claude_tui.engine.state.rows import key_index
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.native import library
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude import ClaudeSource
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def core() -> None:
    found = library.found()
    if found.core is None:
        pytest.skip(f"the native core is {found.reason}: `pip install -e .` where cargo is builds it")


def told(packs: Iterable[Packed]) -> dict[str, Any]:
    """What a store says of everything it was given, free of numbers that depend on the order."""
    store = Store(load_pricer(), BERLIN, keep_names=False)
    for pack in packs:
        store.take_in(pack)
        assert not store.take_in(pack)
    store.settle()
    table, names = store.table, (store.owners, store.models)
    return {
        "cells": {(names[0][k.owner], names[1][k.model], k.day): sums for k, sums in store.cells.all.items()},
        "responses": list_responses(store, Query()),
        "held by": {table.key[row]: set(known) for row, known in table.memberships.of_row.items()},
        "owner files": {table.key[row]: table.files[file].path for row, file in table.owner_file.items()},
        "owner times": {table.key[row]: time_ms for row, time_ms in table.owner_time.items()},
        "facts": sorted(store.facts.files()),
    }


def row(rng: random.Random, session: str) -> dict[str, Any]:
    """A row of one of a few responses: plain, priced by itself or without a split, whole or a placeholder."""
    key = rng.randrange(12)
    counters = usage(*(rng.choice((key, key + 1)) for _ in range(4)), speed=rng.choice(("standard", "fast")))
    if rng.random() < 0.3:
        counters = {name: counters[name] for name in list(counters)[:4]}
    more: dict[str, Any] = {"isSidechain": rng.random() < 0.3}
    if rng.random() < 0.3:
        more["forkedFrom"] = {"sessionId": "s0", "messageUuid": "u"}
    if rng.random() < 0.2:
        more["agentId"] = rng.choice("ab")
    model = rng.choice(("claude-sonnet-4-5-20250929", "claude-opus-4-8", "claude-unknown-9"))
    time_ms = T + 86_400_000 * (key % 3) + rng.randrange(4)
    return assistant(f"msg_{key}", time_ms, counters, session, model, rng.choice(("/p", "/q")), **more)


def files(home: ClaudeHome, rng: random.Random) -> list[Task]:
    for number in range(9):
        session = f"s{number % 6}"
        rows = [line(row(rng, session)) for _ in range(rng.randrange(1, 7))]
        if rng.random() < 0.3:
            rows.append(rng.choice((b"no object\n", b'{"type":"user"', line(row(rng, session))[:-9])))
        home.append(*rows, session=session, agent="" if number < 6 else f"a{number}")
    tasks = [Task(file) for file in ClaudeSource().discover(home.folder / "projects")]
    rng.shuffle(tasks)
    return tasks


@pytest.mark.parametrize("seed", range(40))
def test_any_division_of_files_gives_the_same(
    claude_home: ClaudeHome, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    tasks, reader = files(claude_home, rng), FileReader(load_pricer(), BERLIN)
    with monkeypatch.context() as without:
        without.setattr(key_index, "at_hand", lambda: None)
        want = told([reader.read_all([task]) for task in tasks])
    for size in (1, 2, 4, len(tasks)):
        packs: list[Packed] = []
        for at in range(0, len(tasks), size):
            found, others = read_natively(tasks[at : at + size], reader)
            packs += [*found, *([reader.read_all(others)] if others else [])]
        assert told(packs) == want
        rng.shuffle(packs)
        assert told(packs) == want


def test_what_is_repeated_is_said_by_the_core(claude_home: ClaudeHome) -> None:
    for session in ("s1", "s2", "s3"):
        own = assistant(f"msg_{session}", T, usage(1, 2), session)
        claude_home.append(own, assistant("msg_of_all", T, usage(1, int(session[1])), session), session=session)
    tasks = [Task(file) for file in ClaudeSource().discover(claude_home.folder / "projects")]
    (pack,), others = read_natively(tasks, FileReader(load_pricer(), BERLIN))
    assert not others and pack.repeated == ([1], [3, 5])
    assert sum(cell[3] for cell in pack.cells) == 3
