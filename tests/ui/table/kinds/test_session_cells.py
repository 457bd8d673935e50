"""What the columns of sessions say."""

from __future__ import annotations

from claude_tui.model import SessionRow, Totals
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.export import as_csv, as_line
from claude_tui.ui.table.kinds import session_cells
from claude_tui.ui.table.kinds.agent_rows import AgentLine
from tests.ui.fakes import snapshot


def test_a_session_is_shown_by_its_prompt_and_exported_by_its_id() -> None:
    row = SessionRow("01a1fd02-x", "fd02-x", "claude", "/p", "p", "", "", (), Totals(), prompt="Rename the spaceship")
    column: Column[SessionRow | AgentLine] = session_cells.name(0, narrow=10)
    assert column.draw(row, 40).text == "Rename the spaceship"
    assert column.order(row) == "rename the spaceship"
    assert as_csv([column], [row]) == "Session\nfd02-x\n"
    assert column.draw(row._replace(prompt=""), 40).text == "fd02-x"


def test_the_bar_of_the_context_is_marked_where_it_was_compacted() -> None:
    column = session_cells.context(0)
    known = {"context_tokens": 50_000, "context_window": 200_000, "compactions": 2, "compacted_tokens": 150_000}
    row = snapshot().sessions[0]._replace(**known)  # type: ignore[arg-type]
    wide, narrow = column.draw(row, 25).text, column.draw(row, 5).text
    assert wide[:20].index("↻") == 15 and wide[:20].count("━") == 5 and len(wide) == 25
    assert narrow == " ↻25%"
    assert "↻" not in column.draw(row._replace(compactions=0, compacted_tokens=0), 25).text
    assert as_csv([column], [row]) == "Context\n↻25%\n" and as_line([column], row) == "↻25%"
