"""How a prompt cache that is still warm is described. Pure; loads nothing that divides costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_tui import figures, moments
from claude_tui.ui.text.statements import Statements, fact

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.tables import Pause


def pause_text(pause: Pause, now_ms: int, width: int) -> str:
    """When a cache gets cold and what a pause until then costs, in at most `width` cells."""
    left = moments.duration((pause.cold_at_ms - now_ms) / 1000)
    money = figures.money(pause.cost_nano, 8)
    texts = (f"cache cold in {left} · a pause costs {money}", f"cold in {left} · {money}", f"{left} {money}", left)
    return next((text for text in texts if len(text) <= width), "")


def of_pause(pause: Pause, now_ms: int) -> Statements:
    """When a cache gets cold, and what the next response then costs above a warm one."""
    left = moments.countdown((pause.cold_at_ms - now_ms) / 1000)
    cost = f"{figures.tokens(pause.prompt_tokens)} written anew and not read"
    return [
        fact("cache cold in", left, "unless something is asked before"),
        fact("a pause costs", figures.money(pause.cost_nano, 12), cost),
    ]
