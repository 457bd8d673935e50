"""View 4: every session, its sub-agents counted inside it. Must not sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from claude_tui import figures
from claude_tui.clients import CLIENTS
from claude_tui.model import Query, SessionRow, Snapshot
from claude_tui.sources.values.display import display_name
from claude_tui.ui.settings.keys import SESSION_BINDINGS
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells, session_cells
from claude_tui.ui.table.kinds.agent_rows import AgentLine, unfold
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.text import activity
from claude_tui.ui.text.statements import Statements, fact
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Drilled, Shown


class TreeToggled(Message):
    """Sub-agents are shown now, or folded."""

    def __init__(self, is_tree: bool) -> None:
        self.is_tree = is_tree
        super().__init__()


def _agents(row: SessionRow, width: int) -> Cell:
    return Cell(f"+{len(row.agents)}", "dim") if row.agents else Cell("·", "faint")


def session_columns(frame: Frame) -> list[Column[Any]]:
    """The columns of the sessions table."""
    return [
        session_cells.state(frame, 0),
        session_cells.name(0, narrow=16),
        session_cells.project(frame, 4, 12, narrow=10),
        client_column(2),
        cells.text("model", "Model", 15, session_cells.models_text, 5, narrow=12, flex=1),
        Column(
            "agents", "Sub", 4, _agents, lambda row: len(row.agents), 8, tooltip="Sub-agents, included in the numbers"
        ),
        cells.messages(6),
        cells.cache_hit(7),
        cells.tokens(2),
        cells.cost(frame),
        cells.premium(5),
        cells.unlogged(lambda row: frame.unlogged.sessions.get((row.source, row.key), 0), 8),
        cells.saved(10),
        cells.spent_on_writes(11),
        cells.percent(frame, 3),
        cells.age(frame, 1),
        cells.text("branch", "Branch", 14, session_cells.branch, 9, style="dim", flex=1),
    ]


class SessionsView(TableView):
    """Every session, newest first; `t` shows its sub-agents below it."""

    NUMBER = 4
    TITLE = "sessions"
    COLUMNS_SORT = "age"
    BINDINGS: ClassVar[list[BindingType]] = list(SESSION_BINDINGS)
    KEYS: ClassVar[tuple[str, ...]] = (
        "row-open", "filter", "sort-next", "tree", "explain", "period", "pause", "sort-menu", "resume-copy",
        "row-folder", "help",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._table.pace = lambda row: (row.cost_per_hour_nano, row.totals.last_ms)

    def columns(self) -> Sequence[Column[Any]]:
        """The columns of the table."""
        return session_columns(self.frame)

    def rows(self, snapshot: Snapshot) -> Sequence[SessionRow]:
        """The sessions."""
        return snapshot.sessions

    def searched(self, row: SessionRow) -> str:
        """Name, project, branch, models, state."""
        return " ".join(
            (
                row.called,
                self.frame.project(row.project_name),
                row.branch,
                *row.models,
                row.state.value,
                row.activity.why,
                row.activity.doing,
            )
        )

    @property
    def is_tree(self) -> bool:
        """Whether sub-agents are shown."""
        return self._table.arrangement.children_of is not None

    def show_tree(self, is_tree: bool) -> None:
        """Show sub-agents below their session, or fold them."""
        self._table.unfold(unfold if is_tree else None)

    def action_tree(self) -> None:
        """Show or fold the sub-agents, here and wherever else sessions are shown."""
        self.show_tree(not self.is_tree)
        self.post_message(TreeToggled(self.is_tree))

    def action_copy_resume(self) -> None:
        """Copy the command that resumes the selected session."""
        row = self._table.cursor_row
        if row is None:
            return
        session = row.session if isinstance(row, AgentLine) else row
        command = CLIENTS[session.source].resumes(session.key, self.folder(session))
        if command:
            self.app.copy_to_clipboard(command)
            title = "copied, if the terminal allows it"
            self.notify(display_name(command), title=title, timeout=4, markup=False)
        else:
            self.notify("this client has no command for that", timeout=2, markup=False)

    def action_follow(self) -> None:
        """Keep the selected session in view, else the busiest; or leave off."""
        self._table.follow(not self._table.follows)

    def row_name(self, row: SessionRow | AgentLine) -> str:
        """What a session or a sub-agent is called."""
        return row.called

    def folder(self, row: SessionRow | AgentLine) -> str:
        """Where the session was started, and is resumed; the project's folder if that is not known."""
        session = row.session if isinstance(row, AgentLine) else row
        return session.folder or session.project

    def explanation(self, row: SessionRow | AgentLine, shown: Shown) -> Statements:
        """Where the figures of a session come from."""
        lines = super().explanation(row, shown)
        if isinstance(row, SessionRow):
            lines += [Content(""), *_facts(row, shown.now_ms)]
        return lines

    def about(self, row: SessionRow | AgentLine, shown: Shown) -> Query:
        """The session, its sub-agents in it."""
        session = row.session if isinstance(row, AgentLine) else row
        narrowed = shown.scope.narrowed("", session=session.key, source=session.source)
        return narrowed.query(*shown.period.range(shown.today))

    def drilled(self) -> Drilled | None:
        """A session leads to its turns."""
        row = self._table.cursor_row
        if row is None:
            return None
        session, agent = (row.session, row.agent.key) if isinstance(row, AgentLine) else (row, "")
        return Drilled("turns", row.called, {"session": session.key, "source": row.source, "agent": agent})


def _facts(row: SessionRow, now_ms: int) -> Statements:
    """What is known of a session beside its sums."""
    window = f"of {figures.short(row.context_window)}" if row.context_window else "of an unknown window"
    share = f", {figures.share(row.context_tokens, row.context_window)}" if row.context_window else ""
    compacted = f"the newest at {figures.short(row.compacted_tokens)} tokens" if row.compacted_tokens else ""
    return [
        fact("state", activity.sentence(row.activity, now_ms)),
        fact("context", figures.short(row.context_tokens), f"{window}{share}, at its last response"),
        fact("compactions", f"{row.compactions}", compacted),
        fact("sub-agents", f"{len(row.agents)}", "counted in"),
        fact("folder", row.project_name),
        fact("branch", row.branch or "none"),
        fact("client", row.version or "unknown", row.source),
    ]
