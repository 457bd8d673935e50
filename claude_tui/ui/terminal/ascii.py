"""`--ascii`: every drawing character replaced, cell for cell, by one that any font has.

Works on the finished lines, so no widget has to know of it. Names from the logs are not touched: only the
characters this program draws with are in the table. Must not know what is drawn.
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from claude_tui.clients import CLIENTS

_PAIRS: Final = (
    ("─╌┄▔", "-"),
    ("━═", "="),
    ("│┃║╎▕", "|"),
    ("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛", "+"),
    ("▏▎▍", "-"),
    ("▌▋▊▉", "="),
    ("█", "#"),
    ("▓", "%"),
    ("▒", "+"),
    ("░", ":"),
    ("·∙•", "."),
    ("▁", "_"),
    ("▂", ","),
    ("▃", ":"),
    ("▄▖▗", "-"),
    ("▅", "="),
    ("▆", "+"),
    ("▇", "*"),
    ("▀▘▝", "'"),
    ("▙▟▛▜■", "#"),
    ("▚", "/"),
    ("▞", "@"),
    ("▲", "^"),
    ("▼", "v"),
    ("●", "*"),
    ("◆", "!"),
    ("◇", "?"),
    ("↺", "&"),
    ("⊘", "0"),
    ("✗", "x"),
    ("‖", "|"),
    ("○◌", "o"),
    ("›▶▸❯", ">"),
    ("‹◀◂", "<"),
    ("≥", ">"),
    ("…", ">"),
    ("¹", "1"),
    ("²", "2"),
    ("³", "3"),
    ("⁴", "4"),
    ("⁵", "5"),
    ("⁶", "6"),
    ("⁷", "7"),
    ("⁸", "8"),
    ("⁹", "9"),
    ("⁰", "0"),
    ("×", "x"),
    ("±", "%"),
    ("←", "<"),
    ("→", ">"),
    ("↑", "^"),
    ("↓", "v"),
    ("—–", "-"),
    ("Σ", "S"),
    ("✓", "v"),
    ("⇅", "%"),
    ("↻", "@"),
    *((client.glyph, client.letter) for client in CLIENTS.values()),
    ("°", "'"),
    ("🔎", "> "),
)
TABLE: Final = {ord(glyph): plain for glyphs, plain in _PAIRS for glyph in glyphs}


LEAST: Final = "≥"
"""Takes two plain characters: the second stands in a blank beside it, which every figure has."""


class AsciiFilter(LineFilter):
    """Rewrites the characters of a line and nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments with plain characters."""
        written: list[Segment] = []
        for segment in segments:
            text = segment.text
            if segment.control or text.isascii():
                written.append(segment)
                continue
            if text.startswith(LEAST) and not text.startswith(f"{LEAST} ") and written and written[-1].text[-1:] == " ":
                before = written[-1]
                written[-1] = Segment(before.text[:-1] + ">", before.style)
                text = "=" + text[1:]
            text = text.replace(f"{LEAST} ", ">=").replace(f" {LEAST}", ">=")
            written.append(Segment(text.translate(TABLE), segment.style))
        return written
