"""Our themes, and the colours every theme gets for drawings: five heat levels and six series.

A theme only changes colours; whatever a colour says is also said by a glyph or a word. Must not know a widget.
"""

from __future__ import annotations

from typing import Final

from textual.color import Color
from textual.theme import Theme

DARK: Final = Theme(
    name="claude-dark",
    primary="#d97757",
    secondary="#7aa2c8",
    accent="#e3b06b",
    foreground="#e9e5da",
    background="#141413",
    surface="#1b1a18",
    panel="#282622",
    success="#8db573",
    warning="#e3b04b",
    error="#e5675c",
    dark=True,
    variables={
        "border": "#3d3a34",
        "series-1": "#d97757",
        "series-2": "#7aa2c8",
        "series-3": "#8db573",
        "series-4": "#c9a0dc",
        "series-5": "#e3b06b",
        "series-6": "#8c877b",
    },
)
LIGHT: Final = Theme(
    name="claude-light",
    primary="#b8502c",
    secondary="#2f6693",
    accent="#8f6212",
    foreground="#29271f",
    background="#faf9f5",
    surface="#f4f2ea",
    panel="#e8e5da",
    success="#467a31",
    warning="#91620a",
    error="#b3312a",
    dark=False,
    variables={
        "border": "#c9c4b4",
        "series-1": "#c8623d",
        "series-2": "#3f78a8",
        "series-3": "#5a8f43",
        "series-4": "#8e5aa8",
        "series-5": "#b8862b",
        "series-6": "#8f8a7c",
    },
)
COLOUR_BLIND: Final = Theme(
    name="colour-blind",
    primary="#e69f00",
    secondary="#56b4e9",
    accent="#f0e442",
    foreground="#e8e8e8",
    background="#101216",
    surface="#16191e",
    panel="#22262d",
    success="#56b4e9",
    warning="#f0e442",
    error="#d55e00",
    dark=True,
    variables={
        "border": "#3b4049",
        "series-1": "#e69f00",
        "series-2": "#56b4e9",
        "series-3": "#009e73",
        "series-4": "#cc79a7",
        "series-5": "#f0e442",
        "series-6": "#8a8f98",
    },
)
"""After Okabe and Ito, whose eight colours stay apart for every common kind of colour blindness."""

OWN: Final = (DARK, LIGHT, COLOUR_BLIND)
DEFAULT: Final = DARK.name
ROTATION: Final = (
    "claude-dark",
    "claude-light",
    "colour-blind",
    "ansi-dark",
    "ansi-light",
    "nord",
    "gruvbox",
    "tokyo-night",
    "catppuccin-mocha",
    "solarized-light",
)
"""The themes `T` goes through; the palette offers all of them."""

READABLE: Final = 4.5
"""Least contrast of a text and what is behind it, by WCAG 2."""

_TEXTS: Final = ("foreground", "primary", "secondary", "accent", "success", "warning", "error")
_GROUNDS: Final = ("background", "surface", "panel")

_ANSI_TEXTS: Final = {
    True: {
        "primary": "ansi_bright_cyan", "secondary": "ansi_cyan", "accent": "ansi_bright_yellow",
        "success": "ansi_bright_green", "warning": "ansi_bright_yellow", "error": "ansi_bright_red",
        "quiet": "ansi_white", "faint": "ansi_white",
    },
    False: {
        "primary": "ansi_blue", "secondary": "ansi_blue", "accent": "ansi_magenta", "success": "ansi_blue",
        "warning": "ansi_magenta", "error": "ansi_red", "quiet": "ansi_default", "faint": "ansi_default",
    },
}  # fmt: skip
"""By whether the terminal is dark: of its sixteen colours those that can be read on it in every usual palette."""

_ANSI_HEAT: Final = {
    True: ("ansi_bright_black", "ansi_cyan", "ansi_bright_green", "ansi_bright_yellow", "ansi_bright_white"),
    False: ("ansi_bright_black", "ansi_cyan", "ansi_magenta", "ansi_red", "ansi_black"),
}
"""The levels from the one nearest to the background on."""

_ANSI_SERIES: Final = ("ansi_red", "ansi_blue", "ansi_green", "ansi_magenta", "ansi_yellow", "ansi_bright_black")


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2 measures it."""

    def light(colour: Color) -> float:
        parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: Color, theme: Theme, css: dict[str, str]) -> Color:
    """A colour, or the nearest on its way to white or black that can be read on all a theme puts behind text."""
    grounds = [Color.parse(css[name]) for name in _GROUNDS]
    end = Color.parse("#ffffff" if theme.dark else "#000000")
    ways = (colour.blend(end, percent / 100) for percent in range(101))
    return next((way for way in ways if all(contrast(way, one) >= READABLE for one in grounds)), end)


def text_colours(theme: Theme, css: dict[str, str]) -> dict[str, str]:
    """The theme's colours for text, each as far from its own as it must be to be read."""
    if theme.ansi:
        return dict(_ANSI_TEXTS[theme.dark])
    return {name: readable(Color.parse(css[name]), theme, css).hex for name in _TEXTS}


def drawing_colours(theme: Theme, css: dict[str, str]) -> dict[str, str]:
    """The colours of drawings in a theme: `heat-0..4`, `series-1..6`, `border`, `quiet` and `faint`.

    Blends in truecolor themes. ANSI themes have nothing to blend, so there they are named terminal colours.
    """
    if theme.ansi:
        colours = {f"heat-{level}": colour for level, colour in enumerate(_ANSI_HEAT[theme.dark])}
        colours |= {f"series-{number}": colour for number, colour in enumerate(_ANSI_SERIES, 1)}
        colours |= {"line": "ansi_bright_black"}
        selected = ("ansi_blue", "ansi_bright_white") if theme.dark else ("ansi_white", "ansi_black")
        colours |= dict(zip(("cursor", "cursor-text"), selected, strict=True))
        return colours
    background, foreground = Color.parse(css["background"]), Color.parse(css["foreground"])
    primary = Color.parse(css["primary"])
    strong = primary.blend(Color.parse("#ffffff" if theme.dark else "#000000"), 0.12)
    quiet = readable(background.blend(foreground, 0.62), theme, css)
    colours = {
        "heat-0": background.blend(foreground, 0.28).hex,
        **{
            f"heat-{level}": background.blend(strong, factor).hex
            for level, factor in ((1, 0.38), (2, 0.57), (3, 0.78), (4, 1.0))
        },
        "quiet": quiet.hex,
        "faint": readable(background.blend(foreground, 0.34), theme, css).hex,
        "line": theme.variables.get("border", background.blend(foreground, 0.22).hex),
        "cursor": next(
            ground.hex
            for percent, ground in (
                (percent, background.blend(primary, percent / 100)) for percent in range(30, -1, -1)
            )
            if not percent or min(contrast(ground, foreground), contrast(ground, quiet)) >= READABLE
        ),
        "cursor-text": foreground.hex,
    }
    names = ("primary", "secondary", "success", "accent", "warning", "error")
    for number, name in enumerate(names, 1):
        colours[f"series-{number}"] = theme.variables.get(f"series-{number}", css[name])
    return colours
