"""Who responses belong to. Must not know the responses."""

from __future__ import annotations

from claude_tui.records import NamedTuple


class Owner(NamedTuple):
    """Who responses belong to. `cwd` is the rows' own folder, used if the session's own is unknown."""

    source: str
    session: str
    agent: str
    cwd: str
