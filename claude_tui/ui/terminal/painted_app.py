"""An app that sends a terminal what differs from what it shows, and its screen. Must not know what is drawn."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from rich.color import ColorSystem
from textual import events, on
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from claude_tui.ui.terminal.painter import Painter

PIECE_S: Final = 0.008
"""So long something is drawn ahead before keys and timers have their turn."""

PIECE_LINES: Final = 8
"""So many lines of a widget are drawn ahead before it is looked how long that took."""

PASSES: Final = 2
"""How often what is on the screen is drawn ahead: what changed while others had their turn is drawn again."""


class PaintedApp(App[None]):
    """Draws by a `Painter`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.painter = Painter()
        self._is_scrolled = False
        """Whether things were moved by scrolling alone before what was drawn last."""
        self.is_shown = False
        """Whether anything is drawn yet: until then the terminal shows what it showed, and no empty boxes."""
        self.is_held = False
        """Whether the terminal goes on showing what it shows while another picture is put together."""

    def on_mount(self) -> None:
        """Draw everything: another program may have drawn on the terminal meanwhile."""
        self.app_resume_signal.subscribe(self, lambda _: self.repaint())

    def repaint(self) -> None:
        """Write the whole screen, whatever the terminal shows."""
        self.painter.forget()
        self.refresh()

    async def draw_ahead(self) -> None:
        """Draw in short pieces what will be shown: widgets keep their lines, so that showing them is short, too."""
        turn_ends_s = time.monotonic() + PIECE_S
        for _ in range(PASSES):
            # The screen itself is blank, and drawn anew when all is repainted.
            widgets = [widget for widget in self.screen._compositor.visible_widgets.items() if widget[0] != self.screen]
            for widget, (region, clip) in widgets:
                seen = region.intersection(clip).translate(-region.offset)
                for top in range(seen.y, seen.bottom, PIECE_LINES):
                    if widget.is_attached and not self.is_shown:
                        widget.render_lines(Region(seen.x, top, seen.width, min(PIECE_LINES, seen.bottom - top)))
                    if time.monotonic() > turn_ends_s:
                        await asyncio.sleep(0)
                        turn_ends_s = time.monotonic() + PIECE_S

    def show_from_now_on(self) -> None:
        """Draw what there is, and all that comes."""
        if not self.is_shown:
            self.is_shown = True
            self.repaint()

    def hold(self) -> None:
        """Leave on the terminal what it shows, until `let_go`."""
        self.is_held = True

    def let_go(self) -> None:
        """Draw what there is instead of what was left on the terminal, if anything was."""
        if self.is_held:
            self.is_held = False
            self.refresh()

    def show_at_once(self, widget: Widget) -> None:
        """Draw this widget alone while the rest is left, if it stands where the terminal shows it."""
        driver, region = self._driver, widget.region
        is_there = self.is_shown and self.painter.knows(*self.size) and self.screen.size == self.size
        if driver is None or self.is_headless or not (self._running and self.is_held and is_there and region):
            return
        strips = widget.render_lines(region.size.region)
        self._send(driver, LayoutUpdate([[strip] for strip in strips], region))

    async def on_event(self, event: events.Event) -> None:
        """A terminal of another size has moved what it shows, even if its size is back by now."""
        if isinstance(event, events.Resize):
            self.painter.forget()
            if event.size == self.size:
                self.refresh()  # Textual sees no change, and would draw nothing
        await super().on_event(event)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write what differs."""
        driver, compositor = self._driver, screen._compositor
        was_scrolled, self._is_scrolled = self._is_scrolled, compositor._full_map_invalidated
        is_partial = renderable is None or isinstance(renderable, ChopsUpdate)
        is_unknown = not self.painter.knows(*self.size)
        if is_partial and not self.is_headless and (is_unknown or was_scrolled or len(self.screen_stack) > 1):
            # Textual takes for drawn what a terminal lost that was another size for a moment. Of what is scrolled, as
            # dialogs are, it compares with where things stood before, or already with where they will stand.
            renderable = compositor.render_update(full=True, screen_stack=self._background_screens)
        is_ours = isinstance(renderable, CompositorUpdate) and driver is not None and not driver.is_inline
        if not is_ours or self.is_headless:
            super()._display(screen, renderable)
            return
        assert driver is not None
        if self._batch_count:
            screen.refresh()  # Textual takes this for drawn, and would not come back to it
        elif self._running and self.is_shown and not (self.is_held or self._closed):
            self._send(driver, renderable)
        self.post_display_hook()

    def _send(self, driver: Driver, update: CompositorUpdate) -> None:
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        text = self.painted(update)
        if text or cursor != self._previous_cursor_position:
            self._previous_cursor_position = cursor
            self._begin_update()
            driver.write(f"{text}\x1b[{cursor.y + 1};{cursor.x + 1}H")
            self._end_update()
            driver.flush()

    def painted(self, update: CompositorUpdate) -> str:
        """What to write to show an update."""
        width, height = self.size
        return self.painter.paint(update, width, height, self.console._color_system or ColorSystem.TRUECOLOR)


class PaintedScreen(Screen[None]):
    """A screen that is not drawn in vain: until a `PaintedApp` shows it, Textual would draw it several times."""

    @on(events.ScreenResume)
    def style_once(self, event: events.ScreenResume) -> None:
        """Give no styles again to what has just got them."""
        app = self.app
        if isinstance(app, PaintedApp) and not app.is_shown:
            event.refresh_styles = False

    def _compositor_refresh(self) -> None:
        """Draw what is new, if anybody sees it."""
        app = self.app
        if self.is_current and self._repaint_required:
            return  # all is drawn in a moment, and then once: a layout that comes before that would draw it, too
        if isinstance(app, PaintedApp) and not app.is_headless and (app.is_held or not app.is_shown):
            self._dirty_widgets.clear()  # all is drawn when it is shown
        else:
            super()._compositor_refresh()
