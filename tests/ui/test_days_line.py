from __future__ import annotations

from datetime import date

from claude_tui.model import Totals
from claude_tui.ui.views.days import day_summary

DAY = date(2026, 11, 20)


def test_a_day_whose_logs_are_gone_says_so() -> None:
    totals = Totals(responses=3, input=10, cost_nano=1_000_000_000)
    assert "kept in the ledger" in day_summary(DAY, totals, DAY, is_remembered=True).plain
    assert "ledger" not in day_summary(DAY, totals, DAY).plain


def test_a_day_before_the_first_record_is_no_day_of_zero() -> None:
    assert "no data recorded" in day_summary(date(2026, 11, 1), None, DAY).plain
    assert "nothing used" in day_summary(date(2026, 11, 21), None, DAY).plain
