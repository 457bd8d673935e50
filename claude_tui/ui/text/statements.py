"""Statements about a figure: a name, a value, and what it means; and how they are laid out. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from claude_tui.records import NamedTuple
from claude_tui.widths import cut

NAMES: Final = 28
"""Cells the names of facts are given, if there are enough."""
FEWEST: Final = 12
"""Fewer cells they are never given."""
LEAST_NOTE: Final = 16
"""Notes are not wrapped in fewer cells."""
INDENT: Final = 4
"""Where notes below begin."""


class Fact(NamedTuple):
    """A name, its figure, and what it means."""

    name: str
    value: str
    note: str = ""


class Heading(NamedTuple):
    """A title between facts."""

    text: str


Statement = Fact | Heading | Content
Statements = list[Statement]


def fact(name: str, value: str, note: str = "") -> Fact:
    """One line of an explanation."""
    return Fact(name, value, note)


def laid_out(lines: Sequence[Statement], width: int) -> Content:
    """Statements as text: names right-aligned in a column, notes wrapped beside it, or below where that is narrow."""
    drawn: list[Content] = []
    longest = max((cell_len(line.name) for line in lines if isinstance(line, Fact)), default=0)
    names = max(FEWEST, min(NAMES, width // 3, longest + INDENT))
    for line in lines:
        if isinstance(line, Content):
            drawn.append(line)
            continue
        if isinstance(line, Heading):
            drawn.append(Content.styled(cut(line.text, width).rjust(names), "bold $accent"))
            continue
        name, value = cut(line.name, names), line.value
        used = names + 2 + (cell_len(value) + 2 if value else 0)
        is_below = width - used < LEAST_NOTE
        if is_below:
            used = INDENT
        wrapped = textwrap.wrap(line.note, max(LEAST_NOTE, width - used), break_on_hyphens=False)
        wrapped = ["", *wrapped] if is_below or not wrapped else wrapped
        gap = "  " if value else ""
        first = (name.rjust(names), "$quiet"), "  ", (value, "bold $foreground"), gap, (wrapped[0], "$quiet")
        drawn.append(Content.assemble(*first))
        drawn += [Content.styled(" " * used + more, "$quiet") for more in wrapped[1:]]
    return Content("\n").join(drawn)
