"""View 1: sessions as they run, the blocked and the working ones on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from claude_tui.model import Phase, SessionRow, Snapshot
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table import cells, session_cells
from claude_tui.ui.table.agent_rows import AgentLine
from claude_tui.ui.table.cells import Frame
from claude_tui.ui.table.client_column import client_column
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.text import pauses
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base import Scope, Shown
from claude_tui.ui.views.sessions import SessionsView

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.tables import Pause


def live_columns(frame: Frame, warm: Warm) -> list[Column[Any]]:
    """The columns of the live table."""
    return [
        session_cells.state(frame, 0, words=True),
        session_cells.name(1, narrow=10),
        cells.text(
            "project", "Project", 13, lambda row: frame.project(row.project_name), 0, style="accent", narrow=8, flex=1
        ),
        client_column(2),
        cells.text("model", "Model", 13, session_cells.models_text, 5, narrow=10),
        session_cells.context(3),
        session_cells.rate(2),
        cells.cost(frame),
        cells.tokens(4),
        cells.age(frame, 1),
        _cold(frame, warm, 7),
        cells.text("branch", "Branch", 10, lambda row: row.branch, 8, style="dim"),
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
        "cold", "Cache", 11, draw, order, priority, narrow=10, flex=1, right=False,
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

    def pause(self, row: SessionRow | AgentLine, now_ms: int) -> Pause | None:
        """Return when the cache of a session gets cold; None if it is, or that is not known."""
        found = self._pauses.get(row.key) if isinstance(row, SessionRow) else None
        return found if found is not None and found.cold_at_ms > now_ms else None


class LiveView(SessionsView):
    """The sessions by what they are doing, those that wait for a person first."""

    NUMBER = 1
    TITLE = "live"
    COLUMNS_SORT = "state"
    KEYS = ("row-open", "filter", "sort-next", "tree", "follow", "explain", "pause", "help")

    def __init__(self) -> None:
        self.warm = Warm()
        super().__init__()

    def columns(self) -> Sequence[Column[Any]]:
        """The columns of the table."""
        return live_columns(self.frame, self.warm)

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> None:
        """Which prompt caches are warm."""
        self.warm.look(source, snapshot, now_ms)

    def explanation(self, row: SessionRow | AgentLine, shown: Shown) -> Statements:
        """Where the figures of a session come from, and when its cache gets cold."""
        lines, pause = super().explanation(row, shown), self.warm.pause(row, shown.now_ms)
        return [*lines, *pauses.of_pause(pause, shown.now_ms)] if pause is not None else lines

    def rows(self, snapshot: Snapshot) -> Sequence[SessionRow]:
        """The sessions, those that run without an answer yet among them."""
        return (*snapshot.unanswered, *snapshot.sessions) if snapshot.unanswered else snapshot.sessions
