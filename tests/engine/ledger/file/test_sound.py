"""One row that makes no sense ends no program: it is left out, counted and named, and the others are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.ledger import Ledger, export_jsonl, import_jsonl, pieces
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.ledger.file.runs import RUN
from claude_tui.engine.ledger.file.sound import LAST_MS
from claude_tui.engine.queries.explain.of_query import explain_query
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.state.store import Store
from claude_tui.model import Extra, PriceStatus, Query, Usage, UsageRow
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.settling import columns_of
from tests.engine.counting import PRICER, UTC
from tests.engine.ledgers import content_of, ledger_in, piece, ran, row
from tests.logs import ClaudeHome, assistant, usage
from tests.replacing import replace

T = 1_790_000_000_000
DEEP = "[" * 100_000 + "]" * 100_000

BAD: dict[str, Callable[[UsageRow], UsageRow]] = {
    "terms": lambda one: replace(one, terms="x"),
    "list of terms": lambda one: replace(one, terms="[1]"),
    "deep terms": lambda one: replace(one, terms=DEEP),
    "long terms": lambda one: replace(one, terms=json.dumps({"a": "b" * 2**20})),
    "year 10000": lambda one: replace(one, time_ms=253_402_300_800_000),
    "before 1970": lambda one: replace(one, time_ms=-1),
    "tokens": lambda one: replace(one, usage=Usage(2**53)),
    "negative": lambda one: replace(one, usage=Usage(1, -1)),
    "searches": lambda one: replace(one, usage=Usage(1, 1, web_search=2**60)),
    "cost": lambda one: replace(one, reported_nano=2**60),
    "model": lambda one: replace(one, model="m" * 10**6),
    "session": lambda one: replace(one, session="a\0b"),
    "folder": lambda one: replace(one, cwd="/a\0b"),
    "offset": lambda one: replace(one, offset=2**60),
    "kind": lambda one: replace(one, extras=(Extra("bribe", "claude-opus-4-5", Usage(1)),)),
    "extra": lambda one: replace(one, extras=(Extra("advisor", "claude-opus-4-5", Usage(2**60)),)),
    "terms of an extra": lambda one: replace(one, extras=(Extra("advisor", "m", Usage(1), "{"),)),
    "extras": lambda one: replace(one, extras=(Extra("advisor", "m", Usage(1)),) * 2_000),
}


@contextmanager
def older_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A version that wrote whatever it was given."""
    with monkeypatch.context() as patched:
        patched.setattr(pieces, "_sound", lambda piece: piece)
        patched.setattr(pieces, "unsound_place", lambda *key: "")
        yield


def use_everything(ledger: Ledger) -> Store:
    """What reports, the screen and `explain` do with a history."""
    store = Store(PRICER, UTC)
    for path, columns, facts in ledger.columns():
        store.remember(path, columns, facts)
    SnapshotMaker(store).take(Query(), T)
    list_responses(store)
    explain_query(store, Query(), 1.0, 1.0)
    return store


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_a_row_an_older_version_kept_is_left_out_and_the_others_count(
    spoil: Callable[[UsageRow], UsageRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(f"msg_{n}", n, T + n, n) for n in range(2 * RUN + 9)]
    spoiled = [spoil(one) if n == RUN + 3 else one for n, one in enumerate(rows)]
    ledger = ledger_in(tmp_path)
    with older_version(monkeypatch):
        ledger.write([piece("/logs/p.jsonl", spoiled), piece("/logs/q.jsonl", [row("msg_q")])])
    (file, other) = ledger.recall().files
    names = [f"msg_{n}" for n in range(2 * RUN + 9) if n != RUN + 3]
    assert file.columns.names == names and other.columns.names == ["msg_q"]
    assert ledger.verify() and not ledger.notice and not ledger.status
    ((key, number, why),) = ledger.left_out
    assert (key.path, number) == ("/logs/p.jsonl", 1) and why
    assert ledger.doubts() == list(ledger.left_out)
    assert len(list_responses(use_everything(ledger))) == len(rows)
    # What is written beside it goes where it belongs, and the row itself stays for a version that knows better.
    ledger.write([piece("/logs/p.jsonl", [row("msg_new", 1, T), row("msg_0", 5, T)], is_whole=False)])
    found = ledger_in(tmp_path).recall().files[0].columns
    assert found.names == [*names, "msg_new"] and found.output[0] == 5
    assert ledger.doubts()[0].number == 1
    # The same response, read anew, takes its place.
    ledger.write([piece("/logs/p.jsonl", [rows[RUN + 3]], is_whole=False)])
    expected = ledger_in(tmp_path / "expected")
    expected.write([piece("/logs/p.jsonl", [*rows, row("msg_new", 1, T), row("msg_0", 5, T)])])
    expected.write([piece("/logs/q.jsonl", [row("msg_q")])])
    assert content_of(ledger) == content_of(expected)
    assert ledger.doubts() == [] and ledger.verify()


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_no_row_that_makes_no_sense_comes_in(spoil: Callable[[UsageRow], UsageRow], tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/logs/p.jsonl", [row("msg_0"), spoil(row("msg_1")), row("msg_2")])])
    assert [file.columns.names for file in ledger.recall().files] == [["msg_0", "msg_2"]]
    assert not ledger.doubts()


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_lines_and_other_ledgers_that_make_no_sense_are_left_out_and_told(
    spoil: Callable[[UsageRow], UsageRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ledger_in(tmp_path / "other", "there")
    with older_version(monkeypatch):
        other.write([piece("/logs/p.jsonl", [row("msg_0"), spoil(row("msg_1")), row("msg_2")])])
        monkeypatch.setattr("claude_tui.engine.ledger.file.book.unsound", lambda columns: {})
        lines = list(export_jsonl(other))
    monkeypatch.undo()
    told: list[Any] = []
    imported, merged = ledger_in(tmp_path / "imported"), ledger_in(tmp_path / "merged")
    assert import_jsonl(imported, lines, lambda *bad: told.append(bad)) == (2, 0, 0, 1)
    assert merged.merge(other.path, told.append) == (2, 0, 0)
    (number, why), (key, responses, reason) = told
    assert (number, key.path, responses) == (2, "/logs/p.jsonl", 1) and why and reason
    for ledger in (imported, merged):
        assert [file.columns.names for file in ledger.recall().files] == [["msg_0", "msg_2"]]


BAD_FACTS = [
    {"session": "s", "context_tokens": 10**400}, {"session": "s", "last_ms": 10**20}, {"session": "s", "last_ms": -1},
    {"session": "s", "last_ms": LAST_MS}, {"session": "s", "compactions": -5}, {"session": "a\0b"},
    {"session": "s", "title": "t" * 10**6}, {"session": "s", "title": 7}, {"session": "s", "is_complete": 1},
    {"session": "s", "cwd": "/a\0b"}, {"session": "s", "context_tokens": 1.5}, [], None,
]  # fmt: skip


@pytest.mark.parametrize("facts", BAD_FACTS, ids=lambda facts: repr(facts)[:50])
def test_facts_that_make_no_sense_are_left_out(facts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"host": "o", "source": "claude", "path": "/p"}
    line = json.dumps({**place, "facts": [{"session": "good"}, facts]})
    ledger = ledger_in(tmp_path / "1")
    assert import_jsonl(ledger, [line]).bad == 1 and not ledger.recall().files
    old = ledger_in(tmp_path / "2")
    with older_version(monkeypatch):
        packed = json.dumps([{"session": "good"}, facts]).encode()
        monkeypatch.setattr(pieces, "pack_facts", lambda found: packed)
        old.write([piece("/p", [row("msg_1", 1, T)])])
    monkeypatch.undo()
    (file,) = old.recall().files
    assert file.facts == (FileFacts(session="good"),)
    assert [(doubt.key.path, doubt.number) for doubt in old.doubts()] == [("/p", 1)]
    use_everything(old)


def test_files_without_a_name_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ledger_in(tmp_path)
    keys = [FileKey("", "claude", "/a\0b"), FileKey("", "claude", " "), FileKey("h" * 99, "claude", "/p")]
    found = [piece("/p", [row("msg_1")]), *(piece("/p", [row("msg_2")])._replace(key=key) for key in keys)]
    with older_version(monkeypatch):
        ledger.write(found)
    assert [file.key.path for file in ledger.recall().files] == ["/p"]
    assert sum(doubt.number for doubt in ledger.left_out) == 3 and ledger.verify()
    fresh = ledger_in(tmp_path / "fresh")
    fresh.write(found)
    assert content_of(fresh) == content_of(ledger) and not fresh.doubts()


def test_what_is_left_out_is_among_the_problems_of_a_count(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 2)))
    ledger = ledger_in(tmp_path)
    with older_version(monkeypatch):
        spoiled = [BAD["terms"](row(f"msg_{n}", 1, T)) for n in (7, 8)]
        ledger.write([piece(str(path.with_name("gone.jsonl")), [*spoiled, row("msg_9", 1, T)])])
    store = ran(claude_home.folder, ledger)
    assert {line.key for line in list_responses(store)} == {"msg_1", "msg_9"}
    assert SnapshotMaker(store).take(Query(), T).problems == {"ledger": 2}
    assert {problem.path for problem in store.problems} == {f"{ledger.path} (here:{path.with_name('gone.jsonl')})"}


def test_sums_no_database_can_keep_do_not_stop_the_ledger(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    rows = [replace(row(f"msg_{n}", 1, T, n), usage=Usage(1, 2**53 - 1)) for n in range(1_100)]
    ledger.write([piece("/p", rows)])
    ledger.write([piece("/p", [row("msg_new")], is_whole=False)])
    assert [len(file.columns) for file in ledger_in(tmp_path).recall().files] == [1_101]
    assert ledger.verify()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["us", "fast", "batch", "message", "fallback_message", "compaction", "advisor_message"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "input_tokens", "output_tokens", "cache_creation", "iterations", "type", "model", "speed", "service_tier",
            "server_tool_use", "web_search_requests", "inference_geo", "stop_reason", "ephemeral_1h_input_tokens",
            "cache_creation_input_tokens", "fallback_credit",
        ]),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300)
@given(JSON | st.text(max_size=9), st.integers(-(2**63), 2**63), st.sampled_from(["claude", "codex", "nobody"]))
def test_pricing_never_fails_whatever_the_terms_are(terms: Any, time_ms: int, source: str) -> None:
    text = terms if isinstance(terms, str) else json.dumps(terms)
    price = PRICER.price(source, "claude-opus-4-5", time_ms, Usage(1_000_000, 2), text)
    if source == "claude" and text and not isinstance(terms, dict):
        plain = PRICER.price(source, "claude-opus-4-5", time_ms, Usage(1_000_000, 2))
        assert price.nano == plain.nano and price.status is plain.status
        assert price.is_estimate == (plain.status is PriceStatus.PRICED) or "terms_unreadable" in price.flags


GOOD = {
    "host": "other", "source": "claude", "path": "/logs/p.jsonl", "key": "", "id": 123, "time_ms": T, "session": "s",
    "agent": "", "cwd": "/p", "model": "claude-opus-4-5", "input": 1, "output": 2, "cache_write_5m": 0,
    "cache_write_1h": 0, "cache_read": 0, "web_search": 0, "offset": 0, "owner_time_ms": T, "terms": "{}",
    "extras": [["advisor", "claude-opus-4-5", [1, 2, 3, 4, 5, 6], "{}"]], "reported_nano": 5, "facts": None,
}  # fmt: skip
EXTREME: st.SearchStrategy[object] = st.sampled_from([
    0, -1, 2**53 - 1, 2**53, 2**62, 2**63 - 1, 2**63, 2**64, 10**400, LAST_MS - 1, LAST_MS, 1.5, "", "\0", "\ud800",
    "{}", "[]", "{", '{"speed":"fast"', "fast", None, True, [], {}, [None], [{"session": "s"}], [{"last_ms": 10**30}],
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(GOOD)), EXTREME, max_size=3), min_size=1, max_size=6))
def test_no_lines_whatsoever_end_a_program(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, Any]]
) -> None:
    ledger = ledger_in(tmp_path_factory.mktemp("lines"))
    found = [{**GOOD, "id": number, **change} for number, change in enumerate(changes)]
    lines = [json.dumps({k: v for k, v in one.items() if k != "facts" or v is not None}) for one in found]
    done = import_jsonl(ledger, [*lines, json.dumps({**{k: GOOD[k] for k in GOOD if k != "facts"}, "id": 999})])
    responses = list_responses(use_everything(ledger))
    assert any(line.key == "999" for line in responses)
    assert done.bad <= len(lines) and ledger.doubts() == [] and not ledger.notice
    assert ledger.verify()


def test_what_is_gone_with_a_name_no_file_can_have_is_explained(tmp_path: Path) -> None:
    store = Store(PRICER, UTC)
    store.remember("/a\0b", columns_of("claude", [row("msg_1", 1, T)], keep_names=True))
    assert explain_query(store, Query(), 1.0, 1.0).files_gone == 1
