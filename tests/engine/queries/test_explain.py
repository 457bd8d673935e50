from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.explain import (
    COPY,
    COUNTED,
    PROGRESS,
    REPEATED,
    SIDE_QUESTION,
    Explanation,
    Unpriced,
    explain,
)
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.state.store import Store
from claude_tui.model import UNLOGGED, Query, Response
from claude_tui.sources.claude.reference import reference_transcript
from tests.engine.counting import GOLDEN_SETS, NOW_MS, counted, transcripts_of
from tests.logs import ClaudeHome, assistant, usage


def response_of(store: Store, key: str) -> Response:
    return next(one for one in list_responses(store) if one.key == key)


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_every_usage_row_of_real_logs_is_either_counted_or_dropped_for_a_reason(folder: Path) -> None:
    store = counted(folder, keep_names=False)
    found = explain(store, Query())
    rows = [row for path in transcripts_of(folder) for row in reference_transcript(path).rows]
    totals = totals_of(list_responses(store))
    assert found.is_complete
    assert (found.usage_rows, found.counted_rows) == (len(rows), totals.responses)
    assert found.usage_rows == found.counted_rows + sum(found.duplicates.values())
    assert found.lines == sum(Path(path).read_bytes().count(b"\n") for path in transcripts_of(folder))
    assert (found.responses, found.cost_nano, found.lower_bounds) == (
        totals.responses, totals.cost_nano, totals.lower_bound,
    )  # fmt: skip
    assert sum(use.cost_nano for use in found.rates) == totals.cost_nano
    assert sum(one.tokens for one in found.unpriced) == totals.unpriced_tokens


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_the_row_said_to_count_is_the_one_that_was_counted(folder: Path) -> None:
    store = counted(folder, keep_names=False)
    for response in list_responses(store):
        if response.extra == UNLOGGED:
            continue
        found = explain(store, response)
        (winner,) = [row for row in found.rows if row.reason == COUNTED]
        (owner,) = [row for row in found.rows if row.is_owner]
        assert found.problem == ""
        assert (winner.path, winner.offset) == (response.path, response.offset)
        assert (owner.session, owner.agent) == (response.session, response.agent)
        assert min(row.time_ms for row in found.rows) == response.time_ms
        text = Path(winner.path).read_bytes().split(b"\n")[winner.line - 1]
        assert b'"usage"' in text


def logs_of_every_kind(home: ClaudeHome) -> Store:
    """One response of session s1 in every place a row of it may be."""
    row = assistant("msg_a", NOW_MS, usage(10, 1))
    home.append({"type": "user"}, row, b"garbage\n", assistant("msg_a", NOW_MS + 5, usage(10, 90)))
    copy = assistant("msg_a", NOW_MS, usage(10, 90), "s2", requestSessionId="s1")
    home.append(copy, {**copy, "message": row["message"]}, session="s2")
    home.append(assistant("msg_a", NOW_MS, usage(10, 90), isSidechain=True), agent="aside_question-1")
    inner = {"type": "assistant", "message": row["message"], "timestamp": row["timestamp"]}
    home.append(
        {"type": "progress", "sessionId": "s3", "data": {"type": "agent_progress", "message": inner}}, session="s3"
    )
    return counted(home.folder, keep_names=True)


def test_each_row_of_a_response_says_why_it_does_not_count(claude_home: ClaudeHome) -> None:
    store = logs_of_every_kind(claude_home)
    found = explain(store, response_of(store, "msg_a"))
    assert {(Path(row.path).stem, row.line): row.reason for row in found.rows} == {
        ("s1", 2): COPY,
        ("s1", 4): COPY,
        ("s2", 1): COUNTED,
        ("s2", 2): REPEATED,
        ("agent-aside_question-1", 1): SIDE_QUESTION,
        ("s3", 1): PROGRESS,
    }
    assert [Path(row.path).stem for row in found.rows if row.is_owner] == ["s1"]
    assert found.why == "of the rows with the most tokens it was the last one"
    assert found.usage_rows == 6


def test_a_session_is_explained_by_its_own_files_and_the_copies_beside_them(claude_home: ClaudeHome) -> None:
    store = logs_of_every_kind(claude_home)
    claude_home.append(assistant("msg_other", NOW_MS, usage(5, 5), "s9"), session="s9")
    found = explain(store, Query(session="s1"))
    assert found.duplicates == Counter({COPY: 2, REPEATED: 1, SIDE_QUESTION: 1, PROGRESS: 1})
    assert (found.responses, found.usage_rows, found.is_complete) == (1, 6, True)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([usage(1, 1)], "it is the only row"),
        ([usage(1, 1), usage(1, 9), usage(1, 3)], "it has the most output tokens"),
        ([usage(0, 9), usage(50, 9)], "of the rows with the most output tokens it has the most tokens"),
        ([usage(5, 9), usage(5, 9)], "of the rows with the most tokens it was the last one"),
    ],
)
def test_why_a_row_won_is_the_rule_that_decided(claude_home: ClaudeHome, rows: list[Any], why: str) -> None:
    for counters in rows:
        claude_home.append(assistant("msg_a", NOW_MS, counters))
    store = counted(claude_home.folder)
    assert explain(store, response_of(store, "msg_a")).why == why


def test_bounds_estimates_extras_and_models_without_a_price_are_told(claude_home: ClaudeHome) -> None:
    advisor = {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 5, "output_tokens": 6}
    placeholder = usage(10, 1)
    del placeholder["server_tool_use"]
    unsplit = usage(10, 10, write_5m=30)
    del unsplit["cache_creation"]
    claude_home.append(
        assistant("msg_a", NOW_MS, usage(1, 2, iterations=[advisor])),
        assistant("msg_b", NOW_MS, placeholder),
        assistant("msg_c", NOW_MS, unsplit),
        assistant("msg_d", NOW_MS, usage(7, 8), model="nobody-knows"),
        assistant("msg_e", NOW_MS, usage(7, 8, speed="fast"), model="claude-opus-5"),
        assistant("msg_f", NOW_MS, usage(7, 8), model="<synthetic>"),
    )
    found = explain(counted(claude_home.folder), Query())
    assert (found.responses, found.lower_bounds, found.passed_over) == (5, 1, 1)
    assert found.extras == Counter(advisor=1)
    assert found.estimates == {"assumed_5m": 1}
    assert found.unpriced == (Unpriced("nobody-knows", 1, 15),)
    assert {(use.rate.model, use.rate.is_fast, use.responses) for use in found.rates} == {
        ("claude-sonnet-4-5", False, 3), ("claude-opus-4-5", False, 0), ("claude-opus-5", True, 1),
    }  # fmt: skip
    assert found.prices.startswith("prices: bundled")


def test_a_query_of_one_model_and_day_covers_only_those(claude_home: ClaudeHome) -> None:
    advisor = {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 5, "output_tokens": 6}
    claude_home.append(
        assistant("msg_a", NOW_MS, usage(1, 2, iterations=[advisor])),
        assistant("msg_b", NOW_MS - 86_400_000, usage(1, 2), model="claude-opus-4-5"),
        assistant("msg_c", NOW_MS, usage(1, 2), model="claude-opus-4-5"),
    )
    store = counted(claude_home.folder)
    query = Query(model="claude-opus-4-5", since=date(2026, 11, 21))
    found = explain(store, query)
    totals = totals_of(list_responses(store, query))
    assert (found.responses, found.cost_nano, found.extras["advisor"]) == (1, totals.cost_nano, 1)


def test_files_that_are_gone_or_changed_are_told(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_a", NOW_MS, usage(1, 2)))
    store = counted(claude_home.folder)
    response = response_of(store, "msg_a")
    claude_home.append(assistant("msg_a", NOW_MS, usage(1, 20)))
    assert explain(store, response).problem == "the logs changed after this was counted"
    path.unlink()
    assert explain(store, response).problem == "its log is gone; the ledger has what was counted of it"
    found = explain(store, Query())
    assert (found.responses, found.files_gone, found.usage_rows) == (1, 1, 0)
    assert "no longer counted" in explain(store, response._replace(key="msg_nobody")).problem


def test_without_time_only_what_was_looked_at_is_claimed(claude_home: ClaudeHome) -> None:
    logs_of_every_kind(claude_home)
    found = explain(counted(claude_home.folder), Query(), files_s=-1, rows_s=-1)
    assert not found.is_complete
    assert (found.looked_at, found.to_look_at, found.files, found.files_total) == (0, 1, 0, 4)
    assert explain(counted(claude_home.folder), Query()).is_complete


def test_nothing_is_explained_by_nothing(claude_home: ClaudeHome) -> None:
    found = explain(counted(claude_home.folder), Query())
    assert found == Explanation(prices=found.prices)
    assert found.is_complete
