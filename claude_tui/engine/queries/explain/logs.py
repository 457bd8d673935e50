"""Which logs are read again for an explanation: those that count, and those that may repeat the same responses.

Must not open a log.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from claude_tui.clients import CLIENTS
from claude_tui.engine.state.store import Owner, Store
from claude_tui.sources.protocol import REFUSED, LogFile
from claude_tui.sources.registry import logs_below


def with_siblings(
    store: Store, mains: Iterable[tuple[str, str]], owners: Collection[Owner], *, are_all: bool
) -> list[LogFile]:
    """Return the logs that count, each a source and a path, and after them others that may have the same responses:
    those of the projects of the responses' owners, which is where forks and resumed copies are; if `are_all`, after
    these all other logs of clients other than Claude Code.
    """
    mains = dict.fromkeys(mains)
    of_claude = [path for source, path in mains if source == "claude"]
    found = {("claude", path): _claude_file(path) for path in _of_same_projects(store, of_claude)}
    for source in dict.fromkeys(source for source, _ in mains if source != "claude"):
        found |= _of_client(store, source, [path for of, path in mains if of == source], owners, are_all=are_all)
    return [found[main] for main in mains] + [file for place, file in found.items() if place not in mains]


def _claude_file(path: str) -> LogFile:
    return LogFile("claude", path, "", 0, 0, 0, 0)


def _of_same_projects(store: Store, mains: list[str]) -> list[str]:
    folders = {_project_folder(path) for path in mains}
    with store.lock:
        known = [ref.path for ref in store.table.files if ref.source == "claude"]
    return list(dict.fromkeys([*mains, *(path for path in known if _project_folder(path) in folders)]))


def _project_folder(path: str) -> str:
    """Return the folder of a project's transcripts, also for a file in a folder of its session."""
    before, projects, below = path.rpartition(f"{os.sep}projects{os.sep}")
    return before + projects + below.split(os.sep, 1)[0] if projects else os.path.dirname(path)


def _of_client(
    store: Store, source: str, mains: list[str], owners: Collection[Owner], *, are_all: bool
) -> dict[tuple[str, str], LogFile]:
    """Return logs of a client other than Claude Code by place. What is not there any more is among them."""
    roots = [folder for of, folder in store.accounts.all if of == source]
    there = {file.path: file for root in roots for file in logs_below(source, Path(root)) if file.dev != REFUSED}
    found, counting = {}, set(mains)
    for path in dict.fromkeys([*mains, *_of_projects(store, source, owners), *(there if are_all else ())]):
        # A log no folder of the client has is one whose folder is gone, or was counted on another machine.
        file = there.get(path) or LogFile(source, path, store.accounts.of(source, path), 0, 0, 0, 0)
        if path in there or path in counting:
            found[source, path] = file
    return found


def _of_projects(store: Store, source: str, owners: Collection[Owner]) -> list[str]:
    """Return the paths of the logs of all sessions in the projects of some owners."""
    with store.lock:
        projects = {store.project_of(owner) for owner in owners if owner.source == source}
        sessions = {owner.session for owner in store.owners if owner.source == source}
        inside = {
            session for session in sessions if store.project_of(Owner(source, session, "", "")) in projects - {""}
        } | {owner.session for owner in owners if owner.source == source}
        said = [(facts.session or facts.parent, path) for of, path, facts in store.facts.files() if of == source]
    return [path for session, path in said if session in inside]


def clients_of(owners: Iterable[Owner]) -> tuple[str, ...]:
    """Return the clients of owners, in their usual order."""
    present = {owner.source for owner in owners}
    return tuple(name for name in CLIENTS if name in present)
