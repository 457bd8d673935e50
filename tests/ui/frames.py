"""A few whole frames, as text and some with their styles. `python -m tests.ui.frames` makes them anew.

They are drawn from a snapshot that is always the same, at an instant that is always the same. None holds a chart:
what plotext draws is its own business.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from string import ascii_letters
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent.parent / "golden" / "frames"
COLOURS: Final = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CLICOLOR", "CLICOLOR_FORCE", "TERM_PROGRAM")
"""Variables that say what a terminal can do; a frame must not depend on any."""


class Frame(NamedTuple):
    """A size, the keys that lead to what is on screen, a theme; `has_styles` where the colours are a part of it."""

    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "claude-dark"
    has_styles: bool = False


FRAMES: Final = {
    "live-120x36": Frame((120, 36)),
    "live-80x24-dark": Frame((80, 24), has_styles=True),
    "models-60x15-ansi": Frame((60, 15), ("2", "j"), "ansi-dark", has_styles=True),
    "days-60x15": Frame((60, 15), ("5", "up")),
    "blocks-100x30": Frame((100, 30), ("6",)),
    "causes-100x24": Frame((100, 24), ("7",)),
    "causes-60x15-cache": Frame((60, 15), ("7", "l"), "claude-light", has_styles=True),
    "causes-40x8-waste": Frame((40, 8), ("7", "w")),
}


async def draw(frame: Frame) -> str:
    """A frame as its file holds it: lines of text, then a letter per cell for its style, then what each stands for."""
    from tests.ui.helpers import press, running, settled, wait_until

    async with running(size=frame.size, theme=frame.theme) as (app, pilot):
        await press(pilot, *frame.keys)
        await wait_until(pilot, lambda: app.main.is_up_to_date)
        await settled(pilot)
        lines = [[*strip] for strip in app.screen._compositor.render_strips()]
    text = "".join("".join(segment.text for segment in line).rstrip() + "\n" for line in lines)
    if not frame.has_styles:
        return text
    letters: dict[str, str] = {}
    for segment in (segment for line in lines for segment in line):
        letters.setdefault(str(segment.style), ascii_letters[len(letters)])
    marks = "".join("".join(letters[str(one.style)] * one.cell_length for one in line) + "\n" for line in lines)
    return f"{text}\n{marks}\n" + "".join(f"{letter}: {style}\n" for style, letter in letters.items())


def main() -> None:
    """Write every frame."""
    for name in COLOURS:
        os.environ.pop(name, None)
    os.environ["TERM"] = "xterm-256color"
    FOLDER.mkdir(exist_ok=True)
    for name, frame in FRAMES.items():
        (FOLDER / f"{name}.txt").write_text(asyncio.run(draw(frame)), encoding="utf-8")


if __name__ == "__main__":
    main()
