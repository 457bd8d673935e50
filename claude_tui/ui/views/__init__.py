"""The views. Each draws a snapshot and nothing else; each is made, and its code loaded, when it is first shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Final

from claude_tui.ui.views.base.view import View

KINDS: Final = {
    "live": "LiveView",
    "models": "ModelsView",
    "projects": "ProjectsView",
    "sessions": "SessionsView",
    "days": "DaysView",
    "blocks": "BlocksView",
    "causes": "CausesView",
    "plan": "PlanView",
    "shares": "SharesView",
    "turns": "TurnsView",
}
"""Every view and its class, in the order of their numbers; the last have none and are reached by opening a row."""


class Views(Mapping[str, View]):
    """The views by name, made when first asked for."""

    def __init__(self, prepare: Callable[[View], None]) -> None:
        """Make none yet. `prepare` is given each as it is made."""
        self.made: dict[str, View] = {}
        self._prepare = prepare

    def __getitem__(self, name: str) -> View:
        """The view with a name; raises KeyError if there is none."""
        view = self.made.get(name)
        if view is None:
            kind: type[View] = getattr(import_module(f"{__name__}.{name}"), KINDS[name])
            view = self.made[name] = kind()
            self._prepare(view)
        return view

    def __iter__(self) -> Iterator[str]:
        """The names of all, made or not."""
        return iter(KINDS)

    def __len__(self) -> int:
        """How many there are."""
        return len(KINDS)
