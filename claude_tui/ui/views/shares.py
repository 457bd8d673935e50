"""The sessions of a cause: how much of each went for it. Reached by opening a row of the causes.

Must not divide costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.dimensions import TITLES
from claude_tui.engine.queries.causes.tables import CauseOf, ShareOf, sums_of
from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import Query, SessionRow, Totals
from claude_tui.records import NamedTuple
from claude_tui.sources.values.display import display_name
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.text import causes
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.statements import Statements, fact
from claude_tui.ui.views.base.inquiry import Inquiry
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Drilled, Scope, Shown

Asked = tuple[Query, CauseOf]


class SessionShare(NamedTuple):
    """What of a session went for a cause. `name` and what it is `called` on screen are safe to show."""

    key: str
    source: str
    name: str
    project: str
    responses: int
    sums: Totals
    first_ms: int
    last_ms: int
    called: str

    @property
    def cost_nano(self) -> int:
        """What went for it."""
        return self.sums.cost_nano


class SharesView(TableView):
    """The sessions a cause is in, the dearest first."""

    NUMBER = 0
    TITLE = "shares"
    KEYS = ("row-open", "filter", "sort-next", "explain", "period", "pause", "sort-menu", "help")

    def __init__(self) -> None:
        self._top_nano = self._total_nano = 0
        super().__init__()
        self._inquiry: Inquiry[Asked, Sequence[ShareOf]] = Inquiry(self, self._ask, "causes")

    def columns(self) -> Sequence[Column[SessionShare]]:
        """The columns of the table."""

        def bar(row: SessionShare, width: int) -> Cell:
            return Cell(bars.bar(row.cost_nano / self._top_nano if self._top_nano else 0, width), "bar")

        def percent(row: SessionShare, width: int) -> Cell:
            return Cell(figures.share(row.cost_nano, self._total_nano, width), "dim")

        def age(row: SessionShare, width: int) -> Cell:
            return Cell(moments.age(row.last_ms, self.frame.now_ms), "dim")

        return [
            Column("name", "Session", 18, lambda row, width: Cell(row.called, "name"),
                   lambda row: row.called.lower(), 0, narrow=12, flex=2, right=False, descending=False,
                   plain=lambda row: row.name),
            cells.text("project", "Project", 14, lambda row: self.frame.project(row.project), 3, style="accent",
                       narrow=10, flex=1),
            client_column(6),
            Column("messages", "Msgs", 7, lambda row, width: cells.counted(row.responses, width),
                   lambda row: row.responses, 4, narrow=5, plain=lambda row: str(row.responses)),
            Column("bar", "Share", 16, bar, lambda row: row.cost_nano, 5, narrow=6, grows=48, right=False),
            Column("cost", "Cost", 9, lambda row, width: Cell(figures.cost(row.sums, width), "money"),
                   lambda row: row.cost_nano, 0, narrow=8, tooltip="What of the session went for it"),
            Column("share", "%", 5, percent, lambda row: row.cost_nano, 1, tooltip="Part of this cause"),
            Column("age", "Age", 4, age, lambda row: -row.last_ms, 2, descending=False,
                   tooltip="Time since the last response of it"),
        ]  # fmt: skip

    def title_parts(self) -> list[tuple[str, str]]:
        """Breadcrumb and counts; what the row was of comes first."""
        number, (title, style), *trail = super().title_parts()
        cause = self.shown.scope.cause if self.shown is not None else None
        if cause is not None:
            title = f"causes by {TITLES[cause.by]}" if cause.by in TITLES else "could be avoided"
        return [number, (title, style), *trail]

    def shows(self, scope: Scope, period: Period) -> bool:
        """Whether it is this cause's."""
        shown = self.shown
        if shown is None or not super().shows(scope, period):
            return False
        return (
            shown.query is not None
            and scope.cause is not None
            and self._inquiry.has_answered((shown.query, scope.cause))
        )

    def _ask(self, asked: Asked) -> Sequence[ShareOf]:
        """Ask the source. Called in a thread of its own."""
        source = self.shown.source if self.shown is not None else None
        return source.causes.shares(*asked) if source is not None else ()

    def draw(self, shown: Shown) -> None:
        """Give the sessions to the table."""
        found = None
        if shown.query is not None and shown.scope.cause is not None:
            found = self._inquiry.answer((shown.query, shown.scope.cause), shown.snapshot.revision)
        rows = _by_session(found or (), {row.key: row for row in shown.snapshot.sessions})
        self._total_nano = sum(row.cost_nano for row in rows)
        self._top_nano = max((row.cost_nano for row in rows), default=0)
        self.frame.set(shown.now_ms, shown.snapshot, ())
        is_reading = found is None and not self._table.filter
        self._table.say_nothing_with(Content.styled(causes.READING, "$quiet") if is_reading else self.nothing(shown))
        self._table.show(rows)

    def explanation(self, row: SessionShare, shown: Shown) -> Statements:
        """What of a session went for it."""
        return [
            fact("went for it", figures.cost(row.sums, 14), shown.scope.trail[-1]),
            fact("responses", f"{row.responses:,}", "with at least a part of it"),
            fact("from", moments.clock(row.first_ms, shown.zone)),
            fact("to", moments.clock(row.last_ms, shown.zone)),
            fact("folder", "", row.project),
        ]

    def drilled(self) -> Drilled | None:
        """A session leads to its responses, as far as they are of this cause."""
        row = self._table.cursor_row
        return Drilled("turns", row.called, {"session": row.key, "source": row.source}) if row is not None else None


def _by_session(found: Sequence[ShareOf], sessions: Mapping[str, SessionRow]) -> list[SessionShare]:
    """Sum up by session."""
    by_key: dict[tuple[str, str], list[ShareOf]] = {}
    for share in found:
        by_key.setdefault((share.response.source, share.response.session), []).append(share)
    return [
        SessionShare(
            key,
            source,
            sessions[key].name.strip() if key in sessions else display_name(key),
            display_name(many[0].response.project),
            len(many),
            sums_of(sum(one.cost_nano for one in many), Doubts.together(one.doubts for one in many)),
            min(one.response.time_ms for one in many),
            max(one.response.time_ms for one in many),
            sessions[key].called.strip() if key in sessions else display_name(key),
        )
        for (source, key), many in by_key.items()
    ]
