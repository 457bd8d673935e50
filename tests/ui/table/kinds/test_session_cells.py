"""What the columns of sessions say."""

from __future__ import annotations

from claude_tui.model import SessionRow, Totals
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.export import as_csv
from claude_tui.ui.table.kinds import session_cells
from claude_tui.ui.table.kinds.agent_rows import AgentLine


def test_a_session_is_shown_by_its_prompt_and_exported_by_its_id() -> None:
    row = SessionRow("01a1fd02-x", "fd02-x", "claude", "/p", "p", "", "", (), Totals(), prompt="Rename the spaceship")
    column: Column[SessionRow | AgentLine] = session_cells.name(0, narrow=10)
    assert column.draw(row, 40).text == "Rename the spaceship"
    assert column.order(row) == "rename the spaceship"
    assert as_csv([column], [row]) == "Session\nfd02-x\n"
    assert column.draw(row._replace(prompt=""), 40).text == "fd02-x"
