"""What no instant, or one that cannot be right, does to the figures: it is counted, named, and never now."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.allowances.windows import WindowBook
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.facts import FactBook
from claude_tui.engine.state.store import Store
from claude_tui.model import ProblemKind, Query, SessionState, Usage, UsageRow
from claude_tui.sources.protocol import FileFacts, SourceConfig
from claude_tui.sources.settling import columns_of
from tests.engine.counting import PRICER, UTC, assert_sums_agree, counted, counted_exactly, here
from tests.logs import ClaudeHome, assistant, usage

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CLOCK_MS = int(datetime.now(timezone.utc).timestamp() * 1000)
LATE_MS = CLOCK_MS + 4000 * DAY_MS


T = 1_790_000_000_000


def test_a_response_ahead_of_the_clock_is_counted_and_named_but_is_not_now(claude_home: ClaudeHome) -> None:
    for name, time_ms in (("msg_1", CLOCK_MS), ("msg_2", LATE_MS)):
        claude_home.append(assistant(name, time_ms, usage(10, 5), session=name), session=name)
    responses = counted_exactly(claude_home.folder)
    store = counted(claude_home.folder)
    (problem,) = store.problems
    assert (problem.kind, problem.path) == (ProblemKind.FUTURE, responses[1].path)
    snapshot = assert_sums_agree(store, now_ms=CLOCK_MS)
    assert (snapshot.totals.responses, snapshot.newest_ms) == (2, CLOCK_MS)
    assert (snapshot.active_sessions, snapshot.today.responses) == (1, 1)
    assert [row.key for row in snapshot.sessions] == ["msg_1", "msg_2"]
    assert [row.state for row in snapshot.sessions] == [SessionState.FINISHED, SessionState.DONE]
    assert snapshot.days[-1].day == date.fromordinal(date(1970, 1, 1).toordinal() + LATE_MS // DAY_MS)
    book = WindowBook(store)
    blocks = book.picture(CLOCK_MS)
    assert [block.entries for block in blocks.blocks] == [1]
    assert blocks.window is not None and blocks.window.block.entries == 1
    # When that day comes it is a day like any other.
    assert [block.entries for block in book.picture(LATE_MS).blocks if block.entries] == [1, 1]
    assert SnapshotMaker(store).take(Query(), LATE_MS).newest_ms == LATE_MS


def test_a_clock_that_is_a_little_fast_is_no_problem(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", CLOCK_MS + 2 * HOUR_MS, usage(10, 5)))
    store = counted(claude_home.folder)
    assert store.problems == []
    picture = WindowBook(store).picture(CLOCK_MS)
    assert (len(picture.blocks), picture.window) == (1, None)
    claude_home.append(assistant("msg_2", CLOCK_MS - HOUR_MS, usage(10, 5)))
    claude_home.append(assistant("msg_3", CLOCK_MS + 20 * HOUR_MS, usage(10, 5)))
    window = WindowBook(counted(claude_home.folder)).picture(CLOCK_MS).window
    assert window is not None and window.start_ms <= CLOCK_MS


def test_the_newest_response_up_to_an_instant_is_found_where_its_day_has_later_ones_too() -> None:
    store = Store(PRICER, UTC)
    day_ms = CLOCK_MS // DAY_MS * DAY_MS
    rows = [
        UsageRow(f"msg_{at_ms}", at_ms, "s1", "", "/p", model, Usage(1, 1))
        for at_ms, model in ((day_ms + 1, "a"), (day_ms + 9, "a"), (day_ms + 5, "b"), (day_ms - 1, "b"))
    ]
    store.apply("/p", columns_of("claude", rows))
    assert [store.newest_ms(day_ms + until) for until in (99, 9, 5, 2, 0)] == [
        day_ms + 9, day_ms + 9, day_ms + 5, day_ms + 1, day_ms - 1,
    ]  # fmt: skip


def chat(folder: Path, said: list[Any]) -> SourceConfig:
    """A Gemini CLI chat whose answers have these instants."""
    path = folder / ".gemini" / "tmp" / "a" / "chats" / "session-1.json"
    path.parent.mkdir(parents=True)
    tokens = {"input": 10, "output": 5, "cached": 0, "thoughts": 0, "tool": 0, "total": 15}
    messages = [
        {"id": f"m{n}", "type": "gemini", "timestamp": when, "model": "gemini-2.5-pro", "tokens": tokens}
        for n, when in enumerate(said)
    ]
    path.write_text(json.dumps({"sessionId": "g1", "projectHash": "a", "messages": messages}))
    os.utime(path, (CLOCK_MS // 1000, CLOCK_MS // 1000))
    return SourceConfig(home=folder, sources=("gemini",))


@pytest.mark.parametrize(
    ("said", "want"),
    [
        (["2026-05-28T20:26:40.123Z", None], [1_780_000_000_123] * 2),
        ([None, 1_780_000_000_123], [1_780_000_000_123] * 2),
        ([None], [CLOCK_MS // 1000 * 1000]),
    ],
)
def test_no_clients_response_is_of_1970(tmp_path: Path, said: list[Any], want: list[int]) -> None:
    store = count(Setup(chat(tmp_path, said), PRICER, UTC), processes=here())
    assert [one.time_ms for one in list_responses(store)] == want
    assert [one.kind for one in store.problems] == [ProblemKind.UNDATED]


def test_nothing_of_a_file_stays_with_whom_it_seemed_to_be() -> None:
    book = FactBook()
    stem, named = FileFacts("stem", cwd="/p", last_ms=5), FileFacts("named", cwd="/p", last_ms=6)
    for facts in (stem, named):
        changed, moved = book.learn("claude", "/f", facts._replace(is_complete=True))
        assert changed
    assert moved == {("claude", "stem"), ("claude", "named")}
    assert list(book.sessions) == [("claude", "named")]
    assert book.seen_between(0, 10) == {("claude", "named")}
    agent = FileFacts(parent="named", agent="a", is_complete=True)
    book.learn("claude", "/g", agent)
    book.learn("claude", "/f", agent._replace(agent_type="Explore"))
    assert (list(book.sessions), list(book.agents)) == ([], [("claude", "named", "a")])
    book.learn("claude", "/f", named._replace(is_complete=True))
    assert book.agents["claude", "named", "a"] == agent


def test_when_the_clock_catches_up_a_session_takes_its_place(claude_home: ClaudeHome) -> None:
    ahead_ms = T + 3 * 86_400_000
    for session, time_ms in (("a-now", T), ("b-ahead", ahead_ms)):
        claude_home.append(assistant(f"msg_{session}", time_ms, usage(1, 2), session=session), session=session)
    store = counted(claude_home.folder)
    maker = SnapshotMaker(store)
    for now_ms in (T - 10 * 86_400_000, T + 400 * 86_400_000, T, ahead_ms, T, ahead_ms + 60_000):
        shown, fresh = maker.take(Query(), now_ms), SnapshotMaker(store).take(Query(), now_ms)
        assert [(row.key, row.state) for row in shown.sessions] == [(row.key, row.state) for row in fresh.sessions]
