"""Nothing a log can say may crash the count, hide other lines or make two ways of counting disagree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.queries.responses import list_responses
from claude_tui.model import ProblemKind
from tests.engine.counting import counted, counted_exactly
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000
ROW = assistant("msg_x", T, usage(10, 20, 3, 4, 5, iterations=[{"type": "advisor_message", "input_tokens": 5}]))
SPECIALS: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**53, 2**64, 10**400, float("nan"), float("inf"), "", "x", "\ud83d", "\x00", "[/x]",
    "\x1b]52;c;x\x07", [], [[]], [1, {"type": "message"}], {}, {"a": {"b": [None]}}, ["tool_use", {"type": []}],
    "2026-05-28T20:26:40.000Z", "2026-05-28T24:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
    "2026-05-28T20:26:40+05:30", "2026-05-28T20:26:40", "msg_", "x" * 5000,
]  # fmt: skip


def paths_in(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        found += paths_in(inner, (*at, name))
    return found


def put(value: Any, at: tuple[str | int, ...], replacement: Any) -> Any:
    """A copy of a JSON value in which one place holds something else."""
    if not at:
        return replacement
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = put(copy[at[0]], at[1:], replacement)
    return copy


def written(row: Any) -> bytes:
    """A line as JavaScript writes it: lone surrogates escaped."""
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def assert_harmless(*lines: bytes) -> None:
    """Between two good lines, these change neither of them, and every way of counting still agrees."""
    with TemporaryDirectory() as folder:
        home = ClaudeHome(Path(folder))
        home.append(line(assistant("msg_before", T, usage(1, 1))), *lines, line(assistant("msg_after", T, usage(1, 1))))
        found = {one.key: one for one in counted_exactly(home.folder)}
        assert {"msg_before", "msg_after"} <= set(found)
        unreadable = [p for p in counted(home.folder).problems if p.kind is ProblemKind.UNREADABLE]
        assert unreadable == []


PROGRESS = {
    "type": "progress", "sessionId": "s1", "data": {"type": "agent_progress", "agentId": "a1", "message": ROW},
}  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    PROGRESS,
    {"type": "user", "message": {"content": [{"type": "tool_result"}]}, "timestamp": "2026-05-28T20:26:40.000Z"},
    {"type": "custom-title", "customTitle": "mine"},
    {"type": "system", "subtype": "compact_boundary"},
    {**ROW, "forkedFrom": {"sessionId": "s0"}, "requestSessionId": "s0", "agentId": "a"},
    {**ROW, "message": {**ROW["message"], "pausedResponses": [{"usage": usage(1, 1), "model": "m"}], "id": "other"}},
    put(ROW, ("message", "usage", "speed"), "fast"),
    put(put(ROW, ("message", "usage", "speed"), "fast"), ("message", "usage", "iterations"), [
        {"type": "message", "input_tokens": 10}, {"type": "fallback_message", "model": "m", "speed": "fast"},
    ]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OTHERS) + 1))
def test_anything_at_any_place_of_a_line_is_harmless(number: int) -> None:
    row = [ROW, *OTHERS][number]
    assert_harmless(*(written(put(row, at, value)) for at in paths_in(row) for value in SPECIALS))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(SPECIALS) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "model", "usage", "id"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([ROW, *OTHERS]), st.integers(0, 200), json_values), max_size=12))
def test_random_values_at_random_places_are_harmless(changes: list[tuple[dict[str, Any], int, Any]]) -> None:
    lines = []
    for row, place, value in changes:
        paths = paths_in(row)
        lines.append(written(put(row, paths[place % len(paths)], value)))
    assert_harmless(*lines)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=6), st.integers(0, 8)), max_size=8))
def test_lines_with_random_bytes_cut_out_and_put_in_are_harmless(cuts: list[tuple[int, bytes, int]]) -> None:
    data = line(ROW)
    for at, inserted, dropped in cuts:
        data = data[: at % len(data)] + inserted + data[at % len(data) + dropped :]
    assert_harmless(data.rstrip(b"\n") + b"\n")


DEEP = pytest.mark.parametrize(
    "wrap",
    [
        lambda deep: b'{"type":"assistant","x":' + deep + b"}\n",
        lambda deep: written(put(ROW, ("message", "usage", "speed"), "fast")).replace(b'"standard"', deep, 1),
        lambda deep: written({**ROW, "message": {**ROW["message"], "usage": {"speed": "fast", "x": "HERE"}}}).replace(
            b'"HERE"', deep
        ),
        lambda deep: written(
            put(ROW, ("message", "usage", "iterations"), [{"type": "message", "x": "HERE"}, {"type": "message"}])
        ).replace(b'"HERE"', deep),
        lambda deep: deep + b"\n",
    ],
)


@pytest.mark.parametrize("depth", [50, 300, 500, 900, 2000, 200_000])
@DEEP
def test_deep_nesting_is_harmless(depth: int, wrap: Callable[[bytes], bytes]) -> None:
    assert_harmless(wrap(b"[" * depth + b"]" * depth), wrap(b'{"a":' * depth + b"1" + b"}" * depth))
    assert_harmless(wrap(b"[" * depth))


@pytest.mark.parametrize("depth", [980, 1000, 1020])
@DEEP
def test_nesting_at_the_limit_of_one_decoder_is_harmless(
    claude_home: ClaudeHome, depth: int, wrap: Callable[[bytes], bytes]
) -> None:
    # The plain decoder gives up a little earlier than the fast one, so only the neighbours are looked at.
    claude_home.append(wrap(b"[" * depth + b"]" * depth), assistant("msg_after", T, usage(1, 1)))
    store = counted(claude_home.folder)
    assert "msg_after" in {one.key for one in list_responses(store)}
    assert ProblemKind.UNREADABLE not in {problem.kind for problem in store.problems}


@pytest.mark.parametrize("digits", [20, 400, 4300, 5000, 100_000])
def test_huge_numbers_are_harmless(digits: int) -> None:
    row = written(put(ROW, ("message", "usage", "input_tokens"), "HERE"))
    fast = written(put(put(ROW, ("message", "usage", "input_tokens"), "HERE"), ("message", "usage", "speed"), "fast"))
    for text in (b"9" * digits, b"-" + b"9" * digits, b"1e" + b"9" * digits, b"0." + b"9" * digits):
        assert_harmless(row.replace(b'"HERE"', text), fast.replace(b'"HERE"', text))


def test_many_problems_are_all_counted_and_few_are_kept(claude_home: ClaudeHome) -> None:
    claude_home.append(b"x\n" * 50_000, assistant("msg_1", T, usage(1, 1)))
    store = counted(claude_home.folder)
    assert store.problem_log.counts[ProblemKind.MALFORMED.value] == 50_000
    assert 0 < len(store.problems) < 5_000
    assert [one.key for one in list_responses(store)] == ["msg_1"]


@pytest.mark.parametrize("name", ["-a\nb", "-a\udcffb", "-[red]x", "-\x1b[2J", "-a b", "-\u202e"])
def test_folders_and_files_with_any_name_are_read(tmp_path: Path, name: str) -> None:
    home = ClaudeHome(tmp_path)
    home.append(assistant("msg_1", T, usage(1, 1), cwd=None), b"x\n", project=name, session=f"s{name}")
    (found,) = counted_exactly(home.folder)
    (problem,) = counted(home.folder).problems
    assert found.path == problem.path == str(home.path(f"s{name}", name))
