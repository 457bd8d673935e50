"""The views, one of them on screen, and what stands there when there is nothing. Must not know how one got there."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from claude_tui.ui.settings.kept import KeptSettings
from claude_tui.ui.views import Views
from claude_tui.ui.views.base.view import Shown, View
from claude_tui.ui.views.sessions import SessionsView, TreeToggled
from claude_tui.ui.widgets.empty import Empty, is_empty

_EMPTY = "empty"


class Stage(ContentSwitcher):
    """Where views are shown, each made when it is first needed and as the settings ask for."""

    def __init__(self, first: str, kept: KeptSettings) -> None:
        """Set up with the name of the view that is shown first."""
        super().__init__(initial=first, id="views")
        self.views = Views(self._prepare)
        self._first = first
        self._kept = kept
        self._unsorted: dict[str, tuple[str, bool]] = {}
        """What the tables of views were sorted by when they were made."""

    def compose(self) -> ComposeResult:
        """The first view; the others come when they are needed."""
        yield self.views[self._first]

    def _prepare(self, view: View) -> None:
        """Give a new view the columns, the sorting, the tree and the characters the settings ask for."""
        settings = self._kept.now
        view.is_plain = settings.ascii
        view.budgets = settings.budgets
        hidden = frozenset(settings.columns.get(view.TITLE, ()))
        if view.table is not None and hidden:
            view.table.choose_columns(hidden)
        if view.table is not None:
            arrangement = view.table.arrangement
            self._unsorted[view.TITLE] = arrangement.sort_id, arrangement.is_reversed
            sort_id, is_reversed = self._kept.last.sorts.get(view.TITLE, ("", False))
            if any(column.id == sort_id for column in arrangement.columns):
                arrangement.sort_id, arrangement.is_reversed = sort_id, is_reversed
        if isinstance(view, SessionsView) and settings.tree:
            view.show_tree(True)

    @property
    def sorts(self) -> dict[str, tuple[str, bool]]:
        """What the tables of views are sorted by where a person chose that, and of views not shown yet last time."""
        found = dict(self._kept.last.sorts)
        for view in self.views.made.values():
            if view.table is not None:
                sort = view.table.arrangement.sort_id, view.table.arrangement.is_reversed
                found.pop(view.TITLE, None)
                if sort != self._unsorted[view.TITLE]:
                    found[view.TITLE] = sort
        return found

    @property
    def has_nothing(self) -> bool:
        """Whether it is said that there is nothing to show."""
        return self.current == _EMPTY

    async def hold(self, name: str) -> None:
        """Have a view among the children, not yet on screen."""
        view = self.views[name]
        if view.parent is None:
            view.display = False
            await self.mount(view)

    def draw(self, view: View, shown: Shown) -> bool:
        """Draw in a view, or say that there is nothing; returns whether a view is here again after nothing was."""
        had_nothing = self.has_nothing
        if is_empty(shown.snapshot) and not shown.scope.trail:
            if not self.query(Empty):
                self.mount(Empty())
            self.current = _EMPTY
            self.query_one(Empty).show(shown.snapshot)
        else:
            self.current = view.id
            view.show(shown)
        return had_nothing and not self.has_nothing

    def on_tree_toggled(self, event: TreeToggled) -> None:
        """Sub-agents are to be shown, or folded."""
        self._kept.set_tree(event.is_tree)
        self.show_tree(event.is_tree)

    def show_tree(self, is_tree: bool) -> None:
        """Show sub-agents below their sessions in every view of sessions, or fold them."""
        for view in self.views.made.values():
            if isinstance(view, SessionsView):
                view.show_tree(is_tree)
