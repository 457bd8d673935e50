"""Where one is: the views gone through, what each was narrowed to, the client that is shown alone. Must not draw."""

from __future__ import annotations

from collections.abc import Sequence

from claude_tui.records import NamedTuple
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.text import clients
from claude_tui.ui.views.base.view import EVERYTHING, Drilled, Scope


class Stop(NamedTuple):
    """A view, and what it is narrowed to."""

    view: str
    scope: Scope = EVERYTHING


class Navigation:
    """The way to where one is."""

    def __init__(self, view: str) -> None:
        """Start at a view, or at the first one if there is none of that name."""
        self.stops = [Stop(view if view in VIEWS else VIEWS[0])]
        """The way here; the last is where one is."""
        self.client = ""
        """The client that is shown alone, "" for all."""
        self.account = ""
        """The account that is shown alone, "" for all."""

    @property
    def here(self) -> Stop:
        """Where one is."""
        return self.stops[-1]

    @property
    def can_go_back(self) -> bool:
        """Whether one came from somewhere."""
        return len(self.stops) > 1

    @property
    def scope(self) -> Scope:
        """What is shown is narrowed to: that of this stop, and further to a client or account shown alone."""
        scope = self.here.scope._replace(account=self.account)
        return scope._replace(source=self.client) if self.client and not scope.source else scope

    @property
    def tab(self) -> str:
        """The numbered view one is in, or came from."""
        return next(stop.view for stop in reversed(self.stops) if stop.view in VIEWS)

    def neighbour(self, step: int) -> str:
        """The numbered view that comes `step` after the one the way began at, round the ends."""
        return VIEWS[(VIEWS.index(self.stops[0].view) + step) % len(VIEWS)]

    def into(self, drilled: Drilled) -> list[Stop]:
        """The way that leads on into a row: what it narrows to is added to what this stop is narrowed to."""
        return [*self.stops, Stop(drilled.view, self.here.scope.narrowed(drilled.name, **drilled.keys))]

    def choose_next_client(self, present: Sequence[str]) -> bool:
        """Show the next of the clients alone, or all again; returns whether that is another choice."""
        before, self.client = self.client, clients.following(self.client, present)
        if self.client != before:
            self.account = ""
        return self.client != before

    def choose_next_account(self, present: Sequence[str]) -> bool:
        """Show the next of the accounts alone, whatever client was, or all again; returns whether that is another
        choice."""
        before, self.account = self.account, clients.following(self.account, present)
        if self.account != before:
            self.client = ""
        return self.account != before
