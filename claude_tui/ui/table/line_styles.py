"""The styles of a table's lines and cells: component classes that the style sheet knows. Must not know what is drawn.

Textual applies the style sheet to every component class of a widget whenever any class around it changes, as with
another size. Tables have more of these than there are widgets, and need few at a time: here each is applied when it
is first asked for, which halves what such a change costs.
"""

from __future__ import annotations

from rich.style import Style
from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.scroll_view import ScrollView

from claude_tui.clients import CLIENTS

STYLES = (
    "dim",
    "faint",
    "name",
    "money",
    "cost-high",
    "cost-top",
    "bar",
    "spark",
    "good",
    "warn",
    "bad",
    "doubt",
    "hot",
    "accent",
    "strong",
    *(f"client-{name}" for name in CLIENTS),
)
"""The styles a cell can name; each is a component class `line-table--NAME`."""

DRAWINGS = ("bar", "spark")
"""Those of drawings."""


class StyledLines(ScrollView):
    """Something that draws lines in styles with names."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._styles: dict[str, Style] = {}
        self._theme = ""

    def get_component_styles(self, *names: str) -> RenderStyles:
        """The styles of component classes, applied to those that are asked for the first time."""
        for name in names:
            if name not in self._component_styles:
                node = DOMNode(classes=name)
                node._attach(self)
                self.app.stylesheet.apply(node)
                self._component_styles[name] = node.styles
        return super().get_component_styles(*names)

    def notify_style_update(self) -> None:
        """Forget the styles; what was drawn in those of another theme is drawn again."""
        super().notify_style_update()
        self._styles.clear()
        self._component_styles.clear()
        if self.app.theme != self._theme:
            self._theme = self.app.theme
            self.refresh()

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(f"line-table--{name}") if name else self.rich_style
            self._styles[name] = style
        return style


def selected_style(base: Style, own: Style, name: str) -> Style:
    """The style of a cell in the selected row: only drawings keep their colour, if it can be seen there."""
    is_seen = name in DRAWINGS and own.color != base.bgcolor
    return base + Style(color=own.color if is_seen else None, bold=own.bold)
