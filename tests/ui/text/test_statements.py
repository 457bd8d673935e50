from __future__ import annotations

import pytest

from claude_tui.ui.text.statements import Heading, Statements, fact, laid_out

LINES: Statements = [
    Heading("what it is"),
    fact("cache reads", "12,345,678", "at a tenth of the price of input"),
    fact("none", ""),
]


@pytest.mark.parametrize("width", range(34, 121))
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    lines = laid_out(LINES, width).plain.split("\n")
    assert max(map(len, lines)) <= width
    assert (
        " ".join(" ".join(lines).split()) == "what it is cache reads 12,345,678 at a tenth of the price of input none"
    )
