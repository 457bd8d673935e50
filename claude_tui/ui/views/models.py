"""View 2: what each model used and cost. Must not sum."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from claude_tui import figures
from claude_tui.model import ModelRow, Query, Snapshot
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.text import clients
from claude_tui.ui.text.names import short_model
from claude_tui.ui.views.base.detailed_view import DetailedView
from claude_tui.ui.views.base.view import Drilled, Shown


def model_columns(frame: Frame) -> list[Column[ModelRow]]:
    """The columns of the models table."""

    def name(row: ModelRow, width: int) -> Cell:
        return Cell(short_model(row.name), "name")

    def each(row: ModelRow) -> int:
        priced = row.totals.responses - row.totals.unpriced_responses
        return row.totals.cost_nano // priced if priced > 0 else 0

    def each_cell(row: ModelRow, width: int) -> Cell:
        return Cell(figures.money(each(row), width), "dim") if each(row) else Cell("·", "faint")

    return [
        Column("name", "Model", 18, name, lambda row: row.name, 0, narrow=12, flex=1, right=False, descending=False),
        client_column(2),
        cells.share_bar(frame, 4, width=16),
        cells.messages(3),
        cells.kind("input", "Input", 8),
        cells.kind("output", "Output", 6),
        cells.kind("cache_write_5m", "Wr 5m", 9),
        cells.kind("cache_write_1h", "Wr 1h", 10),
        cells.kind("cache_read", "Read", 7),
        cells.tokens(1),
        cells.cost(frame),
        cells.premium(3),
        cells.unlogged(lambda row: frame.unlogged.models.get((row.source, row.key), 0), 6),
        cells.saved(13),
        cells.spent_on_writes(14),
        cells.percent(frame, 2),
        Column("each", "$/msg", 7, each_cell, each, 11, tooltip="Cost per response"),
        cells.age(frame, 5),
        cells.spark(12, width=15),
    ]


class ModelsView(DetailedView):
    """Every model, by cost."""

    NUMBER = 2
    TITLE = "models"

    def columns(self) -> Sequence[Column[ModelRow]]:
        """The columns of the table."""
        return model_columns(self.frame)

    def rows(self, snapshot: Snapshot) -> Sequence[ModelRow]:
        """The models."""
        return snapshot.models

    def searched(self, row: ModelRow) -> str:
        """Name and client."""
        return f"{row.name} {row.source}"

    def subtitle(self) -> Content:
        """Cost and tokens of each client if there are several, then how the table is sorted."""
        own = super().subtitle()
        if self.shown is None or not clients.are_several(self.shown.snapshot):
            return own
        room = self.app.size.width - own.cell_length - 12
        parts = clients.total_parts(clients.totals(self.shown.snapshot.models), room)
        return Content.assemble(*parts, (" · ", "$line"), own) if parts else own

    def about(self, row: ModelRow, shown: Shown) -> Query:
        """This row alone."""
        return shown.scope.narrowed("", model=row.key, source=row.source).query(*shown.period.range(shown.today))

    def drilled(self) -> Drilled | None:
        """A model leads to its projects."""
        row = self._table.cursor_row
        return Drilled("projects", row.name, {"model": row.key, "source": row.source}) if row is not None else None
