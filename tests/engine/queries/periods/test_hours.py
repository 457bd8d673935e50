from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.queries.periods.hours import NO_HOURS, HourBook
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from tests.engine.counting import GOLDEN_SETS, NOW_MS, PRICER, UTC, config_of, counted
from tests.logs import ClaudeHome, assistant, usage

HOUR_MS = 3_600_000
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe"]


def plain_hours(store: Store, query: Query) -> tuple[int, ...]:
    hours = [0] * 24
    for line in list_responses(store, query):
        moment = datetime.fromtimestamp(line.time_ms / 1000, timezone.utc).astimezone(store.calendar.zone)
        hours[moment.hour] += line.price.nano or 0
    return tuple(hours)


def read_again(home: ClaudeHome, store: Store) -> None:
    reader = FileReader(PRICER, store.calendar.zone)
    for file in discover(config_of(home.folder)):
        store.take_in(reader.read_all([Task(file)]))


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    """A year and a bit of responses, changes of the clock included, in three projects."""
    chance = random.Random(5)
    for number in range(600):
        session = f"s{number % 7}"
        time_ms = NOW_MS - chance.randrange(400 * 24) * HOUR_MS - chance.choice([0, 1, 1_799_999, 1_800_000, 3_599_999])
        model = chance.choice(["claude-sonnet-4-5-20250929", "claude-opus-4-5", "nobody-knows"])
        advisor = {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 900, "output_tokens": 60}
        counters = usage(number, 5, iterations=[advisor] if number % 9 == 0 else [])
        row = assistant(f"msg_{number}", time_ms, counters, session, model, cwd=f"/p/{number % 7 % 3}")
        claude_home.append(row, session=session)
    return claude_home


QUERIES: list[Callable[[], Query]] = [
    Query,
    lambda: Query(since=date(2026, 3, 1), until=date(2026, 11, 2)),
    lambda: Query(session="s3"),
    lambda: Query(project="/p/1"),
    lambda: Query(model="claude-opus-4-5"),
    lambda: Query(source="codex"),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("query", QUERIES)
def test_hours_are_the_local_ones_of_what_the_query_covers(
    history: ClaudeHome, zone: str, query: Callable[[], Query]
) -> None:
    store = counted(history.folder, zone=ZoneInfo(zone))
    hours = HourBook(store).hours(query())
    assert hours == plain_hours(store, query())
    assert sum(hours or ()) == sum(line.price.nano or 0 for line in list_responses(store, query()))


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_hours_of_real_logs_add_up(folder: Path) -> None:
    store = counted(folder)
    assert HourBook(store).hours(Query()) == plain_hours(store, Query())


def test_what_arrives_later_is_in_the_next_answer(history: ClaudeHome) -> None:
    store = counted(history.folder, keep_names=False)
    book = HourBook(store)
    queries = [query() for query in QUERIES]
    for query in queries:
        book.hours(query)
    # One response is new, one is found to be earlier than thought, and one to be longer.
    history.append(
        assistant("msg_new", NOW_MS, usage(1000, 10), "s1", cwd="/p/1"),
        assistant("msg_8", NOW_MS - 900 * 24 * HOUR_MS, usage(8, 5), "s1", cwd="/p/1"),
        assistant("msg_15", NOW_MS, usage(15, 5_000), "s1", cwd="/p/1"),
        session="s1",
    )
    read_again(history, store)
    for query in queries:
        assert book.hours(query) == plain_hours(store, query)


def test_a_session_that_turns_out_to_belong_elsewhere_moves(claude_home: ClaudeHome) -> None:
    claude_home.append(
        assistant("msg_a", NOW_MS, usage(1000), isSidechain=True, agentId="x", cwd="/p/sub"), agent="x", session="s1"
    )
    store = counted(claude_home.folder)
    book = HourBook(store)
    assert sum(book.hours(Query(project="/p/main")) or ()) == 0
    claude_home.append(assistant("msg_b", NOW_MS - 240 * HOUR_MS, usage(1), cwd="/p/main"))
    read_again(claude_home, store)
    assert book.hours(Query(project="/p/main")) == plain_hours(store, Query(project="/p/main"))
    assert sum(book.hours(Query(project="/p/main")) or ()) > 1_000_000


def test_nothing_counted_costs_nothing() -> None:
    assert HourBook(Store(PRICER, UTC)).hours(Query()) == NO_HOURS


def test_a_day_in_which_nothing_changed_is_not_summed_again(
    history: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = counted(history.folder, keep_names=False)
    book = HourBook(store)
    before = book.hours(Query())
    asked: list[tuple[int, ...]] = []
    rows_between = store.rows_between

    def asking(since: int, until: int) -> object:
        asked.append((since, until))
        return rows_between(since, until)

    monkeypatch.setattr(store, "rows_between", asking)
    assert book.hours(Query()) == before
    assert asked == []
    history.append(assistant("msg_new", NOW_MS, usage(1000, 10), "s1"), session="s1")
    read_again(history, store)
    assert book.hours(Query()) == book.hours(Query())
    assert len(asked) == 1
