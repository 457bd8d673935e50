"""Five thousand actions: no traceback, no stain, and a terminal that shows what is so. More of them: see `__main__`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.monkey.play import Play

ACTIONS = 1_250
"""With each of the seeds."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_whatever_is_done_the_screen_is_as_if_drawn_anew(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)  # where `x` writes
    play = Play(tmp_path, seed)
    await play.run(ACTIONS)
    assert play.looks > ACTIONS / 2
