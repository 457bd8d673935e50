"""What the native core is given at once."""

from __future__ import annotations

from claude_tui.engine.scan.asking import LEAST_BYTES
from claude_tui.engine.scan.native import portions
from claude_tui.engine.scan.reading import Task
from claude_tui.sources.protocol import LogFile

MOST = 64 << 20


def tasks(source: str, sizes: list[int]) -> list[Task]:
    return [Task(LogFile(source, f"/logs/{number}", "/logs", size, 0, 0, number)) for number, size in enumerate(sizes)]


def size_of(portion: list[Task]) -> int:
    return sum(task.file.size for task in portion)


def test_every_file_is_in_one_portion_in_order() -> None:
    logs = tasks("claude", [1 << 20] * 1000)
    assert [task for portion in portions(logs, MOST) for task in portion] == logs
    assert list(portions([], MOST)) == []


def test_portions_are_large_at_first_and_little_is_left_for_the_last() -> None:
    found = list(portions(tasks("claude", [1 << 20] * 1000), MOST))
    sizes = [size_of(portion) for portion in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > MOST * 0.9
    assert sizes[-1] <= LEAST_BYTES
    assert len(found) < 40


def test_many_small_files_are_divided_as_well() -> None:
    found = list(portions(tasks("claude", [100] * 20_000), MOST))
    assert max(map(len, found)) <= 2049
    assert len(found[-1]) <= 256


def test_a_portion_has_the_logs_of_one_client() -> None:
    both = [
        task
        for pair in zip(tasks("claude", [1 << 20] * 99), tasks("codex", [3 << 20] * 99), strict=True)
        for task in pair
    ]
    found = list(portions(both, MOST))
    assert all(len({task.file.source for task in portion}) == 1 for portion in found)
    assert sum(map(len, found)) == len(both)


def test_a_file_larger_than_a_portion_is_one() -> None:
    assert list(map(len, portions(tasks("claude", [MOST * 3, MOST * 2]), MOST))) == [1, 1]
