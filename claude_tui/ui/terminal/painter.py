"""What the terminal shows, cell by cell, and the few bytes that make of it what it is to show.

Textual says which regions were drawn again, and sends all of them: a selected row, a box around one figure, the whole
screen when another view comes. Here every cell is compared with what the terminal has, and only those that differ are
sent, with only those colours that change between them. Must not know what is drawn, nor write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from claude_tui.records import NamedTuple


class Ink(NamedTuple):
    """How a cell is drawn: numbers of attributes, colour and background as a terminal is told them."""

    attributes: frozenset[str]
    colour: str
    ground: str


Cell = tuple[str, Ink]
"""What stands in a cell, "" for the second half of a wide one, and how."""

PLAIN: Final = Ink(frozenset(), "39", "49")
"""What a terminal draws with after a reset."""

NEAR: Final = 4
"""So many cells that stay are written again rather than skipped: to skip them takes as many bytes."""

_SEEN_ON_BLANK: Final = frozenset({"4", "5", "7", "9", "21", "51", "52", "53"})
_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29", "21": "24",
               "51": "54", "52": "54", "53": "55"}  # fmt: skip
# Each of these takes one cell in every terminal.
_NARROW: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2013-\u2026\u2190-\u2193\u2500-\u25fc\u2800-\u28ff]*")
_INK: Final = itemgetter(1)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


class Painter:
    """Knows what is on a terminal."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._lines: list[list[Cell | None]] = []

    def forget(self) -> None:
        """Nothing is known of what the terminal shows: all of it is written anew."""
        self._size = (0, 0)

    def knows(self, width: int, height: int) -> bool:
        """Whether it is known what a terminal of this size shows: else all of it must be drawn, and no part alone."""
        return self._size == (width, height)

    def paint(self, update: CompositorUpdate, width: int, height: int, system: ColorSystem) -> str:
        """Return what to write so that a terminal of this size shows an update; "" where it shows it already."""
        if not self.knows(width, height):
            self._size = (width, height)
            self._lines = [[None] * width for _ in range(height)]
        pen = _Pen()
        for y, x, strip in _pieces(update):
            if 0 <= y < height and 0 <= x < width:
                self._paint_piece(pen, y, x, _cells(strip, system)[: width - x])
        return pen.finished()

    def _paint_piece(self, pen: _Pen, y: int, x: int, cells: list[Cell]) -> None:
        line = self._lines[y]
        x, cells = _with_halves(line, x, cells)
        before = line[x : x + len(cells)]
        if before == cells:
            return
        line[x : x + len(cells)] = cells
        for start, end in _runs(before, cells):
            pen.move(x + start, y)
            for ink, run in groupby(cells[start:end], _INK):
                pen.write([text for text, _ in run], ink)


def _with_halves(line: list[Cell | None], x: int, cells: list[Cell]) -> tuple[int, list[Cell]]:
    """Where cells begin and what they are, with a blank for each half of a wide character of which they hide one."""
    first, end = line[x] if cells else None, x + len(cells)
    after = line[end] if cells and end < len(line) else None
    if after is not None and not after[0]:
        cells = [*cells, _blank(after[1])]
    if x and first is not None and not first[0]:
        x, cells = x - 1, [_blank(first[1]), *cells]
    return x, cells


def _blank(ink: Ink) -> Cell:
    """A blank, of which most attributes are not seen."""
    return " ", ink if ink.attributes & _SEEN_ON_BLANK else Ink(frozenset(), "", ink.ground)


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """What an update draws: line, column, and what stands there."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield y, x, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
                if chop is not None and x < last and end > first:
                    yield y, x, chop if end <= last else chop.crop(0, last - x)


def _cells(strip: Strip, system: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control or not text:
            continue
        ink = _ink(style, system)
        blank = _blank(ink)
        if _NARROW.fullmatch(text):
            cells += [blank if glyph == " " else (glyph, ink) for glyph in text]
            continue
        text = _CONTROL.sub("", text)
        for start, end, width in split_graphemes(text)[0]:
            glyph = text[start:end]
            if not width:  # a mark that stands on what is before it, with nothing there
                continue
            cells.append(blank if glyph == " " else (glyph, ink))
            cells += [("", ink)] * (width - 1)
    # What was cut inside a joined character takes in the blank that was put for its other half.
    cells += [_blank(cells[-1][1])] * (strip.cell_length - len(cells)) if cells else []
    return cells


def _ink(style: Style | None, system: ColorSystem) -> Ink:
    return _ink_of(Strip.render_ansi(style, system)) if style is not None else PLAIN


@lru_cache(4096)
def _ink_of(codes: str) -> Ink:
    attributes, colour, ground = [], "39", "49"
    numbers = iter(codes.split(";") if codes else ())
    for number in numbers:
        if number in ("38", "48"):
            kind = next(numbers)
            said = ";".join([number, kind, *(next(numbers) for _ in range(3 if kind == "2" else 1))])
            colour, ground = (said, ground) if number == "38" else (colour, said)
        elif len(number) >= 2 and number[:-1] in ("3", "9"):
            colour = number
        elif len(number) >= 2 and number[:-1] in ("4", "10"):
            ground = number
        else:
            attributes.append(number)
    return Ink(frozenset(attributes), colour, ground)


def _runs(before: list[Cell | None], cells: list[Cell]) -> Iterator[tuple[int, int]]:
    """From where to where cells differ; what hardly pays to be skipped is in, and no half of a wide character is."""
    differ = [at for at, (old, new) in enumerate(zip(before, cells, strict=True)) if old != new]
    start = end = -1
    for at in differ:
        if end >= 0 and at - end > NEAR:
            yield _whole(start, end, before, cells)
            start = end = -1
        start = at if start < 0 else start
        end = at + 1
    if end >= 0:
        yield _whole(start, end, before, cells)


def _whole(start: int, end: int, before: list[Cell | None], cells: list[Cell]) -> tuple[int, int]:
    def is_inside(at: int) -> bool:
        old = before[at]
        return not cells[at][0] or (old is not None and not old[0])

    while start > 0 and is_inside(start):
        start -= 1
    while end < len(cells) and is_inside(end):
        end += 1
    return start, end


class _Pen:
    """Writes cells one after the other, saying of place and colours only what is another than before."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._ink = PLAIN
        self._at: tuple[int, int] | None = None

    def move(self, x: int, y: int) -> None:
        """Go on at another place."""
        if self._at == (x, y):
            return
        if self._at is not None and self._at[1] == y and x > self._at[0]:
            self._parts.append(f"\x1b[{x - self._at[0]}C")
        else:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        self._at = (x, y)

    def write(self, glyphs: list[str], ink: Ink) -> None:
        """Write the next cells, all drawn alike."""
        text, (x, y) = "".join(glyphs), self._at or (0, 0)
        if text:
            changes = self._changes(ink)
            if changes:
                self._parts.append(f"\x1b[{';'.join(changes)}m")
        if len(text) == len(glyphs) and _NARROW.fullmatch(text):
            self._parts.append(text)
        else:
            for at, glyph in enumerate(glyphs, x + 2):
                self._parts.append(glyph)
                if not (glyph and _NARROW.fullmatch(glyph)):
                    # Terminals do not agree how wide some are: say where the next one stands.
                    self._parts.append(f"\x1b[{at}G")
        self._at = (x + len(glyphs), y)

    def _changes(self, ink: Ink) -> Iterable[str]:
        now = self._ink
        if not ink.colour:  # a blank, whose colour and weight nobody sees
            ink = Ink(now.attributes - _SEEN_ON_BLANK, now.colour, ink.ground)
        changes: list[str] = []
        gone = now.attributes - ink.attributes
        kept = now.attributes
        if gone:
            off = {_OFF.get(number, "0") for number in gone}
            if "0" in off:
                now, kept, off = PLAIN, frozenset(), {"0"}
            changes += sorted(off)
            kept = frozenset(number for number in kept if _OFF.get(number) not in off)
        changes += sorted(ink.attributes - kept)
        changes += [ink.colour] if ink.colour != now.colour else []
        changes += [ink.ground] if ink.ground != now.ground else []
        self._ink = ink
        return changes

    def finished(self) -> str:
        """All that was written, with the terminal's own colours at its end."""
        if self._parts and self._ink != PLAIN:
            self._parts.append("\x1b[0m")
        return "".join(self._parts)
