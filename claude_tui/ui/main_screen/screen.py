"""The main screen: what its keys do, from view to view, into rows and back, and to what is shown.

Must not draw; must not know the app.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.binding import BindingType

from claude_tui.engine.queries.periods.named import Period
from claude_tui.ui.main_screen.drawn_screen import DrawnScreen
from claude_tui.ui.main_screen.filter_line import FilterLine
from claude_tui.ui.main_screen.navigation import Stop
from claude_tui.ui.settings.keys import SCREEN_BINDINGS
from claude_tui.ui.table.line_table import LineTable
from claude_tui.ui.text import clients
from claude_tui.ui.widgets.edges.keybar import KeyBar
from claude_tui.ui.widgets.edges.topbar import TopBar


class MainScreen(DrawnScreen):
    """The screen, and what its keys do."""

    BINDINGS: ClassVar[list[BindingType]] = list(SCREEN_BINDINGS)

    # -- going about

    async def _go(self, stops: list[Stop]) -> None:
        self.hold()
        await self.stage.hold(stops[-1].view)
        self.navigation.stops = stops
        self.mark_tab()
        self.rearrange()
        self.stage.current = stops[-1].view
        self.focus_view()
        self.refresher.request(urgent=True)

    async def action_view(self, name: str) -> None:
        """Go to a view, unnarrowed."""
        self._close_filter()
        await self._go([Stop(name)])

    async def action_step_view(self, step: int) -> None:
        """Go to the next or previous view."""
        await self.action_view(self.navigation.neighbour(step))

    async def action_open(self) -> None:
        """Go into the selected row."""
        drilled = self.view.drilled() if self.is_up_to_date else None
        if drilled is None:
            return
        self._close_filter()
        target = self.stage.views[drilled.view]
        if target.table is not None:
            target.table.set_filter("")
        await self._go(self.navigation.into(drilled))

    async def action_causes(self) -> None:
        """Show what the money of the selected row went for."""
        drilled = self.view.drilled() if self.is_up_to_date else None
        if drilled is None or self.navigation.scope.cause or drilled.keys.get("cause") or drilled.keys.get("agent"):
            self.say_not_here()  # what a part of a session went for is not asked
            return
        self._close_filter()
        await self._go(self.navigation.into(drilled._replace(view="causes")))

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """The selected row was clicked: open it in the app's turn, as keys do, unless one is elsewhere by then."""

        async def open_row() -> None:
            if event.table is self.view.table:
                await self.action_open()

        self.app.call_later(open_row)

    def on_top_bar_view_wanted(self, event: TopBar.ViewWanted) -> None:
        """A tab was clicked: go there in the app's turn, as keys do."""
        self.app.call_later(self.action_view, event.view)

    def on_key_bar_chosen(self, event: KeyBar.Chosen) -> None:
        """A key was clicked: do what it does, whatever key that is by now."""

        async def do_it() -> None:
            bound = next((one for one in self.active_bindings.values() if one.binding.id == event.id), None)
            if bound is not None and self.is_active:
                await self.app.run_action(bound.binding.action, bound.node)

        self.app.call_later(do_it)

    async def action_go_back(self) -> None:
        """Close the filter, or drop it, or go back; never quit."""
        table = self.view.table
        if self.has_class("-filtering"):
            self._close_filter()
            if table is not None:
                table.set_filter("")
        elif table is not None and table.filter:
            table.set_filter("")
        elif self.navigation.can_go_back:
            await self._go(self.navigation.stops[:-1])
        elif self.has_class("-zoom"):
            self.action_zoom()
        self.rearrange()

    # -- filter

    async def action_filter(self) -> None:
        """Open the line to filter with."""
        table = self.view.table
        if table is None:
            self.say_not_here()
            return
        if not self.query("#filter"):
            await self.mount(FilterLine(self._filter), before="#keybar")
        line = self.query_one(FilterLine)
        self.add_class("-filtering")
        line.begin(table.filter.text)
        self.set_focus(line, scroll_visible=False)

    def action_keep_filter(self) -> None:
        """Keep the filter and go on in the table."""
        self._close_filter()
        self.rearrange()

    def _filter(self, text: str) -> None:
        """Filter as it is typed."""
        if self.has_class("-filtering") and self.view.table is not None:
            self.view.table.set_filter(text)

    def _close_filter(self) -> None:
        self.remove_class("-filtering")
        self.focus_view()

    # -- what is counted, and what of it is shown

    async def action_period(self) -> None:
        """Choose the days that count."""
        from claude_tui.ui.dialogs.period_screen import PeriodScreen

        def choose(chosen: Period | None) -> None:
            self.period = chosen or self.period
            self.refresher.request(urgent=True)

        await self.app.push_screen(PeriodScreen(self.period, self.today, self.kept.now.cycle_day), choose)

    async def action_client(self) -> None:
        """Show the next client alone, or all again; from the top, as a row that was opened belongs to one."""
        present = self.snapshot.sources if self.snapshot is not None else ()
        if self.navigation.choose_next_client(present):
            await self._narrowed()
        else:
            self.notify(clients.only(present, "client"), timeout=2, markup=False)

    async def action_account(self) -> None:
        """Show the next account alone, or all again; from the top, as a row that was opened belongs to one."""
        present = self.snapshot.accounts if self.snapshot is not None else ()
        if self.navigation.choose_next_account(present):
            await self._narrowed()
        else:
            self.notify(clients.only(present, "account"), timeout=2, markup=False)

    async def _narrowed(self) -> None:
        """Draw what is shown alone now."""
        if self.navigation.here.scope.source:
            await self._go(self.navigation.stops[:1])
        self.draw_header()
        self.refresher.request(urgent=True)

    def action_pause(self) -> None:
        """Freeze the display, or go on."""
        self.paused_ms = self._clock() if self.paused_ms is None else None
        self.draw_header()
        self.refresher.request(urgent=True)

    async def action_refresh(self) -> None:
        """Look at every file again."""
        await asyncio.to_thread(self.source.refresh)
        self.notify("all files are checked again", timeout=2, markup=False)
        self.refresher.request(urgent=True)

    def action_zoom(self) -> None:
        """Give the whole screen to the view, or take it back."""
        self.toggle_class("-zoom")
        self.rearrange()

    async def action_sort_menu(self) -> None:
        """Choose the column to sort by."""
        from claude_tui.ui.dialogs.sort_screen import SortScreen

        table = self.view.table
        if table is None:
            self.say_not_here()
            return

        def choose(column: str | None) -> None:
            if column is not None:
                table.sort_by(column)

        arrangement = table.arrangement
        arrow = "▼" if arrangement.is_descending else "▲"
        await self.app.push_screen(SortScreen(table.columns, arrangement.sort_id, arrow), choose)

    async def action_columns(self) -> None:
        """Choose the columns of the table."""
        from claude_tui.ui.dialogs.columns_screen import ColumnsScreen

        view, table = self.view, self.view.table
        if table is None:
            self.say_not_here()
            return

        def choose(hidden: frozenset[str] | None) -> None:
            if hidden is not None and hidden != table.hidden_columns:
                table.choose_columns(hidden)
                self.kept.keep("columns", view.TITLE, tuple(sorted(hidden)))

        await self.app.push_screen(ColumnsScreen(table.columns, table.hidden_columns), choose)

    def say_not_here(self) -> None:
        """What a key asks for is not to be had in this view."""
        self.notify("not in this view", timeout=2, markup=False)
