"""View 8: what is said of limits, and of changes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.queries.allowances.forecast import Forecast
from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.engine.queries.plan import PlanLimit
from claude_tui.model import Totals
from claude_tui.ui.table.kinds.cells import UNKNOWN
from claude_tui.ui.views.plan import active_time, change_text
from claude_tui.ui.widgets.limits import limit_lines
from tests.replacing import replace
from tests.ui.fakes import EVERYTHING, NOW_MS, FakeSource
from tests.ui.helpers import press, running, screen_text

HOUR_MS = 3_600_000


def window(name: str, percent: float, account: str = "/home/me/.claude", source: str = "claude") -> ReportedWindow:
    return ReportedWindow(account, name, percent, NOW_MS + 70 * HOUR_MS, NOW_MS - 90_000, None, source)


def said(*limits: PlanLimit, width: int = 200) -> list[str]:
    return [line.plain for line in limit_lines(limits, NOW_MS, ZoneInfo("UTC"), width)]


def test_limits_of_all_clients_and_accounts_are_told_apart() -> None:
    lines = said(
        PlanLimit(window("seven_day", 62.4), Forecast(71, 96.4, 2, 22)),
        PlanLimit(window("five_hour", 99.6, "/home/me/.claude-work")),
        PlanLimit(window("seven_day", 3, "/home/me/.codex", "codex")),
    )
    assert "Claude Code .claude 7-day limit" in lines[0] and "62% used" in lines[0] and "in 2d 22h" in lines[0]
    assert "heading for 71 to 96%" in lines[0] and "all used in 2 of 22 times like it" in lines[0]
    assert ".claude-work 5-hour limit" in lines[1] and "heading" not in lines[1] and "too little" not in lines[1]
    assert lines[2].startswith("Codex 7-day limit") and "too little known for a forecast" in lines[2]


def test_what_matters_most_of_a_limit_stays_in_a_narrow_pane() -> None:
    limit = PlanLimit(window("seven_day", 62.4), Forecast(71, 96.4, 2, 22))
    for width in range(10, 160):
        (line,) = said(limit, width=width)
        assert "62% used" in line and (len(line) <= width or width < 12)
    assert "heading for 71 to 96%" in said(limit, width=75)[0]


def test_nothing_reported_is_said() -> None:
    assert "statusline install" in said()[0]
    assert said(width=30) == ["no limits reported"]


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (0, 0, ""),
        (5, 0, "new"),
        (0, 5, "gone"),
        (100, 100, "0%"),
        (125, 100, "+25%"),
        (40, 100, "-60%"),
        (5_000, 100, "×50"),
    ],
)
def test_a_change_in_words(now: int, before: int, text: str) -> None:
    assert change_text(now, before) == text


async def test_the_days_that_are_compared_are_named_and_a_part_is_opened() -> None:
    async with running(view="plan", period="today") as (app, pilot):
        text = screen_text(app)
        assert "20 Nov against 19 Nov" in text and "heading for 71 to 96%" in text
        await press(pilot, "j", "enter")
        assert app.main.navigation.here.view == "projects" and app.main.navigation.scope.model
        await press(pilot, "escape", "g", "enter")
        assert app.main.navigation.here.view == "plan", "everything leads nowhere"


async def test_costs_before_are_shown_without_responses_and_nothing_before_is_no_unknown() -> None:
    source = FakeSource()
    first, *rest = source.plan(EVERYTHING, NOW_MS).parts
    extras = first._replace(before=Totals(output=9, cost_nano=98_765_432_100))
    new = rest[0]._replace(before=Totals())
    found = replace(source.plan(EVERYTHING, NOW_MS), parts=[extras, new])
    source.plan = lambda query, now_ms, /: found  # type: ignore[method-assign]
    async with running(source, view="plan") as (app, _):
        text = screen_text(app)
        assert "$98.77" in text and "new" in text
        assert UNKNOWN not in text.split("against", 1)[1], "what was nothing is known"


@pytest.mark.parametrize(("active_ms", "said"), [(0, "·"), (1, "<1m"), (59_999, "<1m"), (60_000, "1m 00s"), (None, "")])
def test_little_work_is_not_none(active_ms: int | None, said: str) -> None:
    assert active_time(active_ms).text == said
