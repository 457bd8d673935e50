"""The fast way to read a transcript gives what the plain way gives, and decodes little to do so."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from claude_tui.model import UsageRow
from claude_tui.sources.claude.fast import search as fast_search
from claude_tui.sources.claude.fast.reader import read_columns
from claude_tui.sources.claude.fast.rows import ClaudeFastBuilder
from claude_tui.sources.claude.fast.usual import UsualRow
from claude_tui.sources.reading import search
from tests.engine.counting import GOLDEN_SETS
from tests.fuzz.claude import reading_with
from tests.fuzz.sameness import differences
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000
ROW = assistant("msg_a", T, usage(10, 20, 3, 4, 5))
TEXT = line(ROW)
USER = line({"parentUuid": "p", "type": "user", "message": {"content": "x" * 9000}, "sessionId": "s1", "cwd": "/p"})
COUNTED = usage(999, 999)
OLD_COUNTERS = (
    "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens", "service_tier",
)  # fmt: skip


def user(**more: Any) -> bytes:
    row = {"parentUuid": "p", "type": "user", "message": {"content": "hello"}, "sessionId": "s1", "cwd": "/p"}
    return line({**row, **more})


def spaced(row: Any) -> bytes:
    return json.dumps(row, separators=(", ", " : ")).encode() + b"\n"


OLD = assistant("msg_o", T, {k: v for k, v in usage(1, 2, 3, 0, 5).items() if k in OLD_COUNTERS})


def old(**more: Any) -> bytes:
    """A usage row of a client that did not say how long cache writes live."""
    return line({**OLD, "message": {**OLD["message"], "usage": {**OLD["message"]["usage"], **more}}})


def searching(searches: Any, **more: Any) -> bytes:
    return line(assistant("msg_w", T, usage(1, 2, server_tool_use={"web_search_requests": searches}, **more)))


HOSTILE: dict[str, bytes] = {
    "spaces after colons": spaced(ROW),
    "usage, model and type inside tool input": line(
        {**ROW, "message": {**ROW["message"], "content": [{"input": {**ROW, "usage": COUNTED, "model": "x"}}]}}
    ),
    "a nested user with a long tail": line(
        {**ROW, "toolUseResult": {"type": "user", "uuid": "u", "tail": "x" * 20_000}}
    ),
    "a user row with an answer inside": user(toolUseResult={"type": "assistant", "message": {"usage": COUNTED}}),
    "an answer's usage under another name": line(
        {**ROW, "message": {"id": "msg_x", "content": []}, "data": {"content": [], "usage": COUNTED}}
    ),
    "no id": line({**ROW, "message": {**ROW["message"], "id": None}}),
    "no model": line({**ROW, "message": {**ROW["message"], "model": None}}),
    "byte order mark": b"\xef\xbb\xbf" + TEXT,
    "invalid UTF-8": TEXT.replace(b'"done"', b'"do\xff\xc3ne"'),
    "NUL before": b"\0\0\0" + TEXT,
    "NUL inside the key": TEXT.replace(b'"usage"', b'"us\0age"'),
    "two rows on a line": TEXT.rstrip() + line(assistant("msg_b", T, usage(1, 1))),
    "a row between two others": USER.rstrip() + TEXT.rstrip() + USER,
    "a torn row before another": TEXT[:300] + USER.rstrip() + TEXT,
    "a row torn inside its content before another": TEXT[: TEXT.index(b"done") + 2]
    + line(assistant("msg_b", T, usage(7, 8))),
    "a quote missing in the content": TEXT.replace(b'"done"', b'"done'),
    "a quote too many in the content": TEXT.replace(b'"done"', b'"do"ne"'),
    "a brace missing in the content": TEXT.replace(b'"done"}', b'"done"'),
    "the end of the content inside a text": TEXT.replace(b'"done"', b'"],\\"stop_reason\\":null,"'),
    "a content inside a content": TEXT.replace(b'"done"', b'"done","content":[],"stop_reason":null,"usage":{}'),
    "raw U+2028": TEXT.replace(b'"done"', '"a\u2028b"'.encode()),
    "a lone surrogate": TEXT.replace(b'"done"', b'"\\ud83d"'),
    "an escaped key": TEXT.replace(b'"usage"', b'"\\u0075sage"'),
    "another escaped key": TEXT.replace(b'"usage"', b'"us\\u0061ge"'),
    "an escaped key in a row that says user first": b'{"type":"user",' + TEXT[1:].replace(b'"usage"', b'"usag\\u0065"'),
    "an escaped type": TEXT.replace(b'"type":"assistant"', b'"ty\\u0070e":"assist\\u0061nt"'),
    "two types, the last counts": b'{"type":"user",' + TEXT[1:],
    "two types, the last does not": TEXT.rstrip()[:-1] + b',"type":"user"}\n',
    "two usages, the last counts": TEXT.replace(b'"usage":', b'"usage":{"output_tokens":7},"usage":'),
    "two messages, the last is empty": TEXT.rstrip()[:-1] + b',"message":{}}\n',
    "counters in another order": line(assistant("msg_a", T, dict(reversed(usage(1, 2, 3).items())))),
    "a progress row": line({"type": "progress", "data": {"type": "agent_progress", "message": ROW}, "cwd": "/p"}),
    "a very long line": line({**ROW, "message": {**ROW["message"], "content": [{"text": '"usage":{ ' * 400_000}]}}),
    "carriage returns": TEXT.replace(b"\n", b"\r\n"),
    "markers inside a text": user(message={"content": '"usage":{"output_tokens":1} "type":"assistant" }{'}),
    "counters that are no counts": line(assistant("msg_a", T, usage(1.5, "x", -1))),  # type: ignore[arg-type]
    "blank lines": b"\n\n   \n\t\n",
    "no object": b'[1]\n"usage"\n5\nnull\n',
    "braces only": b"{" * 3000 + b"\n",
    "deep": b'{"usage":' * 2000 + b"1" + b"}" * 2000 + b"\n",
    "two types, the first of none": b'{"type":5,' + TEXT[1:],
    "an old usage": old(),
    "an old usage without writes": old(cache_creation_input_tokens=0),
    "an old usage of no tier": old(service_tier=None),
    "an old usage of a strange tier": old(service_tier='a "tier" \u2028 \ud83d'),
    "an old usage of batches": old(service_tier="batch"),
    "an old usage with a type": old(type="x"),
    "an old usage with a model": old(model=1.5),
    "an old usage with iterations": old(iterations=[{"type": "message", "output_tokens": 2}]),
    "an old usage with no iterations": old(iterations=[]),
    "an old usage with tools": old(server_tool_use={"web_search_requests": 3}),
    "an old usage with a place": old(inference_geo="eu"),
    "an old usage with a speed": old(speed="standard"),
    "an old usage, then a new one": old() + line(assistant("msg_o", T + 1, usage(9, 99, 9))),
    "a new usage, then an old one": line(assistant("msg_o", T, usage(9, 9, 9))) + old(output_tokens=88),
    "an old usage, then a copy": old() + line({**OLD, "forkedFrom": {"sessionId": "s0"}}),
    "a split that is none": line(assistant("msg_a", T, usage(1, 2, 3, cache_creation=None))),
    "searches": searching(2) + searching(0) + searching(2, output_tokens=99),
    "searches, then none": searching(2) + searching(0, output_tokens=99),
    "searches, then a copy": searching(2) + line({**ROW, "forkedFrom": {"sessionId": "s0"}}),
    "searches that are no count": searching(-1) + searching(1.5) + searching(2**53) + searching(None),
    "code that ran": line(assistant("msg_a", T, usage(1, 2, server_tool_use={"code_execution_requests": 1}))),
    "a folder that is none": user(cwd=None) + user(cwd=5) + user(cwd=["/p"], sessionId={}),
    "two folders on a line": b'{"cwd":5,' + user(cwd="/other")[1:],
    "a folder with a lone surrogate": user(cwd="/\ud83d"),
    "a folder of invalid UTF-8": user(cwd="/other").replace(b"/other", b"/o\xffther"),
    "a title with a folder": line({"type": "summary", "summary": "what was done", "cwd": "/other", "sessionId": "s9"}),
    "a title with escapes": b'{"\\u0074ype":"custom-\\u0074itle","customTitle":"mine"}\n',
    "a compaction": line({"type": "system", "subtype": "compact_boundary", "cwd": "/other"}),
    "progress of something else": line({"type": "progress", "data": {"type": "hook_progress"}, "cwd": "/other"}),
    "progress of nothing": line({"type": "progress", "data": [], "cwd": "/other"}) + line({"data": 1, "type": 2}),
    "no type": line({"cwd": "/other", "sessionId": "s9"}),
    "turns of strange content": user(message={"content": ["text", {"type": "tool_result"}, None]})
    + user(message=[])
    + user(message={"content": [{"type": 5}, {"type": ["tool_result"]}]}),
    "a turn with a tool": user(message={"content": [{"type": "text"}, {"type": "tool_result"}]}, gitBranch="b"),
    "a turn of a strange side": user(isSidechain="yes", gitBranch=5) + user(isSidechain=[], version=None),
    "a turn of a side chain": user(isSidechain=True, gitBranch="side"),
    "two turns on a line": user(gitBranch="one").rstrip() + user(gitBranch="two"),
    "a turn of a strange time": user(timestamp=5) + user(timestamp="2026-02-30T00:00:00.000Z"),
    "a turn with NUL in its type": user(gitBranch="b").replace(b'"type"', b'"ty\0pe"'),
    "long title": line({"type": "summary", "summary": "x" * 9000}),
}


@pytest.mark.parametrize("is_native", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_count_the_same(claude_home: ClaudeHome, name: str, is_native: bool) -> None:
    around = [line(assistant("msg_before", T, usage(1, 2))), line(assistant("msg_after", T + 5, usage(3, 4)))]
    path = claude_home.append(around[0], HOSTILE[name], USER, HOSTILE[name], around[1])
    for window, max_line in ((8 << 20, 8 << 20), (600, 8 << 20), (600, 600)):
        with reading_with(window=window, max_line=max_line, is_native=is_native):
            assert differences(str(path))[0] == []


@pytest.mark.parametrize("file", ["s1", "agent-a1"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_at_the_start_and_at_the_end_say_the_same(claude_home: ClaudeHome, name: str, file: str) -> None:
    path = claude_home.append(HOSTILE[name], session=file)
    assert differences(str(path))[0] == []
    claude_home.append(user(cwd="/second", sessionId="s2"), session=file)
    found, checkpoint = differences(str(path))
    assert found == []
    claude_home.append(HOSTILE[name], session=file)
    assert differences(str(path))[0] == []
    assert differences(str(path), checkpoint)[0] == []


def test_a_torn_last_line_waits_for_its_newline(claude_home: ClaudeHome) -> None:
    path = claude_home.append(line(assistant("msg_b", T, usage(1, 2))), TEXT[:-20])
    found, checkpoint = differences(str(path))
    assert found == []
    assert len(read_columns(str(path)).columns) == 1
    claude_home.append(TEXT[-20:])
    assert differences(str(path), checkpoint)[0] == []
    assert len(read_columns(str(path), checkpoint).columns) == 1


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_real_logs_read_whole_and_in_any_pieces_are_the_same(folder: Path, tmp_path: Path) -> None:
    chance = random.Random(folder.name)
    for number, original in enumerate(sorted(folder.glob("projects/**/*.jsonl"))):
        assert differences(str(original))[0] == []
        data = original.read_bytes()
        path = tmp_path / str(number) / original.name
        path.parent.mkdir()
        checkpoint = None
        for cut in sorted(chance.choices(range(len(data) + 1), k=4)):
            with path.open("r+b" if path.exists() else "wb") as log:
                log.write(data[:cut])
            found, checkpoint = differences(str(path), checkpoint)
            assert found == []


def test_rows_of_every_client_take_the_short_way() -> None:
    taken = by_rule = 0
    take, add = ClaudeFastBuilder.take, ClaudeFastBuilder.add

    def taking(self: ClaudeFastBuilder, row: UsualRow, offset: int) -> bool:
        nonlocal taken
        is_taken = take(self, row, offset)
        taken += is_taken
        return is_taken

    def adding(self: ClaudeFastBuilder, row: UsageRow) -> None:
        nonlocal by_rule
        by_rule += 1
        add(self, row)

    with patch.object(ClaudeFastBuilder, "take", taking), patch.object(ClaudeFastBuilder, "add", adding):
        for folder in GOLDEN_SETS:
            for path in folder.glob("projects/**/*.jsonl"):
                read_columns(str(path))
    assert taken > 0.8 * (taken + by_rule) > 100


def test_lines_that_cannot_matter_are_not_decoded(claude_home: ClaudeHome) -> None:
    path = claude_home.append(TEXT, *[USER] * 50, TEXT)
    with patch.object(orjson, "loads", wraps=orjson.loads) as loads:
        read_columns(str(path))
    assert loads.call_count < 10


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from the kernel, in KiB")
def test_a_huge_line_does_not_take_its_size_in_memory(claude_home: ClaudeHome) -> None:
    path = claude_home.append(TEXT)
    with path.open("r+b") as log:  # a hole: no disk is used
        log.seek(0, 2)
        log.write(b'{"type":"file-history-snapshot","x":"')
        log.seek(700 << 20, 1)
        log.write(b'"}\n' + TEXT.replace(b"msg_a", b"msg_b"))
    code = (
        "import re, sys\n"
        "from claude_tui.sources.claude.fast.reader import read_columns\n"
        "found = read_columns(sys.argv[1])\n"
        "kinds = [problem.kind.value for problem in found.problems]\n"
        # Not getrusage: its peak begins with that of the process this one was forked from.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())\n"
        "print(len(found.columns), kinds, int(peak[1]) >> 10)\n"
    )
    made = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    responses, kinds, peak_mib = made.stdout.split()
    assert (responses, kinds) == ("2", "['oversize']")
    assert int(peak_mib) < 250


@pytest.mark.parametrize("search_in", [search.search_in, search.plain_search])
def test_every_mark_is_found(search_in: Any) -> None:
    block = b'x"usage"\n\xff\\u0075\n"usage""usage"\nlast "usage'
    with patch.object(search, "search_in", search_in):
        find = fast_search.marks(block)
        found, at = [], 0
        while (at := find(at)) < search.NOWHERE:
            found.append(at)
            at += 1
    assert found == [1, 10, 17, 24]
    assert fast_search.marks(b"\0abc")(2) == 2
