"""Rows of one file settle to the same columns in every order they may be given in."""

from __future__ import annotations

import pickle
import random
from hashlib import blake2b

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.model import Extra, Usage, UsageRow
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns, key_number, key_numbers
from claude_tui.sources.settling import columns_of
from claude_tui.sources.values.instants import instant_ms
from tests.engine.counting import content
from tests.engine.rows import in_file, rows
from tests.replacing import replace

ROW = UsageRow("msg_1", 1000, "s1", "", "/p", "m1", Usage(1, 2, 3, 4, 5))


def settled(*found: UsageRow) -> Columns:
    return columns_of("claude", in_file(found), keep_names=True)


def test_the_row_with_the_most_output_counts_whole() -> None:
    final = replace(
        ROW, usage=Usage(9, 50, 1, 1, 1), model="m2", terms="{}", extras=(Extra("advisor", "m3", Usage(1)),)
    )
    for found in ((ROW, final), (final, ROW)):
        columns = settled(*found)
        assert (columns.input[0], columns.output[0], columns.models[columns.model[0]]) == (9, 50, "m2")
        assert (columns.terms, columns.extras) == ({0: "{}"}, {0: final.extras})


def test_of_equal_outputs_the_larger_sum_counts_and_of_equal_rows_the_last() -> None:
    larger = replace(ROW, usage=Usage(10, 2), model="larger")
    assert settled(larger, ROW).input[0] == settled(ROW, larger).input[0] == 1
    assert settled(ROW, ROW).offset[0] == 1


def test_rare_facts_of_a_row_that_no_longer_counts_are_forgotten() -> None:
    rare = replace(
        ROW, usage=Usage(1, 1, 0, 0, 0, 7), terms="{}", extras=(Extra("advisor", "m", Usage(1)),), reported_nano=5
    )
    columns = settled(rare, ROW)
    assert (columns.web_search, columns.terms, columns.extras, columns.reported) == ({}, {}, {}, {})


def test_the_owner_is_the_earliest_row_that_is_no_copy_main_chain_first() -> None:
    copy = replace(ROW, time_ms=1, session="copy", is_copy=True)
    side = replace(ROW, session="side", is_sidechain=True)
    late = replace(ROW, time_ms=2000, session="late")
    timeless = replace(ROW, time_ms=0, session="timeless")
    for found in ([copy, side, late, timeless, ROW], [ROW, timeless, late, side, copy], [late, side, ROW, copy]):
        columns = settled(*found)
        assert columns.owners[columns.owner[0]].session == "s1"
        assert (columns.time[0], columns.flags[0] & (COPY | SIDECHAIN)) == (1, 0)


def test_the_placeholder_flag_is_that_of_the_counted_row() -> None:
    placeholder = replace(ROW, usage=Usage(1, 1), is_lower_bound=True)
    assert settled(placeholder).flags[0] & LOWER_BOUND
    assert not settled(placeholder, ROW).flags[0] & LOWER_BOUND
    assert not settled(ROW, placeholder).flags[0] & LOWER_BOUND


@settings(max_examples=300, deadline=None)
@given(st.lists(rows(keys=3), max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_where_they_keep_their_places(
    found: list[UsageRow], chance: random.Random
) -> None:
    placed = in_file(found)
    shuffled = chance.sample(placed, len(placed))
    assert len({row.key for row in placed}) == len(columns_of("claude", placed))
    assert content(columns_of("claude", shuffled)) == content(columns_of("claude", placed))


@pytest.mark.parametrize(
    "fuller",
    [
        replace(ROW, usage=Usage(0, 2, 3, 4, 6), is_lower_bound=True),
        replace(ROW, usage=Usage(1, 2, 3, 4, 5, 1), is_lower_bound=True),
        replace(ROW, usage=Usage(1, 2, 2, 5, 5)),
        replace(ROW, usage=Usage(2, 2, 2, 4, 5)),
        replace(ROW, extras=(Extra("advisor", "m", Usage(1)),)),
        replace(ROW, terms="{}"),
        replace(ROW, model="m2"),
        replace(ROW, reported_nano=0),
    ],
)
def test_of_rows_with_the_same_sums_the_one_counts_that_says_more_wherever_it_stands(fuller: UsageRow) -> None:
    other = ROW
    if fuller.is_lower_bound and not fuller.usage.web_search:
        fuller, other = other, fuller  # a placeholder counts less than all but web searches
    want = content(columns_of("claude", [replace(fuller, offset=9)]))
    for found in ((other, fuller), (fuller, other)):
        got = content(columns_of("claude", [replace(row, offset=9) for row in found]))
        assert got == want


@settings(max_examples=50, deadline=None)
@given(st.lists(rows(), max_size=10))
def test_columns_survive_the_way_between_processes(found: list[UsageRow]) -> None:
    columns = settled(*found)
    assert content(pickle.loads(pickle.dumps(columns))) == content(columns)


def test_keys_are_the_same_numbers_in_every_process_and_differ_by_source() -> None:
    assert key_number("claude", "msg_1") == 2450919821471561038
    assert key_number("claude", "msg_1") != key_number("codex", "msg_1")
    assert 0 <= key_number("claude", "\ud83d\x00") < 2**63


def test_timestamps() -> None:
    want = 1_780_000_000_123
    for text in (
        "2026-05-28T20:26:40.123Z", "2026-05-28T20:26:40.123z", "2026-05-28T20:26:40.123+00:00",
        "2026-05-28T20:26:40.123", "2026-05-29T01:56:40.123+05:30", "2026-05-28T20:26:40.123400Z",
    ):  # fmt: skip
        assert instant_ms(text) == want
        assert instant_ms(text) == want


def test_what_is_no_timestamp_is_no_instant() -> None:
    assert instant_ms("2026-05-28T20:26:40.123Z")
    values: tuple[object, ...] = (
        None, 5, 1.5, True, [], {}, "", "Z", "yesterday", "2026-05-28T20:26:61.123Z", "2026-05-28T20:60:40.123Z",
        "2026-05-28T2١:26:40.123Z", "2026-05-28T20:26:40.12xZ", "2026-13-28T20:26:40.123Z", "1969-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00.000Z", "2026-05-28T20:26:40.123\ud83d", "\ud83d" * 24, "2026-05-28T-1:26:40.123Z",
        "2026-05-28T20-26-40.123Z", "9" * 5000,
    )  # fmt: skip
    for value in values:
        assert instant_ms(value) == 0, value


def test_a_strange_timestamp_spoils_no_other() -> None:
    instant_ms("2026-02-03T24:00:00.000Z")
    assert instant_ms("2026-02-03T01:00:00.000Z") == 1_770_080_400_000


@given(
    st.lists(st.text(st.characters() | st.sampled_from("\n\ud83d\udc00"), max_size=5)),
    st.sampled_from(["claude", "codex"]),
)
def test_many_keys_have_the_numbers_of_each(keys: list[str], source: str) -> None:
    texts = [key if source == "claude" else f"{source}\0{key}" for key in keys]
    digests = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts]
    assert key_numbers(source, keys) == [int.from_bytes(digest, "little") >> 1 for digest in digests]
    assert [key_number(source, key) for key in keys] == key_numbers(source, keys)
