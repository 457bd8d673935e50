from __future__ import annotations

import pytest

from claude_tui.model import Activity, SessionState, Totals
from claude_tui.ui.text import card
from claude_tui.widths import width as cells
from tests.ui.fakes import NOW_MS, snapshot

ROW = snapshot().sessions[0]
MINUTE_MS = 60_000


def lines(activity: Activity, width: int = 44, **changes: object) -> list[str]:
    row = ROW._replace(activity=activity, **changes)  # type: ignore[arg-type]
    return card.lines(row, (0, 1_200), "webshop", NOW_MS, width).plain.split("\n")


def test_a_card_says_who_waits_for_what_and_how_long() -> None:
    blocked = Activity(
        SessionState.BLOCKED, "permission", tool="Bash", argument="rm -rf build", since_ms=NOW_MS - 3 * MINUTE_MS
    )
    assert lines(blocked, 60)[0] == "◆ waits for your permission · Bash: rm -rf build for 3m"
    assert lines(blocked)[0].startswith("◆ waits for your permission · Bash") and lines(blocked)[0].endswith("for 3m")


def test_a_card_says_which_tool_runs_and_since_when() -> None:
    working = Activity(SessionState.WORKING, doing="tool", tool="Bash", argument="pytest", since_ms=NOW_MS - 9_000)
    assert lines(working)[0] == "● in a tool · Bash: pytest 9s"
    assert lines(working)[1].endswith("1200 tok/min")
    assert lines(working._replace(is_certain=False))[0] == "● in a tool? · Bash: pytest 9s"


def test_the_context_bar_is_marked_where_it_was_compacted() -> None:
    bar = lines(
        Activity(SessionState.WORKING), context_tokens=50_000, context_window=200_000, compacted_tokens=150_000
    )[2].split()[1]
    assert bar.index("↻") == len(bar) * 3 // 4
    assert bar.count("━") == round(len(bar) / 4)


def test_a_context_that_was_compacted_more_than_once_says_how_often() -> None:
    known = {"context_tokens": 50_000, "context_window": 200_000, "compacted_tokens": 150_000}
    once, thrice = (lines(Activity(SessionState.WORKING), compactions=count, **known)[2] for count in (1, 3))
    assert once.endswith("25% of 200k") and thrice.endswith("25% of 200k ↻3") and thrice.count("↻") == 2


@pytest.mark.parametrize("width", [32, 44, 90])
def test_no_line_is_wider_than_the_card(width: int) -> None:
    long = Activity(SessionState.BLOCKED, "permission", tool="mcp__日本__tool", argument="日本" * 90, since_ms=1)
    assert all(cells(line) <= width for line in lines(long, width)[1:])


def test_a_session_without_an_answer_has_no_figures() -> None:
    assert "$" not in card.figures_of(ROW._replace(totals=Totals(), cost_per_hour_nano=0)).plain
