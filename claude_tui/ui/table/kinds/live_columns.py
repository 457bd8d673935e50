"""The columns of the live view, among them when a prompt cache gets cold. Must not know the view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from claude_tui.model import Phase, SessionRow, Snapshot
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells, session_cells
from claude_tui.ui.table.kinds.agent_rows import AgentLine
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.text import pauses

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.tables import Pause

COLD: Final = "cold"
"""The id of the column of prompt caches."""


def live_columns(frame: Frame, warm: Warm) -> list[Column[Any]]:
    """The columns of the live table."""
    return [
        session_cells.state(frame, 0, words=True),
        session_cells.name(1, narrow=10, width=22),
        session_cells.project(frame, 0, 11, narrow=8),
        client_column(2),
        cells.text("model", "Model", 13, session_cells.models_text, 9, narrow=10, flex=1),
        session_cells.context(3),
        session_cells.rate(2),
        cells.cost(frame),
        cells.tokens(4),
        cells.age(frame, 1),
        _cold(frame, warm, 9),
        cells.text("branch", "Branch", 10, session_cells.branch, 10, style="dim", flex=1),
    ]


def _cold(frame: Frame, warm: Warm, priority: int) -> Column[Any]:
    """When the prompt cache of a session gets cold, and what a pause until then costs, where that is known."""

    def draw(row: SessionRow | AgentLine, width: int) -> Cell:
        pause = warm.pause(row, frame.now_ms)
        return Cell(pauses.pause_text(pause, frame.now_ms, width), "dim") if pause is not None else Cell("")

    def order(row: SessionRow | AgentLine) -> int:
        pause = warm.pause(row, frame.now_ms)
        return -pause.cold_at_ms if pause is not None else -(1 << 62)

    return Column(
        COLD, "Cache", 11, draw, order, priority, narrow=10, flex=1, right=False,
        tooltip="When the prompt cache gets cold, and what a pause until then costs",
    )  # fmt: skip


class Warm:
    """The prompt caches that are warm, as they were last asked for."""

    def __init__(self) -> None:
        self._pauses: Mapping[str, Pause] = {}
        self._revision = -1

    def look(self, source: SnapshotSource, snapshot: Snapshot, now_ms: int) -> None:
        """Ask for them if there are new responses. Nothing is known of them before all are counted."""
        if snapshot.progress.phase in (Phase.DISCOVERING, Phase.SCANNING):
            return
        if snapshot.revision != self._revision:
            self._pauses, self._revision = source.causes.pauses(now_ms), snapshot.revision

    def keys(self, now_ms: int) -> set[str]:
        """Return the sessions whose caches are warm."""
        return {key for key, pause in self._pauses.items() if pause.cold_at_ms > now_ms}

    def pause(self, row: SessionRow | AgentLine, now_ms: int) -> Pause | None:
        """Return when the cache of a session gets cold; None if it is, or that is not known."""
        found = self._pauses.get(row.key) if isinstance(row, SessionRow) else None
        return found if found is not None and found.cold_at_ms > now_ms else None
