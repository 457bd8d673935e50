from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from claude_tui.ui.widgets.header import VIEW_NAMES, tabs
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.fakes import FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text
from tests.ui.terminal import Terminal


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


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160, 200])
@pytest.mark.parametrize("height", [8, 12, 24, 40])
async def test_that_the_history_is_not_kept_comes_first_at_every_size(width: int, height: int) -> None:
    history, detail = "ledger not written: database or disk is full", "cache not saved: No space left"
    given = snapshot()
    given = replace(given, progress=given.progress._replace(history=history, detail=detail))
    async with running(FakeSource(given), size=(width, height)) as (_, pilot):
        (line, *_) = screen_text(pilot.app).split("\n")
        assert "ledger not written" in line
        assert "live" in line or "●" in line  # and the rest is not gone
        if width >= 160:
            assert "database or disk is full" in line
        if "cache" in line:
            assert line.index("history") < line.index("cache")


async def test_of_a_cache_that_is_not_saved_there_is_a_word_where_there_is_room() -> None:
    given = snapshot()
    given = replace(given, progress=given.progress._replace(detail="cache not saved: No space left on device"))
    async with running(FakeSource(given), size=(200, 40)) as (_, pilot):
        assert "cache not saved" in screen_text(pilot.app).split("\n")[0]


def test_the_real_program_says_that_its_history_cannot_be_read(own_home: Path, claude_home: ClaudeHome) -> None:
    (own_home / ".data" / "claude-top" / "ledger.db").mkdir(parents=True)
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000)))
    with Terminal(own_home, width=80, CLAUDE_CONFIG_DIR=str(claude_home.folder)) as terminal:
        terminal.wait_for(lambda text: "▲ ledger not" in text.split("\n")[0], "the trouble")
        assert terminal.leave() == 0
