"""A small transcript and what is in it: a core that reads it otherwise is not used."""

from __future__ import annotations

from typing import Final

from claude_tui.native.library import Core
from claude_tui.native.reading import read_columns

_ROW: Final = (
    '{"parentUuid":"p","isSidechain":%s,"message":{"model":"claude-%s","id":"msg_%s","content":[{"type":"tool_use",'
    '"input":{"usage":"\\u00fc \\"usage\\": {"}}],"stop_reason":%s,"usage":{"input_tokens":%d,'
    '"cache_creation_input_tokens":%d,"cache_read_input_tokens":5,"output_tokens":%d%s}},"type":"assistant",'
    '"timestamp":"2026-02-28T23:59:0%d.500Z","cwd":"C:\\\\p","sessionId":"s1","version":"2.1.31","gitBranch":"b"}\n'
)
_SPLIT: Final = (
    ',"server_tool_use":{"web_search_requests":2},"cache_creation":{"ephemeral_5m_input_tokens":3,'
    '"ephemeral_1h_input_tokens":4},"service_tier":"standard"'
)
LINES: Final = "".join((
    '{"type":"custom-title","customTitle":"t","sessionId":"s1"}\n',
    '{"parentUuid":null,"type":"user","timestamp":"2026-02-28T23:59:00.000Z","cwd":"C:\\\\p","sessionId":"s1"}\n',
    _ROW % ("false", "a", "1", "null", 1, 7, 2, _SPLIT, 1),
    _ROW % ("false", "a", "1", '"end_turn"', 1, 7, 9, _SPLIT, 2),
    _ROW % ("true", "b", "2", "null", 6, 8, 1, ',"service_tier":"standard"', 3),
    '{"parentUuid":"p","type":"user","toolUseResult":{"usage":{"output_tokens":99}}}\n',
    '{"parentUuid":"p","type":"user","message":{"content":"\u20ac"},"timestamp":"2026-03-01T00:00:04.000Z"}\n',
)).encode()  # fmt: skip

EXPECTED: Final = (
    (2450919821471561038, 1772323141500, ("s1", "", "C:\\p"), "claude-a"),
    (7501625487932055245, 1772323143500, ("s1", "", "C:\\p"), "claude-b"),
    ((1, 9, 3, 4, 5, 2), 715, 0, ""),
    (
        (6, 1, 8, 0, 5, 0),
        1273,
        6,
        '{"cache_creation_input_tokens":8,"cache_read_input_tokens":5,"input_tokens":6,"output_tokens":1,"service_tier":"standard"}',
    ),
    ("s1", "", "C:\\p", "t", "", "", "", "", 13, "claude-a", 0, 0, "user", 1772323204000, True, 13, "", ""),
    (1881, b"w\x07I-2\xdf\xb5\xef", b"B\x02\x95\x08knFT"),
    7,
)


def differs(core: Core, path: str) -> bool:
    """Whether the core reads the transcript, which lies at `path`, otherwise than it should."""
    return told(core, path) != EXPECTED


def told(core: Core, path: str) -> tuple[object, ...]:
    """Return what the core reads in the transcript at `path`."""
    found = read_columns(core, path)
    if found is None:
        return ()
    columns, facts, checkpoint = found.columns, found.facts, found.checkpoint
    rows = [
        (key, columns.time[at], columns.owners[columns.owner[at]], columns.models[columns.model[at]])
        for at, key in enumerate(columns.key)
    ]
    counted = [
        (columns.usage(at), columns.offset[at], columns.flags[at], columns.terms.get(at, "")) for at in range(len(rows))
    ]
    return (*rows, *counted, tuple(facts), checkpoint[2:5], found.lines)
