"""Snapshots: kept up to date by differences, yet the same as those of a store filled afresh."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.queries.snapshots import renewal, shown_rows
from claude_tui.engine.queries.snapshots.maker import KEPT_QUERIES, SnapshotMaker
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, SessionRow, SessionState, Snapshot, Usage, UsageRow
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.settling import columns_of
from tests.engine.counting import BERLIN, NOW_MS, PRICER, UTC, assert_sections_agree, canonical
from tests.engine.rows import DAY_MS, MODELS, PATHS, facts, in_file, owned, rows
from tests.replacing import replace

queries = st.sampled_from(
    [
        Query(),
        Query(model=MODELS[0]),
        Query(session="s1"),
        Query(session="s2"),
        Query(project="/p"),
        Query(project="/q"),
        Query(since=date(2026, 11, 21)),
        Query(until=date(2026, 11, 20)),
        Query(source="codex"),
    ]
)


class Looking(RuleBasedStateMachine):
    """Files appear, grow and are read again, queries and the clock change; every look equals a fresh one."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(PRICER, BERLIN)
        self.maker = SnapshotMaker(self.store)
        self.said: list[Callable[[Store], object]] = []
        self.rows: dict[str, list[UsageRow]] = {path: [] for path in PATHS}
        self.facts: dict[str, FileFacts] = {path: owned(path, FileFacts()) for path in PATHS}
        self.query = Query()
        self.now_ms = NOW_MS
        self.seen: tuple[Snapshot, str] | None = None

    def say(self, path: str, found: list[UsageRow], known: FileFacts, *, is_whole: bool) -> None:
        def said(store: Store) -> bool:
            return store.apply(path, columns_of("claude", found), [known], is_whole=is_whole)

        self.said.append(said)
        said(self.store)

    @rule(path=st.sampled_from(PATHS), found=st.lists(rows(keys=4), max_size=3), known=facts)
    def append(self, path: str, found: list[UsageRow], known: FileFacts) -> None:
        placed = in_file(found, len(self.rows[path]))
        self.rows[path] += placed
        self.facts[path] = owned(path, known)
        self.say(path, placed, self.facts[path], is_whole=len(self.rows[path]) == len(placed))

    @rule(path=st.sampled_from(PATHS))
    def read_again(self, path: str) -> None:
        self.say(path, self.rows[path], self.facts[path], is_whole=True)

    @rule(path=st.sampled_from(PATHS), known=facts)
    def rewrite(self, path: str, known: FileFacts) -> None:
        self.rows[path] = []
        self.say(path, [], owned(path, known), is_whole=True)

    @rule(query=queries)
    def ask(self, query: Query) -> None:
        self.query = query

    @rule(ms=st.sampled_from([1, 999, 60_000, 600_000, 3_600_000, DAY_MS, -1, -60_000, -3_600_000, -DAY_MS]))
    def wait(self, ms: int) -> None:
        self.now_ms += ms

    @invariant()
    def looks_like_a_fresh_store(self) -> None:
        fresh = Store(PRICER, BERLIN)
        for said in self.said:
            said(fresh)
        snapshot = self.maker.take(self.query, self.now_ms)
        expected = SnapshotMaker(fresh).take(self.query, self.now_ms)
        self.look_back()
        self.seen = replace(snapshot, taken_ms=0), canonical(replace(expected, taken_ms=0))
        assert snapshot.totals == totals_of(list_responses(fresh, self.query))
        assert_sections_agree(snapshot)

    def look_back(self) -> None:
        """Look at the last snapshot only now: what it makes when asked for is of the moment it was taken at."""
        if self.seen is not None:
            snapshot, expected = self.seen
            assert canonical(snapshot) == expected

    def teardown(self) -> None:
        self.look_back()


Looking.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestLooking = Looking.TestCase

ROW = UsageRow("msg_1", NOW_MS, "s1", "", "/p", MODELS[0], Usage(1000, 2000))


def store_of(*found: UsageRow, known: FileFacts | None = None) -> Store:
    store = Store(PRICER, UTC)
    by_session: dict[str, list[UsageRow]] = {}
    for row in found:
        by_session.setdefault(row.session, []).append(row)
    for session, its in by_session.items():
        what = known or FileFacts(session, cwd="/p", last_kind="assistant")
        what = what._replace(session=session, last_ms=max(row.time_ms for row in its))
        store.apply(f"/{session}.jsonl", columns_of("claude", in_file(its)), [what])
    return store


def test_a_snapshot_cannot_be_changed_and_does_not_change() -> None:
    store = store_of(ROW)
    maker = SnapshotMaker(store)
    snapshot = maker.take(Query(), NOW_MS)
    before = canonical(snapshot)
    for thing in (snapshot, snapshot.totals, snapshot.models[0], snapshot.sessions[0], snapshot.burn):
        with pytest.raises((AttributeError, TypeError)):
            thing.revision = 7  # type: ignore[misc,union-attr]
    store.apply("/s2.jsonl", columns_of("claude", [replace(ROW, key="msg_2", time_ms=NOW_MS - 1)]))
    assert maker.take(Query(), NOW_MS).totals.responses == 2
    assert canonical(snapshot) == before


@pytest.mark.parametrize("query", [Query(), Query(project="/p"), Query(since=date(2026, 11, 20))])
def test_a_session_of_many_days_models_and_folders_looks_the_same_at_once_and_row_by_row(query: Query) -> None:
    grown, at_once = Store(PRICER, UTC), Store(PRICER, UTC)
    maker = SnapshotMaker(grown)
    for number in range(24):
        cwd, agent = ("/q", "/p", "/r")[number % 3], ("", "a", "", "b", "a")[number % 5]
        time_ms = NOW_MS - number // 5 * DAY_MS - number
        row = replace(ROW, key=f"m{number}", cwd=cwd, agent=agent, time_ms=time_ms, model=MODELS[number % 4])
        for session in ("s1", "s2")[: 1 + (number == 5)]:  # s1 has no main file that says its folder, s2 one response
            found = columns_of("claude", in_file([replace(row, key=session + row.key, session=session)], number))
            grown.apply(f"/{session}.jsonl", found, is_whole=False)
            at_once.apply(f"/{session}.jsonl", found, is_whole=False)
        maker.take(query, NOW_MS)
    snapshot, expected = maker.take(query, NOW_MS), SnapshotMaker(at_once).take(query, NOW_MS)
    assert canonical(replace(snapshot, revision=0)) == canonical(replace(expected, revision=0))
    assert_sections_agree(snapshot)
    assert [SessionRow(**row._asdict()) for row in snapshot.sessions] == list(snapshot.sessions)
    of_s1 = list_responses(at_once, query._replace(session="s1"))
    assert snapshot.sessions[0].totals == totals_of(of_s1)
    assert [agent.key for agent in snapshot.sessions[0].agents] == ["a", "b"]
    assert {row.key: row.sessions for row in snapshot.projects}["/p"] == 1


def test_sub_agents_are_those_of_their_snapshot_whenever_they_are_asked_for() -> None:
    of_agents = [replace(ROW, key=f"a{n}", agent=("a", "b")[n % 2], is_sidechain=True) for n in range(4)]
    named = FileFacts(parent="s1", agent="a", agent_type="Explore")

    def filled() -> Store:
        store = store_of(ROW)
        store.apply("/s1/agents.jsonl", columns_of("claude", in_file(of_agents)), [named])
        return store

    store = filled()
    maker = SnapshotMaker(store)
    before = maker.take(Query(), NOW_MS).sessions[0]
    assert len(before.agents) == 2
    more = [replace(ROW, key=f"more{n}", agent="abc"[n], is_sidechain=True, model=MODELS[n]) for n in range(3)]
    renamed = named._replace(agent_type="Plan", last_ms=NOW_MS)
    store.apply("/s1/agents.jsonl", columns_of("claude", in_file(more, 4)), [renamed], is_whole=False)
    after = maker.take(Query(), NOW_MS).sessions[0]
    expected = SnapshotMaker(filled()).take(Query(), NOW_MS).sessions[0]
    assert (before, hash(before)) == (expected, hash(expected))
    assert [(row.key, row.name, row.totals.responses, row.models) for row in before.agents] == [
        ("a", "Explore", 2, (MODELS[0],)), ("b", "b", 2, (MODELS[0],)),
    ]  # fmt: skip
    assert [(row.key, row.name, row.totals.responses) for row in after.agents] == [
        ("a", "Plan", 3), ("b", "b", 3), ("c", "c", 1),
    ]  # fmt: skip
    assert before.agents[-1] is before.agents[1]
    assert before.agents != after.agents


def test_while_nothing_moves_the_same_snapshot_is_given() -> None:
    store = store_of(ROW)
    maker = SnapshotMaker(store)
    first = maker.take(Query(), NOW_MS)
    assert maker.take(Query(), NOW_MS + 1) is first
    store.apply("/s1.jsonl", columns_of("claude", [ROW]))
    assert maker.take(Query(), NOW_MS + 2) is first
    store.apply("/s2.jsonl", columns_of("claude", [replace(ROW, key="msg_2")]))
    assert maker.take(Query(), NOW_MS + 3) is not first


class Made:
    """Counts which rows a maker makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[tuple[str, object]] = []
        for module, name in (
            (renewal, "model_row"), (renewal, "project_row"), (renewal, "session_row"), (shown_rows, "AgentRow"),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, self._noting(name.strip("_"), getattr(module, name)))

    def _noting(self, name: str, make: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: object) -> object:
            self.keys.append((name, next(one for one in arguments if isinstance(one, tuple))))
            return make(*arguments)

        return noted

    def take(self) -> list[tuple[str, object]]:
        keys, self.keys = self.keys, []
        return sorted(keys, key=str)


def test_an_append_to_one_session_makes_only_its_rows_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [
        replace(ROW, key=f"msg_{n}", session=f"s{n}", cwd=f"/p{n}", model=MODELS[n % 2], time_ms=NOW_MS - n * 60_000)
        for n in range(50)
    ]
    store = store_of(*many, known=FileFacts("s"))
    made = Made(monkeypatch)
    maker = SnapshotMaker(store)
    maker.take(Query(), NOW_MS)
    assert len(made.take()) == 50 + 50 + 2
    added = replace(ROW, key="msg_new", session="s7", cwd="/p7", model=MODELS[1])
    store.apply("/s7.jsonl", columns_of("claude", [added]), is_whole=False)
    assert maker.take(Query(), NOW_MS + 1000).totals.responses == 51
    assert made.take() == [
        ("model_row", ("claude", MODELS[1])), ("project_row", ("claude", "/p7")), ("session_row", ("claude", "s7")),
    ]  # fmt: skip
    snapshot = maker.take(Query(), NOW_MS + 5000)
    assert made.take() == []
    expected = SnapshotMaker(store).take(Query(), NOW_MS + 5000)
    assert [row.key for row in snapshot.sessions[:3]] == ["s0", "s7", "s1"]  # as recent as the first one
    assert snapshot.sessions == expected.sessions


def test_as_many_queries_as_are_kept_are_all_kept_up_to_date() -> None:
    store = store_of(ROW)
    maker = SnapshotMaker(store)
    asked = [Query(), *(Query(model=model) for model in MODELS), Query(session="s1"), Query(project="/p")]
    assert len(asked) > KEPT_QUERIES
    for n in range(20):
        added = replace(ROW, key=f"msg_{n}", model=MODELS[n % 4], time_ms=NOW_MS + n)
        store.apply("/s1.jsonl", columns_of("claude", [added]), is_whole=False)
        for query in asked[: 1 + n % len(asked)]:
            assert maker.take(query, NOW_MS + n).totals == totals_of(list_responses(store, query))


def test_a_day_that_lost_its_only_response_is_gone() -> None:
    store = store_of(ROW)
    maker = SnapshotMaker(store)
    maker.take(Query(), NOW_MS)
    store.apply("/fork.jsonl", columns_of("claude", [replace(ROW, time_ms=NOW_MS - 2 * DAY_MS)]))
    snapshot = maker.take(Query(), NOW_MS)
    assert [row.day for row in snapshot.days] == [date(2026, 11, 19)] == list(snapshot.day_models)


def test_a_query_that_lost_everything_it_covered_shows_nothing() -> None:
    store = store_of(replace(ROW, session="fork", is_copy=True, cwd="/fork"), known=FileFacts("fork"))
    maker = SnapshotMaker(store)
    asked = [Query(session="fork"), Query(project="/fork"), Query(since=date(2026, 11, 21))]
    for query in asked:
        assert len(maker.take(query, NOW_MS).sessions) == 1
    store.apply("/s1.jsonl", columns_of("claude", [replace(ROW, time_ms=NOW_MS - 3 * DAY_MS)]))
    for query in asked:
        snapshot = maker.take(query, NOW_MS)
        assert (snapshot.totals.responses, snapshot.sessions, snapshot.projects) == (0, (), ())
        assert (snapshot.models, snapshot.days, snapshot.day_models) == ((), (), {})


def test_burn_covers_half_open_windows_and_decays_to_nothing() -> None:
    store = store_of(ROW)
    maker = SnapshotMaker(store)
    price = store.price(0).nano or 0

    def burn(after_ms: int) -> tuple[int, int, int]:
        found = maker.take(Query(), NOW_MS + after_ms).burn
        return found.last_5m_nano, found.last_15m_nano, found.last_60m_nano

    minute = 60_000
    assert burn(-1) == (0, 0, 0)
    assert burn(0) == (12 * price, 4 * price, price)
    assert burn(5 * minute - 1) == (12 * price, 4 * price, price)
    assert burn(5 * minute) == (0, 4 * price, price)
    assert burn(15 * minute - 1) == (0, 4 * price, price)
    assert burn(15 * minute) == (0, 0, price)
    assert burn(60 * minute - 1) == (0, 0, price)
    assert burn(60 * minute) == (0, 0, 0)


def test_tokens_per_minute_move_from_the_newest_place_to_the_oldest_and_out() -> None:
    maker = SnapshotMaker(store_of(ROW))
    for minutes in (0, 1, 30, 59):
        for ms in (0, 59_999):
            counts = maker.take(Query(), NOW_MS + minutes * 60_000 + ms).tokens_per_minute
            assert counts == tuple(3000 if place == 59 - minutes else 0 for place in range(60))
    assert maker.take(Query(), NOW_MS + 60 * 60_000).tokens_per_minute == (0,) * 60


def test_what_is_active_ends_ten_minutes_after_its_last_line() -> None:
    maker = SnapshotMaker(store_of(ROW))
    assert maker.take(Query(), NOW_MS + 600_000 - 1).active_sessions == 1
    assert maker.take(Query(), NOW_MS + 600_000).active_sessions == 0


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("assistant", ("finished", "idle", "done")),
        ("user", ("working", "idle", "done")),
        ("", ("idle", "idle", "done")),
    ],
)
def test_a_session_is_judged_by_its_newest_line_and_the_clock(kind: str, states: tuple[str, ...]) -> None:
    maker = SnapshotMaker(store_of(ROW, known=FileFacts("s1", last_kind=kind)))
    found = [maker.take(Query(), NOW_MS + ms).sessions[0].state for ms in (0, 600_000, 3_600_000)]
    assert tuple(state.value for state in found) == states


def test_a_clock_set_back_wakes_sessions_again() -> None:
    maker = SnapshotMaker(store_of(ROW))
    assert maker.take(Query(), NOW_MS + DAY_MS).sessions[0].state is SessionState.DONE
    assert maker.take(Query(), NOW_MS + 20 * 60_000).sessions[0].state is SessionState.IDLE
    assert maker.take(Query(), NOW_MS).sessions[0].state is SessionState.FINISHED


def test_instants_in_the_future_are_counted_but_burn_nothing_yet() -> None:
    future = replace(ROW, time_ms=253_402_300_799_999)
    snapshot = SnapshotMaker(store_of(future, replace(ROW, key="msg_0", time_ms=0, session="s0"))).take(Query(), NOW_MS)
    assert snapshot.totals.responses == 2
    assert (snapshot.burn.last_60m_nano, sum(snapshot.tokens_per_minute), snapshot.active_sessions) == (0, 0, 0)
    assert_sections_agree(snapshot)
