"""What cells of sums say."""

from __future__ import annotations

from typing import Any

from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.tables import CauseRow
from claude_tui.model import Totals
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.cause_columns import CauseFrame, CauseLine, cause_columns
from claude_tui.ui.views.plan import PlanView
from claude_tui.units import NANO


def test_extras_show_their_cost_though_they_are_no_response() -> None:
    assert cells.cost_cell(Totals(output=1_000, cost_nano=99_000_000), 9).text == "$0.10"
    assert cells.cost_cell(Totals(output=1_000, unpriced_tokens=1_000), 9).text == "n/a"
    assert cells.cost_cell(Totals(), 9).text == cells.UNKNOWN


def test_costs_are_compared_in_dollars_in_every_view() -> None:
    found: list[Column[Any]] = [*PlanView().columns(), *cause_columns(CauseFrame())]
    assert [column.unit for column in found if column.id == "cost"] == [NANO] * 2


def test_a_cause_says_how_sure_its_cost_is() -> None:
    frame = CauseFrame()
    (cost,) = (column for column in cause_columns(frame) if column.id == "cost")
    for nano, doubts, text in ((0, Doubts(2), "n/a"), (10**9, Doubts(1), "≥$1.00"), (10**9, Doubts(0, 0, 1), "~$1.00")):
        row = CauseRow("Bash", "Bash", nano, doubts=doubts)
        assert cost.draw(CauseLine("Bash", "Bash", row), 9).text == text
