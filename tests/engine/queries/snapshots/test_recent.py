"""What happened in the last hour is the same, whether it was read from logs or is known from the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine import count as counting
from claude_tui.engine.count import count
from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.queries.snapshots.recent import load_recent
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from tests.engine.counting import BERLIN, NOW_MS, PRICER, config_of, here
from tests.logs import ClaudeHome, assistant, usage

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

ages_ms = st.sampled_from(
    [-1, 0, 1, *(m * MINUTE_MS + d for m in (5, 10, 15, 59, 60) for d in (-1, 0, 1))]
) | st.integers(-MINUTE_MS, 3 * HOUR_MS)
advice = {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 1_000, "output_tokens": 500}


@st.composite
def responses(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A usage row and the session of its file; some of side chains, with extras or without a price."""
    session = draw(st.sampled_from(["s1", "s2", "s3"]))
    tokens = draw(st.integers(0, 10**6))
    iterations: dict[str, Any] = draw(st.sampled_from([{}, {}, {"iterations": [advice]}]))
    row = assistant(
        f"msg_{draw(st.integers(0, 20))}",
        NOW_MS - draw(ages_ms),
        usage(tokens, tokens // 7, read=tokens // 3, **iterations),
        session=session,
        model=draw(st.sampled_from(["claude-opus-4-6", "claude-haiku-4-5", "nobody-knows"])),
        isSidechain=draw(st.booleans()),
    )
    return row, session


def picture(store: Store, query: Query, now_ms: int) -> dict[str, Any]:
    """Everything a snapshot says, but for how often the store has changed."""
    load_recent(store, now_ms)
    snapshot = SnapshotMaker(store).take(query, now_ms)
    return {name: value for name, value in snapshot._asdict().items() if name != "revision"}


@given(st.lists(responses(), min_size=1, max_size=12), st.lists(ages_ms, min_size=1, max_size=3))
@settings(max_examples=25, deadline=None)
def test_a_picture_is_the_same_cold_and_warm(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[dict[str, Any], str]],
    ages: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("home")
    home = ClaudeHome(folder / "claude")
    for row, session in rows:
        home.append(row, session=session)
    with patch.object(counting, "UNSAVED_BYTES", -1):
        counted(home, folder / "cache")
    for age_ms in ages:
        for query in (Query(), Query(session="s1")):
            cold = picture(counted(home, None), query, NOW_MS + age_ms)
            warm = counted(home, folder / "cache")
            assert not warm.is_table_loaded
            assert picture(warm, query, NOW_MS + age_ms) == cold


def counted(home: ClaudeHome, cache: Path | None) -> Store:
    return count(Setup(config_of(home.folder), PRICER, BERLIN, cache_folder=cache), processes=here())


def test_responses_are_not_loaded_where_the_last_hour_has_none(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", NOW_MS, usage(output=100_000)))
    with patch.object(counting, "UNSAVED_BYTES", -1):
        counted(claude_home, tmp_path / "cache")
    store = counted(claude_home, tmp_path / "cache")
    load_recent(store, NOW_MS + HOUR_MS)
    assert not store.is_table_loaded
    load_recent(store, NOW_MS + HOUR_MS - 1)
    assert store.is_table_loaded


def test_responses_that_are_damaged_in_the_cache_are_counted_anew(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", NOW_MS, usage(output=100_000)))
    with patch.object(counting, "UNSAVED_BYTES", -1):
        counted(claude_home, tmp_path / "cache")
    (table,) = (tmp_path / "cache").glob("*/table-*")
    data = bytearray(table.read_bytes())
    data[: len(data) // 2] = bytes(byte ^ 1 for byte in data[: len(data) // 2])
    table.write_bytes(data)
    warm = picture(counted(claude_home, tmp_path / "cache"), Query(), NOW_MS)
    assert warm == picture(counted(claude_home, None), Query(), NOW_MS)
    assert warm["burn"].last_60m_nano == warm["totals"].cost_nano > 0


@given(st.lists(responses(), min_size=1, max_size=12), st.sampled_from([1_000, 15_000, MINUTE_MS, 900_000]))
@settings(max_examples=25, deadline=None)
def test_a_course_has_what_the_responses_of_its_time_cost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[dict[str, Any], str]], step_ms: int
) -> None:
    home = ClaudeHome(tmp_path_factory.mktemp("home") / "claude")
    for row, session in rows:
        home.append(row, session=session)
    answers = Answers(counted(home, None))
    load_recent(answers.store, NOW_MS)
    since_ms = NOW_MS - HOUR_MS
    found = answers.cost_course(since_ms, NOW_MS, step_ms)
    assert found is not None
    expected = [0] * len(found)
    tokens: dict[tuple[str, str], int] = {}
    for one in answers.responses(Query()):
        if since_ms <= one.time_ms <= NOW_MS:
            expected[(one.time_ms - since_ms) // step_ms] += one.price.nano or 0
        if (NOW_MS // MINUTE_MS - 29) * MINUTE_MS <= one.time_ms <= NOW_MS:
            key = (one.source, one.session)
            tokens[key] = tokens.get(key, 0) + one.usage.tokens
    assert found == tuple(expected)
    assert {key: sum(of) for key, of in answers.session_tokens(NOW_MS, 30).items()} == tokens
