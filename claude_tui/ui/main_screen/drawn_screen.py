"""What is shown: a picture of the source in the header, the view and the keys, fitted to the terminal.

Must not count anything, nor know what a key does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.screen import Screen

from claude_tui.engine.queries.periods.named import Period
from claude_tui.model import Phase, Progress, Snapshot
from claude_tui.ui.main_screen import layout, refresh
from claude_tui.ui.main_screen.camera import Camera
from claude_tui.ui.main_screen.header_status import status_of
from claude_tui.ui.main_screen.hold import Hold
from claude_tui.ui.main_screen.navigation import Navigation, Stop
from claude_tui.ui.main_screen.refresh import Refresher
from claude_tui.ui.main_screen.stage import Stage
from claude_tui.ui.main_screen.type_ahead import TypeAhead
from claude_tui.ui.main_screen.watches.budget_watch import BudgetWatch
from claude_tui.ui.settings.kept import KeptSettings
from claude_tui.ui.settings.last_look import LastLook
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.terminal.first_screen import KEEP_S, FirstScreen
from claude_tui.ui.terminal.painted_app import PaintedApp, PaintedScreen
from claude_tui.ui.views.base.view import DayWanted, KeysChanged, MoreFound, Shown, View
from claude_tui.ui.widgets.edges.keybar import KeyBar
from claude_tui.ui.widgets.edges.meters import Meters
from claude_tui.ui.widgets.edges.topbar import TopBar
from claude_tui.ui.widgets.empty import is_empty
from claude_tui.ui.widgets.line import TextLine

if TYPE_CHECKING:
    from claude_tui.telemetry.status import Shortcoming

FIRST_FRAME_S = 1.0
"""Counting waits at most so long for the first frame."""


class DrawnScreen(PaintedScreen):
    """Header, view and keys, drawn again while it is on top."""

    def __init__(
        self,
        source: SnapshotSource,
        kept: KeptSettings,
        period: Period,
        *,
        clock: Callable[[], int],
        first_screen: FirstScreen,
        forward_key: Callable[[events.Event], Awaitable[None]],
    ) -> None:
        """Set up the screen.

        Args:
            source: Where snapshots come from.
            kept: The settings.
            period: The days that count at first.
            clock: The present in milliseconds.
            first_screen: Told when the first numbers are drawn, and what to keep for the next start.
            forward_key: What is done with a key nothing is bound to.
        """
        super().__init__()
        self.source = source
        self.kept = kept
        self.period = period
        self.first_screen = first_screen
        self.navigation = Navigation(kept.first_view)
        self.typed = TypeAhead(self, forward_key, self._lacks_rows, self._is_for_rows)
        self.stage = Stage(self.navigation.here.view, kept)
        self.camera = Camera(source)
        self.refresher = Refresher(self._take, kept.now.interval_s, lambda: source.is_counting)
        self.budgets = BudgetWatch()
        self.failures: dict[str, str] = {}
        """What failed in the background, by the group of its worker, and the message for it."""
        self.telemetry: Shortcoming | None = None
        """What is wrong with telemetry."""
        self.paused_ms: int | None = None
        self.shown: Shown | None = None
        """What was drawn last."""
        self.is_painted = asyncio.Event()
        """Whether the first numbers are on screen."""
        self._clock = clock
        self._has_kept = False
        self._hold = Hold(self)

    def compose(self) -> ComposeResult:
        """Status, meters, the views, keys."""
        self._fit()  # before there is anything in it, whose styles would all be made again
        yield TopBar()
        yield Meters()
        yield TextLine("meterline")
        yield self.stage
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw once before there is anything."""
        self.set_timer(FIRST_FRAME_S, self.show_drawn)
        self.set_interval(KEEP_S, partial(self.keep_frame, if_new=True))
        self.set_interval(1.0, self._tick)
        self.screen_layout_refresh_signal.subscribe(self, self._take_layout)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw_again())
        self._fit()
        self.focus_view()
        self.refresher.request(urgent=True)

    # -- what is shown

    @property
    def view(self) -> View:
        """The view on screen."""
        return self.stage.views[self.navigation.here.view]

    @property
    def snapshot(self) -> Snapshot | None:
        """The numbers that were drawn last."""
        return self.shown.snapshot if self.shown is not None else None

    @property
    def now_ms(self) -> int:
        """The instant shown: the present, or that of the pause."""
        return self._clock() if self.paused_ms is None else self.paused_ms

    @property
    def today(self) -> date:
        """The local day of the instant shown."""
        return self.camera.day(self.now_ms)

    @property
    def is_up_to_date(self) -> bool:
        """Whether what is drawn is what there is here, for these days. Else there is no row to open.

        If there is nothing at all, it is.
        """
        return self.stage.has_nothing or self.view.shows(self.navigation.scope, self.period)

    def _lacks_rows(self) -> bool:
        """Whether there will be other rows soon."""
        return not self.is_up_to_date and refresh.GROUP not in self.failures

    def _is_for_rows(self, node: DOMNode) -> bool:
        """Whether what a node does, it does to the rows of the view."""
        return self.view in node.ancestors_with_self

    # -- taking pictures

    def take_news(self) -> None:
        """The source has something new."""
        if self.paused_ms is None and self.is_active:
            self.refresher.request()

    def on_screen_resume(self) -> None:
        """A dialog was closed: catch up with what happened below it."""
        self.refresher.request(urgent=True)

    def on_day_wanted(self, event: DayWanted) -> None:
        """The selected day's models and projects are needed."""
        self.refresher.request(urgent=True)

    def on_keys_changed(self, event: KeysChanged) -> None:
        """The key bar offers what does something."""
        event.stop()
        self.draw_frame()

    def on_more_found(self, event: MoreFound) -> None:
        """What the view waited for is there."""
        self.refresher.request(urgent=True)

    def _tick(self) -> None:
        """A second is over: show the time that passed, as often as it can be seen."""
        shown, now_ms = self.snapshot, self._clock()
        if shown is None or now_ms - shown.taken_ms >= refresh.pace_ms(shown, now_ms):
            self.take_news()

    async def _take(self) -> None:
        if not self.is_active:
            return
        view, now_ms = self.view, self.now_ms
        _, scope, period = wanted = self.navigation.here, self.navigation.scope, self.period
        before = self.today
        shown = await self.camera.take(view, scope, period, now_ms, self.shown if self.paused_ms is not None else None)
        is_wanted = wanted == (self.navigation.here, self.navigation.scope, self.period)
        if self.today != before or not (is_wanted and self.is_active):
            self.refresher.request(urgent=True)
        if not (is_wanted and self.is_active):
            return
        self._draw(shown)
        # What is drawn first has no size before; and keys are done in the app's own turn, where they are taken.
        self.call_after_refresh(self.app.call_later, self.typed.go_on)

    # -- drawing

    def _draw(self, shown: Shown) -> None:
        """Draw a snapshot for the first time, or what is new in it."""
        self.shown = shown
        self._hold.note_sizes()
        with self.app.batch_update():
            if self.stage.draw(self.view, shown):
                self.focus_view()  # what was hidden has lost the keys
            self.draw_frame()
        self.call_after_refresh(self._hold.end_if_whole, self.view.draws)
        if not self.is_painted.is_set():
            self.call_after_refresh(self.show_drawn)
        if not self._has_kept and shown.snapshot.progress.phase in (Phase.LIVE, Phase.POLLING):
            self._has_kept = True  # who goes elsewhere and leaves from there has a picture for the next start as well
            self.call_after_refresh(self.keep_frame)

    def hold(self) -> None:
        """Leave what is on screen until the view that comes is drawn as large as it is: no empty box is seen."""
        self._hold.begin()

    def mark_tab(self) -> None:
        """Show at once which view comes, while what is below is left: a key is answered before its view is there."""
        self.draw_header()
        topbar = self.query_one(TopBar)
        if isinstance(self.app, PaintedApp) and topbar.display and self.is_active:
            self.app.show_at_once(topbar)

    def on_screen_suspend(self) -> None:
        """A dialog comes: that is to be seen at once."""
        self._hold.end()

    def _take_layout(self, _: Screen[object]) -> None:
        """Parts may have another size than they were drawn for, and something else to say."""
        if self.shown is not None and self.is_active and not self._hold.has_drawn_sizes:
            self.call_later(self._draw_again)

    def _draw_again(self) -> None:
        if self.shown is not None and self.shown is self.view.shown:  # else another view is about to be drawn
            self._draw(self.shown)

    async def show_drawn(self) -> None:
        """The first numbers are there: instead of the picture of the last time, show what is drawn from now on."""
        if isinstance(self.app, PaintedApp):
            await self.app.draw_ahead()
        self.is_painted.set()
        self.first_screen.drawn(self.app)

    def keep_frame(self, *, if_new: bool = False) -> None:
        """Keep how the screen is left, and what is on it if the next start will begin with the same.

        `if_new`: nothing is written that was kept already.
        """
        self.kept.leave(LastLook(self.navigation.stops[0].view, self.stage.sorts))
        snapshot, table, settings = self.snapshot, self.view.table, self.kept.now
        is_home = self.navigation.stops == [Stop(self.kept.first_view)] and self.period.id == settings.period
        is_at_top = table is None or not (table.filter or round(table.scroll_y))
        is_plain = not (self.navigation.client or self.navigation.account) and self.paused_ms is None and self.is_active
        if snapshot is None or is_empty(snapshot) or not (is_home and is_at_top and is_plain):
            return
        with self.app.batch_update():
            self._draw_header(snapshot._replace(progress=Progress(Phase.DISCOVERING)))
            self.first_screen.keep(self.app, if_new=if_new)
            self._draw_header(snapshot)

    def draw_header(self) -> None:
        """Draw what is above the view."""
        if self.shown is not None and self.is_running:
            self._draw_header(self.shown.snapshot)

    def _draw_header(self, snapshot: Snapshot) -> None:
        layout.draw_header(self, snapshot, status_of(self, snapshot), self.app.size.width)

    def draw_frame(self) -> None:
        """Draw everything around the view."""
        self.draw_header()
        table = self.view.table
        can_go_back = self.navigation.can_go_back or (table is not None and bool(table.filter))
        layout.draw_keys(self, self.view.keys, self.snapshot.prices if self.snapshot else "", can_go_back=can_go_back)

    def on_resize(self, event: events.Resize) -> None:
        """Another size, another arrangement."""
        layout.fit(self, event.size.width, event.size.height, self.navigation.here.view)
        self.call_after_refresh(self.draw_frame)

    def _fit(self) -> None:
        layout.fit(self, *self.app.size, self.navigation.here.view)

    def rearrange(self) -> None:
        """Fit everything into the room there is, and draw the header."""
        self._fit()
        self.call_after_refresh(self.draw_frame)

    def focus_view(self) -> None:
        """Give the keys to the view on screen."""
        # At once, and not when its turn comes: the next key is for it.
        self.set_focus(self.view.main, scroll_visible=False)
