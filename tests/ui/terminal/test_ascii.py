"""Plain characters say all that the others say."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.color import Color

from claude_tui.ui.terminal.ascii import TABLE, AsciiFilter
from claude_tui.ui.text.activity import SIGNS
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.widgets.days.heatmap import CURSOR, GLYPHS, REMEMBERED
from tests.ui.helpers import running, settled

BLACK = Color.parse("black")


@pytest.mark.parametrize(
    "glyphs",
    [
        bars.STEPS + bars.NOTHING,
        "".join(bars.gauge(0.5, 2)),
        GLYPHS + "-",
        CURSOR + REMEMBERED + " ",
        "".join(glyph for glyph, _ in SIGNS.values()) + "◇",
        "▲▼",
        "←→↑↓",
        "~≥…",
    ],
)
def test_glyphs_that_mean_different_things_stay_different(glyphs: str) -> None:
    plain = glyphs.replace("≥", ">=").translate(TABLE)
    assert plain.isascii() and len(set(plain)) >= len(set(glyphs))


def test_a_sliver_of_a_bar_is_seen() -> None:
    assert bars.bar(0.01, 4).translate(TABLE).strip()


@pytest.mark.parametrize(
    ("segments", "text"),
    [
        (["all ", "≥ $12"], "all >=$12"),
        (["x", " ", "≥$12.00"], "x>=$12.00"),
        (["x   ≥$1"], "x  >=$1"),
        (["≥ $1"], ">=$1"),
    ],
)
def test_a_lower_bound_is_one(segments: list[str], text: str) -> None:
    written = AsciiFilter().apply([Segment(one) for one in segments], BLACK)
    assert "".join(segment.text for segment in written) == text
    assert [len(segment.text) for segment in written] == [len(one) for one in segments]


async def test_every_view_and_dialog_is_drawn_with_plain_characters() -> None:
    async with running(ascii=True) as (app, pilot):
        for keys in (
            "1",
            "2",
            "3",
            "4",
            "4t",
            "5",
            "5c",
            "5cc",
            "5w",
            "6",
            "7",
            "7w",
            "8",
            "1p",
            "1,",
            "1?",
            "1??",
            "1i",
        ):
            while len(app.screen_stack) > 1:
                await pilot.press("escape")
                await pilot.pause()
            for key in keys:
                await pilot.press({"?": "question_mark", ",": "comma"}.get(key, key))
                await pilot.pause()
            if len(app.screen_stack) == 1:
                await settled(pilot)
            drawn = [
                "".join(segment.text for segment in AsciiFilter().apply(list(strip), BLACK))
                for strip in app.screen._compositor.render_strips()
            ]
            assert [line for line in drawn if not line.isascii()] == [], keys
