"""A number longer than Python reads is no reason to leave out what stands beside it."""

from __future__ import annotations

from pathlib import Path

from claude_tui.sources.claude.causes.fast import read_causes
from claude_tui.sources.claude.causes.plain import read_plainly
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000


def test_a_result_with_a_very_long_number_is_measured_the_same_by_both_readers(tmp_path: Path) -> None:
    parts = b'[{"type":"text","text":"%s"},%s,null]' % (b"a" * 40, b"9" * 6_000)
    result = (
        b'{"type":"user","sessionId":"session-1","timestamp":"2026-05-28T20:26:40.123Z","message":{"role":"user",'
        b'"content":[{"type":"tool_result","tool_use_id":"toolu_a","content":%s}]}}\n'
    )
    path = ClaudeHome(tmp_path).append(
        assistant("msg_1", T, usage(1, 2)), result % parts, assistant("msg_2", T + 1, usage(3, 4))
    )
    plain, _ = read_plainly(str(path), with_sizes=True)
    fast, _ = read_causes(str(path), with_sizes=True)
    assert plain.responses == fast.responses and plain.parts == fast.parts
    results = plain.parts.index("results")
    assert [caused.added.get(results, 0) for caused in plain.responses] == [0, 40]
