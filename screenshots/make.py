"""Make the pictures of every view from invented data: `python screenshots/make.py [folder [name]]`.

A fixed instant and seed: the same program makes the same pictures. Needs Pillow, fonttools and two fonts (png.py).
With a name, as `live-80x24-dark` or `tree`, that picture alone is made, as SVG, which needs none of them.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from textual.pilot import Pilot

from claude_tui.demo import DemoWriter, write_demo
from claude_tui.engine.count import count
from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Phase, Progress
from claude_tui.pricing import load_pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.settings.file import Settings

NOW_MS = int(datetime(2026, 11, 20, 15, 42, tzinfo=timezone.utc).timestamp() * 1000)
SIZES = {"120x36": (120, 36), "80x24": (80, 24), "200x60": (200, 60)}
PLAIN_SIZES = ("120x36", "80x24")
FRAMES, FRAME_MS = 14, 4_000
PATIENCE_S = 60.0
"""Whoever draws nothing for so long never will."""
SETTLED_S = 0.6
"""What an overlay finds out later (tools, explanations) is there by then."""
THEMES = {"dark": "claude-dark", "light": "claude-light"}


class Picture(NamedTuple):
    """A view, the size of the terminal, a theme, and the keys that lead to what is on the picture."""

    view: str
    size: str
    theme: str
    keys: tuple[str, ...]


EXTRA = {
    "help": Picture("live", "120x36", "claude-dark", ("question_mark",)),
    "drilled": Picture("models", "120x36", "claude-dark", ("enter",)),
    "colour-blind": Picture("days", "120x36", "colour-blind", ()),
    "ansi": Picture("live", "120x36", "ansi-dark", ()),
    "turns": Picture("live", "120x36", "claude-dark", ("enter",)),
    "tree": Picture("live", "120x36", "claude-dark", ("t",)),
    "causes-cache": Picture("causes", "120x36", "claude-dark", ("l",)),
    "causes-waste": Picture("causes", "120x36", "claude-light", ("w",)),
    "causes-explain": Picture("causes", "120x36", "claude-dark", ("b", "i")),
    "explain": Picture("models", "120x36", "claude-dark", ("i",)),
    "explain-turn": Picture("live", "120x36", "claude-dark", ("enter", "i")),
    "signs": Picture("live", "120x36", "claude-dark", ("question_mark", "question_mark")),
    "window": Picture("live", "120x36", "claude-dark", ("b", "b")),
    "hours": Picture("days", "120x36", "claude-dark", ("c", "c")),
    "live-wide": Picture("live", "200x60", "claude-dark", ()),
    "days-wide": Picture("days", "200x60", "claude-dark", ()),
    "settings": Picture("days", "120x36", "claude-light", ("comma",)),
}
"""Pictures beside the plain views, by name."""


class CountedOnce(Answers):
    """A source whose logs were counted once and stand still."""

    saved_ms = 0
    is_counting = False

    def __init__(self, store: Store, files: int) -> None:
        super().__init__(store, roots=[("claude", "~/.claude/projects")])
        self.maker.progress = Progress(Phase.LIVE, files, files)

    async def run(self) -> None:
        await asyncio.Event().wait()

    def subscribe(self, callback: object, /) -> None:
        pass

    def refresh(self) -> None:
        pass


async def settle(app: ClaudeTop, pilot: Pilot[None]) -> None:
    """Wait until what was asked for is drawn; what is never drawn is no picture."""
    end_s = time.monotonic() + PATIENCE_S
    while not app.main.is_up_to_date:
        if app.main.failures or time.monotonic() > end_s:
            raise SystemExit(f"nothing was drawn: {app.main.failures or 'no picture came'}")
        await pilot.pause(0.01)
    await pilot.pause(SETTLED_S)


async def draw(source: CountedOnce, view: str, size: str, theme: str, keys: Sequence[str], now_ms: int = NOW_MS) -> str:
    app = ClaudeTop(source, Settings(theme=theme, view=view), clock=lambda: now_ms)
    async with app.run_test(size=SIZES[size]) as pilot:
        await settle(app, pilot)
        for key in keys:
            await pilot.press(key)
            await settle(app, pilot)
        return app.export_screenshot(title="claude-top", simplify=True)


def pictures() -> dict[str, Picture]:
    """Every picture by its name."""
    plain = {
        f"{view}-{size}-{name}": Picture(view, size, theme, ())
        for view in VIEWS
        for size in PLAIN_SIZES
        for name, theme in THEMES.items()
    }
    return plain | EXTRA


def picture(source: CountedOnce, target: Path, made: Picture, *, is_painted: bool = True) -> None:
    """Write one picture as SVG and PNG."""
    target.write_text(asyncio.run(draw(source, *made)))
    if is_painted:
        from png import convert

        convert(target, target.with_suffix(".png"))


def live(demo: Path, config: SourceConfig, folder: Path) -> None:
    """Write `live.gif`: the live view while sessions go on, a frame every few seconds of theirs."""
    from PIL import Image
    from png import convert

    writer = DemoWriter(demo)
    frames = []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(FRAMES):
            now_ms = NOW_MS + number * FRAME_MS
            writer.step(now_ms)
            source = CountedOnce(count(Setup(config, load_pricer(), ZoneInfo("UTC"))), 0)
            target = Path(scratch) / f"{number}.svg"
            target.write_text(asyncio.run(draw(source, "live", "120x36", "claude-dark", (), now_ms)))
            convert(target, target.with_suffix(".png"))
            frames.append(Image.open(target.with_suffix(".png")).copy())
    frames[0].save(folder / "live.gif", save_all=True, append_images=frames[1:], duration=700, loop=0, optimize=True)


def make(folder: Path, only: str = "") -> None:
    if only and only not in pictures():
        raise SystemExit(f"no picture is called {only}; there are {', '.join(pictures())}")
    # A name that is always the same: it is seen in one of the pictures.
    scratch = Path(tempfile.gettempdir()) / "claude-top-pictures"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        demo = write_demo(scratch / "demo", NOW_MS)
        config = SourceConfig(home=scratch, explicit={"claude": (demo,)}, sources=("claude",))
        source = CountedOnce(
            count(Setup(config, load_pricer(), ZoneInfo("UTC"))), sum(1 for _ in demo.rglob("*.jsonl"))
        )
        if only:
            picture(source, folder / f"{only}.svg", pictures()[only], is_painted=False)
            return
        for name, made in pictures().items():
            picture(source, folder / f"{name}.svg", made)
        live(demo, config, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent, *sys.argv[2:3])
