"""The names that only the widgets know, and which names in a settings file are not among them. Loads Textual.

Must not read the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.theme import BUILTIN_THEMES

from claude_tui.toml import Wrong
from claude_tui.ui.settings import themes
from claude_tui.ui.settings.declared import SECTION, Settings, unknown
from claude_tui.ui.settings.keys import unknown_actions
from claude_tui.ui.views import Views


def theme_names() -> tuple[str, ...]:
    """Every theme: ours, then those that come with Textual."""
    return (*(theme.name for theme in themes.OWN), *sorted(BUILTIN_THEMES))


def column_ids() -> dict[str, tuple[str, ...]]:
    """The columns that each view can leave out."""
    tables = {name: view.table for name, view in Views(lambda view: None).items()}
    return {
        name: tuple(column.id for column in table.columns if column.priority > 0)
        for name, table in tables.items()
        if table is not None
    }


def unknown_names(settings: Settings) -> Iterator[Wrong]:
    """Yield what of the settings is no theme, no action, no view or no column."""
    if settings.theme not in theme_names():
        yield Wrong((SECTION, "theme"), unknown(settings.theme, theme_names(), "theme"))
    yield from unknown_actions(settings)
    columns = column_ids() if settings.columns else {}
    for view, hidden in settings.columns.items():
        if view not in columns:
            yield Wrong(("columns", view), unknown(view, columns, "view"))
        for column in hidden if view in columns else ():
            if column not in columns[view]:
                yield Wrong(("columns", view), f"{column}: {unknown(column, columns[view], 'column')}")
