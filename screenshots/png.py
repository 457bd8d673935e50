"""Turn the SVG pictures Textual writes into PNG, cell by cell.

Such a picture is a grid: every text stands at a column and a line. General converters lay text out anew, with
gaps between blocks and lost blanks; here every character gets its cell, and blocks are drawn as rectangles.
Needs Pillow and a monospaced font: `python screenshots/png.py picture.svg ...`
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont

CELL_W, CELL_H = 12.2, 24.4
FONTS = (
    (
        "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
        "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Bold.ttf",
    ),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"),
)
SIZE = 19
TERMINAL = "#0c0c0c"
"""What stands for the terminal's own background, which ANSI themes leave alone."""
_RULE = re.compile(r"\.([\w-]+)\s*\{([^}]*)\}")
LOWER = dict(zip("▁▂▃▄▅▆▇█", range(1, 9), strict=True))
LEFT = dict(zip("▏▎▍▌▋▊▉", range(1, 8), strict=True))
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
QUARTERS = {
    "▘": 1,
    "▝": 2,
    "▀": 3,
    "▖": 4,
    "▌": 5,
    "▞": 6,
    "▛": 7,
    "▗": 8,
    "▚": 9,
    "▐": 10,
    "▜": 11,
    "▄": 12,
    "▙": 13,
    "▟": 14,
}
ROUND = {"╭": (1, 1), "╮": (-1, 1), "╰": (1, -1), "╯": (-1, -1)}
LINES = {
    "─": "lr",
    "│": "ud",
    "┌": "rd",
    "┐": "ld",
    "└": "ru",
    "┘": "lu",
    "├": "udr",
    "┤": "udl",
    "┬": "lrd",
    "┴": "lru",
    "┼": "lrud",
    "━": "LR",
}


def _fonts() -> list[tuple[ImageFont.FreeTypeFont, ImageFont.FreeTypeFont, set[int]]]:
    found = []
    for regular, bold in FONTS:
        if Path(regular).exists():
            font = ImageFont.truetype(regular, SIZE)
            found.append((font, ImageFont.truetype(bold, SIZE), _characters(regular)))
    if not found:
        raise SystemExit("install a font: apt-get install fonts-dejavu fonts-jetbrains-mono")
    return found


def _characters(path: str) -> set[int]:
    from fontTools.ttLib import TTFont

    return set(TTFont(path).getBestCmap())


def _mix(colour: str, background: tuple[int, int, int], part: float) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return tuple(round(b + (c - b) * part) for c, b in zip((red, green, blue), background, strict=True))  # type: ignore[return-value]


class Painter:
    """One picture being painted."""

    def __init__(self, width: float, height: float, background: str) -> None:
        self.image = Image.new("RGB", (round(width), round(height)), background)
        self.draw = ImageDraw.Draw(self.image)
        self.fonts = _fonts()

    def character(self, glyph: str, x: float, y: float, colour: str, bold: bool, cells: int) -> None:
        """Paint one character into the cell whose top left corner is x, y."""
        x0, y0, x1, y1 = round(x), round(y), round(x + CELL_W), round(y + CELL_H)
        if glyph in LOWER:
            self.draw.rectangle((x0, y1 - round((y1 - y0) * LOWER[glyph] / 8), x1 - 1, y1 - 1), fill=colour)
        elif glyph in LEFT:
            self.draw.rectangle((x0, y0, x0 + round((x1 - x0) * LEFT[glyph] / 8) - 1, y1 - 1), fill=colour)
        elif glyph in SHADES:
            background = cast("tuple[int, int, int]", self.image.getpixel((x0 + 1, y0 + 1)))
            self.draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=_mix(colour, background, SHADES[glyph]))
        elif glyph == "▖":  # as high as the lower half beside it
            self.draw.rectangle((x0, y1 - round((y1 - y0) / 2), (x0 + x1) // 2 - 1, y1 - 1), fill=colour)
        elif glyph in QUARTERS:
            xm, ym = (x0 + x1) // 2, (y0 + y1) // 2
            for bit, box in (
                (1, (x0, y0, xm, ym)),
                (2, (xm, y0, x1, ym)),
                (4, (x0, ym, xm, y1)),
                (8, (xm, ym, x1, y1)),
            ):
                if QUARTERS[glyph] & bit:
                    self.draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=colour)
        elif glyph in ROUND:
            self._corner(ROUND[glyph], x0, y0, x1, y1, colour)
        elif glyph in LINES:
            self._line(LINES[glyph], x0, y0, x1, y1, colour)
        else:
            pair = next((pair for pair in self.fonts if ord(glyph) in pair[2]), self.fonts[-1])
            font = pair[1] if bold else pair[0]
            middle = x + CELL_W * cells / 2
            self.draw.text((middle, y + CELL_H * 0.76), glyph, fill=colour, font=font, anchor="ms")

    def _corner(self, towards: tuple[int, int], x0: int, y0: int, x1: int, y1: int, colour: str) -> None:
        """A quarter of a circle from the middle of one edge to that of another."""
        xm, ym, radius = (x0 + x1) // 2, (y0 + y1) // 2, (x1 - x0) // 2
        right, down = towards
        cx, cy = xm + right * radius, ym + down * radius
        box = (cx - radius, cy - radius, cx + radius, cy + radius)
        start = {(1, 1): 180, (-1, 1): 270, (1, -1): 90, (-1, -1): 0}[towards]
        self.draw.arc(box, start, start + 90, fill=colour)
        self.draw.line((xm, cy, xm, y1 - 1 if down > 0 else y0), fill=colour)
        self.draw.line((cx, ym, x1 - 1 if right > 0 else x0, ym), fill=colour)

    def _line(self, arms: str, x0: int, y0: int, x1: int, y1: int, colour: str) -> None:
        xm, ym = (x0 + x1) // 2, (y0 + y1) // 2
        thick = 3 if arms.isupper() else 1
        for arm in arms.lower():
            box = {"l": (x0, ym, xm, ym), "r": (xm, ym, x1 - 1, ym), "u": (xm, y0, xm, ym), "d": (xm, ym, xm, y1 - 1)}[
                arm
            ]
            self.draw.line(box, fill=colour, width=thick)


def convert(source: Path, target: Path) -> None:
    """Paint the SVG `source` as PNG `target`."""
    text = source.read_text()
    root = ElementTree.fromstring(text)
    styles = {
        name: dict(part.split(":", 1) for part in body.replace(" ", "").split(";") if ":" in part)
        for name, body in _RULE.findall(text)
    }
    space = "{http://www.w3.org/2000/svg}"
    matrix = next(group for group in root.iter(f"{space}g") if "matrix" in group.get("class", ""))
    screen = next(group for group in root.iter(f"{space}g") if matrix in list(group))
    clip = next(clip for clip in root.iter(f"{space}clipPath") if clip.get("id", "").endswith("terminal"))[0]
    rects = [rect for rect in screen if rect.tag == f"{space}rect"]
    width, height = float(clip.get("width", 0)), float(clip.get("height", 0)) + 1
    margin = 10
    areas: dict[str, float] = {}
    for rect in rects:
        fill = rect.get("fill", "")
        areas[fill] = areas.get(fill, 0) + float(rect.get("width", 0)) * float(rect.get("height", 0))
    colour, area = max(areas.items(), key=lambda item: item[1], default=("", 0.0))
    paper = colour if area > width * height / 2 else TERMINAL
    painter = Painter(width + 2 * margin, height + 2 * margin, paper)
    for rect in rects:
        x, y = float(rect.get("x", 0)), float(rect.get("y", 0))
        x1, y1 = x + float(rect.get("width", 0)), y + float(rect.get("height", 0))
        if x1 <= x:
            continue
        line = round((y - 1.5) / CELL_H)
        top, bottom = round(line * CELL_H), round((line + 1) * CELL_H) if y1 - y < 2 * CELL_H else y1
        painter.draw.rectangle(
            (round(x) + margin, top + margin, round(x1) + margin - 1, bottom + margin - 1), fill=rect.get("fill")
        )
    from wcwidth import wcwidth

    for node in matrix:
        style = styles.get(node.get("class", ""), {})
        x, line = float(node.get("x", 0)), round((float(node.get("y", 0)) - 20) / CELL_H)
        column = round(x / CELL_W)
        for glyph in node.text or "":
            cells = max(0, wcwidth(glyph))
            if glyph not in " \xa0":
                painter.character(
                    glyph,
                    column * CELL_W + margin,
                    line * CELL_H + margin,
                    style.get("fill", "#ffffff"),
                    style.get("font-weight") == "bold",
                    max(1, cells),
                )
            column += cells
    # A picture has few colours: a palette keeps it small.
    painter.image.quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        convert(Path(name), Path(name).with_suffix(".png"))
