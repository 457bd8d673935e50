"""What a terminal shows after sizes that came and went, notes that came and went, and dialogs closed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.monkey.actions import Action
from tests.ui.monkey.play import Play


def key(name: str) -> Action:
    return Action("key", (name,))


def click(x: int, y: int, times: int = 1) -> Action:
    return Action("click", (x, y, 1, times))


SIZE = Action("resize", (80, 24))
NOTE = key("ctrl+z")
"""There is no shell behind this terminal, which a note says."""


@pytest.mark.parametrize(
    "done",
    [
        pytest.param([SIZE, SIZE], id="a size that is back before it was drawn"),
        pytest.param([Action("resize", (10, 2)), key("f2"), NOTE, NOTE, key("down"), NOTE], id="notes in a tiny pane"),
        pytest.param([key("colon"), click(1, 1, 2)], id="a palette that is left with two clicks"),
        pytest.param([key("colon"), key("escape"), key("colon"), click(0, 0), key("p"), click(1, 1, 2)], id="dialogs"),
        pytest.param([key("p"), click(30, 9, 3)], id="an answer that is clicked three times"),
    ],
)
async def test_what_is_shown_is_what_is_so(done: list[Action], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await Play(tmp_path, 0).follow(done)


async def test_a_size_that_is_back_before_it_is_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal has lost what was drawn, of which Textual sees nothing change."""
    monkeypatch.chdir(tmp_path)
    await Play(tmp_path, 0).flicker(60, 15)
