"""View 1: what is spent over time, what runs, and all sessions, those that wait for a person on top.

Must not judge what a session is doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from claude_tui.model import Phase, SessionRow, SessionState, Snapshot
from claude_tui.ui.settings.keys import LIVE_BINDINGS
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds import done_rows
from claude_tui.ui.table.kinds.agent_rows import AgentLine
from claude_tui.ui.table.kinds.live_columns import COLD, Warm, live_columns
from claude_tui.ui.text import activity, card, pauses
from claude_tui.ui.text.drawings import burn
from claude_tui.ui.text.drawings.burn import Burned
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base.view import DayWanted, KeysChanged, Scope, Shown
from claude_tui.ui.views.sessions import SessionsView
from claude_tui.ui.widgets.burn_graph import LEAST_HEIGHT, BurnGraph
from claude_tui.ui.widgets.cards import LiveCards, RunningSession, SessionCard
from claude_tui.ui.widgets.folded_line import FoldedLine

LEAST_TO_FOLD: Final = 8
"""Fewer lines have none to spare for how many sessions are folded: those that are done stand below the others."""

LEAST_TABLE: Final = 14
"""Lines the table keeps, its border included, whatever stands above it."""

HEADING: Final = 1
"""Lines of the table above its rows."""

RESTING: Final = (SessionState.DONE, SessionState.IDLE)
"""Nothing is to be seen of these that the table does not say."""


@dataclass(frozen=True)
class Lately:
    """What is drawn above the table: the burn graph, and the tokens of each session by the minute."""

    burned: Burned | None = None
    tokens: Mapping[tuple[str, str], Sequence[int]] = field(default_factory=dict)


class LiveView(SessionsView):
    """The sessions by what they are doing, those that wait for a person first."""

    NUMBER = 1
    TITLE = "live"
    COLUMNS_SORT = "state"
    IS_PARTED = True
    BINDINGS: ClassVar[list[BindingType]] = list(LIVE_BINDINGS)
    KEYS = (
        "row-open", "filter", "sort-next", "tree", "fold", "burn-range", "follow", "explain", "pause", "sort-menu",
        "resume-copy", "row-folder", "help",
    )  # fmt: skip

    def __init__(self) -> None:
        self.warm = Warm()
        super().__init__()
        self.range = burn.HOUR
        self._burn = BurnGraph()
        self._cards = LiveCards()
        self._fold = FoldedLine()
        self._panel = Vertical(self._table, self._fold, classes="panel")
        self._is_unfolded = False
        """Whether a person asked for the sessions that are done."""
        self._offers_fold = False
        """Whether the key bar offers to fold them."""
        self._columns = 0
        """How many values the graph has room for; 0 if there is none."""
        self._top_height = 0
        """Lines of graph and cards."""

    def compose(self) -> ComposeResult:
        """Graph and cards over the table."""
        yield self._burn
        yield self._cards
        yield self._panel

    @property
    def titled(self) -> Widget:
        """The table's panel carries the titles."""
        return self._panel

    @property
    def keys(self) -> tuple[str, ...]:
        """That of the graph and that of the folded sessions only if there are any."""
        absent = (set() if self._columns else {"burn-range"}) | (set() if self._can_fold else {"fold"})
        return tuple(id for id in self.KEYS if id not in absent)

    def columns(self) -> Sequence[Column[Any]]:
        """The columns of the table."""
        return live_columns(self.frame, self.warm)

    def rows(self, snapshot: Snapshot) -> Sequence[SessionRow]:
        """The sessions, those that run without an answer yet among them; of those that are done as many as fit."""
        rows = self._every(snapshot)
        return done_rows.folded(rows, self._room, self._lines, self._selected) if self._folds else rows

    @staticmethod
    def _every(snapshot: Snapshot) -> Sequence[SessionRow]:
        return (*snapshot.unanswered, *snapshot.sessions) if snapshot.unanswered else snapshot.sessions

    # -- those that are done

    @property
    def _room(self) -> int:
        """How many lines the table has for rows while the folded line stands below it."""
        return self.size.height - self._top_height - self._panel.gutter.height - HEADING - 1

    def _lines(self, row: SessionRow) -> int:
        return 1 + (len(row.agents) if self.is_tree else 0)

    @property
    def _selected(self) -> SessionRow | None:
        row = self._table.cursor_row
        return row.session if isinstance(row, AgentLine) else row

    @property
    def _folds(self) -> bool:
        """Whether sessions that are done are one line: where there is room for it, and nothing is looked for."""
        return not (self._is_unfolded or self._table.filter) and self.size.height >= LEAST_TO_FOLD

    @property
    def _can_fold(self) -> bool:
        return self._fold.display or self._is_unfolded

    def _draw_fold(self, snapshot: Snapshot) -> None:
        """Say how many are folded; nothing if none is, or none goes on."""
        rows = self._table.arrangement.given
        folded = len(self._every(snapshot)) - len(rows)
        self._fold.display = folded > 0
        if self._can_fold is not self._offers_fold:
            self._offers_fold = self._can_fold
            self.post_message(KeysChanged())
        if folded:
            self._fold.draw(folded, are_more=any(row.state is SessionState.DONE for row in rows))

    def action_fold(self) -> None:
        """Show the sessions that are done, or fold them."""
        self._is_unfolded = not self._is_unfolded
        self._show_again()

    def on_folded_line_unfolded(self, event: FoldedLine.Unfolded) -> None:
        """The line was clicked."""
        event.stop()
        self.action_fold()

    def on_line_table_arranged(self) -> None:
        """A filter looks for sessions that are done, too."""
        self._show_again()
        super().on_line_table_arranged()

    def on_line_table_selected(self) -> None:
        """A session that only stood there because it was selected goes when another one is."""
        if self.shown is not None and self.rows(self.shown.snapshot) != self._table.arrangement.given:
            self._show_again()

    def _show_again(self) -> None:
        if self.shown is not None:
            self.show(self.shown)

    def explanation(self, row: SessionRow | AgentLine, shown: Shown) -> Statements:
        """Where the figures of a session come from, and when its cache gets cold."""
        lines, pause = super().explanation(row, shown), self.warm.pause(row, shown.now_ms)
        return [*lines, *pauses.of_pause(pause, shown.now_ms)] if pause is not None else lines

    # -- above the table

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> Lately:
        """Which prompt caches are warm; the graph and the pace of each session, if there is room for them."""
        self.warm.look(source, snapshot, now_ms)
        if not self._columns:
            return Lately()
        zone = self.shown.zone if self.shown is not None else None
        if zone is None:
            return Lately()
        if self.range == burn.WINDOW:
            found = source.blocks(now_ms, scope.account)
            burned = burn.of_window(found, source.cost_course, now_ms, zone, self._columns, scope.account)
        else:
            last_nano = snapshot.burn.last_5m_nano if self.range == burn.HOUR else snapshot.burn.last_60m_nano
            burned = burn.paced(self.range, source.cost_course, now_ms, zone, self._columns, last_nano)
        return Lately(burned, source.session_tokens(now_ms, card.MINUTES))

    def absent(self, snapshot: Snapshot) -> set[str]:
        """The column of caches if none is warm, beside what is absent everywhere."""
        warm = self.warm.keys(snapshot.taken_ms)
        is_any_warm = bool(warm) and any(row.key in warm for row in self.rows(snapshot))
        return super().absent(snapshot) | (set() if is_any_warm else {COLD})

    def show(self, shown: Shown) -> None:
        """Draw a snapshot: how many rows there are follows from what is left below graph and cards."""
        self.shown = shown
        self._arrange_top()
        super().show(shown)

    def draw(self, shown: Shown) -> None:
        """Give the rows to the table, those that run to the cards."""
        super().draw(shown)
        self._draw_fold(shown.snapshot)
        lately: Lately = shown.extra or Lately()
        if self._burn.display and lately.burned is not None:
            self._burn.draw(lately.burned)
        if self._cards.display:
            running = [
                RunningSession(row, lately.tokens.get((row.source, row.key), ()), self.frame.project(row.project_name))
                for row in self._awake
            ]
            self._cards.draw(running, shown.now_ms)

    @property
    def is_whole(self) -> bool:
        """Whether the graph is drawn, if there is room for one."""
        lately: Lately | None = self.shown.extra if self.shown is not None else None
        return not self._columns or (lately is not None and lately.burned is not None)

    @property
    def _awake(self) -> list[SessionRow]:
        """The sessions that do something, those that wait for a person first."""
        every = self._every(self.shown.snapshot) if self.shown else ()
        rows = [row for row in every if row.activity.state not in RESTING]
        return sorted(rows, key=lambda row: (activity.rank(row.activity), -row.totals.last_ms))

    def _arrange_top(self) -> None:
        """Give graph and cards the room that the table can spare."""
        width, height = self.size
        is_static = self.shown is not None and self.shown.snapshot.progress.phase is Phase.MERGED
        burn_height = max(LEAST_HEIGHT, height // 3)
        has_burn = width >= 60 and height - burn_height >= LEAST_TABLE and not is_static
        left = height - (burn_height if has_burn else 0)
        has_cards = width >= 2 * card.LEAST_WIDTH and left - card.HEIGHT >= LEAST_TABLE and bool(self._awake)
        self._burn.display, self._cards.display = has_burn, has_cards
        self._burn.styles.height = burn_height
        self._top_height = (burn_height if has_burn else 0) + (card.HEIGHT if has_cards else 0)
        columns = max(0, width - 12) if has_burn else 0
        if columns != self._columns:
            self._columns = columns
            self.post_message(DayWanted())

    def on_resize(self) -> None:
        """There may be room now, or none."""
        self._arrange_top()
        self._show_again()

    def action_burn(self) -> None:
        """Show the next range in the burn graph."""
        names = list(burn.RANGES)
        self.range = names[(names.index(self.range) + 1) % len(names)]
        self.post_message(DayWanted())

    def on_burn_graph_range_wanted(self, event: BurnGraph.RangeWanted) -> None:
        """The graph was clicked."""
        event.stop()
        self.action_burn()

    def on_session_card_chosen(self, event: SessionCard.Chosen) -> None:
        """A card was clicked: its session is the selected one."""
        event.stop()
        self._table.select(event.key)
