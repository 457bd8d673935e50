"""What a monkey can do: made from dice, small enough to be printed, the same for the same dice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from claude_tui.ui.settings.keys import BY_ID

KEYS: Final = tuple(key for binding in BY_ID.values() for key in binding.key.split(","))
"""Every key anything is bound to."""
WALKING: Final = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "escape", "tab")
VIEWS: Final = tuple(binding.key for id, binding in BY_ID.items() if id.startswith("view-") and len(binding.key) == 1)
TYPED: Final = (*"aop!: s-[]>1é日\u0301", "space", "delete", "ctrl+a", "ctrl+w")
SIZES: Final = ((1, 1), (2, 3), (10, 2), (40, 8), (49, 9), (50, 10), (60, 15), (60, 15), (80, 24), (80, 24), (110, 20))
LARGE: Final = ((120, 36), (200, 60))
"""Seldom: what is large takes long to draw, and hides little."""
TITLES: Final = (
    "Fix the flaky test", "", "[bold]no markup[/]", "日本語の題名です", "a\x1b[2Jb\x07\u202ec",
    "👩‍👩‍👧 e\u0301", "x" * 300, "\u0301mark",
)  # fmt: skip
STATES: Final = (
    {"status": "busy"}, {"status": "waiting", "waitingFor": "permission prompt"}, {"status": "idle"},
    {"status": "waiting", "waitingFor": "dialog open"}, {"status": "shell"}, None,
)  # fmt: skip
"""What the client's list says of a session that runs; None: it is gone."""
NOTES: Final = ("information", "warning", "error")
MODELS: Final = ("claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "mystery-9", "[red]日本")


class Action(NamedTuple):
    """What is done, and with what."""

    name: str
    what: tuple[object, ...] = ()


def actions(dice: random.Random, width: int, height: int) -> Sequence[Action]:
    """What is done next, in one go: one action, or a few at once."""
    kind = dice.choices(
        (
            "key", "walk", "view", "type", "click", "wheel", "move", "drag", "resize", "append", "truncate", "event",
            "state", "note", "time", "theme", "burst",
        ),
        (30, 14, 7, 5, 14, 5, 4, 3, 6, 7, 1, 2, 3, 2, 4, 2, 2),
    )[0]  # fmt: skip
    if kind == "burst":
        return [one for _ in range(dice.randrange(2, 6)) for one in actions(dice, width, height)]
    at = (dice.randrange(width), dice.randrange(height))
    if kind == "key":
        return [Action("key", (dice.choice(KEYS),))]
    if kind == "walk":
        return [Action("key", (dice.choice(WALKING),))]
    if kind == "view":
        return [Action("key", (dice.choice(VIEWS),))]
    if kind == "type":
        return [Action("key", (dice.choice(TYPED),))]
    if kind == "click":
        return [Action("click", (*at, dice.choice((1, 1, 1, 1, 3)), dice.choice((1, 1, 1, 2))))]
    if kind == "wheel":
        return [Action("wheel", (*at, dice.choice((-1, 1)), dice.randrange(1, 6)))]
    if kind == "move":
        return [Action("move", at)]
    if kind == "drag":
        return [Action("drag", (*at, dice.randrange(width), dice.randrange(height)))]
    if kind == "truncate":
        return [Action("truncate", (dice.randrange(12), dice.random()))]
    if kind == "event":
        return [Action("event", (dice.randrange(30), dice.randrange(1, 90_000)))]
    if kind == "state":
        process = dice.randrange(2)
        return [Action("state", (process, 2 * dice.randrange(6) + process, dice.choice(STATES)))]
    if kind == "note":
        return [Action("note", (dice.choice(TITLES), dice.choice(("", *TITLES)), dice.choice(NOTES)))]
    if kind == "resize":
        size = dice.choice(LARGE if dice.random() < 0.07 else SIZES)
        return [Action("resize", size if dice.random() < 0.7 else (dice.randrange(1, 131), dice.randrange(1, 31)))]
    if kind == "time":
        return [Action("time", (dice.choice((1, 1, 5, 30, 61, 900, 4_000, 90_000)),))]
    if kind == "theme":
        return [Action("key", ("T",))] * dice.randrange(1, 4)
    session, ago_h = dice.randrange(30), dice.choice((0, 0, 0, 1, 5, 30, 700))
    return [Action("append", (session, dice.choice(TITLES), dice.choice(MODELS), dice.randrange(1, 90_000), ago_h))]
