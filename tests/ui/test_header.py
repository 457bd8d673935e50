from __future__ import annotations

import pytest

from claude_tui.ui.header import VIEW_NAMES, tabs
from tests.ui.helpers import press, running


@pytest.mark.parametrize("theme", ["claude-dark", "claude-light", "colour-blind", "ansi-dark", "ansi-light"])
@pytest.mark.parametrize("is_colourless", [False, True])
async def test_the_view_on_screen_stands_out_in_every_theme(
    theme: str, is_colourless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    async with running(theme=theme) as (app, pilot):
        await press(pilot, "3")
        (line,) = app.screen._compositor.render_strips()[:1]
        looks = {}
        for segment in line:
            for name in ("Projects", "Models"):
                if name in segment.text and segment.style is not None:
                    looks[name] = (segment.style.bgcolor, bool(segment.style.reverse))
        if is_colourless:
            looks = {name: (None, reverse) for name, (_, reverse) in looks.items()}
        assert looks["Projects"] != looks["Models"]


def test_only_numbers_of_the_others_where_there_is_little_room() -> None:
    text = "".join(part for part, _ in tabs("days", 60))
    assert "Days" in text
    assert sum(name.capitalize() in text for name in VIEW_NAMES) == 1


async def test_turns_mark_the_view_they_were_reached_from() -> None:
    async with running(size=(76, 20)) as (app, pilot):
        await press(pilot, "4", "enter")
        assert app.place.view == "turns"
        (line,) = app.screen._compositor.render_strips()[:1]
        (marked,) = [one.text for one in line if "Sessions" in one.text]
        (other,) = [one for one in line if "Models" in one.text]
        styles = {one.text: one.style for one in line}
        assert styles[marked] != other.style
