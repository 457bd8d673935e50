"""The settings that are changed on screen: which values each can have, and what comes next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from claude_tui.engine.queries.periods.named import PERIODS
from claude_tui.ui.settings import themes
from claude_tui.ui.settings.declared import ALERTS, LAST, NAMES, VIEWS, Settings

INTERVALS_S: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How often the screen may change, at most."""

STEPS: Final = {
    "theme": "theme",
    "period": "days at the start",
    "view": "view at the start",
    "names": "sessions are called by",
    "tree": "sub-agents below sessions",
    "interval_s": "refresh at most every",
    "alert": "alert when a session waits",
    "ascii": "plain characters",
}
"""The settings and what they are called, in the order they are offered. `period`, `view`, `names` and `ascii` are those
of the next start."""


def choices(name: str, all_themes: Sequence[str] = ()) -> Sequence[object]:
    """The values a setting goes through."""
    if name == "theme":
        return [theme for theme in themes.ROTATION if not all_themes or theme in all_themes]
    if name == "period":
        return [period.id for period in PERIODS]
    if name in ("view", "alert", "names"):
        return (LAST, *VIEWS) if name == "view" else ALERTS if name == "alert" else NAMES
    return INTERVALS_S if name == "interval_s" else (False, True)


def stepped(settings: Settings, name: str, step: int, all_themes: Sequence[str] = ()) -> object:
    """The next or previous value of a setting. An interval stops at its ends, everything else goes round."""
    values = choices(name, all_themes)
    current = getattr(settings, name)
    at = values.index(current) if current in values else -1 if step > 0 else 0
    if name == "interval_s":
        return values[max(0, min(len(values) - 1, at + step))]
    return values[(at + step) % len(values)]


def text(settings: Settings, name: str) -> str:
    """A setting's value as it is shown."""
    value = getattr(settings, name)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g} s" if isinstance(value, float) else str(value)
