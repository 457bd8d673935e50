"""A terminal in memory for the real app, and the picture it would show if everything were drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte
from rich.color import ColorSystem
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.screen import Screen
from textual.widget import Widget

import claude_tui.ui
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.table.canvas import TableCanvas
from claude_tui.ui.terminal.painter import Cell, Painter, _cells


class MemoryDriver(HeadlessDriver):
    """Keeps what is written to the terminal, and is no headless one: the app draws for it as for any other."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)

    def resized(self, width: int, height: int) -> None:
        """The terminal has another size."""
        self._size = (width, height)


class MonkeyApp(ClaudeTop):
    """The app in a terminal in memory; it counts when it was asked to end, and stays."""

    CSS_PATH = str(Path(claude_tui.ui.__file__).parent / "app.tcss")
    quits = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.driver_class = MemoryDriver

    @property
    def driver(self) -> MemoryDriver:
        driver = self._driver
        assert isinstance(driver, MemoryDriver)
        return driver

    async def action_quit(self) -> None:
        self.quits += 1

    @property
    def colours(self) -> ColorSystem:
        return self.console._color_system or ColorSystem.TRUECOLOR

    def painted_whole(self) -> str:
        """What to write to a terminal that shows nothing yet."""
        update = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)
        assert isinstance(update, CompositorUpdate)
        return Painter().paint(update, *self.size, self.colours)


def drawn_anew(app: MonkeyApp) -> list[list[Cell | None]]:
    """Every cell of the screen, drawn from what the widgets are now and from nothing they kept.

    What is not displayed draws nothing, and is left as it is.
    """
    screens: list[Screen[Any]] = [*app._background_screens, app.screen]
    for screen in screens:
        for widget in _displayed(screen):
            widget.notify_style_update()
            widget._styles_cache.clear()
            widget._layout_cache.clear()
            widget._dirty_regions.add(widget.size.region)
            if isinstance(widget, TableCanvas):
                widget._drawn.clear()
    before = set(app.screen._compositor.visible_widgets)
    found = app.screen._compositor.reflow(app.screen, app.screen.size)
    # After scrolling Textual also counts as hidden what was never to be seen: it is not in what it draws.
    assert not (found.hidden & before or found.shown or found.resized), f"the layout is not up to date: {found}"
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    lines = []
    for strips in update.strips:
        line: list[Cell | None] = []
        for strip in strips:
            line += _cells(strip, app.colours)
        lines.append(line[: app.size.width])
    return lines


def _displayed(node: Widget) -> Iterator[Widget]:
    yield node
    for child in (*node._get_virtual_dom(), *node.children):
        if child.display:
            yield from _displayed(child)


def cells_of(screen: pyte.Screen) -> list[object]:
    """Each cell; of a blank only its background and what can be seen of its attributes."""

    def seen(cell: pyte.screens.Char) -> object:
        if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
            return cell.bg
        return cell

    return [seen(screen.buffer[y][x]) for y in range(screen.lines) for x in range(screen.columns)]
