"""Which sessions hold a response, and where it stands in each, does not depend on which file is read first."""

from __future__ import annotations

import random
from itertools import count

import pytest

from claude_tui.engine.state.batch import FileColumns, FileOutcome, pack
from claude_tui.engine.state.rows.memberships import Mark
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cells import file_cells
from claude_tui.engine.state.unlogged.by_session import mark_of
from claude_tui.model import Usage, UsageRow
from claude_tui.sources.columns import COPY, Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import FileFacts, LogFile
from claude_tui.sources.settling import columns_of
from tests.engine.counting import NOW_MS, PRICER, UTC

Marks = dict[tuple[int, str], Mark]
"""By the key's number and the session."""


def forks(rng: random.Random) -> dict[str, Columns]:
    """Sessions that hold answers of each other, each in one to three files, some of them of sub-agents."""
    responses = [(f"msg_{number}", NOW_MS + number * 1000, Usage(number, rng.choice((1, 50)))) for number in range(12)]
    files = {}
    for session in ("s1", "s2", "s3"):
        for part in range(rng.randrange(1, 4)):
            agent = rng.choice(("", "", f"a{part}"))
            offset = count(rng.randrange(100), rng.randrange(1, 9))
            rows = [
                UsageRow(
                    key=key, time_ms=time_ms, session=session, agent=agent, cwd="/p", model="claude-opus-4-5",
                    usage=usage._replace(output=usage.output + rng.randrange(3)), is_copy=rng.random() < 0.4,
                    is_sidechain=bool(agent), offset=next(offset),
                )
                for key, time_ms, usage in rng.sample(responses, rng.randrange(1, len(responses)))
            ]  # fmt: skip
            files[f"/c/projects/-p/{session}/{part}.jsonl"] = columns_of("claude", rows)
    return files


def taken_in(files: dict[str, Columns], order: list[str]) -> Store:
    store = Store(PRICER, UTC)
    for path in order:
        columns = files[path]
        outcome = FileOutcome(LogFile("claude", path, "/c", 0, 0, 0, 0), FileFacts(), Problems(), None)
        store.take_in(pack([FileColumns(outcome, columns, file_cells(columns, PRICER, store.calendar))]))
    store.settle()
    return store


def marks_in(store: Store) -> Marks:
    """Every mark a store knows: those that are kept, else what its table says."""
    table = store.table
    found: Marks = {}
    for row, key in enumerate(table.key):
        known = table.memberships.of_row.get(row)
        alone = {store.owners[table.owner[row]].session: mark_of(table, store.owners, row)}
        found |= {(key, session): mark for session, mark in (known or alone).items()}
    return found


def marks_of(files: dict[str, Columns]) -> Marks:
    """The best mark that any file gives: the session's own before a copy, a main file's first, then the earliest."""
    found: dict[tuple[int, str], list[Mark]] = {}
    for columns in files.values():
        for entry, key in enumerate(columns.key):
            owner = columns.owners[columns.owner[entry]]
            mark = Mark(-1 if owner.agent else columns.offset[entry], bool(columns.flags[entry] & COPY))
            found.setdefault((key, owner.session), []).append(mark)
    return {
        place: min(marks, key=lambda mark: (mark.is_copy, mark.offset < 0, mark.offset))
        for place, marks in found.items()
    }


@pytest.mark.parametrize("seed", range(60))
def test_marks_are_the_best_of_all_files_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    files = forks(rng)
    want = marks_of(files)
    for _ in range(4):
        store = taken_in(files, rng.sample([*files], len(files)))
        assert marks_in(store) == want
        of_several = {key for key, _ in want if len({session for other, session in want if other == key}) > 1}
        memberships = store.table.memberships
        assert {key for row, key in enumerate(store.table.key) if memberships.is_shared(row)} == of_several
