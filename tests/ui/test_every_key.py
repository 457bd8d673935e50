from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.keys import BY_ID
from tests.ui.helpers import running, screen_text, settled

KEYS = [key for id, binding in BY_ID.items() if id != "quit" for key in binding.key.split(",")]
WAYS: dict[str, tuple[str, ...]] = {
    name: (str(number),)
    for number, name in enumerate(("live", "models", "projects", "sessions", "days", "blocks", "causes", "plan"), 1)
}
WAYS["turns"] = ("4", "enter")


async def back(app: ClaudeTop, pilot: Pilot[None]) -> None:
    """Close whatever a key opened, and undo what would hide the rest."""
    for worker in [one for one in app.workers if one.group == "export"]:
        await worker.wait()
    for _ in range(4):
        if len(app.screen_stack) > 1 or app.screen.has_class("-filtering") or app.screen.has_class("-zoom"):
            await pilot.press("escape")
    if app.main.paused_ms is not None:
        await pilot.press("space")


# Every view with every size takes minutes and found nothing that these do not find.
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("view", "size"),
    [
        ("live", (120, 36)),
        ("days", (80, 24)),
        ("blocks", (60, 15)),
        ("turns", (40, 8)),
        ("causes", (100, 30)),
        ("plan", (90, 28)),
    ],
)
async def test_every_key_in_every_view_leaves_a_whole_screen(
    view: str, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(size=size) as (app, pilot):
        for key in KEYS:
            await pilot.press(*WAYS[view])
            await pilot.press(key)
            await pilot.pause()
            assert app.is_running and not app.main.failures, key
            lines = screen_text(app).split("\n")
            assert len(lines) == size[1] and any(line.strip() for line in lines), key
            await back(app, pilot)
            assert len(app.screen_stack) == 1, key
        await pilot.press("1")
        await settled(pilot)
        assert app.main.navigation.here.view == "live"
        assert "$12.34" in screen_text(app)
