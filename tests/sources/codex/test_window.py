"""What a rollout says of its model's context window, in every way to read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.count import count as count_logs
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.codex import CodexSource
from claude_tui.sources.protocol import SourceConfig
from tests.engine.counting import NOW_MS, PRICER, UTC, here
from tests.fuzz.codex import differences, log_file
from tests.sources.codex.logs import A, B, C, Record, child_lines, count, meta, parent_lines, plus, told, turn, write
from tests.sources.settle import GOLDEN

SAID = 258_400


def saying(window: Any, record: Record) -> Record:
    """A count that says what the window is."""
    record["payload"]["info"]["model_context_window"] = window
    return record


def counted(home: Path) -> Store:
    config = SourceConfig(home=Path("/nonexistent"), explicit={"codex": (home,)}, sources=("codex",))
    return count_logs(Setup(config, PRICER, UTC), processes=here())


NONSENSE: list[Any] = [-1, 1 << 53, 10**30, 2.5, 258400.0, "258400", True, [], {}]
START = [meta("x"), turn(), told("x", "r1", A, second=1)]
CASES: dict[str, tuple[list[Record], int]] = {
    "never": ([count(A, A, 2)], 0),
    "once": ([saying(SAID, count(A, A, 2))], SAID),
    "the newest": ([saying(272_000, count(A, A, 2)), saying(SAID, count(plus(A, B), B, 3))], SAID),
    "and then no more": ([saying(SAID, count(A, A, 2)), count(plus(A, B), B, 3)], SAID),
    "with a total that is told again": (
        [count(A, A, 2), count(plus(A, B), B, 3), saying(SAID, count(plus(A, B), B, 4))], SAID
    ),
    "without a response": ([saying(SAID, count(A, A, 2)), saying(None, count(plus(A, B), B, 3))], SAID),
    "as zero": ([saying(SAID, count(A, A, 2)), saying(0, count(plus(A, B), B, 3))], SAID),
    **{
        f"as {nonsense!r}": ([saying(SAID, count(A, A, 2)), saying(nonsense, count(plus(A, B), B, 3))], SAID)
        for nonsense in NONSENSE
    },
    "with a bad counter": (
        [saying(SAID, count(A, A, 2)), saying(272_000, count(plus(A, B), {**B, "input_tokens": -1}, 3))], 272_000
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_was_said_last_holds(tmp_path: Path, case: str) -> None:
    more, window = CASES[case]
    path = write(tmp_path, "x", START)
    checkpoint = CodexSource().read(log_file(tmp_path, path)).checkpoint
    write(tmp_path, "x", [*START, *more])
    found, _ = differences(tmp_path, path)
    assert found == []
    assert CodexSource().read(log_file(tmp_path, path)).facts.context_window == window
    found, _ = differences(tmp_path, path, checkpoint)
    assert found == []
    assert CodexSource().read(log_file(tmp_path, path), checkpoint).facts.context_window == window
    (row,) = SnapshotMaker(counted(tmp_path)).take(Query(), NOW_MS).sessions
    assert row.context_window == (window or 1_000_000), "else what is known of the model"


def test_a_spawned_threads_window_is_not_its_sessions(tmp_path: Path) -> None:
    write(tmp_path, "par", [*parent_lines(), saying(SAID, count(plus(A, B), B, 9))])
    child = [*child_lines(), saying(1_000, count(plus(plus(A, B), C), A, 20))]
    path = write(tmp_path, "kid", child)
    assert differences(tmp_path, path)[0] == []
    assert CodexSource().read(log_file(tmp_path, path)).facts.context_window == 0


def test_captured_rollouts_say_the_window_of_their_model() -> None:
    for home, window in (("home-0.44", 272_000), ("home-0.125", SAID), ("home-0.169", SAID), ("home-0.171", SAID)):
        rows = SnapshotMaker(counted(GOLDEN / "codex" / home)).take(Query(), NOW_MS).sessions
        assert {row.context_window for row in rows if row.context_tokens} == {window}, home
