"""Rollouts the client has compressed count like any other, or it is said why they do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import ProblemKind
from claude_tui.pricing import load_pricer
from claude_tui.sources.codex import CodexSource, compressed
from claude_tui.sources.codex.fast.reader import read_columns
from claude_tui.sources.protocol import LogFile, SourceConfig
from tests.engine.counting import here
from tests.fuzz.codex import differences
from tests.sources.codex.logs import A, B, C, child_lines, meta, parent_lines, told, turn, write

SOURCE = CodexSource()


@pytest.fixture
def zstd() -> Any:
    try:
        return compressed.decompressor()
    except OSError as reason:
        pytest.skip(str(reason))


def compress(zstd: Any, path: Path) -> Path:
    packed = path.with_name(path.name + ".zst")
    packed.write_bytes(zstd.compress(path.read_bytes()))
    path.unlink()
    return packed


def counted(root: Path) -> Store:
    config = SourceConfig(Path("/nonexistent"), explicit={"codex": (root,)}, sources=("codex",))
    return count(Setup(config, load_pricer(), ZoneInfo("UTC")), keep_names=True, processes=here())


def answers(root: Path) -> list[tuple[Any, ...]]:
    found = list_responses(counted(root))
    return [(one.key, one.time_ms, one.session, one.agent, one.model, one.usage) for one in found]


def test_compressed_rollouts_count_as_before(zstd: Any, tmp_path: Path) -> None:
    paths = [write(tmp_path, "par", parent_lines()), write(tmp_path, "kid", child_lines())]
    before = answers(tmp_path)
    assert len(before) == 3
    for path in paths:  # a fork finds its parent, whichever of them is compressed
        packed = compress(zstd, path)
        assert answers(tmp_path) == before
        assert differences(tmp_path, packed)[0] == []


def test_a_rollout_that_is_there_both_ways_counts_once(zstd: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "x", [meta("x"), turn(), told("x", "r1", A)])
    data = path.read_bytes()
    compress(zstd, path)
    path.write_bytes(data)
    assert len(answers(tmp_path)) == 1


def test_a_compressed_rollout_is_read_again_only_when_it_changed(zstd: Any, tmp_path: Path) -> None:
    packed = compress(zstd, write(tmp_path, "x", [meta("x"), turn(), told("x", "r1", A)]))
    found, checkpoint = differences(tmp_path, packed)
    assert found == []
    assert checkpoint.offset == packed.stat().st_size, "offsets of checkpoints are compared with sizes of files"
    file = LogFile("codex", str(packed), str(tmp_path), 0, 0, 0, 0)
    again = read_columns(file, checkpoint)
    assert (again.restarted, again.lines, len(again.columns)) == (False, 0, 0)
    assert again.facts.session == "x"
    compress(zstd, write(tmp_path, "x", [meta("x"), turn(), told("x", "r2", B), told("x", "r3", C)]))
    assert differences(tmp_path, packed, checkpoint)[0] == []
    changed = read_columns(file, checkpoint)
    assert (changed.restarted, len(changed.columns)) == (True, 2)


@pytest.mark.parametrize("size", [0, 3, 40, -1])
def test_a_damaged_file_costs_what_is_damaged(zstd: Any, tmp_path: Path, size: int) -> None:
    packed = compress(zstd, write(tmp_path, "x", [meta("x"), turn(), told("x", "r1", A)]))
    whole = packed.read_bytes()
    packed.write_bytes(whole[:size] if size >= 0 else b"{}\n" + whole)
    write(tmp_path, "y", [meta("y"), turn(), told("y", "r1", B)])
    store = counted(tmp_path)
    assert [one.session for one in list_responses(store)] == ["y"]
    assert [problem.kind for problem in store.problems] == [ProblemKind.MALFORMED]


def test_several_frames_are_read(zstd: Any, tmp_path: Path) -> None:
    first, second = (write(tmp_path, name, [meta("x"), turn(), told("x", name, A)]) for name in ("a", "b"))
    packed = tmp_path / "sessions" / "rollout-x.jsonl.zst"
    packed.write_bytes(zstd.compress(first.read_bytes()) + zstd.compress(second.read_bytes()))
    first.unlink()
    second.unlink()
    assert [key for key, *_ in answers(tmp_path)] == ["x/a", "x/b"]


def test_without_a_decompressor_one_problem_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compressed, "decompressor", compressed.decompressor.__wrapped__)
    for name in ("compression", "backports"):
        monkeypatch.setitem(sys.modules, name, None)
    write(tmp_path, "x", [meta("x"), turn(), told("x", "r1", A)])
    (tmp_path / "sessions" / "rollout-y.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    store = counted(tmp_path)
    assert [one.key for one in list_responses(store)] == ["x/r1"]
    (problem,) = store.problems
    assert problem.kind is ProblemKind.UNREADABLE
    assert "backports.zstd" in problem.detail
    assert problem.path.endswith("rollout-y.jsonl.zst")
