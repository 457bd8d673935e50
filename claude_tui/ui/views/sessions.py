"""View 4: every session, its sub-agents counted inside it."""

from __future__ import annotations

from collections.abc import Sequence

from claude_tui.model import SessionRow, Snapshot
from claude_tui.ui import cells
from claude_tui.ui.cells import Frame
from claude_tui.ui.columns import Cell, Column
from claude_tui.ui.views.base import TableView


def _agents(row: SessionRow, width: int) -> Cell:
    return Cell(f"+{len(row.agents)}", "dim") if row.agents else Cell("·", "faint")


def session_columns(frame: Frame) -> list[Column[SessionRow]]:
    """The columns of the sessions table."""
    return [
        cells.state(0),
        cells.text("name", "Session", 18, lambda row: row.name, 0, style="name", narrow=12, flex=3),
        cells.text(
            "project", "Project", 12, lambda row: frame.project(row.project_name), 4, style="accent", narrow=8, flex=1
        ),
        cells.text("model", "Model", 15, cells.models_text, 5, narrow=10),
        Column("agents", "Sub", 4, _agents, lambda row: len(row.agents), 8, tooltip="Sub-agents, counted in"),
        cells.messages(6),
        cells.cache_hit(7),
        cells.tokens(2),
        cells.cost(frame),
        cells.percent(frame, 3),
        cells.age(frame, 1),
        cells.text("branch", "Branch", 14, lambda row: row.branch, 9, style="dim"),
    ]


class SessionsView(TableView):
    """Every session, newest first."""

    NUMBER = 4
    TITLE = "sessions"
    COLUMNS_SORT = "age"

    def columns(self) -> Sequence[Column[SessionRow]]:
        """The columns of the table."""
        return session_columns(self.frame)

    def rows(self, snapshot: Snapshot) -> Sequence[SessionRow]:
        """The sessions."""
        return snapshot.sessions

    def searched(self, row: SessionRow) -> str:
        """Name, project, branch, models, state."""
        return " ".join((row.name, self.frame.project(row.project_name), row.branch, *row.models, row.state.value))
