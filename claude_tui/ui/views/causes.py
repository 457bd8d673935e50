"""View 7: what the money went for, by one dimension at a time, and what could have been avoided.

Must not divide costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from claude_tui.engine.queries.causes.tables import CauseTable, Pause
from claude_tui.engine.queries.causes.waste import WASTE, Waste
from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import Phase, Query
from claude_tui.records import NamedTuple
from claude_tui.ui.settings.keys import CAUSE_BINDINGS
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds.cause_columns import CauseFrame, CauseLine, absent, cause_columns, lines_of, wasted_lines
from claude_tui.ui.table.line_table import LineTable
from claude_tui.ui.text import causes
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base.inquiry import Inquiry
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Drilled, MoreFound, Scope, Shown
from claude_tui.ui.widgets.dimensions import dimensions_line
from claude_tui.ui.widgets.line import TextLine


class CausesQuestion(NamedTuple):
    """What is asked of a source: which responses, and by what dimension."""

    query: Query
    by: str


class CausesAnswer(NamedTuple):
    """The answer: a table, or what could have been avoided of it."""

    asked: CausesQuestion
    table: CauseTable
    waste: Sequence[Waste]
    lines: Sequence[CauseLine]
    warm: Sequence[Pause] = ()


class CauseLines(LineTable[CauseLine]):
    """The table of causes: its letters choose the dimension."""

    BINDINGS: ClassVar[list[BindingType]] = list(CAUSE_BINDINGS)

    class Chosen(Message):
        """A dimension was chosen."""

        def __init__(self, by: str) -> None:
            self.by = by
            super().__init__()

    def action_by(self, by: str) -> None:
        """Divide by another dimension."""
        self.post_message(self.Chosen(by))


class CausesView(TableView):
    """Where the money went. What the logs say of it is read in a thread while the last answer stays on screen."""

    NUMBER = 7
    TITLE = "causes"
    KEYS: ClassVar[tuple[str, ...]] = (
        "row-open", "filter", "sort-previous", "explain", "period", "rows-export", "pause", "help",
    )  # fmt: skip

    def __init__(self) -> None:
        self.own = CauseFrame()
        self.by = "tool"
        """The dimension that is wanted."""
        self.found: CausesAnswer | None = None
        """What is on screen."""
        super().__init__()
        self._table = CauseLines(
            self.columns(), lambda line: line.key, self.searched, sort=self.COLUMNS_SORT, id=f"{self.TITLE}-table"
        )
        self._dimensions = TextLine("cause-dimensions")
        self._inside = TextLine("cause-inside")
        self._convention = TextLine("cause-convention")
        self._inquiry: Inquiry[CausesQuestion, CausesAnswer] = Inquiry(self, self._ask, "causes")

    def compose(self) -> ComposeResult:
        """The dimensions, the table, and the lines below it."""
        yield self._dimensions
        yield self._table
        yield self._inside
        yield self._convention

    def columns(self) -> Sequence[Column[CauseLine]]:
        """The columns of all dimensions."""
        return cause_columns(self.own)

    def shows(self, scope: Scope, period: Period) -> bool:
        """Whether it is the dimension that is wanted, too."""
        return super().shows(scope, period) and self.shown is not None and self._is_answered(self.shown)

    @property
    def is_whole(self) -> bool:
        """Whether what is on screen is the dimension that is wanted."""
        return self.shown is not None and self._is_answered(self.shown)

    def _is_answered(self, shown: Shown) -> bool:
        return shown.query is not None and self._inquiry.has_answered(CausesQuestion(shown.query, self.by))

    def _ask(self, asked: CausesQuestion) -> CausesAnswer:
        """Ask the source. Called in a thread of its own."""
        source = self.shown.source if self.shown is not None else None
        assert source is not None
        by = "cache" if asked.by == WASTE else asked.by
        table = source.causes.table(asked.query, by)
        if asked.by == WASTE:
            waste = source.causes.waste(asked.query)
            return CausesAnswer(asked, table, waste, wasted_lines(waste))
        warm = source.causes.pauses(self.shown.now_ms) if by == "cache" and self.shown is not None else {}
        return CausesAnswer(asked, table, (), lines_of(table), (*warm.values(),))

    def draw(self, shown: Shown) -> None:
        """Draw what is known of the dimension; what is not is asked for."""
        is_counted = shown.snapshot.progress.phase not in (Phase.DISCOVERING, Phase.SCANNING)
        found = None
        if shown.query is not None and is_counted:
            found = self._inquiry.answer(CausesQuestion(shown.query, self.by), shown.snapshot.revision)
        if found is not None:
            self.found = found
        self.frame.set(shown.now_ms, shown.snapshot, ())
        self.own.now_ms, self.own.project = shown.now_ms, self.frame.project
        if self.found is not None:
            by, lines = self.found.asked.by, self.found.lines
            self.own.top_nano = max(
                (line.row.cost_nano for line in lines if by != "cache" or line.row.name is not None), default=0
            )
            self._table.absent_columns = absent(by, lines, self._table.arrangement.columns)
            self._table.arrangement.children_of = _parts if by == "mcp" else None
            self._table.say_nothing_with(self.nothing(shown))
            self._table.show(lines)
        else:
            self._table.absent_columns = absent(self.by, (), self._table.arrangement.columns)
            self._table.say_nothing_with(Content.styled(causes.READING, "$quiet"))
        self._say_beside()

    def _say_beside(self) -> None:
        """Draw the lines around the table."""
        width = max(1, self.size.width or self.app.size.width - 4)
        has_shades = not (self.app.current_theme.ansi or self.app.no_color)
        self._dimensions.show(dimensions_line(self.by, width, has_shades))
        found, shown = self.found, self.shown
        is_waiting = shown is not None and not self._is_answered(shown)
        if found is None or is_waiting:
            self._inside.show(Content.styled(causes.READING if found is not None else "", "$quiet"))
            self._convention.show(Content(""))
            return
        by = found.asked.by
        inside = causes.inside_line(found.table, width)
        if by == "cache":
            inside = [(causes.cache_line(found.table, found.warm, shown.now_ms if shown else 0, width), "$quiet")]
        self._inside.show(Content.assemble(*inside) if inside else Content(""))
        self._convention.show(Content.styled(causes.convention_line(by, found.table.notes, width), "$quiet"))

    def nothing(self, shown: Shown) -> Content:
        """The text if there is no row."""
        if shown.snapshot.progress.phase is Phase.MERGED:
            return Content.styled("a table of many machines has sums, and not what they were for", "$quiet")
        if self.by == WASTE and not self._table.filter:
            return Content.styled("nothing that was avoidable shows in the logs", "$quiet")
        return super().nothing(shown)

    def on_cause_lines_chosen(self, event: CauseLines.Chosen) -> None:
        """Divide by another dimension, from the top."""
        event.stop()
        if event.by != self.by:
            self.by = event.by
            self._table.set_filter("")
            self._say_beside()
            self.post_message(MoreFound())

    def on_resize(self) -> None:
        """As many words as fit."""
        self._say_beside()

    def explanation(self, row: CauseLine, shown: Shown) -> Statements:
        """What a row is made of, and by what convention."""
        if row.waste is not None:
            return causes.of_waste(row.waste, shown.zone, self.frame.project)
        return causes.of_row(row.row, self.found.table) if self.found is not None else []

    def drilled(self) -> Drilled | None:
        """A row leads to its sessions; what is carried along is in all responses, so that leads nowhere."""
        row = self._table.cursor_row
        if row is None or row.of is None or row.of.by == "context":
            return None
        return Drilled("shares", row.name, {"cause": row.of})


def _parts(line: CauseLine) -> Sequence[CauseLine]:
    return line.parts
