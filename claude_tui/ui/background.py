"""What runs as long as the screen is open: counting, drawing anew, receiving telemetry, and looking whom to warn.

Must not know keys, themes or what is drawn where.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.worker import Worker

from claude_tui import runtime
from claude_tui.ui.main_screen import refresh
from claude_tui.ui.main_screen.drawn_screen import FIRST_FRAME_S
from claude_tui.ui.main_screen.screen import MainScreen
from claude_tui.ui.main_screen.watches.alert_watch import AlertWatch
from claude_tui.ui.main_screen.watches.telemetry_watch import TelemetryWatch
from claude_tui.ui.settings.kept import KeptSettings
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.terminal import alerts
from claude_tui.waiting import is_set_in_time

if TYPE_CHECKING:
    from claude_tui.telemetry.receiver import Receiver

ALERT_EVERY_S = 1.0
"""How often is checked whether to alert."""
BUDGET_EVERY_S = 20.0
"""How often the budgets are compared with what was spent."""
TELEMETRY_EVERY_S = 3.0
"""How often is checked whether telemetry is received and kept."""


class Background:
    """The workers and timers of an app, each a group of its own: what fails is the group's, and the others go on."""

    def __init__(
        self,
        app: App[None],
        main: MainScreen,
        source: SnapshotSource,
        kept: KeptSettings,
        clock: Callable[[], int],
        telemetry_state: Path | None,
    ) -> None:
        """Set up without running anything.

        Args:
            app: Whose workers and timers they are, and what says what is new.
            main: What is drawn anew, and the header in which it is said what is wrong.
            source: What counts.
            kept: The settings, which may change.
            clock: The present in milliseconds.
            telemetry_state: The folder with what receivers of telemetry say of themselves; None looks at none.
        """
        self._app, self._main, self._source, self._kept, self._clock = app, main, source, kept, clock
        self.receiver: Receiver | None = None
        """What receives telemetry, once it does."""
        self._telemetry = TelemetryWatch(telemetry_state) if telemetry_state is not None else None
        self._alerts: AlertWatch | None = None
        self._has_counted = asyncio.Event()
        self._has_counted.set()

    def start(self) -> None:
        """Start everything that the settings want."""
        self._app.run_worker(self._count(), group="count", exit_on_error=False)
        self._app.run_worker(self._main.refresher.run(), group=refresh.GROUP, exit_on_error=False)
        self._app.set_interval(ALERT_EVERY_S, self._call_somebody)
        if self._kept.now.budgets:
            self._app.set_interval(BUDGET_EVERY_S, self.check_budgets)
            self.check_budgets()
        if self._telemetry is not None:
            self._app.set_interval(TELEMETRY_EVERY_S, partial(self._look_at_telemetry, self._telemetry))

    def stop(self) -> None:
        """Stop what does not end with the app."""
        if self.receiver is not None:
            self.receiver.stop()

    async def saved(self, timeout_s: float) -> bool:
        """Wait until nothing counts any more, and what was counted is saved. Returns whether that is so in time."""
        return await is_set_in_time(self._has_counted, timeout_s)

    async def _count(self) -> None:
        # The saved numbers first: what counting imports and starts would stand in their way.
        self._has_counted.clear()
        try:
            await is_set_in_time(self._main.is_painted, FIRST_FRAME_S)
            if not self._source.is_counting:  # else whoever counts says when that is over
                runtime.running()
            if self._kept.now.telemetry.on:
                await asyncio.to_thread(self._receive)
            await self._source.run()
        finally:
            self._has_counted.set()

    def _receive(self) -> None:
        """Receive telemetry beside the screen, in a thread of its own."""
        from claude_tui.telemetry.receiver import Receiver  # 12 ms, for those who want it

        wanted = self._kept.now.telemetry
        self.receiver = Receiver("screen", wanted.port, wanted.resource)
        self.receiver.start()

    def check_budgets(self) -> Worker[None]:
        """Notify once when a budget is exceeded."""

        async def check() -> None:
            states = await asyncio.to_thread(self._source.budgets, self._kept.now.budgets, self._clock())
            for text in self._main.budgets.news(states):
                self._app.notify(text, title="budget exceeded", severity="warning", timeout=20, markup=False)
            self._main.draw_header()

        return self._app.run_worker(check(), group="budgets", exclusive=True, exit_on_error=False)

    def _look_at_telemetry(self, watch: TelemetryWatch) -> Worker[None]:
        """Show in the header what is wrong with telemetry, whichever process receives it."""

        async def look() -> None:
            receiver = self.receiver
            own = receiver.status if receiver is not None and receiver.state != "waiting" else None
            found = await asyncio.to_thread(watch.look, self._clock(), self._source.telemetry_cover, own)
            if found != self._main.telemetry:
                self._main.telemetry = found
                self._main.draw_header()

        return self._app.run_worker(look(), group="telemetry", exclusive=True, exit_on_error=False)

    def _call_somebody(self) -> None:
        """Ring or notify about what is new, also while a dialog is open or the screen is paused."""
        settings = self._kept.now
        if settings.alert == "off":
            self._alerts = None
            return
        if self._alerts is None:
            self._alerts = AlertWatch(settings.alert_turn_s)
        calls = self._alerts.news(self._source.activities(), self._clock())
        driver = self._app._driver
        if calls and driver is not None:
            driver.write(alerts.alert(settings.alert, " · ".join(calls), os.environ))
            driver.flush()
