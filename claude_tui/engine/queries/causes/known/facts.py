"""Why single responses were made: the names of all that is known of a row of the table. Must not know prices."""

from __future__ import annotations

from functools import partial
from typing import Final

from claude_tui.engine.queries.causes.known.book import CauseBook, CausePlace
from claude_tui.engine.queries.causes.known.columns import FileCalls, Told
from claude_tui.engine.queries.causes.known.readers import TELLING
from claude_tui.engine.queries.causes.tables import GONE, NOT_LOGGED, Facts
from claude_tui.engine.state.store import Store

MAIN: Final = "main"
"""The name of what a session did itself, among the types of sub-agents."""
DETACHED: Final = "HEAD"
NO_NAME: Final = "(no name)"
"""What a tool is called that has no name, or none but that of its MCP server."""
_DEEPEST: Final = 16
"""Sub-agents within sub-agents that are followed."""


_facts: Final = partial(tuple.__new__, Facts)
"""Makes one of a tuple, for there may be tens of thousands: its own way takes three times as long."""


class Finder:
    """Finds what is known of rows, as the book was when this was made. Hold the store's lock."""

    def __init__(self, store: Store, book: CauseBook) -> None:
        self._store = store
        self._book = book
        self._starts: dict[str, CausePlace] = {}
        self._kinds: dict[str, str] = {}
        self._started: dict[str, str] = {}
        self._of_main: dict[int, tuple[str, str, str, str]] = {}
        for found in book.files():
            for call, (at, kind) in found.starts.items():
                self._starts.setdefault(call, CausePlace(found, at))
                self._kinds.setdefault(call, kind)
            self._started.update(found.started)

    def facts(self, row: int) -> Facts:
        """Return what is known of a row."""
        place = self._book.place(row)
        owner = self._store.owners[self._store.table.owner[row]]
        if place is None:
            known = self._store.facts.agents.get((owner.source, owner.session, owner.agent))
            kind = (known.agent_type if known else "") if owner.agent else MAIN
            return Facts(agent_type=kind, problem=self._problem(row))
        found, at = place
        named = None if owner.agent else self._of_main.get(found.told[at])
        if named is None:
            named = self._named(found, at, owner.agent)
            if not owner.agent:
                self._of_main[found.told[at]] = named
        tools, failed = self._book.names.calls.names[found.calls[at]], len(found.failed.get(at, ()))
        return _facts((tools, failed, *named, found.thinking[at], at in found.interrupted, "", found.has_calls_only))

    def _named(self, found: FileCalls, at: int, agent: str) -> tuple[str, str, str, str]:
        """Return skill, plugin, type of sub-agent and branch of a response."""
        skill, plugin = self._skill(found, at, agent)
        kind = self._kind(found, at, agent)
        return skill, plugin or _prefix(skill) or _prefix(kind), kind, self._told(found, at).branch

    def starter(self, row: int) -> str:
        """Return the name of the tool whose call started the sub-agent a row belongs to, "" if that is not known."""
        owner = self._store.owners[self._store.table.owner[row]]
        place = self._book.place(row)
        if not owner.agent or place is None:
            return ""
        call = self._call(place.file, owner.agent)
        return self._name_of(call) if call in self._starts else ""

    def failed(self, row: int) -> tuple[int, ...]:
        """Return the positions of the calls of a row that failed."""
        place = self._book.place(row)
        return place.file.failed.get(place.at, ()) if place is not None else ()

    def _name_of(self, call: str) -> str:
        found, at = self._starts[call]
        names = self._book.names.calls.names[found.calls[at]]
        return next((name for name in names if name in ("Agent", "Task")), "")

    def _problem(self, row: int) -> str:
        table = self._store.table
        ref = table.files[table.owner_file.get(row, table.file[row])]
        return GONE if ref.source in TELLING and ref.path in self._book.gone else NOT_LOGGED

    def _call(self, found: FileCalls, agent: str) -> str:
        """Return the call that started a sub-agent."""
        return found.started_by or self._started.get(agent, "")

    def _skill(self, found: FileCalls, at: int, agent: str) -> tuple[str, str]:
        """Return skill and plugin of a response; a sub-agent has those of the response that started it."""
        for _ in range(_DEEPEST):
            skill, plugin, *_ = self._told(found, at)
            start = self._starts.get(self._call(found, agent)) if agent and not skill else None
            if start is None or (start.file is found and start.at == at):
                return skill, plugin
            found, at = start
            row = found.rows[at]
            agent = self._store.owners[self._store.table.owner[row]].agent if row >= 0 else ""
        return "", ""

    def _told(self, found: FileCalls, at: int) -> Told:
        return self._book.names.told.names[found.told[at]]

    def _kind(self, found: FileCalls, at: int, agent: str) -> str:
        if not agent:
            return MAIN
        named = self._told(found, at).agent_type or found.agent_type
        return named or self._kinds.get(self._call(found, agent), "")


def _prefix(name: str) -> str:
    """Return the plugin that a name of a skill or a sub-agent begins with."""
    plugin, colon, _ = name.partition(":")
    return plugin if colon else ""


def mcp_of(tool: str) -> tuple[str, str] | None:
    """Return server and tool of the name of an MCP tool, None for any other. A name may end with its server."""
    mcp, _, rest = tool.partition("__")
    server, _, name = rest.partition("__")
    return (server, name or NO_NAME) if mcp == "mcp" and server else None
