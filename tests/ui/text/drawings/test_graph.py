from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.ui.text.drawings.graph import AXIS, BAND, LIMIT, Graph, draw, nice_top
from claude_tui.widths import width as cells

values = st.lists(st.floats(0, 1e12), max_size=60)


def texts(graph: Graph, width: int, height: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in draw(graph, width, height, lambda value: f"{value:.0f}"[:7])]


@given(values, st.integers(1, 90), st.integers(0, 20))
def test_a_graph_has_the_size_it_was_given(area: list[float], width: int, height: int) -> None:
    lines = texts(Graph(area, ticks=[(0, "14:00"), (3, "15:00"), (50, "16:00")]), width, height)
    assert len(lines) == height
    if width >= AXIS + 8 and height >= 3:
        assert all(cells(line) == width for line in lines[:-1])
        assert cells(lines[-1]) <= width


@given(values, st.integers(3, 20))
def test_columns_are_as_high_as_their_values(area: list[float], height: int) -> None:
    lines = texts(Graph(area), AXIS + 60, height)[:-1]
    top = nice_top(max(area, default=0.0))
    for column, value in enumerate(area):
        drawn = [line[AXIS + column] for line in lines]
        eighths = sum(" ▁▂▃▄▅▆▇█".index(glyph) for glyph in drawn if glyph in "▁▂▃▄▅▆▇█")
        assert abs(eighths - value / top * len(lines) * 8) <= 1
        assert (eighths > 0) == (value > 0)


def test_the_scale_has_its_top_its_middle_and_nothing() -> None:
    lines = texts(Graph([3.0, 10.0]), 40, 11)
    assert [line[:AXIS].strip() for line in lines if line[:AXIS].strip()] == ["10", "5", "0"]


def test_what_is_expected_and_the_limit_can_be_told_from_what_is() -> None:
    graph = Graph([1.0] * 10, band=[(2.0, 4.0)] * 10, limit=8.0)
    lines = texts(graph, AXIS + 20, 9)[:-1]
    limit = next(line for line in lines if LIMIT in line)
    assert limit[AXIS:].count(LIMIT) == 20 and lines.index(limit) == 0
    assert all(BAND not in line[: AXIS + 10] for line in lines)
    assert [BAND in line for line in lines] == [False] * 4 + [True, True] + [False] * 2


def test_ticks_never_touch() -> None:
    foot = texts(Graph([1.0] * 30, ticks=[(index, "14:00") for index in range(30)]), AXIS + 30, 5)[-1]
    assert foot.split() == ["14:00"] * len(foot.split()) and len(foot.split()) > 2
