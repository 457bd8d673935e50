"""Every text of every theme can be read: measured on what is drawn, view by view and dialog by dialog."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings import themes
from tests.ui.helpers import press, running

DRAWN = re.compile("[\\s\u2190-\u21ff\u2300-\u27ff·\u00b0-]*")
"""What is a drawing, not a text."""

VGA = "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
XTERM = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
PALETTES = [[Color.parse(f"#{one}") for one in palette.split()] for palette in (VGA, XTERM)]
WALK = (
    (),
    ("2",),
    ("3",),
    ("4",),
    ("5",),
    ("5", "left", "up"),
    ("5", "c", "c"),
    ("6",),
    ("7",),
    ("7", "w"),
    ("8",),
    ("4", "enter"),
    ("p",),
    ("comma",),
    ("question_mark",),
    ("question_mark", "question_mark"),
    ("4", "f6"),
    ("i",),
)


def colour(found: object, palette: list[Color], default: Color) -> Color:
    """A colour of a segment as a terminal with a palette shows it."""
    if found is None or found.is_default:  # type: ignore[attr-defined]
        return default
    if found.number is not None:  # type: ignore[attr-defined]
        return palette[found.number]  # type: ignore[attr-defined]
    return Color.from_rich_color(found)


def faint_texts(app: ClaudeTop, palette: list[Color]) -> Iterator[tuple[str, float]]:
    """The texts on the top screen that cannot be read, with their contrast."""
    dark = app.current_theme.dark
    ink, ground = (palette[7], palette[0]) if dark else (palette[0], palette[15])
    box = app.screen.children[0].region if len(app.screen_stack) > 1 else app.screen.region
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        if not box.y <= y < box.bottom:
            continue
        for segment in strip.crop(box.x, box.right):
            yield from unreadable(segment, palette, ink, ground)


def unreadable(segment: Segment, palette: list[Color], ink: Color, ground: Color) -> Iterator[tuple[str, float]]:
    style = segment.style
    if style is None or DRAWN.fullmatch(segment.text):
        return
    front, behind = colour(style.color, palette, ink), colour(style.bgcolor, palette, ground)
    if style.reverse:
        front, behind = behind, front
    ratio = themes.contrast(front, behind)
    if ratio < themes.READABLE or style.dim:
        yield segment.text, round(ratio, 2)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", [*(one.name for one in themes.OWN), "ansi-dark", "ansi-light", "solarized-light"])
async def test_every_text_can_be_read(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with running(theme=theme) as (app, pilot):
        for keys in WALK:
            await walk(app, pilot, keys)
            for palette in PALETTES if app.current_theme.ansi else PALETTES[:1]:
                assert dict(faint_texts(app, palette)) == {}, keys


async def walk(app: ClaudeTop, pilot: Pilot[None], keys: tuple[str, ...]) -> None:
    """Go to a place from the first view, whatever is open."""
    while len(app.screen_stack) > 1:
        await pilot.press("escape")
        await pilot.pause()
    await press(pilot, "1")
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    if keys and keys[-1].isdigit():
        await press(pilot)


@pytest.mark.parametrize(
    "theme", [theme for theme in (*themes.OWN, *BUILTIN_THEMES.values())], ids=lambda one: one.name
)
def test_the_colours_of_texts_can_be_read_in_every_theme_and_heat_grows(theme: object) -> None:
    assert isinstance(theme, type(themes.DARK))
    css = theme.to_color_system().generate() | theme.variables
    css |= themes.text_colours(theme, css)
    css |= themes.drawing_colours(theme, css)
    for palette in PALETTES:

        def shown(name: str, palette: list[Color] = palette) -> Color:
            said = css[name]
            if not said.startswith("ansi_"):
                return Color.parse(said) if said != "transparent" else shown("background")
            if said == "ansi_default":
                return palette[0 if (name == "background") == theme.dark else 7 if theme.dark else 15]
            names = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
            return palette[names.index(said.split("_")[-1]) + 8 * ("bright" in said)]

        grounds = [shown(name) for name in ("background", "surface", "panel")]
        for name in ("foreground", "primary", "secondary", "accent", "success", "warning", "error", "quiet", "faint"):
            if css[name] != "ansi_default":
                assert min(themes.contrast(shown(name), one) for one in grounds) >= themes.READABLE, name
        assert themes.contrast(shown("cursor-text"), shown("cursor")) >= themes.READABLE
        ratios = [themes.contrast(shown(f"heat-{level}"), grounds[0]) for level in range(1, 5)]
        assert ratios == sorted(ratios), ratios
