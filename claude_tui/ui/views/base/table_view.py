"""Views that are one table, and what can be done with its selected row."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.content import Content

from claude_tui import figures
from claude_tui.model import Query, Response, Snapshot
from claude_tui.sources.values.display import display_name
from claude_tui.ui.settings.keys import ROW_BINDINGS
from claude_tui.ui.table import export as rows_out
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds.cells import PREMIUM, UNLOGGED, Frame
from claude_tui.ui.table.kinds.client_column import COLUMN
from claude_tui.ui.table.line_table import LineTable
from claude_tui.ui.terminal import editor, opener
from claude_tui.ui.terminal.signals import unheard
from claude_tui.ui.text import clients
from claude_tui.ui.text.statements import Statements
from claude_tui.ui.views.base.view import Shown, View


class TableView(View):
    """A view that is one table."""

    BINDINGS: ClassVar[list[BindingType]] = list(ROW_BINDINGS)
    COLUMNS_SORT: ClassVar[str] = "cost"
    KEYS: ClassVar[tuple[str, ...]] = (
        "row-open",
        "filter",
        "sort-next",
        "explain",
        "period",
        "pause",
        "sort-menu",
        "help",
    )

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
        self._table.absent_columns = frozenset({COLUMN})

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

    def show(self, shown: Shown) -> None:
        """Draw a snapshot, with the columns there is something to say in."""
        self._table.absent_columns = frozenset(self.absent(shown.snapshot))
        super().show(shown)

    def absent(self, snapshot: Snapshot) -> set[str]:
        """The columns for clients, premium requests and unlogged calls where there are not several or any."""
        absent = set() if clients.are_several(snapshot) else {COLUMN}
        absent |= set() if snapshot.totals.premium_milli else {PREMIUM}
        absent |= set() if snapshot.unlogged.nano else {UNLOGGED}
        return absent

    def draw(self, shown: Shown) -> None:
        """Give the rows to the table."""
        rows = self.rows(shown.snapshot)
        self.frame.set(shown.now_ms, shown.snapshot, rows)
        self._table.say_nothing_with(self.nothing(shown))
        self._table.show(rows)

    def nothing(self, shown: Shown) -> Content:
        """The text if there is no row."""
        if self._table.filter:
            return Content.assemble(
                ("nothing matches ", "$quiet"), (self._table.filter.text, "bold $warning"), ("  Esc clears", "$faint")
            )
        if shown.scope.trail:
            when = "" if shown.period.range(shown.today) == (None, None) else f", {shown.period.label}"
            return Content.assemble(
                (f"nothing in {shown.scope.trail[-1]}{when}", "$quiet"), ("   Esc goes back", "$faint")
            )
        return Content.assemble(
            (f"nothing {'in' if shown.period.id != 'today' else ''} {shown.period.label}", "$quiet"),
            ("   p chooses another period", "$faint"),
        )

    def title_parts(self) -> list[tuple[str, str]]:
        """Breadcrumb, and the share of the cost that is for calls that no log shows."""
        parts = super().title_parts()
        if self.shown is not None:
            unlogged = figures.unlogged(self.shown.snapshot.unlogged.nano, self.shown.snapshot.totals)
            parts += [(" · ", "$line"), (unlogged, "$quiet")] if unlogged else []
        return parts

    def counts(self) -> str:
        """How many rows there are, and how many of them a filter leaves."""
        table = self._table
        return f"{len(table.rows):,} of {table.total:,}" if table.filter else f"{table.total:,}"

    def subtitle(self) -> Content:
        """What the table is sorted and filtered by."""
        table = self._table
        arrow = "▼" if table.arrangement.is_descending else "▲"
        counts = self.counts()
        parts = [
            (counts, "$quiet"),
            (" · ", "$line"),
            (f"{table.arrangement.column.label.lower() or table.arrangement.sort_id} {arrow}", "$quiet"),
        ]
        if table.follows:
            parts = [("follow", "bold $accent"), (" · ", "$line"), *parts]
        if table.filter:
            parts = [("/", "$primary"), (table.filter.text, "bold $warning"), (" · ", "$line"), *parts]
        for sentence in table.arrangement.wrong[:1]:
            parts = [(sentence, "$error"), (" · ", "$line"), *parts]
        return Content.assemble(*parts)

    def on_line_table_arranged(self) -> None:
        """The table was sorted or filtered."""
        if self.shown is not None:
            self._table.say_nothing_with(self.nothing(self.shown))
        self.retitle()

    # -- the selected row

    def explanation(self, row: Any, shown: Shown) -> Statements:
        """Where the figures of a row come from."""
        from claude_tui.ui.text import explanation as explain  # for who asks, as below

        return explain.of_totals(row.totals, shown.zone)

    def row_name(self, row: Any) -> str:
        """What a row is called."""
        return str(row.name)

    def location(self, row: Any) -> tuple[str, int] | None:
        """The log a row was counted from, and the byte; None if there is no one place."""
        return None

    def folder(self, row: Any) -> str:
        """The folder a row is about, "" if it is not about one."""
        return ""

    def action_explain(self) -> None:
        """Say where the figures of the selected row come from."""
        from claude_tui.ui.dialogs.explain_screen import ExplainScreen

        row = self._table.cursor_row
        if row is not None and self.shown is not None:
            shown, about = self.shown, self.about(row, self.shown)
            lines = self.explanation(row, shown)
            edit = self.action_edit if self.location(row) is not None else None
            folder = self.action_show_folder if self.folder(row) else None
            name = self.row_name(row)
            self.app.push_screen(ExplainScreen(name, lines, lambda: self.find_out(about, shown), edit, folder))

    def about(self, row: Any, shown: Shown) -> Query | Response | None:
        """What the source is asked to explain of a row; None if there is no more to say."""
        return None

    def find_out(self, about: Query | Response | None, shown: Shown) -> Statements:
        """Find out what takes time about a row. Called in a thread of its own; must not touch widgets."""
        if about is None or shown.source is None:
            return []
        from claude_tui.ui.text import explanation as explain

        found = shown.source.explain(about)
        return [*explain.of_explanation(found, shown.zone), *explain.not_logged(found)]

    def action_copy(self) -> None:
        """Copy the selected row."""
        row = self._table.cursor_row
        if row is not None:
            self.app.copy_to_clipboard(rows_out.as_line(self._table.columns, row))
            self.notify("copied", timeout=2, markup=False)

    async def complete(self, rows: Sequence[Any]) -> None:
        """Find out what a file says of rows and the screen has not needed yet."""

    async def action_export(self) -> None:
        """Ask where the rows shown are written to as CSV; a new file in the current folder is proposed."""
        from claude_tui.ui.dialogs.export_screen import ExportScreen

        rows, columns = list(self._table.rows), self._table.columns
        count = figures.many(len(rows), "row")
        name = f"claude-top-{self.CAPTION or self.TITLE}" + (f"-{self.shown.today}" if self.shown else "")

        async def write(path: Path, replaces: bool) -> None:
            await self.complete(rows)
            rows_out.write(path, rows_out.as_csv(columns, rows), replaces=replaces)

        def say(path: Path | None) -> None:
            if path is not None:
                self.notify(display_name(str(path)), title=f"{count} written", markup=False)

        proposed = rows_out.free_name(Path(), name)
        await self.app.push_screen(ExportScreen(count, proposed, write), say)

    async def action_show_folder(self) -> None:
        """Show the folder of the selected row on the desktop; where that cannot be, copy it and say why."""
        row = self._table.cursor_row
        folder = self.folder(row) if row is not None else ""
        if not folder:
            self.notify("only sessions and projects have a folder to show", timeout=2, markup=False)
            return
        try:
            if self.app.is_web:
                raise opener.NotShown("not from a browser")
            words = await asyncio.to_thread(opener.command, folder, os.environ)
            opener.start(words, partial(self.app.call_later, self._say_not_shown, folder))
        except (opener.NotShown, OSError) as error:
            self._say_not_shown(folder, str(error))

    def _say_not_shown(self, folder: str, reason: str) -> None:
        self.app.copy_to_clipboard(folder)
        said = display_name(f"{reason}; copied instead: {folder}")
        self.notify(said, title="folder not shown", severity="warning", markup=False)

    def action_edit(self) -> None:
        """Open the log behind the selected row, at its line."""
        row = self._table.cursor_row
        place = self.location(row) if row is not None else None
        if place is None:
            self.notify("only a response has a log line to open: Enter on a session shows its responses", markup=False)
            return
        error = self._open_editor(*place)
        if error:
            self.notify(display_name(error), title="not opened", severity="warning", markup=False)
        self.app.refresh()

    def _open_editor(self, path: str, offset: int) -> str:
        """Run the reader on the whole terminal; returns what went wrong."""
        if not path.endswith((".json", ".jsonl")):
            return f"{os.path.basename(path)} is no text; i says which row of it was counted"
        try:
            with editor.reading(path, offset, os.environ) as words:
                if not words:
                    return "set PAGER to the program to read it with"
                with self.app.suspend():
                    # Whatever is raised in here would leave the app suspended.
                    try:
                        with unheard(signal.SIGINT):  # Ctrl-C there is meant for the reader
                            subprocess.run(words, check=False)
                    except OSError as error:
                        return str(error)
        except SuspendNotSupported:
            return "not possible in this terminal"
        except OSError as error:
            return str(error)
        return ""
