"""Sums of a whole file are what its responses add up to one by one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.state.batch import Ends, FileColumns, FileOutcome, pack
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import EMPTY, CellKey, Sums, add_usage, cells_of_files, file_cells
from claude_tui.model import FIRST, LAST, Usage, UsageRow
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude.counting.rule import terms_without_split
from claude_tui.sources.columns import LOWER_BOUND, Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.settling import columns_of
from tests.engine.counting import BERLIN, NOW_MS
from tests.engine.rows import DAY_MS, extras
from tests.replacing import replace

with TemporaryDirectory() as _folder:
    _prices = Path(_folder) / "prices.toml"
    _prices.write_text("[models.thirds]\ninput = 1.0003\noutput = 0.0005\ncache_read = 0.1001\n")
    PRICER = load_pricer(_prices)
assert not PRICER.problems
MODELS = [
    "thirds",  # fractions of a nanodollar
    "claude-opus-4-8",  # changes its price
    "claude-sonnet-4-5-20250929",  # costs more above 200,000 tokens
    "claude-3-haiku-20240307",
    "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    "nobody-knows",
    "<synthetic>",
    "",
]
OUTCOME = FileOutcome(LogFile("claude", "/p", "/", 0, 0, 0, 0), None, Problems(), None)
counts = st.sampled_from([0, 1, 7, 100_000, 199_999, 200_000, 200_001]) | st.integers(0, 10**6)
rows = st.builds(
    lambda **known: UsageRow(**known),  # a named tuple itself would have its other fields made up
    key=st.integers(0, 10**6).map("msg_{}".format),
    time_ms=st.integers(NOW_MS - 900 * DAY_MS, NOW_MS) | st.integers(NOW_MS, NOW_MS + 5000) | st.just(0),
    session=st.sampled_from(["s1", "s2"]),
    agent=st.just(""),
    cwd=st.just("/p"),
    model=st.sampled_from(MODELS),
    usage=st.builds(Usage, counts, counts, counts, counts, counts, st.sampled_from([0, 0, 2])),
    terms=st.sampled_from(["", "", "", '{"input_tokens":7,"speed":"fast"}']),
    extras=st.just(()) | extras,
    is_lower_bound=st.booleans(),
    reported_nano=st.sampled_from([None, None, None, 0, 123]),
)


def without_split(row: UsageRow, tier: str | None) -> UsageRow:
    """The same row as an older client wrote it, which does not say how long cache writes live."""
    usage = row.usage._replace(cache_write_1h=0)
    given, output, writes, _, reads, _ = usage
    return replace(row, usage=usage, terms=terms_without_split(given, output, writes, reads, tier))


unsplit = st.builds(without_split, rows, st.sampled_from(["standard", "standard", None, "priority", "batch"]))


def one_by_one(columns: Columns) -> dict[CellKey, Sums]:
    """What a file adds up to, priced response by response."""
    cells: dict[CellKey, Sums] = {}

    def add(time_ms: int, owner: int, model: str, usage: Usage, terms: str, reported: int | None, *of: int) -> None:
        if model not in columns.models:
            columns.models.append(model)
        key = CellKey(Calendar(BERLIN).day_hour(time_ms)[0], owner, columns.models.index(model))
        sums = cells.setdefault(key, [*EMPTY, time_ms, time_ms])
        add_usage(sums, usage, PRICER.price(columns.source, model, time_ms, usage, terms, reported), 1, *of)
        sums[FIRST:] = min(sums[FIRST], time_ms), max(sums[LAST], time_ms)

    for entry, time_ms in enumerate(columns.time):
        owner, model = columns.owner[entry], columns.models[columns.model[entry]]
        lower = int(columns.flags[entry] & LOWER_BOUND > 0)
        terms, reported = columns.terms.get(entry, ""), columns.reported.get(entry)
        add(time_ms, owner, model, columns.usage(entry), terms, reported, 1, lower)
        for extra in columns.extras.get(entry, ()):
            add(time_ms, owner, extra.model, extra.usage, extra.terms, None, 0, 0)
    return cells


@settings(max_examples=400, deadline=None)
@given(st.lists(rows | unsplit, max_size=12), st.sampled_from(["claude", "opencode", "codex"]), st.booleans())
def test_a_file_adds_up_to_its_responses(found: list[UsageRow], source: str, is_short: bool) -> None:
    if is_short:  # all in one period of every price
        found = [row for row in found if row.time_ms >= NOW_MS]
    if source == "claude":  # it tells no costs
        found = [replace(row, reported_nano=None) for row in found]
    want, got = columns_of(source, found), columns_of(source, found)
    assert file_cells(got, PRICER, Calendar(BERLIN)) == one_by_one(want)
    assert got.models == want.models


near_ms = st.integers(NOW_MS, NOW_MS + DAY_MS // 2)  # noon, so some of it may be the next day
plain = st.builds(
    lambda row, time_ms: replace(row, time_ms=time_ms, extras=(), terms="", reported_nano=None), rows, near_ms
)
files = st.lists(
    st.builds(
        lambda found, model, session: [replace(row, model=model, session=session) for row in found],
        st.lists(plain, max_size=6), st.sampled_from(MODELS), st.sampled_from(["s1", "s2"]),
    ) | st.lists(plain | rows, max_size=3),
    max_size=6,
)  # fmt: skip


@given(files, st.booleans())
@settings(deadline=None)
def test_files_whose_responses_are_all_alike_add_up_as_others_do(found: list[list[UsageRow]], is_short: bool) -> None:
    most = 10**5 if is_short else 10**9
    packed = pack([
        FileColumns(OUTCOME, columns_of("claude", [cut(row, most) for row in of_file]), {}) for of_file in found
    ] or [FileColumns(OUTCOME, Columns("claude"), {})])  # fmt: skip
    start, columns = Ends(), packed.columns
    every = list(cells_of_files(columns, [end.row for end in packed.ends], PRICER, Calendar(BERLIN)))
    for end, cells in zip(packed.ends, every, strict=True):
        of_file = columns.cut(start.row, end.row)
        assert named(cells, columns.models) == named(one_by_one(of_file), of_file.models)
        start = end


def cut(row: UsageRow, most: int) -> UsageRow:
    """The row with no counter above `most`."""
    return replace(row, usage=Usage._make(min(number, most) for number in row.usage))


def named(cells: dict[CellKey, Sums], models: list[str]) -> dict[tuple[int, int, str], Sums]:
    """Cells by the names of their models."""
    return {(day, owner, models[model]): sums for (day, owner, model), sums in cells.items()}


def test_fractions_of_a_nanodollar_are_not_added_up_before_rounding() -> None:
    assert PRICER.whole_rates("claude", "thirds", NOW_MS, NOW_MS) is None
    assert PRICER.whole_rates("claude", "claude-opus-4-8", 0, NOW_MS + 500 * DAY_MS) is None
    assert PRICER.whole_rates("claude", "claude-opus-4-8", NOW_MS, NOW_MS) is not None


@given(st.lists(st.tuples(counts, counts, counts, counts, counts, st.integers(0, 3)), max_size=20))
def test_prices_that_need_no_rounding_add_up(counters: list[tuple[int, ...]]) -> None:
    model = "claude-sonnet-4-5-20250929"
    rates = PRICER.whole_rates("claude", model, NOW_MS, NOW_MS)
    assert rates is not None
    usages = [Usage(*one) for one in counters if sum(one[:5]) - one[1] <= rates.over]
    prices = [PRICER.price("claude", model, NOW_MS, usage) for usage in usages]
    total = rates.sums(*map(sum, zip(Usage(), *usages, strict=True)))
    apart = [(one.nano or 0, one.read_saved_nano, one.write_extra_nano) for one in prices]
    assert total == tuple(map(sum, zip((0, 0, 0), *apart, strict=True)))


def test_every_response_with_an_assumed_price_is_flagged() -> None:
    row = UsageRow("a", NOW_MS, "s1", "", "/p", "claude-opus-4-8", Usage(1, 2, 3, 4, 5), is_lower_bound=True)
    found = [row, replace(row, key="b", time_ms=NOW_MS + 9), replace(row, key="c", time_ms=NOW_MS - 9)]
    columns = columns_of("opencode", found)
    (sums,) = file_cells(columns, PRICER, Calendar(BERLIN)).values()
    assert (sums[0], sums[10], sums[11], sums[FIRST:]) == (3, 3, 3, [NOW_MS - 9, NOW_MS + 9])
    assert file_cells(columns, PRICER, Calendar(BERLIN)) == one_by_one(columns)


def test_responses_whose_writes_live_nobody_knows_how_long_are_not_priced_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = UsageRow("a", NOW_MS, "s1", "", "/p", "claude-opus-4-8", Usage(1, 2, 3, 0, 5))
    old = [without_split(replace(row, key=key), "standard") for key in "bcd"]
    columns = columns_of("claude", [row, *old, replace(row, key="e", usage=Usage(1, 2, 3, 4, 5, 6))])
    want = one_by_one(columns)
    monkeypatch.setattr(type(PRICER), "price", None)
    assert file_cells(columns, PRICER, Calendar(BERLIN)) == want
    (sums,) = want.values()
    assert (sums[0], sums[6], sums[11]) == (5, 6, 3)
