"""The picture: a snapshot in the header, the view and the keys, fitted to the terminal. Must not take snapshots."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import replace
from datetime import date

from textual import events
from textual.widgets import ContentSwitcher

from claude_tui.engine.queries.blocks import Window
from claude_tui.engine.queries.named_periods import Period, add
from claude_tui.model import Phase, Progress, Snapshot, Totals
from claude_tui.ui import sizes
from claude_tui.ui.main_screen.walk import Place, Walk
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.terminal.first_screen import FirstScreen
from claude_tui.ui.text import clients
from claude_tui.ui.views.base import Shown
from claude_tui.ui.widgets.empty import Empty, is_empty
from claude_tui.ui.widgets.header import VIEW_NAMES, Line, Meters, Status, short_line, top_line
from claude_tui.ui.widgets.keybar import KeyBar


class Picture(Walk):
    """An app that shows the snapshot it has."""

    source: SnapshotSource
    snapshot: Snapshot | None
    period: Period
    client: str
    """The client that is shown alone, "" for all."""
    paused_ms: int | None
    trouble: str
    passed: tuple[str, ...]
    """The budgets that are used up, as sentences."""
    window: Window | None
    """The five-hour block that is open, as far as that is known."""
    first_screen: FirstScreen
    is_painted: asyncio.Event
    """Whether the first numbers are on screen."""
    _has_kept = False

    @property
    @abstractmethod
    def now_ms(self) -> int:
        """The instant shown."""

    @property
    @abstractmethod
    def today(self) -> date:
        """The local day of the instant shown."""

    def draw(self, shown: Shown) -> None:
        """Draw a snapshot for the first time, or what is new in it."""
        with self.batch_update():
            empty = is_empty(shown.snapshot) and not shown.scope.trail
            self._switch("empty" if empty else self.view.id)
            if empty:
                self.query_one(Empty).show(shown.snapshot)
            else:
                self.view.show(shown)
            self.draw_header()
            self.draw_keys()
        if not self.is_painted.is_set():
            self.call_after_refresh(self.show_drawn)
        if not self._has_kept and shown.snapshot.progress.phase in (Phase.LIVE, Phase.POLLING):
            self._has_kept = True  # who goes elsewhere and leaves from there has a picture for the next start as well
            self.call_after_refresh(self.keep_frame)

    def show_drawn(self) -> None:
        """The first numbers are drawn: instead of the picture of the last time, show what is drawn from now on."""
        self.is_painted.set()
        self.first_screen.drawn(self._driver)

    def keep_frame(self) -> None:
        """Keep what is on the screen for the next start, if that will begin with the same."""
        snapshot, table = self.snapshot, self.view.table
        is_home = self.places == [Place(self.settings.view)] and self.period.id == self.settings.period
        is_at_top = table is None or not (table.filter or round(table.scroll_y))
        is_plain = not self.client and self.paused_ms is None and len(self.screen_stack) == 1
        if snapshot is None or is_empty(snapshot) or not (is_home and is_at_top and is_plain):
            return
        with self.batch_update():
            self.snapshot = replace(snapshot, progress=Progress(Phase.DISCOVERING))
            self.draw_header()
            self.first_screen.keep(self)
            self.snapshot = snapshot
            self.draw_header()

    def _switch(self, name: str | None) -> None:
        switcher = self.query_one("#views", ContentSwitcher)
        if name == "empty" and not switcher.query(Empty):
            switcher.mount(Empty())
        was_empty, switcher.current = switcher.current == "empty", name
        if was_empty and name != "empty":
            self.focus_view()  # what was hidden has lost the keys

    def _period_totals(self, snapshot: Snapshot) -> Totals:
        if not self.view.IGNORES_PERIOD:
            return snapshot.totals
        today = self.today
        return add(row.totals for row in snapshot.days if self.period.covers(row.day, today))

    @property
    def _tab(self) -> str:
        """The numbered view one is in, or came from."""
        return next(place.view for place in reversed(self.places) if place.view in VIEW_NAMES)

    def draw_header(self) -> None:
        """Draw what is above the view."""
        snapshot = self.snapshot
        if snapshot is None or not self.is_running:
            return
        is_split = clients.are_several(snapshot) and not self.view.IGNORES_PERIOD
        status = Status(
            view=self.place.view, tab=self._tab, now_ms=self.now_ms, period=self.period.label,
            totals=self._period_totals(snapshot), paused=self.paused_ms is not None,
            interval_s=self.refresher.interval_s, trouble=self.trouble, saved_ms=self.source.saved_ms,
            passed=self.passed, client=self.client, by_client=clients.totals(snapshot.models) if is_split else {},
            window=self.window, has_shades=not (self.current_theme.ansi or self.no_color),
        )  # fmt: skip
        screen = self.screen_stack[0]
        width = self.size.width
        if screen.has_class("-with-topbar"):
            screen.query_one("#topbar", Line).show(top_line(snapshot, status, width))
        if screen.has_class("-with-meters"):
            screen.query_one(Meters).show(snapshot, status)
        else:
            alone = not screen.has_class("-with-topbar")
            screen.query_one("#meterline", Line).show(short_line(snapshot, status, width - 2, alone))

    def draw_keys(self) -> None:
        """Draw the keys that do something here."""
        table = self.view.table
        can_go_back = len(self.places) > 1 or (table is not None and bool(table.filter))
        first, *others = self.view.keys
        keys = (first, *(("back",) if can_go_back else ()), *others)
        self.screen_stack[0].query_one(KeyBar).offer(keys, self.snapshot.prices if self.snapshot else "")

    def on_resize(self, event: events.Resize) -> None:
        """Another size, another arrangement."""
        self.tier(event.size.width, event.size.height)
        self.call_after_refresh(self.draw_frame)

    def rearrange(self) -> None:
        """Fit everything into the room there is, and draw the header."""
        self.tier(self.size.width, self.size.height)
        self.call_after_refresh(self.draw_frame)

    def draw_frame(self) -> None:
        """Draw everything around the view."""
        self.draw_header()
        self.draw_keys()

    def tier(self, width: int, height: int) -> None:
        """Choose what there is room for."""
        if self.screen_stack:
            screen = self.screen_stack[0]
            chosen = sizes.classes(width, height, self.place.view, screen.has_class("-zoom"))
            screen.update_classes({name: name in chosen for name in sizes.CLASSES})
