"""Files read many at once are what each of them is when it is read alone."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import Packed, pack
from claude_tui.model import ProblemKind
from claude_tui.sources.claude.fast import reader as fast
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.reading.log import Opener
from tests.engine.counting import GOLDEN_SETS, PRICER, UTC, config_of
from tests.fuzz.claude import ClaudeFuzzer
from tests.fuzz.sameness import entries
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000


def reader() -> FileReader:
    return FileReader(PRICER, UTC, keep_names=True)


def files_of(found: Packed) -> Iterator[tuple[Any, ...]]:
    """What is said of each file, free of the numbers of names."""
    for outcome, start, end in found.spans():
        columns = found.columns_of(start, end)
        owners, models = found.columns.owners, found.columns.models
        cells = found.cells[start.cell : end.cell]
        sums = {(day, owners[owner], models[model]): sums for day, owner, model, *sums in cells}
        said = *outcome[:2], list(outcome.problems), outcome.problems.counts, outcome.checkpoint, *outcome[4:]
        yield *said, entries(columns), sums


def assert_same(found: Packed, alone: Packed) -> None:
    got, want = list(files_of(found)), list(files_of(alone))
    for one, other in zip(got, want, strict=True):
        assert one == other


def both_ways(tasks: Sequence[Task]) -> tuple[Packed, Packed]:
    return reader().read_all(tasks), pack([reader().read(task) for task in tasks])


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_real_logs(folder: Path) -> None:
    tasks = [Task(file) for file in discover(config_of(folder))]
    found, alone = both_ways(tasks)
    assert_same(found, alone)
    assert_same(pickle.loads(pickle.dumps(found)), found)


def test_mutated_logs(tmp_path: Path) -> None:
    fuzzer = ClaudeFuzzer(11, tmp_path)
    for number in range(60):
        made = b"\n".join(fuzzer.make(15)) + b"\n"
        (fuzzer.folder / f"{'agent-' if number % 3 else ''}s{number}.jsonl").write_bytes(made)
    tasks = [Task(file) for file in discover(config_of(tmp_path))]
    found, alone = both_ways(tasks)
    assert len(found.outcomes) == 60
    assert_same(found, alone)
    assert_same(pickle.loads(pickle.dumps(found)), found)


def test_files_that_grew_among_new_ones(claude_home: ClaudeHome) -> None:
    for name in ("s1", "s2", "s3"):
        claude_home.append(assistant(f"msg_{name}", T, usage(1, 2)), session=name)
    read = reader().read_all([Task(file) for file in discover(config_of(claude_home.folder))])
    known = {one.file.path: one.checkpoint for one in read.outcomes}
    claude_home.append(assistant("msg_s1", T + 1, usage(1, 9)), assistant("msg_b", T + 2, usage(3, 4)), session="s1")
    claude_home.path("s2").write_bytes(line(assistant("msg_c", T, usage(5, 6))))
    del known[str(claude_home.path("s3"))]
    tasks = [Task(file, known.get(file.path)) for file in discover(config_of(claude_home.folder))]
    found, alone = both_ways(tasks)
    assert_same(found, alone)
    assert {Path(one.file.path).stem: one.is_whole for one in found.outcomes} == {"s1": False, "s2": True, "s3": True}


def failing_at(path: Path) -> Callable[..., FileFacts]:
    original = fast.with_agent_type  # type: ignore[attr-defined]

    def with_agent_type(facts: FileFacts, of: str, opener: Opener) -> FileFacts:
        if of == str(path):
            raise ZeroDivisionError
        found: FileFacts = original(facts, of, opener)
        return found

    return with_agent_type


def test_one_that_fails_in_the_middle_leaves_nothing(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("s1", "s2", "s3", "s4"):
        counters = usage(1, 2, speed="fast"), usage(3, 4)  # the first goes to the counting rule
        rows = [assistant(f"msg_{name}_{number}", T, one, session=name) for number, one in enumerate(counters)]
        claude_home.append(*rows, session=name)
    monkeypatch.setattr(fast, "with_agent_type", failing_at(claude_home.path("s3")))
    tasks = [Task(file) for file in discover(config_of(claude_home.folder))]
    claude_home.path("s2").unlink()
    found, alone = both_ways(tasks)
    assert_same(found, alone)
    assert {owner.session for owner in found.columns.owners} == {"s1", "s4"}
    wrong = {Path(one.file.path).stem: [*one.problems] for one in found.outcomes if one.problems}
    assert {name: [one.kind for one in problems] for name, problems in wrong.items()} == {
        "s2": [ProblemKind.UNREADABLE],
        "s3": [ProblemKind.UNREADABLE],
    }


def test_an_instant_that_cannot_be_right(claude_home: ClaudeHome) -> None:
    undated = {name: value for name, value in assistant("msg_u", T, usage(1, 2)).items() if name != "timestamp"}
    claude_home.append(undated, session="s1")
    claude_home.append(assistant("msg_2", 4_000_000_000_000, usage(1, 2)), session="s2")
    claude_home.append(assistant("msg_3", T, usage(1, 2)), session="s3")
    found, alone = both_ways([Task(file) for file in discover(config_of(claude_home.folder))])
    assert_same(found, alone)
    assert {kind for one in found.outcomes for kind in one.problems.counts} == {"undated", "future"}


def test_a_price_that_changed_from_one_file_to_another(claude_home: ClaudeHome) -> None:
    model = "claude-sonnet-4-6"
    for name, day in (("s1", 0), ("s2", 200)):
        rows = [
            assistant(f"msg_{name}_{n}", T - day * 86_400_000 + n, usage(190_000 + 9_000 * n, 2), model=model)
            for n in range(3)
        ]
        claude_home.append(*rows, session=name)
    found, alone = both_ways([Task(file) for file in discover(config_of(claude_home.folder))])
    assert_same(found, alone)
