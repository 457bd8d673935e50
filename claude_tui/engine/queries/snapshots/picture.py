"""The rows of one query as they were when last drawn, which the next snapshot renews in part. Must not make any row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from claude_tui.engine.queries.snapshots.rollup import Rollup
from claude_tui.engine.state.facts import SessionKey
from claude_tui.model import NOTHING_UNLOGGED, DayRow, ModelRow, ProjectRow, Query, SessionRow


class Picture:
    """The rows of one query, and the rollup they are made from.

    `lively` are the sessions whose state or pace may change with the clock alone.
    """

    def __init__(self, query: Query) -> None:
        self.rollup = Rollup(query)
        self.fills = 0
        """How often the rollup had been filled when the rows were made."""
        self.today = 0
        self.remembered_days = 0
        self.now_ms = 0
        self.changed_sessions: set[SessionKey] = set()
        self.lively: set[SessionKey] = set()
        """Sessions whose state may change by time alone."""
        self.ahead: set[SessionKey] = set()
        """Those of them that are dated ahead of the clock, which will catch up."""
        self.models: dict[tuple[str, str], ModelRow] = {}
        self.projects: dict[tuple[str, str], ProjectRow] = {}
        self.sessions: dict[SessionKey, SessionRow] = {}
        self.prompts: Mapping[SessionKey, str] = {}
        """First prompts as they were known when the rows were made."""
        self.days: dict[int, DayRow] = {}
        self.ordered_models: tuple[ModelRow, ...] = ()
        self.ordered_projects: tuple[ProjectRow, ...] = ()
        self.ordered_sessions: tuple[SessionRow, ...] = ()
        self.ordered_days: tuple[DayRow, ...] = ()
        self.day_models: dict[date, dict[str, int]] = {}
        self.unlogged = NOTHING_UNLOGGED
        self.unlogged_moves = -1
        """How often what no log shows had changed when it was last summed; -1: it must be summed again."""
