"""What cells of sums say."""

from __future__ import annotations

from claude_tui.model import Totals
from claude_tui.ui.table import cells


def test_extras_show_their_cost_though_they_are_no_response() -> None:
    assert cells.cost_cell(Totals(output=1_000, cost_nano=99_000_000), 9).text == "$0.10"
    assert cells.cost_cell(Totals(output=1_000, unpriced_tokens=1_000), 9).text == "n/a"
    assert cells.cost_cell(Totals(), 9).text == cells.UNKNOWN
