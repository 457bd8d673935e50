"""View 1: sessions as they run, the working ones on top."""

from __future__ import annotations

from collections.abc import Sequence

from claude_tui.model import SessionRow, Snapshot
from claude_tui.ui import cells
from claude_tui.ui.cells import Frame
from claude_tui.ui.columns import Cell, Column
from claude_tui.ui.views.sessions import SessionsView


def live_columns(frame: Frame) -> list[Column[SessionRow]]:
    """The columns of the live table."""
    return [
        cells.state(0, words=True),
        Column(
            "name",
            "Session",
            18,
            lambda row, w: Cell(row.name, "name"),
            lambda row: row.name.lower(),
            1,
            narrow=12,
            flex=3,
            right=False,
            descending=False,
        ),
        Column(
            "project",
            "Project",
            13,
            lambda row, w: Cell(row.project_name, "accent"),
            lambda row: row.project_name.lower(),
            0,
            narrow=8,
            flex=1,
            right=False,
            descending=False,
        ),
        Column(
            "model",
            "Model",
            13,
            lambda row, w: Cell(cells.models_text(row)),
            lambda row: row.models,
            5,
            narrow=10,
            right=False,
            descending=False,
        ),
        cells.context(3),
        cells.rate(2),
        cells.cost(frame),
        cells.tokens(4),
        cells.age(frame, 1),
        Column(
            "branch",
            "Branch",
            10,
            lambda row, w: Cell(row.branch, "dim"),
            lambda row: row.branch,
            8,
            right=False,
            descending=False,
        ),
    ]


class LiveView(SessionsView):
    """The sessions by state: working, waiting, idle, done."""

    NUMBER = 1
    TITLE = "live"
    COLUMNS_SORT = "state"

    def columns(self) -> Sequence[Column[SessionRow]]:
        """The columns of the table."""
        return live_columns(self.frame)

    def rows(self, snapshot: Snapshot) -> Sequence[SessionRow]:
        """The sessions."""
        return snapshot.sessions
