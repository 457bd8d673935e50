"""Lines torn in two and last lines without a newline: the core reads on, and Python reads only what holds something."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.scan.native import read_natively
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.native import reading
from claude_tui.native.core import Core
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.claude.fast import reader as fast
from claude_tui.sources.claude.fast.reader import read_columns
from tests.fuzz.sameness import differences, native_read
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000
ROW = assistant("msg_a", T, usage(10, 20, 3, 4, 5))
USER = {"type": "user", "sessionId": "s1", "cwd": "/p", "timestamp": "2026-05-28T20:26:39.123Z"}
LAST = assistant("msg_z", T + 5, usage(9, 9))

TORN = [
    line(ROW)[:40],
    line(ROW).partition(b'"message"')[0] + b'"message":{"id":',
    b"no object",
    b"{",
    b'{"a":"\\',
    b"\xff\xfe",
    b"}",
    b"[1]",
]
"""Lines without their ends, which hold nothing."""

GLUED = [line(ROW)[:60] + line(LAST)[:-1], line(USER)[:-1] + line(LAST)[:-1], b"x" + line(LAST)[:-1]]
"""Lines that hold something, and something else."""
INNER = [line(ROW)[:-2], line(ROW)[:-30], line(ROW)[:-1] + b"}"]
"""Lines that hold something of no meaning."""


@pytest.mark.parametrize("torn", TORN, ids=range(len(TORN)))
@pytest.mark.parametrize("after", [(), (USER,), (LAST, USER), (b"{\n",)], ids=["last", "user", "row", "torn"])
@pytest.mark.parametrize("before", [(USER, ROW), (USER, USER)], ids=["row", "none"])
def test_python_need_not_read_a_file_with_torn_lines(
    claude_home: ClaudeHome,
    core: Core,
    monkeypatch: pytest.MonkeyPatch,
    torn: bytes,
    after: tuple[Any, ...],
    before: tuple[Any, ...],
) -> None:
    path = claude_home.append(*before, torn + b"\n", *after)
    assert differences(str(path))[0] == []
    assert native_read(str(path)) is not None
    monkeypatch.setattr(fast, "read_columns", None)
    packs, others = read_natively(tasks_of(claude_home.folder), FileReader(load_pricer(), ZoneInfo("UTC")))
    assert not others
    ((outcome,),) = [pack.outcomes for pack in packs]
    assert outcome.checkpoint is not None and outcome.problems.counts["malformed"] == 1 + (b"{\n" in after)
    assert outcome.facts == read_columns(str(path)).facts


@pytest.mark.parametrize("glued", GLUED, ids=range(len(GLUED)))
@pytest.mark.parametrize("after", [(), (USER,), (b"{\n",)], ids=["last", "user", "torn"])
def test_what_stands_behind_a_torn_line_counts(
    claude_home: ClaudeHome, core: Core, glued: bytes, after: tuple[Any, ...]
) -> None:
    path = claude_home.append(USER, ROW, glued + b"\n", *after)
    assert differences(str(path))[0] == []
    found = native_read(str(path))
    assert found is not None and len(found.columns) == 2


@pytest.mark.parametrize("inner", INNER, ids=range(len(INNER)))
@pytest.mark.parametrize("after", [(), (USER,), (b"{\n",)], ids=["last", "user", "torn"])
def test_what_is_within_a_torn_line_is_looked_at(
    claude_home: ClaudeHome, core: Core, inner: bytes, after: tuple[Any, ...]
) -> None:
    path = claude_home.append(USER, ROW, inner + b"\n", *after)
    assert differences(str(path))[0] == []
    assert native_read(str(path)) is not None


WHOLE = [USER, ROW, LAST, {"type": "ai-title", "aiTitle": "t"}, {"type": "summary", "summary": "x" * 9000}, {}]


@pytest.mark.parametrize("last", WHOLE, ids=range(len(WHOLE)))
@pytest.mark.parametrize("before", [(USER, ROW), (ROW,), (b"\n",), ()], ids=["two", "row", "blank", "none"])
def test_a_last_line_without_a_newline_is_read_natively(
    claude_home: ClaudeHome, core: Core, last: dict[str, Any], before: tuple[Any, ...]
) -> None:
    path = claude_home.append(*before, line(last)[:-1])
    files, *_ = reading.read_files(core, [(str(path), path.stat().st_size)])
    assert [one.is_all and one.checkpoint.offset for one in files] == [path.stat().st_size]
    found, checkpoint = differences(str(path))
    assert found == []
    for more in (b"\n", line(LAST), line(LAST)[:-1], line(USER)[:9]):
        with path.open("ab") as file:
            file.write(more)
        found, checkpoint = differences(str(path), checkpoint)
        assert found == []


OPEN = [
    b'{"type":"user"',
    b"{",
    line(ROW)[:-2],
    line(ROW)[:-1] + b" ",
    line(ROW)[:-1] + b"}",
    b" \t",
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("end", OPEN, ids=range(len(OPEN)))
def test_the_end_of_a_line_is_waited_for(claude_home: ClaudeHome, core: Core, end: bytes) -> None:
    path = claude_home.append(USER, ROW, end)
    files, *_ = reading.read_files(core, [(str(path), path.stat().st_size)])
    assert [one.has_more for one in files] == [True]
    found, checkpoint = differences(str(path))
    assert found == []
    with path.open("ab") as file:
        file.write(line(LAST))
    assert differences(str(path), checkpoint)[0] == []


def tasks_of(folder: Path) -> list[Task]:
    return [Task(file) for file in ClaudeSource().discover(folder / "projects")]
