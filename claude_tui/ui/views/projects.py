"""View 3: what each project used and cost. Must not fold folders or sum."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import BindingType

from claude_tui.model import ProjectRow, Query, Snapshot
from claude_tui.ui.settings.keys import PROJECT_BINDINGS
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.views.base.detailed_view import DetailedView
from claude_tui.ui.views.base.view import Drilled, Shown
from claude_tui.widths import cut_folders

NAMES: Final = {"project": "Project", "team": "Team", "user": "User", "host": "Machine"}
"""What the first column is called, by what the rows are summed by."""


def _sessions(row: ProjectRow, width: int) -> Cell:
    return cells.counted(row.sessions, width)


def project_columns(frame: Frame) -> list[Column[ProjectRow]]:
    """The columns of the projects table."""
    return [
        cells.text("name", "Project", 16, lambda row: frame.project(row.name), 0, style="name", narrow=12, flex=1),
        client_column(2),
        cells.share_bar(frame, 4, width=16),
        Column("sessions", "Sess", 5, _sessions, lambda row: row.sessions, 5, tooltip="Sessions"),
        cells.messages(6),
        cells.kind("output", "Output", 8),
        cells.cache_hit(7),
        cells.tokens(1),
        cells.cost(frame),
        cells.unlogged(lambda row: frame.unlogged.projects.get((row.source, row.key), 0), 8),
        cells.saved(11),
        cells.spent_on_writes(12),
        cells.percent(frame, 2),
        cells.age(frame, 3),
        cells.spark(9, width=30),
        # The end of a folder tells it from the others.
        Column(
            "folder",
            "Folder",
            24,
            lambda row, width: Cell(cut_folders(row.name, width), "faint"),
            lambda row: row.name.lower(),
            10,
            narrow=20,
            flex=1,
            right=False,
            descending=False,
            plain=lambda row: row.name,
        ),
    ]


class ProjectsView(DetailedView):
    """Every project, by cost."""

    NUMBER = 3
    TITLE = "projects"
    BINDINGS: ClassVar[list[BindingType]] = list(PROJECT_BINDINGS)

    def __init__(self) -> None:
        super().__init__()
        self._by = "project"

    def columns(self) -> Sequence[Column[ProjectRow]]:
        """The columns of the table."""
        return project_columns(self.frame)

    def show(self, shown: Shown) -> None:
        """Draw a snapshot, whose rows may be summed by another name than the project."""
        by = shown.source.grouped_by if shown.source is not None else "project"
        if by != self._by:
            self._by = by
            self._table.name_column("name", NAMES[by])
        super().show(shown)

    def title_parts(self) -> list[tuple[str, str]]:
        """What the rows are summed by, if not by project."""
        parts = super().title_parts()
        return (
            parts
            if self._by == "project"
            else [*parts[:1], (f"by {NAMES[self._by].lower()}", "bold $foreground"), *parts[2:]]
        )

    async def action_group(self) -> None:
        """Sum by the next of what a table of many machines can be summed by."""
        source = self.shown.source if self.shown is not None else None
        if source is None or len(source.groupings) < 2:
            self.notify("only over many machines (claude-top --from URL)", timeout=2, markup=False)
            return
        at = source.groupings.index(source.grouped_by)
        await asyncio.to_thread(source.group, source.groupings[(at + 1) % len(source.groupings)])

    def detail_name(self, row: ProjectRow | None) -> str:
        """What the detail calls a project."""
        return self.frame.project(row.name) if row is not None else ""

    def rows(self, snapshot: Snapshot) -> Sequence[ProjectRow]:
        """The projects."""
        return snapshot.projects

    def folder(self, row: ProjectRow) -> str:
        """The project's folder, or the name its folders were given."""
        return row.key

    def about(self, row: ProjectRow, shown: Shown) -> Query:
        """This row alone."""
        return shown.scope.narrowed("", project=row.key, source=row.source).query(*shown.period.range(shown.today))

    def drilled(self) -> Drilled | None:
        """A project leads to its sessions."""
        row = self._table.cursor_row
        if row is None:
            return None
        return Drilled("sessions", self.frame.project(row.name), {"project": row.key, "source": row.source})
