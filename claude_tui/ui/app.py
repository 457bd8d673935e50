"""The app: it takes snapshots and hands them to the view on screen. Wiring only; must not count anything."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from textual import work
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import ContentSwitcher
from textual.worker import Worker, WorkerState

from claude_tui import runtime
from claude_tui.engine.queries.blocks import Window
from claude_tui.engine.queries.named_periods import BY_ID, Period, named
from claude_tui.model import Query, Snapshot
from claude_tui.sources.display import display_name
from claude_tui.ui.main_screen import refresh
from claude_tui.ui.main_screen.picture import Picture
from claude_tui.ui.main_screen.refresh import NewsArrived, Refresher
from claude_tui.ui.main_screen.walk import Place
from claude_tui.ui.settings import themes
from claude_tui.ui.settings.file import Settings
from claude_tui.ui.settings.keys import APP_BINDINGS
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.terminal.first_frame import FirstFrame
from claude_tui.ui.terminal.first_screen import KEEP_S, FirstScreen
from claude_tui.ui.terminal.signals import leave_on_signals
from claude_tui.ui.text import clients
from claude_tui.ui.text.open_block import OpenBlock
from claude_tui.ui.views import Views
from claude_tui.ui.views.base import Scope, Shown
from claude_tui.ui.widgets.header import VIEW_NAMES, Line, Meters, budget_text
from claude_tui.ui.widgets.keybar import KeyBar

BUDGET_EVERY_S = 20.0
"""How often the budgets are compared with what was spent."""

FIRST_FRAME_S = 1.0
"""Counting waits at most so long for the first frame."""


class ClaudeTop(Picture):
    """A live monitor of what Claude Code costs and does."""

    TITLE = "claude-top"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = list(APP_BINDINGS)
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        source: SnapshotSource,
        settings: Settings | None = None,
        *,
        clock: Callable[[], int] | None = None,
        settings_path: Path | None = None,
        complaints: Iterable[str] = (),
        first_frame: FirstFrame | None = None,
    ) -> None:
        """Set up the app.

        Args:
            source: Where snapshots come from; it is run as long as the app runs.
            settings: How to start.
            clock: The present in milliseconds, for tests.
            settings_path: The file changes are kept in; None keeps nothing.
            complaints: What was wrong with the settings, to be told.
            first_frame: Where the picture is kept that the next start shows, and whether it is shown now.
        """
        first_screen = FirstScreen(first_frame)
        # Without colours the ANSI way is the right one in every theme: else NO_COLOR is all black in ANSI themes.
        super().__init__(driver_class=first_screen.driver_class, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.first_screen = first_screen
        self.HORIZONTAL_BREAKPOINTS = [(0, "-compact"), (110, "-spacious")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]
        self.source = source
        self.settings = settings or Settings()
        self._complaints = list(complaints)
        self.period = self._first_period()
        self.places = [Place(self.settings.view if self.settings.view in VIEW_NAMES else "live")]
        self.client = ""
        """The client that is shown alone, "" for all."""
        self.paused_ms: int | None = None
        self.snapshot: Snapshot | None = None
        self.trouble = ""
        self.passed: tuple[str, ...] = ()
        """The budgets that are used up, as sentences."""
        self._told: set[tuple[str, date]] = set()
        self.settings_path = settings_path
        self.on_leaving: Callable[[int], object] = lambda code: None
        """Called with the exit code as soon as the app is to end, perhaps more than once."""
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._zone: tzinfo = timezone.utc
        self._zone_name = ""
        self.refresher = Refresher(self._take, self.settings.interval_s, lambda: source.is_counting)
        self._shown_query: Query | None = None
        self._open_block = OpenBlock()
        self.window: Window | None = None
        self.is_painted = asyncio.Event()
        """Whether the first numbers are on screen."""
        self.views = Views(self.prepare_view)
        for theme in themes.OWN:
            self.register_theme(theme)
        self._complaints += self.take_theme()
        if self.settings.ascii:
            self.draw_plainly()

    def _first_period(self) -> Period:
        """The period the settings ask for; all time where that makes no sense, which is said."""
        try:
            return named(self.settings.period)
        except ValueError as error:
            self._complaints.append(f"unknown period {self.settings.period}: {error}")
            return BY_ID["all"]

    # -- frame

    def compose(self) -> ComposeResult:
        """Status, meters, the views, keys."""
        yield Line("topbar")
        yield Meters()
        yield Line("meterline")
        with ContentSwitcher(initial=self.place.view, id="views"):
            yield self.view
        yield KeyBar()

    def on_mount(self) -> None:
        """Start counting, and draw once before there is anything."""
        self.take_over(self._complaints)
        leave_on_signals(asyncio.get_running_loop(), self.leave, self.on_leaving)
        self.first_screen.started()
        self.set_timer(FIRST_FRAME_S, self.show_drawn)
        self.set_interval(KEEP_S, self.keep_frame)
        self.source.subscribe(self._hear)
        self.screen_change_signal.subscribe(self, self._on_screen_changed)
        self._count()
        self._refresh_forever()
        self.set_interval(1.0, self._tick)
        if self.settings.budgets:
            self.set_interval(BUDGET_EVERY_S, self._check_budgets)
            self._check_budgets()
        self.tier(self.size.width, self.size.height)
        self.focus_view()
        self.refresher.wish(urgent=True)

    def _hear(self) -> None:
        """There is news; called from any thread."""
        self.post_message(NewsArrived())

    @work(exit_on_error=False, group="count")
    async def _count(self) -> None:
        # The saved numbers first: what counting imports and starts would stand in their way.
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.is_painted.wait(), FIRST_FRAME_S)
        runtime.running()
        await self.source.run()

    @work(exit_on_error=False, group="refresh")
    async def _refresh_forever(self) -> None:
        await self.refresher.run()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What fails is said, and the last numbers stay on screen."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self.trouble = f"{event.worker.group} failed: {type(error).__name__}"
            self.notify(display_name(str(error)), title=self.trouble, severity="error", timeout=30, markup=False)
            self.draw_header()

    # -- snapshots

    @property
    def now_ms(self) -> int:
        """The instant shown: the present, or that of the pause."""
        return self._clock() if self.paused_ms is None else self.paused_ms

    @property
    def today(self) -> date:
        """The local day of the instant shown."""
        return datetime.fromtimestamp(self.now_ms / 1000, self._zone).date()

    def on_news_arrived(self) -> None:
        """The source has something new."""
        if self.paused_ms is None and len(self.screen_stack) == 1:
            self.refresher.wish()

    def _tick(self) -> None:
        """A second is over: show the time that passed, as often as it can be seen."""
        shown = self.snapshot
        if len(self.screen_stack) > 1:
            return
        if self.paused_ms is None and (
            shown is None or self._clock() - shown.taken_ms >= refresh.pace_ms(shown, self._clock())
        ):
            self.refresher.wish()

    async def _take(self) -> None:
        if len(self.screen_stack) > 1:
            return
        view, place, scope, period, now_ms = self.view, self.place, self.scope, self.period, self.now_ms
        query = view.wanted(period, scope, self.today)
        if self.paused_ms is not None and self.snapshot is not None and query == self._shown_query:
            snapshot = self.snapshot
        else:
            snapshot = await asyncio.to_thread(self.source.snapshot, query, now_ms)
        if self._learn_zone(snapshot):
            self.refresher.wish(urgent=True)
        extra = await asyncio.to_thread(view.fetch, self.source, snapshot, scope, now_ms)
        self.window = await asyncio.to_thread(self._open_block.at, self.source, snapshot, now_ms)
        if (place, scope, period) != (self.place, self.scope, self.period) or len(self.screen_stack) > 1:
            self.refresher.wish(urgent=True)
            return
        self.snapshot, self._shown_query = snapshot, query
        self.draw(Shown(snapshot, now_ms, self.today, period, scope, self._zone, extra, self.source))
        # What is drawn first has no size before; and keys are done in the app's own turn, where they are taken.
        self.call_after_refresh(self.call_later, self.typed.go_on)

    def _learn_zone(self, snapshot: Snapshot) -> bool:
        """Take over the time zone days are cut in; True where that moves today."""
        if snapshot.timezone == self._zone_name:
            return False
        before, self._zone_name = self.today, snapshot.timezone
        try:
            self._zone = ZoneInfo(snapshot.timezone)
        except (KeyError, ValueError, OSError):
            self._zone = datetime.now().astimezone().tzinfo or timezone.utc
        return self.today != before

    async def action_quit(self) -> None:
        """End the program."""
        self.leave(0)

    def leave(self, code: int) -> None:
        """End the program with an exit code."""
        self.on_leaving(code)
        try:
            self.keep_frame()
        finally:
            self.exit(return_code=code)

    def _handle_exception(self, error: Exception) -> None:
        """End because of a mistake of ours."""
        self.on_leaving(1)
        super()._handle_exception(error)

    @property
    def is_current(self) -> bool:
        """Whether what is drawn is what there is at this place, for these days; where there is nothing, it is."""
        is_empty = self.query_one("#views", ContentSwitcher).current == "empty"
        return is_empty or self.view.shows(self.scope, self.period)

    @property
    def scope(self) -> Scope:
        """What is shown is narrowed to: that of the place, which a client that is shown alone narrows further."""
        scope = self.place.scope
        return replace(scope, source=self.client) if self.client and not scope.source else scope

    # -- looks

    async def action_period(self) -> None:
        """Choose the days that count."""
        from claude_tui.ui.dialogs.dialogs import PeriodScreen

        def choose(chosen: Period | None) -> None:
            self.period = chosen or self.period
            self.refresher.wish(urgent=True)

        await self.push_screen(PeriodScreen(self.period, self.today), choose)

    async def action_client(self) -> None:
        """Show the next client alone, or all again; from the top, as a row that was opened belongs to one."""
        present = self.snapshot.sources if self.snapshot is not None else ()
        chosen = clients.following(self.client, present)
        if chosen == self.client:
            return
        self.client = chosen
        if self.place.scope.source:
            await self._go(self.places[:1])
        self.draw_header()
        self.refresher.wish(urgent=True)

    def action_pause(self) -> None:
        """Freeze the display, or go on."""
        self.paused_ms = self._clock() if self.paused_ms is None else None
        self.draw_header()
        self.refresher.wish(urgent=True)

    async def action_refresh(self) -> None:
        """Look at every file again."""
        await asyncio.to_thread(self.source.refresh)
        self.refresher.wish(urgent=True)

    def action_help(self) -> None:
        """All keys."""
        from claude_tui.ui.dialogs.help import HelpScreen

        self.push_screen(HelpScreen())

    @work(exclusive=True, exit_on_error=False, group="budgets")
    async def _check_budgets(self) -> None:
        """Say once that a budget is passed."""
        states = await asyncio.to_thread(self.source.budgets, self.settings.budgets, self._clock())
        passed = [state for state in states if state.is_passed]
        self.passed = tuple(display_name(budget_text(state)) for state in passed)
        for state, text in zip(passed, self.passed, strict=True):
            if (state.name, state.since) not in self._told:
                self._told.add((state.name, state.since))
                self.notify(text, title="budget exceeded", severity="warning", timeout=20, markup=False)

    def _on_screen_changed(self, screen: Screen[Any]) -> None:
        """A dialog was opened or closed: catch up with what happened below it."""
        if len(self.screen_stack) == 1:
            self.refresher.wish(urgent=True)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The same actions as the keys."""
        from claude_tui.ui.dialogs import palette

        yield from palette.commands(self)
