"""Two forks of a thread that is gone: what both copied of it counts once, whenever the copies say it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_tui.sources.codex import CodexSource
from tests.sources.codex.logs import A, B, C, count, meta, plus, turn, write
from tests.sources.settle import read_all, totals


@pytest.mark.parametrize("stamped", [0.0, 0.5, -60.0], ids=["at the fork", "just after", "as it was"])
def test_copies_of_a_thread_that_is_gone_count_once(tmp_path: Path, stamped: float) -> None:
    for number, thread in enumerate(("one", "two")):
        begun = 600.0 + 600 * number
        copied = 60.0 if stamped < 0 else begun + stamped
        lines = [meta(thread, begun, forked_from_id="gone"), meta("gone", begun), turn(second=begun)]
        lines += [count(A, A, copied), count(plus(A, B), B, copied)]
        write(tmp_path, thread, [*lines, count(plus(plus(A, B), C), C, begun + 60)])
    found = read_all(CodexSource(), tmp_path)
    assert totals(found)["events"] == 4
    assert sorted(one.session for one in found.values()) == ["gone", "gone", "one", "two"]
