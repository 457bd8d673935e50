"""How the app looks and what of that is kept: theme, interval, zoom, columns, tree. Must not know snapshots."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path

from textual.app import App
from textual.theme import Theme

from claude_tui.sources.display import display_name
from claude_tui.ui.main_screen.refresh import Refresher
from claude_tui.ui.settings import choices as preferences
from claude_tui.ui.settings import themes
from claude_tui.ui.settings.file import Settings, save, with_options
from claude_tui.ui.settings.names import unknown_actions
from claude_tui.ui.terminal.ascii import AsciiFilter
from claude_tui.ui.views import Views
from claude_tui.ui.views.base import View
from claude_tui.ui.views.sessions import SessionsView, TreeToggled


class Looks(App[None]):
    """An app whose looks follow its settings, and the settings a person's wishes."""

    settings: Settings
    refresher: Refresher
    views: Views
    settings_path: Path | None

    @property
    @abstractmethod
    def view(self) -> View:
        """The view on screen."""

    @abstractmethod
    def rearrange(self) -> None:
        """Fit everything into the room there is, and draw the header."""

    def take_theme(self) -> list[str]:
        """Have the settings' theme from the first frame on, before there is one; returns what makes no sense in it."""
        is_known = self.settings.theme in self.available_themes
        # Set as the first value: setting it later would style everything twice.
        self.set_reactive(App.theme, self.settings.theme if is_known else themes.DEFAULT)
        # The sheet was made before, with the variables of the theme there is without settings.
        self.stylesheet.set_variables(self.get_css_variables())
        # What else follows from a theme when it is set later, and was decided before for the theme there is without
        # settings: whether the terminal's own colours are kept, and what the style sheet can ask for.
        self._refresh_truecolor_filter(self.ansi_theme)
        theme = self.current_theme
        classes = {f"-theme-{theme.name}": True, "-dark-mode": theme.dark, "-light-mode": not theme.dark}
        self.update_classes(classes, update=False)
        return [] if is_known else [f"unknown theme {self.settings.theme}"]

    def take_over(self, complaints: list[str]) -> None:
        """Use the settings' keys, and tell the complaints about the settings."""
        if self.settings.keys:
            self.set_keymap(dict(self.settings.keys))
            complaints = [*complaints, *map(str, unknown_actions(self.settings))]
        for complaint in complaints:
            self.notify(display_name(complaint), title="settings", severity="warning", timeout=10, markup=False)

    def prepare_view(self, view: View) -> None:
        """Give a new view the columns, the tree and the characters the settings ask for."""
        view.is_plain = self.settings.ascii
        hidden = frozenset(self.settings.columns.get(view.TITLE, ()))
        if view.table is not None and hidden:
            view.table.choose_columns(hidden)
        if isinstance(view, SessionsView) and self.settings.tree:
            view.show_tree(True)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours, and ours for drawings."""
        theme: Theme = self.current_theme
        variables = super().get_css_variables()
        variables |= themes.drawing_colours(theme, variables)
        self.theme_variables = variables
        return variables

    def draw_plainly(self) -> None:
        """Draw with characters any font has."""
        self._filters.append(AsciiFilter())

    def action_interval(self, step: int) -> None:
        """Refresh less or more often."""
        self.change_setting("interval_s", step)
        self.rearrange()

    def action_zoom(self) -> None:
        """Give the whole screen to the view, or take it back."""
        self.screen.toggle_class("-zoom")
        self.rearrange()

    def action_theme(self) -> None:
        """The next theme."""
        self.notify(self.change_setting("theme", 1), title="theme", timeout=2, markup=False)

    async def action_columns(self) -> None:
        """Choose the columns of the table."""
        from claude_tui.ui.dialogs.dialogs import ColumnsScreen

        view, table = self.view, self.view.table
        if table is None:
            self.say_not_here()
            return

        def choose(hidden: frozenset[str] | None) -> None:
            if hidden is not None and hidden != table.hidden_columns:
                table.choose_columns(hidden)
                self.keep("columns", view.TITLE, tuple(sorted(hidden)))

        await self.push_screen(ColumnsScreen(table.columns, table.hidden_columns), choose)

    def say_not_here(self) -> None:
        """What a key asks for is not to be had in this view."""
        self.notify("not in this view", timeout=2, markup=False)

    def action_settings(self) -> None:
        """Change what is kept."""
        from claude_tui.ui.dialogs.dialogs import SettingsScreen

        entries = [(name, preferences.text(self.settings, name)) for name in preferences.STEPS]
        path = display_name(str(self.settings_path)) if self.settings_path else "nowhere"
        self.push_screen(SettingsScreen(entries, self.change_setting, path))

    def change_setting(self, name: str, step: int) -> str:
        """Set a setting to its next or previous value, use it at once and keep it; returns it as text."""
        value = preferences.stepped(self.settings, name, step, sorted(self.available_themes))
        self.settings = with_options(self.settings, **{name: value})
        if name == "theme":
            self.theme = str(value)
        elif name == "interval_s":
            self.refresher.interval_s = self.settings.interval_s
        elif name == "tree":
            self.show_tree(self.settings.tree)
        self.keep("screen", name, value)
        return preferences.text(self.settings, name)

    def keep(self, section: str, name: str, value: object) -> None:
        """Write a changed setting to the settings file; where that fails it is said, and nothing else."""
        if self.settings_path is None:
            return
        try:
            save(self.settings_path, section, name, value)
        except (OSError, ValueError) as error:
            self.notify(display_name(str(error)), title="not saved", severity="warning", markup=False)

    def on_tree_toggled(self, event: TreeToggled) -> None:
        """Sub-agents are to be shown, or folded."""
        self.settings = replace(self.settings, tree=event.is_tree)
        self.show_tree(event.is_tree)
        self.keep("screen", "tree", event.is_tree)

    def show_tree(self, is_tree: bool) -> None:
        """Show sub-agents below their sessions in every view of sessions, or fold them."""
        for view in self.views.made.values():
            if isinstance(view, SessionsView):
                view.show_tree(is_tree)
