"""What every view has in common: a title, a scope it can be opened with, and one method that draws a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from claude_tui.model import Query, Snapshot
from claude_tui.ui.cells import Frame
from claude_tui.ui.columns import Column
from claude_tui.ui.format import superscript
from claude_tui.ui.line_table import LineTable
from claude_tui.ui.period import Period
from claude_tui.ui.row_detail import LEAST_HEIGHT, MOST_HEIGHT, RowDetail


@dataclass(frozen=True)
class Scope:
    """What a drill-down has narrowed the numbers to. The names are for the breadcrumb, the keys for the query."""

    model: str = ""
    project: str = ""
    session: str = ""
    source: str = ""
    day: date | None = None
    trail: tuple[str, ...] = ()

    def narrowed(self, name: str, **keys: Any) -> Scope:
        """This scope with one more restriction."""
        return replace(self, trail=(*self.trail, name), **keys)

    def query(self, since: date | None, until: date | None) -> Query:
        """What to ask for between two days; a day of the scope's own goes before."""
        if self.day is not None:
            since = until = self.day
        return Query(since, until, model=self.model, project=self.project, session=self.session, source=self.source)


EVERYTHING: Final = Scope()
"""No restriction."""


@dataclass(frozen=True)
class Shown:
    """Everything a view draws from. `first_day` is the first day anything at all was recorded."""

    snapshot: Snapshot
    now_ms: int
    today: date
    period: Period
    scope: Scope = EVERYTHING


class Drilled(Message):
    """A row was opened: show `view` narrowed to `scope`."""

    def __init__(self, view: str, scope: Scope) -> None:
        self.view = view
        self.scope = scope
        super().__init__()


class View(Vertical):
    """One of the numbered views."""

    NUMBER: ClassVar[int] = 0
    TITLE: ClassVar[str] = ""
    KEYS: ClassVar[tuple[str, ...]] = ()
    """Ids of the bindings the key bar offers here."""
    IGNORES_PERIOD: ClassVar[bool] = False
    """Whether it asks for all days, to show which the period covers."""

    def __init__(self) -> None:
        super().__init__(id=self.TITLE, classes="view")
        self.shown: Shown | None = None
        self.draws = 0
        """How often it was drawn: a view that is not visible is not."""

    def show(self, shown: Shown) -> None:
        """Draw a snapshot."""
        self.shown = shown
        self.draws += 1
        self.draw(shown)
        self.retitle()

    def draw(self, shown: Shown) -> None:
        """Hand the parts of a snapshot to the widgets."""
        raise NotImplementedError

    def wanted(self, period: Period, scope: Scope, today: date) -> Query:
        """What to ask for."""
        since, until = (None, None) if self.IGNORES_PERIOD else period.range(today)
        return scope.query(since, until)

    @property
    def table(self) -> LineTable[Any] | None:
        """The table keys and the filter act on, if there is one."""
        return None

    @property
    def main(self) -> Widget:
        """The widget that takes the keys."""
        return self.table or self

    @property
    def titled(self) -> Widget:
        """The widget whose border carries the titles."""
        return self

    def title_parts(self) -> list[tuple[str, str]]:
        """Breadcrumb and counts, as text and style."""
        trail = self.shown.scope.trail if self.shown else ()
        parts = [(superscript(self.NUMBER), "$primary"), (self.TITLE, "bold $foreground")]
        for name in trail:
            parts += [(" › ", "$line"), (name, "$accent")]
        return parts

    def retitle(self) -> None:
        """Refresh the titles in the border, where they differ."""
        title = Content.assemble(*self.title_parts())
        if getattr(self, "_title", None) != title:
            self._title = title
            self.titled.border_title = title
        subtitle = self.subtitle()
        if getattr(self, "_subtitle", None) != subtitle:
            self._subtitle = subtitle
            self.titled.border_subtitle = subtitle

    def subtitle(self) -> Content:
        """What the table is sorted and filtered by."""
        return Content("")


class TableView(View):
    """A view that is one table."""

    COLUMNS_SORT: ClassVar[str] = "cost"
    KEYS: ClassVar[tuple[str, ...]] = ("row-open", "filter", "sort-next", "sort-reverse", "period", "pause", "help")

    def __init__(self) -> None:
        super().__init__()
        self.frame = Frame()
        self._table: LineTable[Any] = LineTable(
            self.columns(),
            lambda row: f"{row.source}:{row.key}",
            self.searched,
            sort=self.COLUMNS_SORT,
            id=f"{self.TITLE}-table",
        )

    def columns(self) -> Sequence[Column[Any]]:
        """The columns of the table."""
        raise NotImplementedError

    def rows(self, snapshot: Snapshot) -> Sequence[Any]:
        """The rows of a snapshot this view is about."""
        raise NotImplementedError

    def searched(self, row: Any) -> str:
        """The text the filter looks in."""
        return str(row.name)

    def compose(self) -> ComposeResult:
        """One table."""
        yield self._table

    @property
    def table(self) -> LineTable[Any]:
        """The table."""
        return self._table

    def draw(self, shown: Shown) -> None:
        """Give the rows to the table."""
        rows = self.rows(shown.snapshot)
        self.frame.set(shown.now_ms, shown.snapshot, rows)
        self._table.has_header = self._table.size.height > 3
        self._table.placeholder = self.nothing(shown)
        self._table.show(rows)

    def nothing(self, shown: Shown) -> Content:
        """What is said where there is no row."""
        if self._table.filter:
            return Content.assemble(
                ("nothing matches ", "$quiet"), (self._table.filter.text, "bold $warning"), ("  Esc clears", "$faint")
            )
        return Content.assemble(
            (f"nothing {'in' if shown.period.id != 'today' else ''} {shown.period.label}", "$quiet"),
            ("   p chooses other days", "$faint"),
        )

    def subtitle(self) -> Content:
        """What the table is sorted and filtered by."""
        table = self._table
        arrow = "▼" if table.descending else "▲"
        counts = f"{len(table.rows):,} of {table.total:,}" if table.filter else f"{table.total:,}"
        parts = [
            (counts, "$quiet"),
            (" · ", "$line"),
            (f"{table.sort_column.label.lower() or table.sort_id} {arrow}", "$quiet"),
        ]
        if table.filter:
            parts = [("/", "$primary"), (table.filter.text, "bold $warning"), (" · ", "$line"), *parts]
        return Content.assemble(*parts)

    def on_line_table_arranged(self) -> None:
        """The table was sorted or filtered."""
        self.retitle()


class DetailedView(TableView):
    """A table that says more about its selected row where its rows leave room for that."""

    def __init__(self) -> None:
        super().__init__()
        self._detail = RowDetail()

    def compose(self) -> ComposeResult:
        """The table over the detail."""
        yield self._table
        yield self._detail

    def draw(self, shown: Shown) -> None:
        """Give the rows to the table, and the selected one to the detail."""
        super().draw(shown)
        self._arrange_detail()

    def detail_name(self, row: Any) -> str:
        """What the detail calls a row."""
        return row.name if row is not None else ""

    def _arrange_detail(self) -> None:
        room = self.size.height - self._table.total - 1
        has_room = room >= LEAST_HEIGHT and self.size.width >= 76
        self._detail.display = has_room
        if has_room and self.shown is not None:
            self._detail.styles.height = min(room, MOST_HEIGHT)
            self._detail.show(self._table.cursor_row, self.shown.today, self.detail_name(self._table.cursor_row))

    def on_resize(self) -> None:
        """There may be room now, or none."""
        self._arrange_detail()

    def on_line_table_selected(self) -> None:
        """Another row."""
        self._arrange_detail()
