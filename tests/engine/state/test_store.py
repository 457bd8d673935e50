"""The store: the same numbers whatever order, however often and from however many threads things come in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.ledger.history import FileHistory
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.state.batch import FileColumns, FileOutcome, pack
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import file_cells
from claude_tui.model import Problem, ProblemKind, Query, Snapshot, Usage, UsageRow
from claude_tui.sources.columns import Columns, row_rank
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import FileFacts, LogFile
from claude_tui.sources.settling import columns_of
from tests.engine.counting import BERLIN, NOW_MS, PRICER, UTC, add, assert_sums_agree, canonical, content, placeless
from tests.engine.rows import MODELS, File, files, in_file, rows
from tests.replacing import replace

TODAY = date(2026, 11, 21)
QUERIES = [
    Query(),
    *(Query(model=model) for model in MODELS),
    Query(project="/p"),
    Query(session="s1"),
    Query(source="claude"),
    Query(source="codex"),
    Query(since=TODAY),
    Query(until=TODAY - timedelta(days=1)),
    Query(since=TODAY - timedelta(days=2), until=TODAY, model=MODELS[0], session="s2"),
]


def columns(found: Sequence[UsageRow]) -> Columns:
    return columns_of("claude", found, keep_names=True)


def filled(many: Sequence[File], *, chunks: int = 1, packed: int = 1) -> Store:
    """A store that was given each file, whole or in parts, so many parts at once."""
    store = Store(PRICER, BERLIN)
    parts = []
    for file in many:
        size = -(-len(file.rows) // chunks) or 1
        parts += [(file, at, file.rows[at : at + size]) for at in range(0, len(file.rows) or 1, size)]
    for first in range(0, len(parts), packed):
        store.take_in(pack([read(file, found, is_whole=at == 0) for file, at, found in parts[first : first + packed]]))
    return store


def read(file: File, found: Sequence[UsageRow], *, is_whole: bool) -> FileColumns:
    """What reading some rows of a file gives."""
    part = columns(found)
    log = LogFile("claude", file.path, "", 0, 0, 0, 0)
    return FileColumns(
        FileOutcome(log, file.facts, Problems(), None, is_whole), part, file_cells(part, PRICER, Calendar(BERLIN))
    )


def seen(store: Store, query: Query | None = None) -> str:
    return canonical(SnapshotMaker(store).take(query or Query(), NOW_MS))


@settings(max_examples=150, deadline=None)
@given(files, st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 9))
def test_the_order_of_files_and_parts_changes_nothing(
    many: list[File], chance: random.Random, chunks: int, packed: int
) -> None:
    store = filled(many)
    shuffled = chance.sample(many, len(many))
    other = filled(shuffled, chunks=chunks, packed=packed)
    assert list_responses(other) == list_responses(store)
    for query in (Query(), Query(model=MODELS[0])):
        assert seen(other, query) == seen(store, query)


ALIKE = st.builds(
    lambda **known: UsageRow(**known),  # its other fields would be made up
    key=st.just("msg_0"),
    time_ms=st.just(NOW_MS),
    session=st.sampled_from(["s1", "s2"]),
    agent=st.just(""),
    cwd=st.just("/p"),
    model=st.sampled_from(MODELS[:2]),
    usage=st.permutations([0, 1, 1, 2]).map(lambda parts: Usage(parts[0], 9, *parts[1:])),
    terms=st.sampled_from(["", "", '{"input_tokens":7,"speed":"fast"}']),
    is_lower_bound=st.booleans(),
)
"""Rows with the same output and the same sum of tokens."""


@settings(max_examples=200, deadline=None)
@given(ALIKE, ALIKE, st.integers(1, 2))
def test_of_rows_of_the_same_size_in_two_files_the_one_of_the_higher_rank_counts(
    one: UsageRow, other: UsageRow, packed: int
) -> None:
    store = filled(
        [File(f"/c/{row.session}/{n}", [row], FileFacts()) for n, row in enumerate((one, other))], packed=packed
    )
    counted = max(one, other, key=row_rank)
    (found,) = list_responses(store, Query())
    assert (found.usage, found.model) == (counted.usage, counted.model)


@settings(max_examples=100, deadline=None)
@given(files, st.randoms(use_true_random=False))
def test_taking_in_again_changes_nothing(many: list[File], chance: random.Random) -> None:
    store = filled(many)
    before, revision = seen(store), store.revision
    for file in chance.choices(many, k=6) if many else []:
        assert not store.apply(file.path, columns(file.rows), [file.facts])
    assert (seen(store), store.revision) == (before, revision)


@settings(max_examples=100, deadline=None)
@given(files)
def test_every_section_sums_to_the_totals_of_every_query(many: list[File]) -> None:
    store = filled(many)
    for query in QUERIES:
        assert_sums_agree(store, query)


@settings(max_examples=60, deadline=None)
@given(files)
def test_what_queries_divide_adds_up(many: list[File]) -> None:
    store = filled(many)
    whole = assert_sums_agree(store)
    for parts in (
        [Query(model=row.key) for row in whole.models],
        [Query(project=row.key) for row in whole.projects],
        [Query(session=row.key) for row in whole.sessions],
        [Query(since=row.day, until=row.day) for row in whole.days],
    ):
        assert add(assert_sums_agree(store, part).totals for part in parts) == whole.totals


@settings(max_examples=60, deadline=None)
@given(st.lists(rows(keys=3), max_size=12))
def test_rows_of_one_file_settle_alike_in_one_go_and_one_by_one(found: list[UsageRow]) -> None:
    placed = in_file(found)
    together, apart = Store(PRICER, UTC), Store(PRICER, UTC)
    together.apply("/s1.jsonl", columns(placed))
    for row in placed:
        apart.apply("/s1.jsonl", columns([row]), is_whole=False)
    assert list_responses(apart) == list_responses(together)


ROW = UsageRow("msg_1", NOW_MS, "s1", "", "/p", MODELS[0], Usage(1, 2, 3, 4, 5))


def test_nothing_counted_is_ever_taken_back() -> None:
    store = Store(PRICER, UTC)
    store.apply("/s1.jsonl", columns([ROW]), [FileFacts("s1", last_ms=NOW_MS)])
    before = SnapshotMaker(store).take(Query(), NOW_MS).totals
    assert not store.apply("/s1.jsonl", columns([]))
    assert SnapshotMaker(store).take(Query(), NOW_MS).totals == before


def problem(offset: int = 0, kind: ProblemKind = ProblemKind.MALFORMED) -> Problem:
    return Problem(kind, "/s1.jsonl", offset)


def test_problems_of_a_file_are_replaced_by_a_whole_read_and_added_to_by_its_newest_lines() -> None:
    store = Store(PRICER, UTC)
    assert store.apply("/s1.jsonl", columns([]), problems=[problem(), problem(3)])
    assert not store.apply("/s1.jsonl", columns([]), problems=[problem(), problem(3)])
    assert store.apply("/s1.jsonl", columns([]), problems=[problem(9, ProblemKind.NUL_RUN)], is_whole=False)
    assert SnapshotMaker(store).take(Query(), NOW_MS).problems == {"malformed": 2, "nul_run": 1}
    assert store.apply("/s1.jsonl", columns([]))
    assert SnapshotMaker(store).take(Query(), NOW_MS).problems == {}
    assert store.problems == []


def test_threads_may_write_and_look_at_once() -> None:
    chance = random.Random(1)

    def random_row() -> UsageRow:
        usage = Usage(*(chance.randrange(100) for _ in range(5)))
        key, session = f"msg_{chance.randrange(150)}", f"s{chance.randrange(5)}"
        return UsageRow(key, NOW_MS - chance.randrange(10**9), session, "", "/p", chance.choice(MODELS), usage)

    many = [
        File(
            f"/c/projects/-p/f{n}.jsonl",
            in_file([random_row() for _ in range(40)]),
            FileFacts(f"f{n}", last_ms=NOW_MS - n, cwd="/p"),
        )
        for n in range(30)
    ]
    store = Store(PRICER, BERLIN)
    maker = SnapshotMaker(store)

    def write(file: File) -> None:
        for _ in range(2):
            store.apply(file.path, columns(file.rows), [file.facts])

    def look(number: int) -> Snapshot:
        return maker.take(Query() if number % 2 else Query(model=MODELS[0]), NOW_MS + number)

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, file) for file in many]
        looking = [pool.submit(look, number) for number in range(60)]
        for written in writing:
            written.result()
        for looked in looking:
            snapshot = looked.result()
            assert add(row.totals for row in snapshot.sessions) == snapshot.totals
    assert placeless(list_responses(store)) == placeless(list_responses(filled(many)))
    assert canonical(maker.take(Query(), NOW_MS - 1000)) == canonical(
        SnapshotMaker(filled(many)).take(Query(), NOW_MS - 1000)
    )


@pytest.mark.parametrize("query", QUERIES)
def test_an_empty_store_has_empty_sums(query: Query) -> None:
    snapshot = assert_sums_agree(Store(PRICER, UTC), query)
    assert (snapshot.totals.responses, snapshot.sessions, snapshot.newest_ms) == (0, (), 0)


dated_rows = rows(keys=3).filter(lambda row: row.time_ms)


@settings(max_examples=60, deadline=None)
@given(st.lists(dated_rows, min_size=1, max_size=8), st.lists(dated_rows, max_size=4))
def test_columns_that_name_a_response_twice_count_it_once(found: list[UsageRow], known: list[UsageRow]) -> None:
    twice = Columns("claude")
    each = [columns([row]) for row in in_file(found)]
    for one in each:
        owners, models = len(twice.owners), len(twice.models)
        one.renumber(range(owners, owners + len(one.owners)), range(models, models + len(one.models)))
        twice.extend(one)
        twice.owners += one.owners
        twice.models += one.models
    plain, store, remembering = (Store(PRICER, BERLIN) for _ in range(3))
    for filled_first in (plain, store, remembering):
        filled_first.apply("/known", columns(in_file(known)))
    plain.apply("/p", columns(in_file(found)))
    store.apply("/p", twice.cut(0, len(twice)))
    remembering.remember("/p", twice.cut(0, len(twice)))
    history = FileHistory("/p", Columns("claude"))
    change = history.absorb(twice)
    assert change.added == len(history) == len({row.key for row in found})
    assert content(history.columns()) == content(columns(in_file(found)))
    assert list_responses(store) == list_responses(remembering) == list_responses(plain)
    assert_sums_agree(store)
    assert_sums_agree(remembering)


def test_what_is_remembered_without_a_time_is_as_old_as_what_was_beside_it() -> None:
    store = Store(PRICER, BERLIN)
    found = [UsageRow(f"msg_{n}", n and NOW_MS, "s1", "", "/p", MODELS[0], Usage(1, 1)) for n in (1, 0)]
    store.remember("/p", columns(found))
    store.remember("/q", columns([replace(found[1], key="msg_2")]), [FileFacts("s1", last_ms=NOW_MS - 5)])
    assert [response.time_ms for response in list_responses(store)] == [NOW_MS - 5, NOW_MS, NOW_MS]
