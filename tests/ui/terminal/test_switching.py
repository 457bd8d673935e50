"""What a terminal shows while one goes from view to view: the one that was, then the other, and no empty box."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyte
import pytest

from tests.ui.monkey.actions import Action
from tests.ui.monkey.play import Play

WIDTH, HEIGHT = 120, 36
EDGES = " │╭╮╰╯─"


def blanks(lines: list[str]) -> int:
    """How many lines have nothing but edges."""
    return sum(not line.strip(EDGES) for line in lines)


@pytest.mark.parametrize("keys", ["213", "51", "81"])
async def test_no_box_is_empty_between_two_views(keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("claude_tui.ui.main_screen.hold.HELD_S", 60.0)
    play = Play(tmp_path, 0)
    async with play._playing():
        play.app.clear_notifications()  # a note hides what is below it, and goes when its time is over
        await play._step([Action("resize", (WIDTH, HEIGHT))])
        shown = pyte.Screen(WIDTH, HEIGHT)
        stream = pyte.Stream(shown)
        stream.feed("".join(play.app.driver.written))
        for key in keys:
            before, known = blanks(shown.display), len(play.app.driver.written)
            await play._step([Action("key", (key,))])
            frames = []
            for written in play.app.driver.written[known:]:
                stream.feed(written)
                frames.append("\n".join(shown.display))
            most = max(before, blanks(shown.display))
            assert frames, "the other view came"
            assert all(blanks(frame.split("\n")) <= most for frame in frames), "\n\n".join(frames)


async def test_the_tab_is_marked_before_the_view_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is answered at once: what is written first is in the top line alone."""
    monkeypatch.chdir(tmp_path)
    play = Play(tmp_path, 0)
    async with play._playing():
        play.app.clear_notifications()
        await play._step([Action("resize", (WIDTH, HEIGHT))])
        await play._step([Action("key", ("2",))])
        shown = pyte.Screen(WIDTH, HEIGHT)
        stream = pyte.Stream(shown)
        stream.feed("".join(play.app.driver.written))
        before, known = list(shown.display), len(play.app.driver.written)
        await play._step([Action("key", ("3",))])
        first = next(written for written in play.app.driver.written[known:] if "Projects" in written)
        stream.feed(first)
        assert shown.display[1:] == before[1:]


@pytest.mark.timeout(60)
async def test_drawings_that_are_put_off_for_long_leave_the_others_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    play = Play(tmp_path, 0)
    async with play._playing():
        main, told = play.app.main, asyncio.Event()
        with play.app.batch_update():  # nothing is laid out meanwhile
            main.hold()
            main.refresh(layout=True)
            main.call_after_refresh(main._hold.end_if_whole, main.view.draws)
            main.call_later(lambda: main.set_timer(0.05, told.set))
            await told.wait()
        await play.settle()
        play.look()
