"""The edge cases of the counting rule: small logs, counted in every way, with what each must come to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.responses import list_responses
from claude_tui.model import ProblemKind, Response, Usage
from claude_tui.sources.claude.counting.rule import requests_of
from tests.engine.counting import BERLIN, assert_sums_agree, counted, counted_exactly
from tests.logs import ClaudeHome, assistant, line, timestamp, usage

T = 1_780_000_000_000  # 2026-05-28T20:26:40Z
SONNET = "claude-sonnet-4-5-20250929"
FULL = usage(100, 50, 30, 20, 1000)
COUNTED = Usage(100, 50, 30, 20, 1000)


def placeholder(output: int = 2) -> dict[str, Any]:
    """The usage a response starts with, as logged: no server_tool_use yet."""
    counters = usage(100, output, 30, 20, 1000)
    del counters["server_tool_use"]
    return counters


def with_message(row: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A row whose message has other fields; None removes one."""
    message = {**row["message"], **fields}
    return {**row, "message": {name: value for name, value in message.items() if value is not None}}


def only(home: ClaudeHome) -> Response:
    (found,) = counted_exactly(home.folder)
    return found


def usages(home: ClaudeHome) -> list[Usage]:
    return [found.usage for found in counted_exactly(home.folder)]


def problem_kinds(home: ClaudeHome) -> list[ProblemKind]:
    return [problem.kind for problem in counted(home.folder).problems]


def test_01_many_rows_with_the_same_usage_are_one_response(claude_home: ClaudeHome) -> None:
    claude_home.append(*(assistant("msg_1", T + n, FULL, uuid=f"u{n}") for n in range(4)))
    assert only(claude_home).usage == COUNTED
    assert list_responses(counted(claude_home.folder))[0].key == "msg_1"


def test_02_placeholder_rows_then_the_final_one(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, placeholder()), assistant("msg_1", T + 5, FULL))
    assert only(claude_home).usage == COUNTED
    assert not only(claude_home).is_lower_bound


def test_02_the_final_row_wins_wherever_it_stands(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL), assistant("msg_1", T + 5, placeholder()))
    assert only(claude_home).usage == COUNTED
    assert not only(claude_home).is_lower_bound


@pytest.mark.parametrize(
    ("version", "stop_reason", "is_lower_bound"),
    [("2.1.20", None, True), ("2.1.20", "end_turn", False), ("2.1.50", "end_turn", True), ("2.1.329", None, True)],
)
def test_03_only_placeholder_rows_count_as_a_lower_bound(
    claude_home: ClaudeHome, version: str, stop_reason: str | None, is_lower_bound: bool
) -> None:
    row = assistant("msg_1", T, placeholder(3), version=version)
    claude_home.append(with_message(row, stop_reason=stop_reason))
    found = only(claude_home)
    assert (found.usage.output, found.is_lower_bound) == (3, is_lower_bound)
    assert assert_sums_agree(counted(claude_home.folder)).totals.lower_bound == int(is_lower_bound)


def test_04_copies_of_a_fork_count_once_at_the_earliest_time_for_the_first_session(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL), session="s1")
    copy = assistant("msg_1", T + 3_600_000, FULL, session="a-fork", requestId=None, forkedFrom={"sessionId": "s1"})
    claude_home.append(copy, session="a-fork")
    found = only(claude_home)
    assert (found.time_ms, found.session) == (T, "s1")


def test_04_a_marked_copy_never_owns_even_where_it_seems_earlier(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T + 9, FULL), session="s1")
    claude_home.append(assistant("msg_1", T, FULL, session="a", requestSessionId="s1"), session="a")
    found = only(claude_home)
    assert (found.time_ms, found.session) == (T, "s1")


def test_05_a_zeroed_copy_erases_nothing(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL))
    claude_home.append(assistant("msg_1", T, usage(), session="z-fork", requestSessionId="s1"), session="z-fork")
    assert only(claude_home).usage == COUNTED


def test_06_a_copy_whose_original_is_gone_counts_for_the_fork(claude_home: ClaudeHome) -> None:
    copy = assistant("msg_1", T, FULL, session="fork", forkedFrom={"sessionId": "gone"})
    claude_home.append(copy, session="fork")
    assert (only(claude_home).usage, only(claude_home).session) == (COUNTED, "fork")


def test_07_sub_agents_in_every_layout_count_for_their_parent(claude_home: ClaudeHome) -> None:
    projects = claude_home.folder / "projects" / "-p"
    places = {
        "msg_main": projects / "s1.jsonl",
        "msg_flat": projects / "agent-12345678.jsonl",
        "msg_nested": projects / "s1" / "subagents" / "agent-a1.jsonl",
        "msg_flow": projects / "s1" / "subagents" / "workflows" / "wf_1" / "agent-a2.jsonl",
        "msg_no": projects / "s1" / "subagents" / "workflows" / "wf_1" / "journal.jsonl",
    }
    for key, path in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        agent = path.stem.removeprefix("agent-") if path.stem.startswith("agent-") else None
        path.write_bytes(line(assistant(key, T, FULL, isSidechain=True, agentId=agent)))
    found = counted_exactly(claude_home.folder)
    assert [(one.key, one.session, one.agent) for one in found] == [
        ("msg_flat", "s1", "12345678"), ("msg_flow", "s1", "a2"), ("msg_main", "s1", ""), ("msg_nested", "s1", "a1"),
    ]  # fmt: skip


def test_08_a_replay_for_a_side_question_stays_with_the_main_chain(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL))
    replay = assistant("msg_1", T, FULL, isSidechain=True, agentId="aside_question-1")
    claude_home.append(replay, agent="aside_question-1")
    assert (only(claude_home).usage, only(claude_home).agent) == (COUNTED, "")


def progress(key: str, time_ms: int, counters: dict[str, Any]) -> dict[str, Any]:
    inner = assistant(key, time_ms, counters)
    return {
        "type": "progress", "sessionId": "s1", "cwd": "/home/user/project", "timestamp": inner["timestamp"],
        "uuid": "p", "data": {"type": "agent_progress", "agentId": "a1", "message": inner},
    }  # fmt: skip


def test_09_progress_rows_count_once_beside_their_sub_agent(claude_home: ClaudeHome) -> None:
    claude_home.append(progress("msg_1", T, placeholder()), progress("msg_1", T + 1, placeholder()))
    claude_home.append(assistant("msg_1", T + 2, FULL, isSidechain=True, agentId="a1"), agent="a1")
    found = only(claude_home)
    assert (found.usage, found.agent, found.time_ms) == (COUNTED, "a1", T)


def test_09_progress_rows_count_where_the_sub_agents_file_is_gone(claude_home: ClaudeHome) -> None:
    claude_home.append(progress("msg_1", T, placeholder(7)))
    assert (only(claude_home).usage.output, only(claude_home).agent, only(claude_home).session) == (7, "a1", "s1")


def test_10_what_only_repeats_usage_is_never_counted(claude_home: ClaudeHome) -> None:
    claude_home.append(
        assistant("msg_1", T, FULL),
        {"type": "user", "toolUseResult": {"usage": FULL}, "message": {"content": "<usage>tokens: 9</usage>"}},
        {"type": "cost-state", "totalCostUSD": 5, "modelUsage": {SONNET: {"inputTokens": 5}}, "usage": FULL},
        {"type": "api-request-blob", "message": {"id": "msg_2", "model": SONNET, "usage": FULL}},
        {"type": "api-request-shape", "message": {"id": "msg_3", "model": SONNET, "usage": FULL}},
        {"type": "progress", "data": {"type": "hook_progress", "message": assistant("msg_4", T, FULL)}},
        {"type": "progress", "data": {"type": "agent_progress", "message": {"type": "user", "usage": FULL}}},
    )
    assert [one.key for one in counted_exactly(claude_home.folder)] == ["msg_1"]


def test_11_synthetic_messages_and_errors_are_no_requests(claude_home: ClaudeHome) -> None:
    claude_home.append(
        assistant("msg_1", T, FULL, model="<synthetic>"), assistant("msg_2", T, FULL, isApiErrorMessage=True)
    )
    assert usages(claude_home) == []


def iterated(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**FULL, "iterations": list(entries), **more}


def iteration(kind: str, model: str | None = None, **counters: Any) -> dict[str, Any]:
    entry = {"type": kind, **usage(**counters)}
    return {**entry, "model": model} if model else entry


def test_12_an_advisor_is_an_extra_of_its_own_model(claude_home: ClaudeHome) -> None:
    advisor = iteration("advisor_message", "claude-opus-4-5", input=9000, output=900)
    claude_home.append(assistant("msg_1", T, iterated(iteration("message", input=100), advisor)))
    main, extra = counted_exactly(claude_home.folder)
    assert (main.usage, main.model) == (COUNTED, SONNET)
    assert (extra.key, extra.model, extra.usage) == ("msg_1/advisor/0", "claude-opus-4-5", Usage(9000, 900))
    assert extra.price.nano == 9000 * 5_000 + 900 * 25_000
    assert assert_sums_agree(counted(claude_home.folder)).totals.responses == 1


@pytest.mark.parametrize(
    ("kinds", "prompts"),
    [
        ((), [1150]),
        (("message", "message"), [100, 101]),
        (("message", "advisor_message", "message"), [100, 102]),
        (("compaction", "message"), [101]),
        (("message", "fallback_message"), [1150]),
    ],
)
def test_12_the_requests_of_a_response_are_those_of_its_own_model(kinds: tuple[str, ...], prompts: list[int]) -> None:
    terms = json.dumps(iterated(*(iteration(kind, input=100 + at) for at, kind in enumerate(kinds))))
    assert [one.prompt for one in requests_of(terms, COUNTED)] == prompts
    assert requests_of("", COUNTED) == [COUNTED]


def test_12_compactions_and_paused_responses_are_extras_too(claude_home: ClaudeHome) -> None:
    row = assistant("msg_1", T, iterated(iteration("compaction", input=7, output=1), iteration("compaction", input=8)))
    claude_home.append(with_message(row, pausedResponses=[{"usage": usage(5, 6)}, {"usage": None}, "x"]))
    extras = {one.key: (one.model, one.usage) for one in counted_exactly(claude_home.folder) if one.extra}
    assert extras == {
        "msg_1/compaction/0": (SONNET, Usage(7, 1)),
        "msg_1/compaction/1": (SONNET, Usage(8)),
        "msg_1/paused/0": (SONNET, Usage(5, 6)),
    }


def test_13_message_iterations_are_not_added(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, iterated(iteration("message", input=60), iteration("message", input=40))))
    assert only(claude_home).usage == COUNTED


def test_14_a_fallback_counts_at_the_model_that_served(claude_home: ClaudeHome) -> None:
    refused = iteration("message", "claude-fable-5", input=100)
    served = iteration("fallback_message", "claude-opus-4-8", input=100, output=50, write_5m=30, write_1h=20, read=1000)
    row = assistant("msg_1", T, iterated(refused, served), model="claude-opus-4-8")
    claude_home.append(with_message(row, content=[{"type": "fallback"}]))
    found = only(claude_home)
    assert (found.usage, found.model) == (COUNTED, "claude-opus-4-8")


@pytest.mark.parametrize(
    ("writes", "split", "want"),
    [
        (50, None, (50, 0)),
        (50, {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 10}, (40, 10)),
        (50, {"ephemeral_1h_input_tokens": 90}, (0, 50)),
        (None, {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 5}, (10, 5)),
        (None, None, (0, 0)),
        (50, "no split", (50, 0)),
    ],
)
def test_15_the_total_of_cache_writes_wins_over_its_split(
    claude_home: ClaudeHome, writes: int | None, split: object, want: tuple[int, int]
) -> None:
    counters = {**usage(1, 1), "cache_creation_input_tokens": writes, "cache_creation": split}
    claude_home.append(assistant("msg_1", T, counters))
    assert only(claude_home).usage[2:4] == want


def test_16_input_known_only_at_the_end_counts(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, usage(0, 0)), assistant("msg_1", T + 1, FULL))
    assert only(claude_home).usage == COUNTED


def test_17_a_gateways_constant_id_still_gives_one_response_per_request(claude_home: ClaudeHome) -> None:
    rows = [assistant("chatcmpl", T + n, usage(10 + n, 5), requestId=None, uuid=f"u{n}") for n in range(3)]
    again = assistant("chatcmpl", T + 9, usage(12, 9), requestId=None, uuid="u9")
    zero = assistant("chatcmpl", T - 1, usage(), requestId=None)
    claude_home.append(zero, *rows, again)
    assert [(used.input, used.output) for used in usages(claude_home)] == [(10, 5), (11, 5), (12, 9)]


def test_17_a_gateways_responses_in_a_fork_belong_to_the_first_session(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("gen-1", T, FULL, requestId=None))
    copy = assistant("gen-1", T, FULL, session="fork", requestId=None, forkedFrom={"sessionId": "s1"})
    claude_home.append(copy, session="fork")
    assert only(claude_home).session == "s1"


def test_18_without_an_id_the_request_names_the_response(claude_home: ClaudeHome) -> None:
    row = with_message(assistant("msg_1", T, FULL, requestId="req_7"), id=None)
    claude_home.append(row, {**row, "uuid": "other"})
    assert only(claude_home).key == "req_7"


def test_18_without_any_name_each_row_is_a_response(claude_home: ClaudeHome) -> None:
    row = with_message(assistant("msg_1", T, FULL, requestId=None), id=None)
    claude_home.append({**row, "uuid": "u1"}, {**row, "uuid": "u1"}, {**row, "uuid": "u2"})
    nameless = {name: value for name, value in row.items() if name != "uuid"}
    claude_home.append(nameless, nameless)
    assert len(usages(claude_home)) == 4


@pytest.mark.parametrize("stop_reason", ["end_turn", None])
def test_19_a_cut_stream_counts_what_it_says(claude_home: ClaudeHome, stop_reason: str | None) -> None:
    claude_home.append(with_message(assistant("msg_1", T, placeholder(2)), stop_reason=stop_reason))
    assert (only(claude_home).usage.output, only(claude_home).is_lower_bound) == (2, True)


@pytest.mark.parametrize(
    ("value", "want", "is_bad"),
    [
        (None, 0, False), (7.0, 7, True), (7.9, 7, True), (-7, 0, True), ("7", 0, True), (True, 0, True),
        ([7], 0, True), ({"a": 7}, 0, True), (2**53, 0, True), (2**53 - 1, 2**53 - 1, False), (2**64, 0, True),
        (10**400, 0, True), (float("inf"), 0, True), (float("nan"), 0, True), (-0.5, 0, True),
    ],
)  # fmt: skip
def test_20_a_counter_that_is_no_count_never_drops_the_row(
    claude_home: ClaudeHome, value: object, want: int, is_bad: bool
) -> None:
    claude_home.append(assistant("msg_1", T, {**usage(3, 4), "cache_read_input_tokens": value}))
    assert only(claude_home).usage == Usage(3, 4, cache_read=want)
    assert problem_kinds(claude_home) == [ProblemKind.BAD_COUNT] * is_bad


@pytest.mark.parametrize(
    "name", ["claude-opus-4-5[1m]", "us.anthropic.claude-opus-4-5-v1:0", "claude-opus-4-5@20251101"]
)
def test_21_models_are_shown_as_logged_and_priced_by_what_they_are(claude_home: ClaudeHome, name: str) -> None:
    claude_home.append(assistant("msg_1", T, usage(100), model=SONNET), assistant("msg_2", T, usage(100), model=name))
    first, second = counted_exactly(claude_home.folder)
    assert (first.model, second.model) == (SONNET, name)
    assert second.price.nano in (500_000, 550_000)


def test_22_the_project_is_where_the_session_began(claude_home: ClaudeHome) -> None:
    claude_home.append(
        {"type": "user", "cwd": "/home/user/first", "sessionId": "s1"},
        assistant("msg_1", T, FULL, cwd="/home/user/second"),
        assistant("msg_2", T + 1, FULL, cwd="/home/user/third"),
    )
    claude_home.append(assistant("msg_3", T + 2, FULL, cwd="/home/user/agent", agentId="a1"), agent="a1")
    assert {one.project for one in counted_exactly(claude_home.folder)} == {"/home/user/first"}


def test_22_worktrees_count_under_their_repository(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL, cwd="/r/repo/.claude/worktrees/w1"))
    claude_home.append(assistant("msg_2", T, FULL, session="s2", cwd="/r/repo"), session="s2")
    store = counted(claude_home.folder)
    folded = assert_sums_agree(store)
    assert [(row.key, row.sessions) for row in folded.projects] == [("/r/repo", 2)]


def test_22_without_any_folder_the_name_of_the_transcripts_folder_is_decoded(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL, cwd=None), project="-home-user-some")
    assert only(claude_home).project == "/home/user/some"


def test_22_a_folder_called_projects_above_does_not_mislead(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path / "projects" / "mine" / ".claude")
    home.append(assistant("msg_1", T, FULL, cwd=None), project="-home-user-some")
    assert only(home).project == "/home/user/some"


def test_23_lines_that_are_not_quite_lines(claude_home: ClaudeHome) -> None:
    two = line(assistant("msg_4", T, FULL)).rstrip(b"\n") + line(assistant("msg_5", T, FULL))
    surrogate = assistant("msg_3", T, FULL, gitBranch="HERE")
    claude_home.append(
        line(assistant("msg_1", T, FULL, slug="a\u2028b\u2029c\x85d")),
        b"\0\0\0" + line(assistant("msg_2", T, FULL)),
        line(surrogate).replace(b"HERE", b"x\\ud83d"),
        two,
        b"\n\n  \n",
        line(assistant("msg_6", T, FULL, slug="x" * 2_000_000)),
        b'{"type":"assistant","message":{"id":"msg_torn","usa' + line(assistant("msg_7", T, FULL)),
        b"\xef\xbb\xbf" + line(assistant("msg_8", T, FULL)),
        b"\xff\xfe garbage\n",
        line(assistant("msg_9", T, FULL)).rstrip(b"\n"),
    )
    assert [one.key for one in counted_exactly(claude_home.folder)] == [f"msg_{n}" for n in range(1, 10)]
    assert set(problem_kinds(claude_home)) == {ProblemKind.NUL_RUN, ProblemKind.MALFORMED}


def test_23_of_rows_on_one_line_it_is_not_the_order_that_decides(claude_home: ClaudeHome) -> None:
    models = (SONNET, "claude-opus-4-5")
    for number, (first, last) in enumerate((models, models[::-1])):
        rows = [line(assistant(f"msg_{number}", T, FULL, model=model)) for model in (first, last)]
        claude_home.append(rows[0].rstrip(b"\n") + rows[1])
    assert {one.model for one in counted_exactly(claude_home.folder)} == {SONNET}


def test_23_escaped_text_means_the_same(claude_home: ClaudeHome) -> None:
    text = line(assistant("msg_1", T, FULL))
    for name in (b'"assistant"', b'"usage"', b'"type"', b'"message"', b'"msg_1"', b'"cwd"', b'"output_tokens"'):
        escaped = b'"' + b"".join(b"\\u%04x" % byte for byte in name[1:-1]) + b'"'
        claude_home.append(text.replace(name, escaped))
    assert only(claude_home).usage == COUNTED


def test_24_rows_need_not_be_in_the_order_of_time(claude_home: ClaudeHome) -> None:
    claude_home.append(*(assistant(f"msg_{n}", T - n * 1000, FULL) for n in range(5)))
    claude_home.append(assistant("msg_0", T - 60_000, FULL))
    found = counted_exactly(claude_home.folder)
    assert [one.key for one in found] == ["msg_0", "msg_4", "msg_3", "msg_2", "msg_1"]
    assert found[0].time_ms == T - 60_000


def test_25_a_response_across_midnight_counts_once_on_its_first_day(claude_home: ClaudeHome) -> None:
    midnight = 1_780_005_600_000  # 2026-05-29T00:00 in Berlin
    claude_home.append(assistant("msg_1", midnight + 5, FULL), assistant("msg_1", midnight - 5, placeholder()))
    (day,) = assert_sums_agree(counted(claude_home.folder, zone=BERLIN)).days
    assert (day.day, day.totals.responses) == (date(2026, 5, 28), 1)


def test_26_the_order_of_keys_in_usage_says_nothing(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, placeholder()), assistant("msg_1", T, dict(reversed(FULL.items()))))
    assert only(claude_home).usage == COUNTED


def test_26_spaces_and_key_order_of_a_line_say_nothing(claude_home: ClaudeHome) -> None:
    row = dict(reversed(assistant("msg_1", T, FULL).items()))
    claude_home.append(json.dumps(row, indent=None, separators=(" , ", " : ")).encode() + b"\n")
    assert only(claude_home).usage == COUNTED


def test_27_roots_given_twice_count_once(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, FULL), b"garbage\n")
    (tmp_path / "link").symlink_to(claude_home.folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "projects").symlink_to(claude_home.folder / "projects")
    roots = [claude_home.folder, tmp_path / "link", tmp_path / "other", claude_home.folder / "projects", path.parent]
    (found,) = counted_exactly(*roots)
    assert found.usage == COUNTED
    assert len(counted(*roots).problems) == 1


def test_28_clearing_starts_another_session(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL), session="s1")
    claude_home.append(assistant("msg_2", T + 1, FULL, session="s2"), session="s2")
    snapshot = assert_sums_agree(counted(claude_home.folder))
    assert [row.key for row in snapshot.sessions] == ["s2", "s1"]


def test_29_a_session_resumed_elsewhere_keeps_its_project(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, FULL, cwd="/home/user/one"))
    claude_home.append(assistant("msg_2", T + 1, FULL, cwd="/home/user/two"))
    (row,) = assert_sums_agree(counted(claude_home.folder)).projects
    assert (row.key, row.sessions, row.totals.responses) == ("/home/user/one", 1, 2)


FABLE, OPUS = "claude-fable-5", "claude-opus-4-8"


def fallen_back(kinds: list[str], output: int, *more: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A row of a response that a second model took over from a first, which had written `output` tokens."""
    declined = iteration("message", FABLE, input=2, output=output, write_1h=22_000, read=32_000)
    served = iteration("fallback_message", OPUS, input=100, output=50, write_5m=30, write_1h=20, read=1000)
    row = assistant("msg_1", T, iterated(declined, *more, served), model=OPUS)
    return with_message({**row, **top}, content=[{"type": kind} for kind in kinds])


SERVED_NANO = 100 * 5000 + 50 * 25_000 + 30 * 6250 + 20 * 10_000 + 1000 * 500
DECLINED_NANO = 2 * 10_000 + 22_000 * 20_000 + 32_000 * 1000


@pytest.mark.parametrize(
    ("kinds", "output"),
    [(["fallback", "text"], 2), (["fallback", "text"], 500), (["text"], 0), (["text"], 2), (["text", "fallback"], 0)],
)
def test_14_an_attempt_declined_before_it_wrote_anything_is_not_billed(
    claude_home: ClaudeHome, kinds: list[str], output: int
) -> None:
    claude_home.append(fallen_back(kinds, output))
    found = only(claude_home)
    assert (found.usage, found.model, found.price.nano) == (COUNTED, OPUS, SERVED_NANO)
    assert found.price.flags == ("declined_attempt_free",)


@pytest.mark.parametrize(
    "rows",
    [
        [fallen_back(["text", "fallback", "text"], 500)],
        [fallen_back(["text", "fallback", "text"], 2)],
        [fallen_back([kind], 500, uuid=f"u{at}") for at, kind in enumerate(("text", "fallback", "text"))],
        [fallen_back(["fallback"], 2, apiBlockIndex=1), fallen_back(["text"], 2, apiBlockIndex=2, uuid="u")],
    ],
)
def test_14_an_attempt_declined_in_mid_stream_is_a_line_of_its_own(
    claude_home: ClaudeHome, rows: list[dict[str, Any]]
) -> None:
    claude_home.append(*rows)
    main, extra = counted_exactly(claude_home.folder)
    output = extra.usage.output
    assert (main.usage, main.model, main.price.nano) == (COUNTED, OPUS, SERVED_NANO)
    assert (extra.extra, extra.model, extra.usage) == ("fallback", FABLE, Usage(2, output, 0, 22_000, 32_000))
    assert extra.price.nano == DECLINED_NANO + output * 50_000
    assert "fallback" in extra.price.flags


def test_14_each_of_several_fallbacks_is_billed_at_its_own_model(claude_home: ClaudeHome) -> None:
    between = iteration("fallback_message", "claude-sonnet-5", input=7, output=3)
    claude_home.append(fallen_back(["fallback", "text"], 1, between))
    main, extra = counted_exactly(claude_home.folder)
    assert (main.usage, main.model, main.price.nano) == (COUNTED, OPUS, SERVED_NANO)
    assert (extra.extra, extra.model, extra.usage) == ("fallback", "claude-sonnet-5", Usage(7, 3))
    assert extra.price.nano == 7 * 2000 + 3 * 10_000


@pytest.mark.parametrize("between", ["message", "fallback_message"])
@pytest.mark.parametrize(
    ("kinds", "billed"),
    [
        (["fallback", "fallback", "text"], []),
        (["text", "fallback", "fallback", "text"], [FABLE]),
        (["fallback", "text", "fallback", "text"], ["claude-sonnet-5"]),
        (["thinking", "fallback", "text", "tool_use", "fallback", "text"], [FABLE, "claude-sonnet-5"]),
    ],
)
def test_14_of_several_attempts_those_that_wrote_are_billed(
    claude_home: ClaudeHome, kinds: list[str], billed: list[str], between: str
) -> None:
    claude_home.append(fallen_back(kinds, 20, iteration(between, "claude-sonnet-5", input=7, output=3)))
    main, *extras = counted_exactly(claude_home.folder)
    assert (main.usage, main.model, main.price.nano) == (COUNTED, OPUS, SERVED_NANO)
    assert sorted(extra.model for extra in extras) == sorted(billed)
    assert ("declined_attempt_free" in main.price.flags) == (len(billed) < 2)


def test_14_fallbacks_that_add_up_to_the_response_are_no_line_of_their_own(claude_home: ClaudeHome) -> None:
    parts = [iteration("fallback_message", model, input=5, output=2) for model in (OPUS, "claude-sonnet-5")]
    claude_home.append(assistant("msg_1", T, usage(10, 4, iterations=parts), model="claude-sonnet-5"))
    assert only(claude_home).price.nano == 5 * 5000 + 2 * 25_000 + 5 * 2000 + 2 * 10_000


@pytest.mark.parametrize("served", [{}, {"input_tokens": 1, "output_tokens": None}, {"cache_creation": None}])
def test_14_what_served_costs_what_the_response_says(claude_home: ClaudeHome, served: dict[str, Any]) -> None:
    declined = iteration("message", FABLE, input=2, output=0)
    counters = usage(
        100, 50, 30, 20, 1000, iterations=[declined, {"type": "fallback_message", "model": OPUS, **served}]
    )
    claude_home.append(assistant("msg_1", T, counters, model=OPUS))
    found = only(claude_home)
    assert (found.usage, found.model, found.price.nano) == (Usage(100, 50, 30, 20, 1000), OPUS, SERVED_NANO)


def undated(key: str, **more: Any) -> dict[str, Any]:
    return assistant(key, T, usage(1, 1), **{"timestamp": None, **more})


def times(home: ClaudeHome) -> dict[str, int]:
    return {one.key: one.time_ms for one in counted_exactly(home.folder)}


HOUR = 3_600_000


def test_a_row_without_a_time_is_as_old_as_the_line_before_it(claude_home: ClaudeHome) -> None:
    asked = {"type": "user", "timestamp": timestamp(T + HOUR), "cwd": "/p", "sessionId": "s1"}
    claude_home.append(
        assistant("msg_1", T, usage(1, 1)), asked, undated("msg_2"), undated("msg_3", timestamp="1970-01-01T00:00:01Z"),
        undated("msg_4", timestamp=5), assistant("msg_5", T + 2 * HOUR, usage(1, 1)), undated("msg_6"),
    )  # fmt: skip
    assert times(claude_home) == {
        "msg_1": T, "msg_2": T + HOUR, "msg_3": T + HOUR, "msg_4": T + HOUR, "msg_5": T + 2 * HOUR,
        "msg_6": T + 2 * HOUR,
    }  # fmt: skip
    assert problem_kinds(claude_home) == [ProblemKind.UNDATED] * 4


def test_the_first_rows_without_a_time_are_as_old_as_the_first_line_that_has_one(claude_home: ClaudeHome) -> None:
    claude_home.append(undated("msg_1"), undated("msg_2", isSidechain=True))
    assert times(claude_home) == {}
    assert problem_kinds(claude_home) == [ProblemKind.UNDATED] * 2
    claude_home.append({"type": "mode"}, {"type": "user", "timestamp": timestamp(T), "message": {"content": "?"}})
    claude_home.append(assistant("msg_3", T + HOUR, usage(1, 1)))
    assert times(claude_home) == {"msg_1": T, "msg_2": T, "msg_3": T + HOUR}


@pytest.mark.parametrize("said", [T, str(T), T // 1000, T * 1000, float(T)])
def test_a_time_that_is_a_number_is_a_time(claude_home: ClaudeHome, said: object) -> None:
    claude_home.append(undated("msg_1", timestamp=said))
    assert times(claude_home) == {"msg_1": T // 1000 * 1000 if said == T // 1000 else T}
    assert problem_kinds(claude_home) == []


PARENT = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("place", [f"{PARENT}/subagents", f"{PARENT}/subagents/workflows/wf_1", PARENT])
def test_a_sub_agents_rows_that_name_no_session_belong_to_the_one_they_lie_below(
    claude_home: ClaudeHome, place: str
) -> None:
    path = claude_home.folder / "projects" / "-p" / place / "agent-a1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(line(assistant("msg_1", T, usage(1, 1), sessionId=None, agentId="a1", isSidechain=True)))
    claude_home.append(assistant("msg_2", T, usage(1, 1), session=PARENT, cwd="/started"), session=PARENT)
    assert {(one.session, one.agent, one.project) for one in counted_exactly(claude_home.folder)} == {
        (PARENT, "", "/started"), (PARENT, "a1", "/started"),
    }  # fmt: skip


def test_a_row_that_names_no_session_belongs_to_the_one_its_file_named(claude_home: ClaudeHome) -> None:
    path = claude_home.folder / "projects" / "-p" / "agent-a1.jsonl"
    path.parent.mkdir(parents=True)
    rows = [assistant(f"msg_{n}", T, usage(1, 1), sessionId=("s1", None)[n], agentId="a1") for n in range(2)]
    path.write_bytes(b"".join(map(line, rows)))
    assert [one.session for one in counted_exactly(claude_home.folder)] == ["s1", "s1"]


def test_rows_that_nothing_names_are_told_apart_by_what_they_say(claude_home: ClaudeHome) -> None:
    for number, session in enumerate(("s1", "s2")):
        row = with_message(assistant("x", T + number, usage(1, 1), session, requestId=None, uuid=None), id=None)
        claude_home.append(row, project=f"-{number}", session="same")
    assert len(counted_exactly(claude_home.folder)) == 2
