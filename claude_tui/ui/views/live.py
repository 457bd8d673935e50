"""View 1: sessions as they run, the blocked and the working ones on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from claude_tui.model import SessionRow, Snapshot
from claude_tui.ui.table import cells, session_cells
from claude_tui.ui.table.cells import Frame
from claude_tui.ui.table.client_column import client_column
from claude_tui.ui.table.columns import Column
from claude_tui.ui.views.sessions import SessionsView


def live_columns(frame: Frame) -> list[Column[Any]]:
    """The columns of the live table."""
    return [
        session_cells.state(frame, 0, words=True),
        session_cells.name(1, narrow=10),
        session_cells.project(frame, 0, 13, narrow=8),
        client_column(2),
        cells.text("model", "Model", 13, session_cells.models_text, 9, narrow=10, flex=1),
        session_cells.context(3),
        session_cells.rate(2),
        cells.cost(frame),
        cells.tokens(4),
        cells.age(frame, 1),
        cells.text("branch", "Branch", 10, lambda row: row.branch, 10, style="dim", flex=1),
    ]


class LiveView(SessionsView):
    """The sessions by what they are doing, those that wait for a person first."""

    NUMBER = 1
    TITLE = "live"
    COLUMNS_SORT = "state"
    KEYS = ("row-open", "filter", "sort-next", "tree", "follow", "explain", "pause", "help")

    def columns(self) -> Sequence[Column[Any]]:
        """The columns of the table."""
        return live_columns(self.frame)

    def rows(self, snapshot: Snapshot) -> Sequence[SessionRow]:
        """The sessions, those that run without an answer yet among them."""
        return (*snapshot.unanswered, *snapshot.sessions) if snapshot.unanswered else snapshot.sessions
