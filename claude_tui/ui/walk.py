"""Going about: from view to view, into rows and back, and the line to filter with. Must not know snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from textual.widgets import ContentSwitcher, Input

from claude_tui.ui.header import VIEW_NAMES
from claude_tui.ui.looks import Looks
from claude_tui.ui.views.base import EVERYTHING, DayWanted, Drilled, Scope, View


@dataclass(frozen=True)
class Place:
    """Where one is: a view and what it is narrowed to."""

    view: str
    scope: Scope = EVERYTHING


class Walk(Looks):
    """An app one can walk about in."""

    places: list[Place]
    """The way here; the last is where one is."""

    @property
    def place(self) -> Place:
        """Where one is."""
        return self.places[-1]

    @property
    def view(self) -> View:
        """The view on screen."""
        return self.views[self.place.view]

    async def _go(self, places: list[Place]) -> None:
        switcher, view = self.query_one("#views", ContentSwitcher), self.views[places[-1].view]
        if view.parent is None:
            view.display = False
            await switcher.mount(view)
        self.places = places
        self.rearrange()
        switcher.current = self.place.view
        self.focus_view()
        self.refresher.wish(urgent=True)

    def focus_view(self) -> None:
        """Give the keys to the view on screen."""
        self.view.main.focus(scroll_visible=False)

    async def action_view(self, name: str) -> None:
        """Go to a view, unnarrowed."""
        self._close_filter()
        await self._go([Place(name)])

    async def action_step_view(self, step: int) -> None:
        """Go to the next or previous view; in a dialog, to its next or previous part."""
        if len(self.screen_stack) > 1:
            self.screen.focus_next() if step > 0 else self.screen.focus_previous()
            return
        at = VIEW_NAMES.index(self.places[0].view) if self.places[0].view in VIEW_NAMES else 0
        await self.action_view(VIEW_NAMES[(at + step) % len(VIEW_NAMES)])

    async def on_drilled(self, event: Drilled) -> None:
        """A row was opened."""
        self._close_filter()
        target = self.views[event.view]
        if target.table is not None:
            target.table.set_filter("")
        await self._go([*self.places, Place(event.view, event.scope)])

    def on_day_wanted(self, event: DayWanted) -> None:
        """The selected day's models and projects are needed."""
        self.refresher.wish(urgent=True)

    async def action_go_back(self) -> None:
        """Close the filter, or drop it, or go back; never quit."""
        table = self.view.table
        if self.screen.has_class("-filtering"):
            self._close_filter()
            if table is not None:
                table.set_filter("")
        elif table is not None and table.filter:
            table.set_filter("")
        elif len(self.places) > 1:
            await self._go(self.places[:-1])
        elif self.screen.has_class("-zoom"):
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
            await self.mount(Input(id="filter", placeholder="filter; ! for the others", compact=True), before="#keybar")
        line = self.query_one("#filter", Input)
        self.screen.add_class("-filtering")
        with line.prevent(Input.Changed):
            line.value = table.filter.text
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        if event.input.id == "filter" and self.view.table is not None:
            self.view.table.set_filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and go on in the table."""
        if event.input.id == "filter":
            self._close_filter()
            self.rearrange()

    def _close_filter(self) -> None:
        self.screen_stack[0].remove_class("-filtering")
        self.focus_view()
