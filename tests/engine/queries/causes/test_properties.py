"""Whatever is in the logs, and whatever is asked: each dimension gives away all of the cost, and nothing twice."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import pytest

from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from tests.engine.counting import counted
from tests.engine.queries.causes.test_causes import GOLDEN, sums_hold
from tests.fuzz.claude import seeds
from tests.fuzz.mutations import MUTATIONS


def lines_of_all_kinds() -> list[bytes]:
    captured = [path.read_bytes() for path in sorted(GOLDEN.rglob("*.jsonl"))]
    return seeds() + [line for data in captured for line in data.split(b"\n") if line]


def corpus(random: Random, folder: Path, known: list[bytes]) -> None:
    """Sessions and sub-agents of lines of real ones, some broken, many in several files."""
    for name in ("s1.jsonl", "s2.jsonl", "s1/subagents/agent-a1.jsonl"):
        path = folder / "projects" / "-home-project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        start = random.randrange(len(known))
        made = [*known[start : start + 60], *random.choices(known, k=30)]
        for at in random.sample(range(len(made)), 20):
            made[at] = random.choice(MUTATIONS)(random, made[at], known)
        path.write_bytes(b"\n".join(made) + b"\n")


def queries(store: Store) -> list[Query]:
    responses = list_responses(store)
    one = responses[len(responses) // 2]
    day = store.calendar.day(one.time_ms)
    return [
        Query(), Query(since=day), Query(until=day), Query(since=day, until=day), Query(session=one.session),
        Query(project=one.project), Query(model=one.model), Query(source="codex"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_every_dimension_sums_to_the_total(seed: int, tmp_path: Path) -> None:
    random, known = Random(seed), lines_of_all_kinds()
    corpus(random, tmp_path, known)
    store = counted(tmp_path)
    causes = Causes(store)
    for query in queries(store):
        sums_hold(store, causes, query)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_files_does_not_matter(seed: int, tmp_path: Path) -> None:
    random, known = Random(100 + seed), lines_of_all_kinds()
    corpus(random, tmp_path / "one", known)
    files = sorted((tmp_path / "one").rglob("*.jsonl"))
    first = Causes(counted(tmp_path / "one"))
    wanted = [first.table(Query(), by) for by in DIMENSIONS]
    for number, path in enumerate(reversed(files)):  # in another order: the newest is read first
        path.touch()
        if number % 2:
            path.write_bytes(path.read_bytes())
    again = Causes(counted(tmp_path / "one"))
    assert [again.table(Query(), by) for by in DIMENSIONS] == wanted


@pytest.mark.parametrize("total", [0, 1, 7, 10**12 + 1])
def test_parts_sum_to_the_whole(total: int) -> None:
    for weights in ([1], [1, 1, 1], [0, 0], [3, 0, 5, 5], list(range(23))):
        assert sum(split(total, weights)) == total
    assert split(10, [1, 1, 1]) == [4, 3, 3] and split(10, [1, 2, 2]) == [2, 4, 4]


def test_few_parts_are_divided_as_many_are() -> None:
    for total in (0, 1, 7, 100):
        for weights in (weights for number in (1, 2, 3) for weights in product(range(5), repeat=number)):
            if any(weights):
                assert split(total, weights) == split(total, [*weights, 0, 0, 0])[: len(weights)]
            else:
                assert split(total, weights) == [total, *weights[1:]]
