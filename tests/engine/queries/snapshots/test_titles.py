"""What a session is called whose title says nothing."""

from __future__ import annotations

from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.model import Query
from tests.engine.counting import NOW_MS, counted
from tests.logs import ClaudeHome, assistant, usage


def test_a_title_of_blanks_is_none(claude_home: ClaudeHome) -> None:
    title = {"type": "ai-title", "aiTitle": " \t ", "sessionId": "0123456789abcdef"}
    claude_home.append(
        title, assistant("m1", NOW_MS, usage(5, 5), session="0123456789abcdef"), session="0123456789abcdef"
    )
    (row,) = SnapshotMaker(counted(claude_home.folder)).take(Query(), NOW_MS).sessions
    assert row.called == "01234567", "the beginning of its id"
