"""Going about: from view to view, into rows and back, and the line to filter with. Must not know snapshots."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.dom import DOMNode
from textual.widgets import ContentSwitcher

from claude_tui.ui.looks import Looks
from claude_tui.ui.main_screen.filter_line import FilterLine
from claude_tui.ui.main_screen.type_ahead import TypeAhead
from claude_tui.ui.table.lines import LineTable
from claude_tui.ui.views.base import EVERYTHING, DayWanted, Scope, View
from claude_tui.ui.widgets.header import VIEW_NAMES


@dataclass(frozen=True)
class Place:
    """Where one is: a view and what it is narrowed to."""

    view: str
    scope: Scope = EVERYTHING


class Walk(Looks):
    """An app one can walk about in."""

    places: list[Place]
    """The way here; the last is where one is."""
    trouble: str
    """What failed, so that rows may never come and no key waits for them; "" nothing."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.typed = TypeAhead(self, super().on_event, self._lacks_rows, self._is_for_rows)

    async def on_event(self, event: events.Event) -> None:
        """Do what a key says before the next is looked at."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.typed.take(event)
        else:
            await super().on_event(event)

    @property
    @abstractmethod
    def is_current(self) -> bool:
        """Whether what is drawn is what there is at this place. Else there is no row to open."""

    def _lacks_rows(self) -> bool:
        """Whether there will be other rows soon."""
        return not self.is_current and not self.trouble

    def _is_for_rows(self, node: DOMNode) -> bool:
        """Whether what a node does, it does to the rows of the view."""
        return self.view in node.ancestors_with_self

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
        # At once, and not when its turn comes: the next key is for it.
        self.screen_stack[0].set_focus(self.view.main, scroll_visible=False)

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

    async def action_open(self) -> None:
        """Go into the selected row: what it narrows to is added to what this place is narrowed to."""
        drilled = self.view.drilled() if self.is_current else None
        if drilled is None:
            return
        self._close_filter()
        target = self.views[drilled.view]
        if target.table is not None:
            target.table.set_filter("")
        scope = self.place.scope.narrowed(drilled.name, **drilled.keys)
        await self._go([*self.places, Place(drilled.view, scope)])

    async def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """The selected row was clicked, unless one is elsewhere by now."""
        if event.table is self.view.table:
            await self.action_open()

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
            await self.mount(FilterLine(self._filter), before="#keybar")
        line = self.query_one(FilterLine)
        self.screen.add_class("-filtering")
        line.value = table.filter.text
        self.screen.set_focus(line, scroll_visible=False)

    def action_keep_filter(self) -> None:
        """Keep the filter and go on in the table."""
        self._close_filter()
        self.rearrange()

    def _filter(self, text: str) -> None:
        """Filter as it is typed."""
        if self.screen.has_class("-filtering") and self.view.table is not None:
            self.view.table.set_filter(text)

    def _close_filter(self) -> None:
        self.screen_stack[0].remove_class("-filtering")
        self.focus_view()
