from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.model import ProblemKind, Usage
from claude_tui.sources.codex import CodexSource
from claude_tui.sources.codex.counting import records
from claude_tui.sources.codex.fast.reader import read_columns
from claude_tui.sources.protocol import Checkpoint, LogFile, SourceConfig
from claude_tui.sources.records.events import ResponseEvent
from tests.fuzz.sameness import disagreements
from tests.sources.codex.logs import (
    NO_INFO,
    A,
    B,
    C,
    alone,
    at,
    child_lines,
    count,
    event,
    line,
    meta,
    parent_lines,
    plus,
    spawned,
    tier,
    told,
    turn,
    usage,
    write,
)
from tests.sources.settle import GOLDEN, Settled, expected, log_file, read_all, settle, totals

HOMES = sorted(path for path in (GOLDEN / "codex").iterdir() if path.is_dir())
SOURCE = CodexSource()
PRIORITY = '{"service_tier":"priority"}'


def inputs(settled: dict[str, Settled]) -> list[int]:
    return sorted(value.usage[0] for value in settled.values())


def read_both_ways(root: Path) -> dict[str, Settled]:
    settled = read_all(SOURCE, root)
    assert read_all(SOURCE, root, backward=True) == settled
    return settled


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_golden_home_is_exact_in_any_order(home: Path) -> None:
    settled = read_both_ways(home)
    want = expected(home)
    assert totals(settled) == {name: want[name] for name in totals(settled)}


def test_the_same_total_again_is_no_response(tmp_path: Path) -> None:
    lines = [meta("x"), turn(), NO_INFO, count(A, A), count(A, A), count(plus(A, B), B), count(plus(A, B), B)]
    write(tmp_path, "x", lines)
    assert inputs(read_both_ways(tmp_path)) == [100, 200]


def test_the_estimate_after_a_compaction_is_no_response(tmp_path: Path) -> None:
    estimate = usage(0, 0) | {"total_tokens": 6872}
    lines = [meta("x"), turn(), count(A, A), line("compacted", message=""), count(A, estimate), count(plus(A, B), B)]
    write(tmp_path, "x", lines)
    assert inputs(read_both_ways(tmp_path)) == [100, 200]
    assert SOURCE.read(log_file(SOURCE, tmp_path)).facts.compactions == 1


def test_a_counter_that_starts_over_goes_on_counting(tmp_path: Path) -> None:
    # Old versions, resumed in the same file: the numbers may even be those of the first time.
    write(tmp_path, "x", [meta("x"), turn(), count(A, A), count(plus(A, A), A), NO_INFO, count(A, A)])
    assert inputs(read_both_ways(tmp_path)) == [100, 100, 100]


def test_a_change_without_last_is_its_difference(tmp_path: Path) -> None:
    none = usage(0, 0)
    write(tmp_path, "x", [meta("x"), turn(), count(A, none), count(plus(A, B), none), count(C, none)])
    assert inputs(read_both_ways(tmp_path)) == [100, 200, 300]


def test_a_response_told_by_a_record_is_not_told_again(tmp_path: Path) -> None:
    lines = [meta("x"), turn(), told("x", "r1", A), count(A, A), count(A, A), told("x", "r2", B), count(plus(A, B), B)]
    write(tmp_path, "x", lines)
    settled = read_both_ways(tmp_path)
    assert set(settled) == {"x/r1", "x/r2"}
    assert inputs(settled) == [100, 200]


def test_an_old_thread_goes_on_with_records(tmp_path: Path) -> None:
    # The record's own running total starts at zero while the other one goes on.
    total = plus(A, B)
    lines = [meta("x"), turn(), count(A, A), count(total, B), NO_INFO, told("x", "r1", C), count(plus(total, C), C)]
    write(tmp_path, "x", lines)
    assert inputs(read_both_ways(tmp_path)) == [100, 200, 300]


def test_a_spawned_threads_copies_are_counted_in_its_parent(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    write(tmp_path, "kid", child_lines())
    settled = read_both_ways(tmp_path)
    assert inputs(settled) == [100, 200, 300]
    assert {(v.session, v.agent, v.usage[0]) for v in settled.values()} == {
        ("par", "", 100), ("par", "", 200), ("par", "kid", 300),
    }  # fmt: skip


def test_siblings_of_equal_size_both_count(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    write(tmp_path, "kid1", child_lines("kid1"))
    write(tmp_path, "kid2", child_lines("kid2", second=20))
    assert inputs(read_both_ways(tmp_path)) == [100, 200, 300, 300]


def test_after_its_first_own_response_nothing_is_taken_for_a_copy(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    write(tmp_path, "kid", [*child_lines(), NO_INFO, count(A, A, 60)])  # resumed, the counter starting over
    assert inputs(read_both_ways(tmp_path)) == [100, 100, 200, 300]


def test_copies_of_a_parent_that_is_gone_are_kept_once(tmp_path: Path) -> None:
    write(tmp_path, "kid1", child_lines("kid1"))
    write(tmp_path, "kid2", child_lines("kid2", usage(400), second=20))
    settled = read_both_ways(tmp_path)
    assert inputs(settled) == [100, 200, 300, 400]
    assert {v.session for v in settled.values()} == {"par"}
    assert {v.model for v in settled.values()} == {"gpt-5.5"}


def test_copies_have_the_identity_they_had_in_their_parent(tmp_path: Path) -> None:
    # So nothing is counted twice where the parent was seen before it was deleted.
    parent = write(tmp_path, "par", parent_lines())
    write(tmp_path, "kid", child_lines())
    before = read_all(SOURCE, tmp_path)
    parent.unlink()
    assert set(read_all(SOURCE, tmp_path)) == set(before)


def test_a_users_fork_whose_parent_is_gone_leaves_the_copies_to_it(tmp_path: Path) -> None:
    lines = child_lines("fork")
    lines[0] = meta("fork", 10, forked_from_id="par", source="cli")
    write(tmp_path, "fork", lines)
    settled = read_both_ways(tmp_path)
    assert {(v.session, v.agent, v.usage[0]) for v in settled.values()} == {
        ("par", "", 100), ("par", "", 200), ("fork", "", 300),
    }  # fmt: skip


def test_a_fork_by_reference_starts_with_its_parents_total(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    base = plus(A, B)
    lines = [
        meta("fork", 10, forked_from_id="par", history_base={"thread_id": "par"}),
        turn(),
        count(base, usage(0, 0)),
    ]
    write(tmp_path, "fork", [*lines, count(plus(base, C), C, 12)])
    settled = read_both_ways(tmp_path)
    assert inputs(settled) == [100, 200, 300]
    assert {v.session for v in settled.values()} == {"par", "fork"}


def test_a_grandchild_is_under_the_main_thread(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    write(tmp_path, "kid", child_lines())
    own = usage(500)
    copied = child_lines()[2:]
    total = plus(plus(A, B), C)
    lines = [spawned("grand", "kid", 30), *copied, count(plus(total, own), own, 40)]
    write(tmp_path, "grand", lines)
    settled = read_both_ways(tmp_path)
    assert inputs(settled) == [100, 200, 300, 500]
    assert {(v.session, v.agent) for v in settled.values()} == {("par", ""), ("par", "kid"), ("par", "grand")}


def test_a_thread_in_both_folders_counts_once(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    write(tmp_path, "par", parent_lines(), "archived_sessions")
    write(tmp_path, "kid", child_lines())
    assert inputs(read_both_ways(tmp_path)) == [100, 200, 300]


def test_a_parent_is_found_where_it_was_archived_to(tmp_path: Path) -> None:
    path = write(tmp_path, "par", parent_lines())
    write(tmp_path, "kid", child_lines())
    read_all(SOURCE, tmp_path)
    (tmp_path / "archived_sessions").mkdir()
    shutil.move(path, tmp_path / "archived_sessions")
    assert inputs(read_both_ways(tmp_path)) == [100, 200, 300]


def test_a_rollout_rewritten_in_place_is_read_anew_to_the_same_result(tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    kid = write(tmp_path, "kid", child_lines())
    before = read_all(SOURCE, tmp_path)
    file = next(file for file in SOURCE.discover(tmp_path) if file.path == str(kid))
    mark = SOURCE.read(file).checkpoint
    lines = kid.read_bytes().splitlines(keepends=True)
    kid.write_bytes(b"".join([lines[0], *lines[2:]]))  # without the second session_meta
    read, events = SOURCE.read_events(file, mark)
    assert read.restarted
    assert {event.row.key for event in events} <= set(before)
    assert read_both_ways(tmp_path) == before


def test_a_response_takes_the_model_of_its_turn(tmp_path: Path) -> None:
    lines = [meta("x"), turn("one", "t1"), turn("two", "t2"), told("x", "r1", A, "t1"), count(A, A), count(C, C)]
    write(tmp_path, "x", lines)
    assert {v.usage[0]: v.model for v in read_both_ways(tmp_path).values()} == {100: "one", 300: "two"}


def test_counters_become_disjoint(tmp_path: Path) -> None:
    write(tmp_path, "x", [meta("x"), turn(), told("x", "r1", usage(100, 30, cached=40, written=25, reasoning=20))])
    (only,) = read_both_ways(tmp_path).values()
    assert only.usage == Usage(input=35, output=30, cache_write_5m=25, cache_read=40)
    assert only.reasoning == 20


def test_time_folder_and_facts(tmp_path: Path) -> None:
    more: dict[str, Any] = {"git": {"branch": "main"}, "cli_version": "0.169.0"}
    write(tmp_path, "x", [meta("x", **more), turn(), told("x", "r1", A, second=61.5), event("agent_message", 62)])
    (only,) = read_both_ways(tmp_path).values()
    assert (only.time_ms, only.cwd) == (1795244461500, "/work")
    facts = SOURCE.read(log_file(SOURCE, tmp_path)).facts
    assert (facts.session, facts.branch, facts.version, facts.context_tokens) == ("x", "main", "0.169.0", 100)
    assert (facts.last_kind, facts.last_ms) == ("assistant", 1795244462000)


def test_unknown_lines_and_bad_counters_cost_nothing_but_themselves(tmp_path: Path) -> None:
    bad = told("x", "r0", usage(100) | {"output_tokens": -1})
    log = write(tmp_path, "x", [meta("x"), turn(), line("new_kind", what=1), bad, told("x", "r1", A)])
    with log.open("ab") as f:
        f.write(json.dumps(told("x", "r2", B)).encode() + json.dumps(told("x", "r3", C)).encode() + b"\nnoise\n")
        f.write(json.dumps(told("x", "r4", C)).encode()[:-1])  # not yet whole
    read, events = SOURCE.read_events(log_file(SOURCE, tmp_path))
    assert [event.row.key for event in events] == ["x/r1", "x/r2", "x/r3"]
    assert [problem.kind for problem in read.problems] == [ProblemKind.BAD_COUNT, ProblemKind.MALFORMED]


@pytest.mark.parametrize(
    "torn", [b"", b'{"timestamp":"2026-11-21T07:00:00.000Z","type":"response_item","payload":{"a":"cut']
)
def test_a_record_sharing_a_line_with_one_that_counts_nothing_is_seen(tmp_path: Path, torn: bytes) -> None:
    log = write(tmp_path, "x", [meta("x"), turn()])
    first = torn or json.dumps(line("response_item", type="message", role="user"), separators=(",", ":")).encode()
    with log.open("ab") as f:
        f.write(first + json.dumps(told("x", "r1", A), separators=(",", ":")).encode() + b"\n")
    assert set(read_both_ways(tmp_path)) == {"x/r1"}


def test_lines_with_ordinals_are_read(tmp_path: Path) -> None:
    lines = [meta("x"), turn(), told("x", "r1", A), event("user_message")]
    path = write(tmp_path, "x", [{"timestamp": v["timestamp"], "ordinal": n, **v} for n, v in enumerate(lines)])
    assert set(read_both_ways(tmp_path)) == {"x/r1"}
    assert records.talk_of(path.read_bytes().splitlines()[-1]) == (at(0).encode(), "user")


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-2],
        lambda line: line + line,
        lambda line: line[:60] + line,
        lambda line: b" " + line,
        lambda line: line.replace(b'"user_message"', b'"token_count"'),
    ],
)
def test_only_whole_lines_are_of_the_conversation(damage: Callable[[bytes], bytes]) -> None:
    line = json.dumps(event("user_message", 5), separators=(",", ":")).encode()
    assert records.talk_of(line) == (at(5).encode(), "user")
    assert records.talk_of(line + b"\r") == (at(5).encode(), "user")
    assert records.talk_of(damage(line)) is None


def test_what_a_parent_only_quoted_is_a_forks_own(tmp_path: Path) -> None:
    quoted = count(plus(A, B), B)["payload"]
    write(tmp_path, "par", [meta("par"), turn(), count(A, A), line("response_item", **quoted)])
    write(tmp_path, "kid", [spawned("kid", "par", 60), turn(), count(A, A, 60), count(plus(A, B), B, 61)])
    assert {(value.agent, value.usage[0]) for value in read_both_ways(tmp_path).values()} == {("", 100), ("kid", 200)}


def read_in_two_halves(root: Path, path: Path, cut: int) -> list[Any]:
    """The rows of a rollout of which the first lines were there before the others."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:cut]))
    first = SOURCE.read(log_file(SOURCE, root))
    path.write_bytes(b"".join(lines))
    return first.rows + SOURCE.read(log_file(SOURCE, root), first.checkpoint).rows


def test_a_tier_holds_until_settings_are_applied_again(tmp_path: Path) -> None:
    lines = [
        meta("x"), turn(), told("x", "r1", A), tier("priority"), told("x", "r2", A), count(A, A), told("x", "r3", A),
        tier("default"), told("x", "r4", A), tier("flex"), tier(None), told("x", "r5", A), tier("ultra"),
        count(plus(A, B), B), count(plus(plus(A, B), B), B),
    ]  # fmt: skip
    path = write(tmp_path, "x", lines)
    for cut in range(1, len(lines)):
        terms = [row.terms for row in read_in_two_halves(tmp_path, path, cut)]
        assert terms == ["", PRIORITY, PRIORITY, "", "", '{"service_tier":"ultra"}']


def test_a_last_without_a_total_is_a_response(tmp_path: Path) -> None:
    lines = [meta("x"), turn(), alone(A, 1), alone(A, 1), alone(A, 2), alone(B, 3), count(plus(plus(A, A), B), B, 4)]
    write(tmp_path, "x", [*lines, count(plus(plus(plus(A, A), B), C), C, 5), alone(usage(0, 0), 6)])
    assert inputs(read_both_ways(tmp_path)) == [100, 100, 200, 300]


def test_a_last_that_a_record_told_is_not_counted_again(tmp_path: Path) -> None:
    write(tmp_path, "x", [meta("x"), turn(), told("x", "r1", A, second=1), alone(A, 1), alone(B, 2)])
    assert inputs(read_both_ways(tmp_path)) == [100, 200]


def test_a_last_that_a_fork_repeats_is_its_parents(tmp_path: Path) -> None:
    write(tmp_path, "par", [meta("par"), turn(), alone(A, 1), alone(B, 2)])
    write(tmp_path, "kid", [spawned("kid", "par", 60), turn(), alone(A, 60), alone(B, 60), alone(C, 61)])
    assert inputs(read_both_ways(tmp_path)) == [100, 200, 300]


@pytest.mark.parametrize("number", [1795244405, 1795244405.0, 1795244405000, 1795244405000000, 1795244405000000000])
def test_an_instant_may_be_a_number(tmp_path: Path, number: float) -> None:
    write(tmp_path, "x", [meta("x"), turn(), count(A, A) | {"timestamp": number}])
    assert [value.time_ms for value in read_both_ways(tmp_path).values()] == [1795244405000]


@pytest.mark.parametrize("stamp", [None, "", "soon", 0, -5, 12345, 86_400_000, True, [], 1e300])
def test_a_line_without_an_instant_has_that_of_the_line_before(tmp_path: Path, stamp: object) -> None:
    lines = [meta("x", 3), turn(second=5), told("x", "r1", A), told("x", "r2", B, second=9), told("x", "r3", C)]
    for undated in (lines[2], lines[4]):
        undated["timestamp"] = stamp
    path = write(tmp_path, "x", lines)
    for cut in range(1, len(lines)):
        times = [row.time_ms for row in read_in_two_halves(tmp_path, path, cut)]
        assert times == [1795244405000, 1795244409000, 1795244409000]


def test_a_response_dated_by_the_line_before_is_named(tmp_path: Path) -> None:
    lines = [meta("x", 3), turn(second=5), told("x", "r1", A), told("x", "r2", B, second=9), count(A, A), count(B, B)]
    for undated in (lines[2], lines[4], lines[5]):
        del undated["timestamp"]
    write(tmp_path, "x", lines)
    file = log_file(SOURCE, tmp_path)
    read = SOURCE.read(file)
    assert [(one.kind, one.detail) for one in read.problems] == [
        (ProblemKind.UNDATED, "no time: dated like the line before it")
    ] * 2, "what counts nothing needs no time"
    assert disagreements(read, read_columns(file, keep_names=True)) == []


@pytest.mark.parametrize("own", ["", None, "/work"])
def test_a_thread_that_says_no_folder_has_that_of_its_first_turn(tmp_path: Path, own: str | None) -> None:
    first = meta("x")
    first["payload"]["cwd"] = own
    later = turn("gpt-5.6", "t2", 3)
    later["payload"]["cwd"] = "/later"
    write(tmp_path, "x", [first, count(A, A), turn(), told("x", "r1", B), later, told("x", "r2", C, "t2")])
    file, want = log_file(SOURCE, tmp_path), own or "/elsewhere"
    read = SOURCE.read(file)
    assert [row.cwd for row in read.rows][-2:] == [want, want]
    assert read.facts.cwd == want
    quick = read_columns(file, keep_names=True)
    assert disagreements(read, quick) == []


def test_a_line_without_an_instant_and_none_before_is_named(tmp_path: Path) -> None:
    for kind, undated in (("token_count", count(A, A)), ("token_usage_record", told("x", "r1", A))):
        del undated["timestamp"]
        write(tmp_path, "x", [undated, told("x", "r2", B, second=1)])
        read = SOURCE.read(log_file(SOURCE, tmp_path))
        assert [row.usage.input for row in read.rows] == [200]
        assert [(one.kind, one.detail) for one in read.problems] == [(ProblemKind.BAD_COUNT, f"{kind}.timestamp")]


def test_only_rollouts_are_logs(tmp_path: Path) -> None:
    write(tmp_path, "x", [meta("x")])
    for name in ("history.jsonl", "sessions/notes.jsonl", "sessions/rollout-x.jsonl.gz", "log/rollout-x.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}\n")
    assert [os.path.basename(file.path) for file in SOURCE.discover(tmp_path)] == [
        "rollout-2026-11-21T07-00-00-x.jsonl"
    ]


def test_roots() -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".codex"]
    assert SOURCE.roots(SourceConfig(home, {"CODEX_HOME": "/srv/c"})) == [Path("/srv/c")]
    assert SOURCE.roots(SourceConfig(home, {}, {"codex": (Path("/x"),)})) == [Path("/x")]


def chunked(root: Path, file: LogFile, data: bytes, shares: list[float]) -> list[tuple[str, ResponseEvent]]:
    """Write a file piece by piece, reading each piece from the checkpoint before it."""
    path = Path(file.path)
    path.write_bytes(b"")
    mark: Checkpoint | None = None
    events: list[tuple[str, ResponseEvent]] = []
    for end in [*sorted(int(share * len(data)) for share in shares), len(data)]:
        with path.open("ab") as f:
            f.write(data[path.stat().st_size : end])
        read, found = SOURCE.read_events(file, mark)
        assert not read.restarted
        mark = read.checkpoint
        events += [(file.path, event) for event in found]
    return events


@settings(deadline=None)
@given(st.sampled_from(HOMES), st.data())
def test_any_chunking_in_any_order_settles_to_one_whole_read(
    tmp_path_factory: pytest.TempPathFactory, home: Path, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("codex") / "home"
    shutil.copytree(home, root)
    whole = read_all(SOURCE, root)
    events: list[tuple[str, ResponseEvent]] = []
    for file in data.draw(st.permutations(list(SOURCE.discover(root)))):
        may_grow = not file.path.endswith(".zst")  # a compressed one is written at once
        shares = data.draw(st.lists(st.floats(0, 1), max_size=3)) if may_grow else []
        events += chunked(root, file, Path(file.path).read_bytes(), shares)
    assert settle(events) == whole


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=6), st.booleans())
def test_any_chunking_of_a_spawned_thread_settles_to_one_whole_read(
    tmp_path_factory: pytest.TempPathFactory, shares: list[float], is_parent_there: bool
) -> None:
    root = tmp_path_factory.mktemp("codex")
    if is_parent_there:
        write(root, "par", parent_lines())
    kid = write(root, "kid", child_lines())
    whole = {key: value for key, value in read_all(SOURCE, root).items() if not is_parent_there or value.agent}
    file = next(file for file in SOURCE.discover(root) if file.path == str(kid))
    assert settle(chunked(root, file, kid.read_bytes(), shares)) == whole
