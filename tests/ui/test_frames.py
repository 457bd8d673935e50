from __future__ import annotations

import pytest

from tests.ui.frames import COLOURS, FOLDER, FRAMES, draw


@pytest.mark.parametrize("name", FRAMES)
async def test_frames_are_as_they_were(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in COLOURS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    wanted = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert await draw(FRAMES[name]) == wanted, "if that was meant: python -m tests.ui.frames"


@pytest.mark.parametrize(("term", "colours"), [("dumb", ""), ("linux", ""), ("xterm-direct", "truecolor")])
async def test_a_frame_does_not_depend_on_the_terminal(
    term: str, colours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", colours)
    name = "live-80x24-dark"
    assert await draw(FRAMES[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
