"""Days beside the days before, and the time of work, against the plainest way to find them."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.queries.periods.active_time import GAP_MS, active_time
from claude_tui.engine.queries.periods.comparison import ALL, MODEL, PROJECT, spans
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Totals
from tests.engine.counting import BERLIN, NOW_MS, UTC, counted
from tests.logs import ClaudeHome, assistant, usage

TODAY = date(2026, 11, 21)


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    """Three weeks of work in bursts, in four sessions of three projects at once, also over midnight."""
    chance = random.Random(8)
    at_ms = NOW_MS
    for number in range(900):
        at_ms -= chance.choice([20_000, 60_000, GAP_MS, GAP_MS + 1, 200_000, 9_000_000])
        session = f"s{number % 4}"
        model = chance.choice(["claude-sonnet-4-5-20250929", "claude-opus-4-5", "nobody-knows"])
        row = assistant(f"m{number}", at_ms, usage(9, 900), session, model, cwd=f"/p/{number % 4 % 3}")
        claude_home.append(row, session=session)
    return claude_home


def plain_active(store: Store, query: Query) -> tuple[Counter[date], Counter[str]]:
    days: Counter[date] = Counter()
    projects: Counter[str] = Counter()
    found = list_responses(store, query)
    for counter, groups in (
        (days, [found]),
        (projects, [[one for one in found if one.project == name] for name in {one.project for one in found}]),
    ):
        for group in groups:
            for before, after in pairwise(group):
                if after.time_ms - before.time_ms <= GAP_MS:
                    key = store.calendar.day(after.time_ms) if counter is days else after.project
                    counter[key] += after.time_ms - before.time_ms  # type: ignore[index]
    return days, projects


@pytest.mark.parametrize("zone", [UTC, BERLIN, ZoneInfo("America/Sao_Paulo")])
@pytest.mark.parametrize("more", [{}, {"project": "/p/1"}, {"model": "claude-opus-4-5"}, {"session": "s3"}])
def test_active_time_is_what_a_plain_walk_over_all_responses_finds(
    history: ClaudeHome, zone: ZoneInfo, more: dict[str, str]
) -> None:
    store = counted(history.folder, zone=zone)
    query = Query(since=TODAY - timedelta(days=20), until=TODAY, **more)
    found = active_time(store, query)
    assert found is not None
    days, projects = plain_active(store, query)
    assert Counter(found.by_day) == days and Counter(found.by_project) == projects
    assert found.total_ms == sum(days.values()) > 0
    if not more:
        assert sum(found.by_project.values()) != found.total_ms, "sessions ran at once, or projects took turns"


def test_the_parts_are_those_of_both_times_and_their_totals_are_exact(history: ClaudeHome) -> None:
    store = counted(history.folder)
    picture = Answers(store).plan(Query(since=TODAY - timedelta(days=6), until=TODAY), NOW_MS)
    assert picture.before == Query(since=TODAY - timedelta(days=13), until=TODAY - timedelta(days=7))
    for part in picture.parts:
        for query, totals, active_ms in (
            (picture.query, part.totals, part.active_ms),
            (picture.before, part.before, part.active_before_ms),
        ):
            narrowed = query._replace(
                model=part.key if part.part == MODEL else "", project=part.key if part.part == PROJECT else ""
            )
            expected = totals_of(list_responses(store, narrowed)) if list_responses(store, narrowed) else Totals()
            assert (totals.responses, totals.tokens, totals.cost_nano) == (
                expected.responses, expected.tokens, expected.cost_nano,
            )  # fmt: skip
            if part.part == MODEL:
                assert active_ms is None
            elif part.part == ALL:
                assert active_ms == sum(plain_active(store, narrowed)[0].values())
    parts = Counter(part.part for part in picture.parts)
    assert parts == {ALL: 1, MODEL: 3, PROJECT: 3}


def test_days_are_compared_with_as_many_before_and_months_with_as_much_of_the_month_before() -> None:
    def both(since: date | None, until: date | None, today: date = TODAY) -> tuple[str, ...]:
        return tuple(f"{query.since}..{query.until}" for query in spans(Query(since, until), today))

    assert both(None, None) == ("2026-11-15..2026-11-21", "2026-11-08..2026-11-14")
    assert both(TODAY, TODAY) == ("2026-11-21..2026-11-21", "2026-11-20..2026-11-20")
    assert both(date(2026, 11, 1), date(2026, 11, 30)) == ("2026-11-01..2026-11-21", "2026-10-01..2026-10-21")
    assert both(date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 31)) == (
        "2026-03-01..2026-03-31", "2026-02-01..2026-02-28",
    )  # fmt: skip
    assert both(date(2026, 11, 15), date(2026, 12, 14)) == ("2026-11-15..2026-11-21", "2026-10-15..2026-10-21")
    assert both(date(2027, 1, 1), date(2027, 1, 9)) == ("2027-01-01..2027-01-01", "2026-12-31..2026-12-31")


def test_nothing_is_said_of_time_before_responses_are_loaded(tmp_path: Path, history: ClaudeHome) -> None:
    store = counted(history.folder)
    assert active_time(store, Query()) is None, "which days?"
