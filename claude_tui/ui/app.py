"""The app: theme, settings, keys, and leaving. Must not count anything, nor draw."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import ScreenStackError, SystemCommand
from textual.binding import BindingType
from textual.errors import NoWidget
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from claude_tui.engine.queries.periods.named import BY_ID, Period, named
from claude_tui.sources.values.display import display_name
from claude_tui.ui.background import Background
from claude_tui.ui.main_screen.refresh import NewsArrived
from claude_tui.ui.main_screen.screen import MainScreen
from claude_tui.ui.settings import choices, themes
from claude_tui.ui.settings.file import Settings
from claude_tui.ui.settings.kept import KeptSettings
from claude_tui.ui.settings.keys import APP_BINDINGS, unknown_actions
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.kinds import client_column
from claude_tui.ui.terminal.ascii import AsciiFilter
from claude_tui.ui.terminal.first_frame import FirstFrame
from claude_tui.ui.terminal.first_screen import FirstScreen
from claude_tui.ui.terminal.first_theme import start_in
from claude_tui.ui.terminal.painted_app import PaintedApp
from claude_tui.ui.terminal.signals import ENDING_S, LAST_RESORT_S, leave_on_signals

LINES_A_NOTE = 8
"""One note may be shown over the view for each so many lines of the screen."""


class ClaudeTop(PaintedApp):
    """A live monitor of what Claude Code costs and does."""

    TITLE = "claude-top"
    CSS_PATH = "app.tcss"
    CSS = client_column.CSS
    BINDINGS: ClassVar[list[BindingType]] = list(APP_BINDINGS)
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        source: SnapshotSource,
        settings: Settings | None = None,
        *,
        clock: Callable[[], int] | None = None,
        settings_path: Path | None = None,
        look_path: Path | None = None,
        complaints: Iterable[str] = (),
        first_frame: FirstFrame | None = None,
        telemetry_state: Path | None = None,
    ) -> None:
        """Set up the app.

        Args:
            source: Where snapshots come from; it is run as long as the app runs.
            settings: How to start.
            clock: The present in milliseconds, for tests.
            settings_path: The file changes are kept in; None keeps nothing.
            look_path: The file that says how the screen was left; None keeps nothing.
            complaints: What was wrong with the settings, to be shown.
            first_frame: Where the picture is kept that the next start shows, and whether it is shown now.
            telemetry_state: The folder with what receivers of telemetry say of themselves; None looks at none.
        """
        self.first_screen = FirstScreen(first_frame)
        # Without colours the ANSI way is the right one in every theme: else NO_COLOR is all black in ANSI themes.
        is_ansi = True if "NO_COLOR" in os.environ else None
        super().__init__(driver_class=self.first_screen.driver_class, ansi_color=is_ansi)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-compact"), (110, "-spacious")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]
        self.source = source
        self.kept = KeptSettings(settings or Settings(), settings_path, self._say_not_kept, look_path)
        self._complaints = list(complaints)
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self.main = MainScreen(
            source,
            self.kept,
            self._first_period(),
            clock=self._clock,
            first_screen=self.first_screen,
            forward_key=super().on_event,
        )
        self.background = Background(self, self.main, source, self.kept, self._clock, telemetry_state)
        source.call_sessions(self.settings.names)
        self.on_leaving: Callable[[int, float], object] = lambda code, wait_s: None
        """Called when the app is to end, perhaps more than once, with the exit code and how long that may take."""
        self._has_begun = False
        self._told: int | None = None
        """The exit code of a signal that came before it had begun."""
        for theme in themes.OWN:
            self.register_theme(theme)
        if not start_in(self, self.settings.theme, themes.DEFAULT):
            self._complaints.append(f"unknown theme {self.settings.theme}")
        if self.settings.ascii:
            self._filters.append(AsciiFilter())

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.kept.now

    def get_default_screen(self) -> Screen[Any]:
        """The screen everything begins with."""
        return self.main

    def _first_period(self) -> Period:
        """The period of the settings; all time, with a complaint, if that makes no sense."""
        try:
            return named(self.settings.period, self.settings.cycle_day)
        except ValueError as error:
            self._complaints.append(f"unknown period {self.settings.period}: {error}")
            return BY_ID["all"]

    def on_mount(self) -> None:
        """Take the terminal over, use the settings, and start what runs in the background."""
        if self.settings.keys:
            self.set_keymap(dict(self.settings.keys))
            self._complaints += map(str, unknown_actions(self.settings))
        for complaint in self._complaints:
            self.notify(display_name(complaint), title="settings", severity="warning", timeout=10, markup=False)
        self.first_screen.started()
        self.source.subscribe(self._hear)
        self.background.start()
        self._has_begun = True
        if self._told is not None:
            self.leave(self._told)

    async def on_event(self, event: events.Event) -> None:
        """Handle a key completely before the next one."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.main.typed.take(event)
        elif not isinstance(event, events.MouseEvent) or self._is_anything_at(event.x, event.y):
            await super().on_event(event)

    def _is_anything_at(self, x: int, y: int) -> bool:
        """Whether what is drawn at a place is still there: a note may be going, and Textual asks for its parent."""
        try:
            widget, _ = self.screen.get_widget_at(x, y)
        except (NoWidget, ScreenStackError):
            return True
        return widget is self.screen or widget.is_attached

    # -- in the background

    def _hear(self) -> None:
        """There is news; called from any thread."""
        self.post_message(NewsArrived())

    def on_news_arrived(self) -> None:
        """The source has something new."""
        self.main.take_news()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show a failure until the work succeeds again. The last numbers stay on screen."""
        group, failures = event.worker.group, self.main.failures
        if event.state is WorkerState.SUCCESS and failures.pop(group, ""):
            self.main.draw_header()
        elif event.state is WorkerState.ERROR:
            error = event.worker.error
            failure = f"{group} failed: {type(error).__name__}"
            if failures.get(group) != failure:
                failures[group] = failure
                self.notify(display_name(str(error)), title=failure, severity="error", timeout=30, markup=False)
                self.main.draw_header()

    def notify(self, message: str, **how: Any) -> None:
        """Show a note over the view for a while. The oldest notes go if there is no room for all."""
        most = max(1, self.size.height // LINES_A_NOTE)
        for note in sorted(self._notifications, key=lambda one: one.raised_at)[: len(self._notifications) - most + 1]:
            self._unnotify(note, refresh=False)
        super().notify(message, **how)

    # -- stopping and leaving

    def action_suspend_process(self) -> None:
        """Leave the terminal to the shell until that says to go on."""
        stop_job = getattr(self._driver, "stop_job", None)  # what is drawn in a browser has no shell
        if stop_job is None:
            self.notify("not possible in this terminal", timeout=2, markup=False)
        else:
            self._suspend_signal()
            stop_job()

    async def action_quit(self) -> None:
        """End the program."""
        self.leave(0)

    def leave(self, code: int) -> None:
        """End the program with an exit code."""
        self._is_leaving(code)
        try:
            self.main.keep_frame()
        finally:
            self.background.stop()
            self.exit(return_code=code)

    def _leave_when_told(self, code: int) -> None:
        if self._has_begun:
            self.leave(code)
        else:
            self._told = code

    def _handle_exception(self, error: Exception) -> None:
        """End because of a mistake of ours."""
        self._is_leaving(1)
        super()._handle_exception(error)

    def _is_leaving(self, code: int) -> None:
        self.on_leaving(code, LAST_RESORT_S)

    async def run_async(self, **how: Any) -> None:
        """Run until left. What still runs when everything is saved has little time to end.

        Who tells it to end before it has begun is heard once it has: the terminal cannot be given back half taken.
        """
        leave_on_signals(asyncio.get_running_loop(), self._leave_when_told, self._is_leaving)
        try:
            await super().run_async(**how)
        finally:
            self.workers.cancel_all()  # Textual does so unless it failed early
            await self.background.saved(LAST_RESORT_S)
            self.on_leaving(self.return_code or 0, ENDING_S)

    # -- theme and settings

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours, and ours for drawings."""
        variables = super().get_css_variables()
        variables |= themes.text_colours(self.current_theme, variables)
        variables |= themes.drawing_colours(self.current_theme, variables)
        self.theme_variables = variables
        return variables

    def action_theme(self) -> None:
        """The next theme."""
        self.notify(self.change_setting("theme", 1), title="theme", timeout=2, markup=False)

    def action_interval(self, step: int) -> None:
        """Refresh less or more often."""
        self.notify(self.change_setting("interval_s", step), title="refresh at most every", timeout=2, markup=False)
        self.main.rearrange()

    def action_settings(self) -> None:
        """Change what is kept."""
        from claude_tui.ui.dialogs.settings_screen import SettingsScreen

        entries = [(name, choices.text(self.settings, name)) for name in choices.STEPS]
        path = display_name(str(self.kept.path)) if self.kept.path else ""
        self.push_screen(SettingsScreen(entries, self.change_setting, path))

    def change_setting(self, name: str, step: int) -> str:
        """Set a setting to its next or previous value, use it at once and keep it; returns it as text."""
        self.kept.step(name, step, sorted(self.available_themes))
        if name == "theme":
            self.theme = self.settings.theme
        elif name == "interval_s":
            self.main.refresher.interval_s = self.settings.interval_s
        elif name == "tree":
            self.main.stage.show_tree(self.settings.tree)
        return choices.text(self.settings, name)

    def _say_not_kept(self, why: str) -> None:
        self.notify(display_name(why), title="not saved", severity="warning", markup=False)

    # -- help

    def action_help(self) -> None:
        """All keys."""
        from claude_tui.ui.dialogs.help_screen import HelpScreen

        self.push_screen(HelpScreen())

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        from claude_tui.ui.dialogs.choice_list import Palette

        if not Palette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The same actions as the keys."""
        from claude_tui.ui.main_screen.commands import commands

        yield from commands(self, self.main)
