"""Our themes, and the colours every theme gets for drawings: five heat levels and six series.

A theme only changes colours; whatever a colour says is also said by a glyph or a word.
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

_ANSI_HEAT: Final = ("ansi_bright_black", "ansi_blue", "ansi_cyan", "ansi_yellow", "ansi_bright_red")
_ANSI_SERIES: Final = ("ansi_red", "ansi_blue", "ansi_green", "ansi_magenta", "ansi_yellow", "ansi_bright_black")


def drawing_colours(theme: Theme, css: dict[str, str]) -> dict[str, str]:
    """The colours of drawings in a theme: `heat-0..4`, `series-1..6`, `border`, `quiet` and `faint`.

    Blends in truecolor themes. ANSI themes have nothing to blend, so there they are named terminal colours.
    """
    if theme.ansi:
        colours = {f"heat-{level}": colour for level, colour in enumerate(_ANSI_HEAT)}
        colours |= {f"series-{number}": colour for number, colour in enumerate(_ANSI_SERIES, 1)}
        colours |= {"quiet": "ansi_default", "faint": "ansi_bright_black", "line": "ansi_bright_black"}
        colours |= {"cursor": "ansi_blue", "cursor-text": "ansi_bright_white"}
        return colours
    background, foreground = Color.parse(css["background"]), Color.parse(css["foreground"])
    primary = Color.parse(css["primary"])
    strong = primary.blend(Color.parse("#ffffff" if theme.dark else "#000000"), 0.12)
    colours = {
        "heat-0": background.blend(foreground, 0.28).hex,
        **{
            f"heat-{level}": background.blend(strong, factor).hex
            for level, factor in ((1, 0.74), (2, 0.83), (3, 0.92), (4, 1.0))
        },
        "quiet": background.blend(foreground, 0.62).hex,
        "faint": background.blend(foreground, 0.34).hex,
        "line": theme.variables.get("border", background.blend(foreground, 0.22).hex),
        "cursor": background.blend(primary, 0.3).hex,
        "cursor-text": foreground.hex,
    }
    names = ("primary", "secondary", "success", "accent", "warning", "error")
    for number, name in enumerate(names, 1):
        colours[f"series-{number}"] = theme.variables.get(f"series-{number}", css[name])
    return colours
