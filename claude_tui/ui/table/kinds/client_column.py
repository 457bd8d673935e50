"""The column that says which client a row is of. Must not know which rows those are."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.text import clients

COLUMN: Final = "client"
"""The id of the column."""

CSS: Final = "\n".join(
    f"LineTable > .line-table--client-{name} {{ color: {colour}; }}" for name, colour in clients.COLOURS.items()
)
"""The colour of each client, for an app whose themes have the variables of the series."""


def client_column(priority: int) -> Column[Any]:
    """Which client wrote it: a glyph, and the name if there is room."""

    def draw(row: Any, width: int) -> Cell:
        if not row.source:  # a sum of several
            return Cell("")
        glyph = clients.GLYPHS.get(row.source, "?")
        return Cell(f"{glyph} {row.source}" if width >= 10 else glyph, f"client-{row.source}")

    return Column(
        COLUMN, "Client", 10, draw, lambda row: row.source, priority, narrow=1, grows=10, right=False, descending=False,
        tooltip="The client that wrote the log", short="C",
    )  # fmt: skip
