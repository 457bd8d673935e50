"""The columns only sessions have: state, context, pace, models. They work on sub-agents' lines as well.

Must not know a view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_tui import figures
from claude_tui.model import SessionRow, SessionState
from claude_tui.sources.values.display import display_name
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds.agent_rows import AgentLine
from claude_tui.ui.table.kinds.cells import Frame
from claude_tui.ui.text import activity
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.names import short_model

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.tables import CauseRow


def state(frame: Frame, priority: int = 0, words: bool = False) -> Column[SessionRow | AgentLine]:
    """What a session is doing."""

    def draw(row: SessionRow | AgentLine, width: int) -> Cell:
        if row.activity is None:
            return Cell("")
        glyph, style = activity.sign(row.activity)
        return Cell(f"{glyph} {activity.words(row.activity, frame.now_ms, width - 2)}".rstrip(), style)

    return Column(
        "state",
        "State" if words else "",
        22 if words else 1,
        draw,
        lambda row: (activity.rank(row.activity), -row.totals.last_ms),
        priority,
        narrow=1,
        flex=1 if words else 0,
        right=False,
        descending=False,
        short=" ",
        plain=lambda row: row.activity.state.value if row.activity else "",
    )


def name(priority: int, narrow: int, width: int = 24) -> Column[SessionRow | AgentLine]:
    """What a session is called, or a sub-agent below it."""

    def draw(row: SessionRow | AgentLine, width: int) -> Cell:
        called = row.name if isinstance(row, AgentLine) else row.called.strip()
        return Cell(called, "" if isinstance(row, AgentLine) or over(row) else "name")

    return Column(
        "name", "Session", width, draw, lambda row: row.called.strip().lower(), priority,
        narrow=narrow, flex=3, right=False, descending=False, plain=lambda row: row.name.strip(),
    )  # fmt: skip


def over(row: SessionRow | AgentLine) -> bool:
    """Whether nothing more happens in a session."""
    return isinstance(row, SessionRow) and row.state is SessionState.DONE


def project(frame: Frame, priority: int, width: int, narrow: int) -> Column[SessionRow | AgentLine]:
    """Where a session runs, or ran."""

    def named(row: SessionRow | AgentLine) -> str:
        return frame.project(row.project_name)

    def draw(row: SessionRow | AgentLine, width: int) -> Cell:
        return Cell(named(row), "dim" if over(row) else "accent")

    return Column(
        "project", "Project", width, draw, lambda row: named(row).lower(), priority,
        narrow=narrow, flex=2, right=False, descending=False,
    )  # fmt: skip


def branch(row: SessionRow | AgentLine) -> str:
    """The branch of a session; outside of a repository, and where none is checked out, git calls it HEAD: nothing."""
    return "" if row.branch == "HEAD" else row.branch


def context(priority: int) -> Column[SessionRow | AgentLine]:
    """How full the context window is."""

    def draw(row: SessionRow | AgentLine, width: int) -> Cell:
        if not row.context_tokens:
            return Cell("")
        if not row.context_window:
            return Cell(figures.short(row.context_tokens, min(width, 5)), "dim")
        fill = row.context_tokens / row.context_window
        style = "bad" if fill >= 0.9 else "warn" if fill >= 0.75 else "dim"
        percent = (bars.COMPACTED if row.compactions else "") + figures.percent(min(fill, 9.99) * 100)
        gauge = list("".join(bars.gauge(min(fill, 1), width - 5))) if width >= 9 else []
        at = bars.mark(row.compacted_tokens / row.context_window, len(gauge))
        if at is not None:
            gauge[at] = bars.COMPACTED
        return Cell("".join(gauge) + percent.rjust(min(width, 5)), style)

    return Column(
        "context",
        "Context",
        5,
        draw,
        lambda row: row.context_tokens / (row.context_window or 1_000_000),
        priority,
        narrow=4,
        grows=24,
        tooltip=f"Share of the context window at the last response; {bars.COMPACTED} it was compacted, on a bar where",
        short="Ctx",
    )


def rate(priority: int) -> Column[SessionRow | AgentLine]:
    """Cost per hour, now."""

    def draw(row: SessionRow | AgentLine, width: int) -> Cell:
        return (
            Cell(figures.money(row.cost_per_hour_nano, width), "hot") if row.cost_per_hour_nano else Cell("·", "faint")
        )

    return Column(
        "rate",
        "$/h",
        7,
        draw,
        lambda row: row.cost_per_hour_nano,
        priority,
        tooltip="Cost of the last ten minutes, per hour",
    )


def models_text(row: SessionRow | AgentLine | CauseRow) -> str:
    """The models of a row, the first by name, the others counted."""
    names = [short_model(display_name(name)) for name in row.models]
    return "" if not names else names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "")
