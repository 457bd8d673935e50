"""What running sessions are doing, for commands that end at once: one count, and one look at the processes.

Must not print.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from claude_tui.cli import exits
from claude_tui.cli.counting.setup import counted, setup
from claude_tui.cli.environment import now_ms

if TYPE_CHECKING:
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Query, Snapshot


def running_snapshot(options: Namespace) -> Snapshot:
    """Return a snapshot that knows what the running sessions are doing. No logs at all are no sessions."""
    from claude_tui.engine.state.store import Store

    prepared = setup(options)
    try:
        store = counted(options)
    except exits.CommandError as error:
        if error.code != exits.NO_LOGS:
            raise
        store = Store(prepared.pricer, prepared.zone)
    return look(options, store)


def look(options: Namespace, store: Store, query: Query | None = None) -> Snapshot:
    """Return a snapshot of what was counted and of what the running sessions are doing now."""
    from claude_tui.cli.options.places import source_config
    from claude_tui.engine.follow.processes import LiveRegistry
    from claude_tui.engine.follow.recent_logs import RecentLogs
    from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
    from claude_tui.engine.queries.snapshots.recent import load_recent
    from claude_tui.model import Query as AnyQuery
    from claude_tui.paths import state_folder

    at_ms = now_ms()
    load_recent(store, at_ms)
    registry = LiveRegistry.of(source_config(options), state_folder(), RecentLogs(store).of_codex)
    registry.look(at_ms)
    maker = SnapshotMaker(store)
    maker.presences = registry.sessions
    return maker.take(query or AnyQuery(), at_ms)
