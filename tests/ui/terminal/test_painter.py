"""What a terminal shows after any number of updates is what Textual drew."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from claude_tui.ui.terminal.painter import Painter

WIDTH, HEIGHT = 24, 6
STYLES = tuple(
    Style.parse(text)
    for text in (
        "", "bold", "italic", "bold italic #ff0000 on #101010", "dim", "reverse", "underline #00ff00",
        "#aabbcc on #000000",
        "blue", "on bright_red", "color(123)", "strike", "bold not italic",
    )
)  # fmt: skip
SURE = ("a", "total", " ", "    ", "日本", "é", "──", "▁▂▃", "◆ ●", "$1.25")
TEXTS = (*SURE, "e\u0301x", "👩‍👩‍👧")
"""Of the last ones the terminal of this test has another idea of how wide they are."""


class Shown:
    """A terminal that is sent what a painter says."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> None:
        self.stream.feed(text)

    @property
    def cells(self) -> list[object]:
        """Each cell; of a blank only its background and what can be seen of its attributes."""

        def seen(cell: pyte.screens.Char) -> object:
            if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
                return cell.bg
            return cell

        return [seen(self.screen.buffer[y][x]) for y in range(HEIGHT) for x in range(WIDTH)]


def picture(dice: random.Random, texts: Sequence[str] = TEXTS) -> list[Strip]:
    def strip() -> Strip:
        pieces = [Segment(dice.choice(texts), dice.choice(STYLES)) for _ in range(dice.randrange(8))]
        return Strip(pieces).adjust_cell_length(WIDTH, dice.choice(STYLES))

    return [strip() for _ in range(HEIGHT)]


def update(strips: Iterable[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


def test_a_terminal_shows_the_last_picture_whatever_it_showed_before() -> None:
    dice = random.Random(4)
    shown, painter = Shown(), Painter()
    strips = picture(dice)
    for number in range(400):
        fresh = picture(dice)
        strips = [new if dice.random() < 0.5 else old for old, new in zip(strips, fresh, strict=True)]
        shown.feed(painter.paint(update(strips), WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
        anew = Shown()
        anew.feed(Painter().paint(update(strips), WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
        assert shown.cells == anew.cells, number
        assert not painter.paint(update(strips), WIDTH, HEIGHT, ColorSystem.TRUECOLOR)


def test_a_fresh_picture_is_what_textual_itself_would_send() -> None:
    dice = random.Random(5)
    for _ in range(200):
        strips = picture(dice, SURE)
        ours, theirs = Shown(), Shown()
        ours.feed(Painter().paint(update(strips), WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
        for y, strip in enumerate(strips):
            codes = (
                (Strip.render_ansi(style, ColorSystem.TRUECOLOR) if style else "", text) for text, style, _ in strip
            )
            theirs.feed(f"\x1b[{y + 1};1H" + "".join(f"\x1b[0;{code}m{text}" for code, text in codes))
        assert ours.cells == theirs.cells


def test_half_of_a_wide_character_is_a_blank() -> None:
    painter, shown = Painter(), Shown()
    wide = [Strip([Segment("日本" * 6)]) for _ in range(HEIGHT)]
    shown.feed(painter.paint(update(wide), WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    over = LayoutUpdate([[Strip([Segment("###")])] for _ in range(HEIGHT)], Region(5, 0, 3, HEIGHT))
    shown.feed(painter.paint(over, WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    assert [shown.screen.buffer[2][x].data for x in range(10)] == ["日", "", "本", "", " ", "#", "#", "#", "日", ""]
    over = LayoutUpdate([[Strip([Segment("##")])] for _ in range(HEIGHT)], Region(9, 0, 2, HEIGHT))
    shown.feed(painter.paint(over, WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    assert [shown.screen.buffer[2][x].data for x in range(7, 13)] == ["#", " ", "#", "#", " ", "日"]


def test_a_mark_with_nothing_before_it_takes_no_cell() -> None:
    shown = Shown()
    line = Strip([Segment("a"), Segment("\u0301b", Style(bold=True)), Segment("c")])
    shown.feed(Painter().paint(update([line]), WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    assert [shown.screen.buffer[0][x].data for x in range(3)] == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦 family", "👍🏽 thumb", "日本語", "e\u0301x"])
@pytest.mark.parametrize("width", range(1, 9))
def test_what_is_cut_inside_a_character_leaves_nothing_of_before(text: str, width: int) -> None:
    painter, shown = Painter(), Shown()
    before = [Strip([Segment("#" * WIDTH)]) for _ in range(HEIGHT)]
    shown.feed(painter.paint(update(before), WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    cut = Strip([Segment(text)]).adjust_cell_length(WIDTH).crop(0, width)
    over = LayoutUpdate([[cut, Strip([Segment("|" * (WIDTH - width))])]], Region(0, 0, WIDTH, 1))
    shown.feed(painter.paint(over, WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    assert "#" not in shown.screen.display[0] and shown.screen.buffer[0][width].data == "|"


def test_no_character_a_terminal_obeys_is_written() -> None:
    text = Painter().paint(update([Strip([Segment("a\x1b[2Jb\x07\x9b1mc")])]), WIDTH, HEIGHT, ColorSystem.TRUECOLOR)
    assert "\x1b[2J" not in text and "\x07" not in text and "\x9b" not in text
