"""From which machine a response is, and the names that every row of the tables has. Must not know numbers."""

from __future__ import annotations

from typing import Final

from claude_tui.engine.state.store import Store
from claude_tui.records import NamedTuple

NAMES: Final = ("source", "user", "team", "host", "project", "session", "agent", "model")
"""What the rows of `daily` are by, beside their day."""

Session = tuple[str, str]
"""A client and its name of a session."""


class Machine(NamedTuple):
    """Who pushed a file, and from which machine it is."""

    user: str = ""
    team: str = ""
    host: str = ""


class Machines:
    """The machine of each file, by what the store calls the file; and of what is in a settled store, by them."""

    def __init__(self) -> None:
        self.of_path: dict[str, Machine] = {}

    def named(self, machine: Machine, path: str) -> str:
        """Return what a store is to call a file of a machine."""
        name = f"{machine.host}:{path}"
        self.of_path[name] = min(machine, self.of_path.get(name, machine))
        return name

    def of_rows(self, store: Store) -> list[Machine]:
        """Return the machine of every response: of the file whose row owns it."""
        of_file = [self.of_path.get(ref.path, Machine()) for ref in store.table.files]
        found = list(map(of_file.__getitem__, store.table.file))
        for row, file in store.table.owner_file.items():
            found[row] = of_file[file]
        return found
