"""Columns say what records said, in few bytes."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path
from random import Random

import pytest

from claude_tui.engine.queries.causes.known.columns import CauseNames, FileCalls, Told, narrow
from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.claude.causes.fast import read_causes
from tests.benchmarks.corpus import write_corpus
from tests.engine.counting import counted

T = 1_780_000_000_000


@pytest.mark.parametrize(
    "numbers",
    [
        [], [0], [0] * 5000, [255, 0], [256, 1], [1 << 16], [1 << 32, 7], [(1 << 63) - 1], [1 << 63, 0], [1 << 70],
        [-1, 5], [-(1 << 63), 1], [-(1 << 70), 1], [T, T + 1],
    ],
)  # fmt: skip
def test_numbers_of_any_size_are_as_they_were(numbers: list[int]) -> None:
    kept = narrow(numbers)
    assert [kept[at] for at in range(len(numbers))] == numbers


def response(random: Random, key: int) -> Caused:
    time_ms = random.choice([0, T, T + random.randrange(10 ** random.randrange(12))])
    words = [random.choice(["", "a", "b"]) for _ in range(8)]
    made = Caused(
        key,
        random.choice([0, 0, 1, 70_000]),
        time_ms,
        random.choice([0, time_ms, time_ms + 1, time_ms + 2, time_ms - 1, T - random.randrange(10**7)]),
        calls=[Call("id", random.choice(["Bash", "Agent", ""])) for _ in range(random.randrange(3))],
        thinking=random.choice([0, 0, 5, 300, 1 << 70]),
        added={part: random.randrange(1, 10**9) for part in random.sample(range(300), random.randrange(4))},
    )
    for name, word in zip(Told._fields, words, strict=True):
        setattr(made, name, word)
    return made


@pytest.mark.parametrize("seed", range(20))
def test_a_file_says_what_was_read_of_it(seed: int) -> None:
    random = Random(seed)
    responses = [response(random, key) for key in range(random.randrange(12))]
    names = CauseNames()
    names.parts.of("another file has it")
    parts = [f"part {number}" for number in range(300)]
    found = FileCalls("a.jsonl", FileCauses(responses, parts=parts), names, with_sizes=True)
    assert found.size == len(responses)
    for at, one in enumerate(responses):
        assert (found.thread[at], found.thinking[at]) == (one.thread, one.thinking)
        assert (found.time_ms(at), found.asked_ms(at)) == (one.time_ms, one.asked_ms)
        assert names.told.names[found.told[at]]._asdict() == {name: getattr(one, name) for name in Told._fields}
        assert names.calls.names[found.calls[at]] == tuple(call.name for call in one.calls)
        assert found.added is not None
        kept, sizes = found.added[at]
        assert {names.parts.names[part]: size for part, size in zip(kept, sizes, strict=True)} == {
            parts[part]: size for part, size in one.added.items()
        }


def test_a_response_takes_few_bytes_of_memory(tmp_path: Path) -> None:
    write_corpus(tmp_path, "XS", jobs=1)
    names, table, responses, size = CauseNames(), counted(tmp_path).table, 0, 0
    for path in tmp_path.rglob("*.jsonl"):
        found = FileCalls(str(path), read_causes(str(path))[0], names)
        keys = found.keys(None)
        found.settle(keys, array("i", map(table.row_of.__getitem__, keys)))
        columns = (found.rows, found.thread, found._time, found._took, found.calls, found.told, found.thinking)
        responses += found.size
        size += sum(sys.getsizeof(one) - sys.getsizeof(one[:0]) for one in columns if len(one) == found.size)
    assert responses > 100
    assert size / responses <= 11  # two more say where it stands, and two in which file
