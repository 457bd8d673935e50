from __future__ import annotations

import subprocess
import sys
from datetime import timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui import figures, moments
from claude_tui.model import Snapshot, Totals
from claude_tui.reports.gauges.statusline import line
from claude_tui.reports.once import picture
from claude_tui.reports.report_tables import tables
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.text.explanation import of_totals
from claude_tui.ui.text.statements import laid_out
from claude_tui.ui.views.models import model_columns
from claude_tui.ui.widgets import row_detail
from claude_tui.ui.widgets.edges import meters
from tests.replacing import replace
from tests.ui.fakes import NOW_MS, snapshot

NOW_ZONE = timezone.utc
WHOLE = snapshot(sessions=0)
COUNTS = st.one_of(st.integers(0, 3), st.integers(0, 10**7), st.sampled_from([999, 9_999, 99_950, 999_500, 1_999_999]))
NANOS = st.one_of(
    st.integers(0, 10**7),
    st.integers(0, 10**14),
    st.sampled_from([5_000_000, 15_000_000, 25_000_000, 49_999, 50_000, 999_995_000_000, 9_999_995_000_000]),
)
TOTALS = st.builds(
    Totals,
    responses=COUNTS,
    input=COUNTS,
    output=COUNTS,
    cache_write_5m=COUNTS,
    cache_write_1h=COUNTS,
    cache_read=COUNTS,
    cost_nano=NANOS,
    unpriced_responses=st.sampled_from([0, 0, 1, 7]),
    unpriced_tokens=st.sampled_from([0, 0, 1, 41_000]),
    lower_bound=st.sampled_from([0, 0, 1, 12]),
    flagged=st.sampled_from([0, 0, 1, 12]),
    first_ms=st.just(NOW_MS),
    last_ms=st.just(NOW_MS),
)


def of(totals: Totals) -> Snapshot:
    """A snapshot in which everything is one sum."""
    row = WHOLE.models[0]._replace(totals=totals)
    project = WHOLE.projects[0]._replace(totals=totals)
    day = WHOLE.days[0]._replace(totals=totals)
    return replace(
        WHOLE, totals=totals, today=totals, models=(row,), projects=(project,), sessions=(), days=(day,), problems={}
    )


def on_screen(column: Column[Any], row: Any) -> str:
    """What a cell of the screen says, as far as it would in text that leaves the program."""
    return column.draw(row, column.width).text.replace("≥", ">=")


@given(TOTALS)
def test_a_sum_is_the_same_text_on_the_screen_in_reports_and_in_the_statusline(totals: Totals) -> None:
    totals = totals._replace(premium_milli=0)  # which has a column of its own, after the cost
    made = of(totals)
    row, frame = made.models[0], Frame()
    frame.set(NOW_MS, made, made.models)
    columns = {column.id: column for column in model_columns(frame)}
    once = picture(made, 200)
    said = {
        title: cell
        for title, cell in zip(
            ("model", "responses", "tokens", "share", "cost"),
            next(line for line in once.splitlines() if line.startswith(row.name)).split(),
            strict=True,
        )
    }
    cost = figures.written_cost(totals)
    assert said["cost"] == cost
    assert once.startswith(f"today {cost} ")
    (table,) = tables(made, ["models"])
    assert table.rows[0][-1] == table.total[-1] == cost
    given_day = {
        "today": cost, "recent": [], "block_start_ms": 0, "block_end_ms": NOW_MS + 1, "block_first_ms": 0,
        "block_nano": totals.cost_nano, "sessions": {"a": totals.cost_nano},
    }  # fmt: skip
    status = line({"session_id": "a"}, given_day, NOW_MS)
    assert f" / {cost} today / {figures.money(totals.cost_nano)} block" in status
    assert f"💰 {figures.money(totals.cost_nano)} session" in status
    if totals.responses and len(figures.cost(totals)) <= columns["cost"].width:
        assert on_screen(columns["cost"], row) == cost
    if len(cost) <= 12:
        headline = cost.replace(">=", "≥ ").replace("~", "~ ")
        assert str(meters.period_lines(totals, 30)[0]).strip() == headline
        assert str(meters.today_lines(made, 30)[0]).strip() == headline
        assert headline in str(laid_out(of_totals(totals, NOW_ZONE), 80))
    if totals.tokens:
        assert on_screen(columns["tokens"], row) == said["tokens"]
        assert f"{said['tokens']} tok " in str(meters.period_lines(totals, 30)[1])
    if totals.cost_nano:
        assert on_screen(columns["share"], row) == said["share"]
    if totals.responses and len(said["responses"]) <= columns["messages"].width:
        assert on_screen(columns["messages"], row) == said["responses"] == table.rows[0][1]
    hit = cells.cache_hit(0).draw(row, 5).text
    assert not hit or f"cache hit {hit}\n" in once.replace(f"hit {hit}   ", f"hit {hit}\n")
    assert hit in str(row_detail.kinds(totals, 60, 12))
    for text in (once, status, str(laid_out(of_totals(totals, NOW_ZONE), 200)), str(meters.period_lines(totals, 30))):
        assert not any(f" 1 {noun}" in f" {text}" for noun in ("responses", "msgs", "tokens", "prices", "models"))


@given(st.integers(-(10**20), 10**20), st.integers(0, 9))
def test_dollars_round_half_even_and_exactly(nano: int, digits: int) -> None:
    wanted = (Decimal(nano) / 10**9).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    assert Decimal(figures.dollars(nano, digits).replace("$", "").replace(",", "")) == wanted


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (1_234_567_890_000, "$1,234.57"),
        (5_000_000, "$0.00"),
        (15_000_000, "$0.02"),
        (-1_000_000_000, "-$1.00"),
        (-1, "$0.00"),
    ],
)
def test_dollars(nano: int, text: str) -> None:
    assert figures.dollars(nano) == text


@pytest.mark.parametrize(
    ("nano", "width", "text"),
    [
        (0, 10, "$0.00"),
        (12_340_000_000, 10, "$12.34"),
        (15_000_000, 10, "$0.02"),
        (1_234_567_890_000, 0, "$1,234.57"),
        (1_234_567_890_000, 8, "$1,235"),
        (12_345_678_900_000, 6, "$12.3k"),
        (1_000_000, 10, "$0.0010"),
        (4_999_999, 10, "$0.0050"),
        (5_000_000, 10, "$0.0050"),
        (5_000_001, 10, "$0.01"),
        (1, 10, "<$0.0001"),
        (-2_500_000_000, 10, "-$2.50"),
        (-12_345_678_900_000, 7, "-$12.3k"),
    ],
)
def test_money(nano: int, width: int, text: str) -> None:
    assert figures.money(nano, width) == text


@given(st.integers(1, 10**18), st.integers(6, 14))
def test_money_fits(nano: int, width: int) -> None:
    assert len(figures.money(nano, width)) <= width


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (9999, "9999"),
        (12_345, "12.3k"),
        (12_350, "12.4k"),
        (12_450, "12.4k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_999, "1.00M"),
        (1_234_567, "1.23M"),
        (1_999_999, "2.00M"),
        (12_345_678_901, "12.3G"),
        (-1_999_999, "-2.0M"),
    ],
)
def test_short(value: int, text: str) -> None:
    assert figures.short(value) == text


@given(st.integers(0, 10**17))
def test_short_never_takes_more_than_its_width_and_stays_near(value: int) -> None:
    text = figures.short(value, 5)
    assert len(text) <= 5
    factor = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}.get(text[-1], 1)
    shown = Decimal(text.rstrip("kMGTP"))
    assert shown == (Decimal(value) / factor).quantize(shown, ROUND_HALF_EVEN)


def test_money_says_how_sure_it_is() -> None:
    exact = Totals(responses=3, cost_nano=12_340_000_000)
    assert figures.cost(exact) == figures.written_cost(exact) == "$12.34"
    assert figures.confidence(exact) == "exact"
    assert figures.headline_cost(exact._replace(unpriced_responses=2)) == "≥ $12.34"
    assert figures.cost(exact._replace(lower_bound=1)) == "≥$12.34"
    assert figures.written_cost(exact._replace(lower_bound=1)) == ">=$12.34"
    assert figures.cost(exact._replace(flagged=1)) == figures.written_cost(exact._replace(flagged=1)) == "~$12.34"
    assert figures.confidence(exact._replace(lower_bound=1, flagged=2)) == "1 lower bound · 2 estimated"


def test_no_price_at_all_is_not_zero_dollars() -> None:
    assert figures.cost(Totals(responses=1, unpriced_responses=1, unpriced_tokens=10)) == "n/a"
    assert figures.cost(Totals()) == "$0.00"


def test_why_a_sum_is_not_exact_is_never_cut_in_a_figure() -> None:
    totals = Totals(responses=9, unpriced_responses=16, lower_bound=11_573, flagged=1_360)
    assert figures.confidence(totals) == "16 unpriced · 11,573 lower bounds · 1,360 estimated"
    assert figures.confidence(totals, 43) == "16 unpriced · 11,573 lower bounds · 1,360 ~"
    assert figures.confidence(totals, 36) == "16 unpriced · 11,573 ≥ · 1,360 ~"
    assert figures.confidence(totals, 30) == "16 n/a · 11,573 ≥ · 1,360 ~"
    assert figures.confidence(totals, 24) == "16 n/a · 11,573 ≥ · …"
    assert figures.confidence(totals, 12) == "16 n/a · …"


def test_counts_with_their_nouns() -> None:
    assert [figures.many(number, "response") for number in (0, 1, 1_234)] == [
        "0 responses", "1 response", "1,234 responses",
    ]  # fmt: skip
    assert figures.many(2, "reply", "replies") == "2 replies"
    assert figures.many(1_234_567, "msg", width=6) == "1.23M msgs"


def test_shares() -> None:
    assert [figures.share(*pair) for pair in ((0, 0), (0, 5), (1, 100_000), (1, 3), (3, 3), (17, 40))] == [
        "", "0.0%", "<0.1%", "33.3%", "100%", "42.5%",
    ]  # fmt: skip


def test_percents_are_rounded_as_the_clients_round_them() -> None:
    assert [figures.percent(value) for value in (0.4, 0.5, 42.5, 43.5, 99.9)] == ["0%", "1%", "43%", "44%", "100%"]


def test_sizes() -> None:
    assert [figures.size(amount) for amount in (0, 999_499, 1_250_000, 123_456_789, 5 * 10**9)] == [
        "0 kB", "999 kB", "1.2 MB", "123 MB", "5.0 GB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3600, "1h"), (86_400, "1d"), (20 * 86_400, "2w"), (800 * 86_400, "2y")],
)
def test_duration(seconds: int, text: str) -> None:
    assert moments.duration(seconds) == text


def test_ages() -> None:
    assert moments.age(0, 5_000) == ""
    assert moments.age(5_000, 4_000) == "now"
    assert moments.age(1_000, 63_000) == "1m"


def test_instants() -> None:
    assert moments.instant(0) == "1970-01-01T00:00:00.000Z"
    assert moments.instant(1_795_244_181_021) == "2026-11-21T06:56:21.021Z"
    assert moments.instant(10**18) == "1970-01-01T00:00:00.000Z", "no client writes the year 31 million"


def test_figures_bring_nothing_along_that_a_statusline_has_to_wait_for() -> None:
    code = (
        "import sys, claude_tui.figures; print(*sorted({'rich', 'textual', 'decimal', 'datetime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False, cwd=".")
    assert (done.stdout.strip(), done.stderr) == ("", "")
