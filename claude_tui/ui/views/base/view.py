"""What every view has in common: a title, a scope it can be opened with, and one method that draws a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timezone, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from claude_tui.engine.queries.allowances.budgets import Budget
from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import Query, Snapshot
from claude_tui.records import NamedTuple
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.line_table import LineTable
from claude_tui.ui.text.names import superscript

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.tables import CauseOf


class Scope(NamedTuple):
    """What a drill-down has narrowed the numbers to. The names are for the breadcrumb, the keys for the query."""

    model: str = ""
    project: str = ""
    session: str = ""
    source: str = ""
    account: str = ""
    agent: str = ""
    day: date | None = None
    cause: CauseOf | None = None
    trail: tuple[str, ...] = ()

    def narrowed(self, name: str, **keys: Any) -> Scope:
        """This scope with one more restriction."""
        return self._replace(trail=(*self.trail, name), **keys)

    def query(self, since: date | None, until: date | None) -> Query:
        """What to ask for between two days; a day of the scope's own goes before."""
        if self.day is not None:
            since = until = self.day
        return Query(
            since,
            until,
            model=self.model,
            project=self.project,
            session=self.session,
            source=self.source,
            account=self.account,
        )


EVERYTHING: Final = Scope()
"""No restriction."""


class Shown(NamedTuple):
    """Everything a view draws from.

    `extra` is what its own `fetch` brought; `source` answers what is asked later. `query` is what the snapshot is of.
    """

    snapshot: Snapshot
    now_ms: int
    today: date
    period: Period
    scope: Scope = EVERYTHING
    zone: tzinfo = timezone.utc
    extra: Any = None
    source: SnapshotSource | None = None
    query: Query | None = None


class Drilled(NamedTuple):
    """Where a row leads: a view, and what it narrows the numbers to there. It must not know where it was opened."""

    view: str
    name: str
    keys: Mapping[str, Any] = MappingProxyType({})


class DayWanted(Message):
    """The models and projects of a day are needed."""


class KeysChanged(Message):
    """Other keys than before do something now."""


class MoreFound(Message):
    """What a view asked for in a thread of its own is there."""

    def can_replace(self, message: Message) -> bool:
        """One is enough."""
        return isinstance(message, MoreFound)


class View(Vertical):
    """One of the numbered views."""

    NUMBER: ClassVar[int] = 0
    TITLE: ClassVar[str] = ""
    """Its name, for keys, settings and style."""
    CAPTION: ClassVar[str] = ""
    """What its title says, if that is another word."""
    KEYS: ClassVar[tuple[str, ...]] = ()
    """Ids of the bindings the key bar offers here."""
    IGNORES_PERIOD: ClassVar[bool] = False
    """Whether it asks for all days, to show which the period covers."""

    IS_PARTED: ClassVar[bool] = False
    """Whether it is made of several panels, each with a border of its own."""

    def __init__(self) -> None:
        super().__init__(id=self.TITLE, classes="view -parted" if self.IS_PARTED else "view")
        self.shown: Shown | None = None
        self.is_plain = False
        """Whether what it draws is written with plain characters."""
        self.budgets: tuple[Budget, ...] = ()
        """What days, weeks and months may cost."""
        self.draws = 0
        """How often it was drawn: a view that is not visible is not."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Ids of the bindings that do something here now, those that matter most first."""
        return self.KEYS

    def show(self, shown: Shown) -> None:
        """Draw a snapshot."""
        self.shown = shown
        self.draws += 1
        self.draw(shown)
        self.retitle()

    def draw(self, shown: Shown) -> None:
        """Hand the parts of a snapshot to the widgets."""
        raise NotImplementedError

    def shows(self, scope: Scope, period: Period) -> bool:
        """Whether what it has drawn last is what it shows of a scope and a period."""
        shown = self.shown
        return shown is not None and shown.scope == scope and (self.IGNORES_PERIOD or shown.period == period)

    @property
    def is_whole(self) -> bool:
        """Whether all it asked for is in what it has drawn last."""
        return True

    def drilled(self) -> Drilled | None:
        """Where the selected row leads; None if no row is, or it leads nowhere."""
        return None

    def wanted(self, period: Period, scope: Scope, today: date) -> Query:
        """What to ask for."""
        since, until = (None, None) if self.IGNORES_PERIOD else period.range(today)
        return scope.query(since, until)

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> Any:
        """What this view needs beside the snapshot. Called in a thread of its own; must not touch widgets."""
        return None

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
        number = superscript(self.NUMBER) if self.NUMBER else ""
        parts = [(number, "$primary"), (self.CAPTION or self.TITLE, "bold $foreground")]
        for name in trail:
            parts += [(" › ", "$faint"), (name, "$accent")]
        return parts

    def retitle(self) -> None:
        """Refresh the titles in the border, if they differ."""
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
