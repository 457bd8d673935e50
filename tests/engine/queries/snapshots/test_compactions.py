from __future__ import annotations

from typing import Any

from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.model import Query, SessionRow
from tests.engine.counting import NOW_MS, PRICER, UTC, config_of, counted
from tests.logs import ClaudeHome, assistant, timestamp, usage


def boundary(time_ms: int, **told: Any) -> dict[str, Any]:
    return {
        "parentUuid": None, "type": "system", "subtype": "compact_boundary", "timestamp": timestamp(time_ms),
        "compactMetadata": {"trigger": "auto", **told},
    }  # fmt: skip


def session_of(home: ClaudeHome) -> SessionRow:
    (row,) = SnapshotMaker(counted(home.folder)).take(Query(), NOW_MS).sessions
    return row


def test_a_compaction_says_how_full_the_context_was_and_what_is_left(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_a", NOW_MS, usage(10, 5, read=150_000)))
    assert session_of(claude_home).compacted_tokens == 0
    claude_home.append(boundary(NOW_MS + 1, preTokens=155_000, postTokens=8_000))
    row = session_of(claude_home)
    assert (row.compactions, row.compacted_tokens, row.context_tokens) == (1, 155_000, 8_000)
    claude_home.append(assistant("msg_b", NOW_MS + 2, usage(10, 5, read=12_000)))
    assert session_of(claude_home).context_tokens == 12_010


def test_where_the_client_says_nothing_the_last_prompt_was_compacted(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_a", NOW_MS, usage(10, 5, read=150_000)), boundary(NOW_MS + 1))
    row = session_of(claude_home)
    assert (row.compacted_tokens, row.context_tokens) == (150_010, 150_010)
    claude_home.append(boundary(NOW_MS + 2, preTokens="many", postTokens=-4), boundary(NOW_MS + 3, preTokens=7))
    assert (session_of(claude_home).compactions, session_of(claude_home).compacted_tokens) == (3, 7)


def test_a_compaction_is_seen_while_the_log_grows(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_a", NOW_MS, usage(10, 5, read=150_000)))
    store = counted(claude_home.folder, keep_names=False)
    reader = FileReader(PRICER, UTC)
    (file,) = discover(config_of(claude_home.folder))
    checkpoint = reader.read(Task(file)).outcome.checkpoint
    claude_home.append(boundary(NOW_MS + 1, preTokens=151_000, postTokens=9_000))
    (file,) = discover(config_of(claude_home.folder))
    store.take_in(reader.read_all([Task(file, checkpoint)]))
    (row,) = SnapshotMaker(store).take(Query(), NOW_MS).sessions
    assert (row.compactions, row.compacted_tokens, row.context_tokens) == (1, 151_000, 9_000)


def test_a_context_that_was_longer_than_the_short_window_still_has_the_long_one(claude_home: ClaudeHome) -> None:
    claude_home.append(
        assistant("msg_a", NOW_MS, usage(10, 5, read=400_000), model="claude-opus-4-6"),
        boundary(NOW_MS + 1, preTokens=400_010, postTokens=9_000),
    )
    row = session_of(claude_home)
    assert (row.context_tokens, row.context_window) == (9_000, 1_000_000)
