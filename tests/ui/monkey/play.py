"""Plays: the real app over the real engine and real logs, one action after the other, with a look after each."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pyte
from textual import events
from textual import screen as textual_screen
from textual.geometry import Size
from textual.keys import _character_to_key
from textual.widget import Widget

from claude_tui.clients import CLIENTS, TELEMETRY
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.allowances.budgets import budgets_of
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from claude_tui.pricing import load_pricer
from claude_tui.runtime import SCREEN_GC_THRESHOLD
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.settings.file import Settings
from tests.engine.running import register
from tests.faults.saying import export_of
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.monkey.actions import Action, actions
from tests.ui.monkey.terminal import MonkeyApp, cells_of, drawn_anew

NOW_MS: Final = 1_796_000_000_000
FIRST: Final = (80, 24)
PATIENCE_S: Final = 60.0
"""How long something may take to come to rest, on however slow a machine; not a measurement."""
_LIVE: Final = (Phase.LIVE, Phase.POLLING)


class Play:
    """One play over logs in a folder of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.home = ClaudeHome(folder / "home" / ".claude")
        self.size = FIRST
        self.now_ms = NOW_MS
        self.spool = folder / "spool"
        self.spool.mkdir()
        self.done: deque[Action] = deque(maxlen=40)
        self.counts: Counter[str] = Counter()
        self.made = 0
        """Responses there are."""
        self.runs: dict[int, str] = {}
        """What the session of each process is called, another name for each state; none if it is no longer there."""
        self.names = 0
        self.looks = 0
        for session in range(12):
            self._append(session, "A session", "claude-opus-4-5-20251101", 5_000 + session, session * 40)
        explicit = {TELEMETRY: (self.spool,)}
        config = SourceConfig(home=folder / "home", env={}, explicit=explicit, sources=(*CLIENTS, TELEMETRY))
        self.monitor = Monitor(Setup(config, load_pricer(), ZoneInfo("Europe/Berlin")))
        budgets, _ = budgets_of({"day": "1", "month": "5000"})
        path = folder / "config.toml"
        self.app = MonkeyApp(
            self.monitor, Settings(budgets=budgets), clock=lambda: self.now_ms, settings_path=path, complaints=("one",)
        )
        self.app.animation_level = "none"
        self._is_taking = False
        self._counted: tuple[int, object] = (0, ())

    # -- doing

    async def run(self, count: int) -> None:
        """Do `count` actions or a few more, chosen by the dice, with a look after each and sometimes after some."""
        async with self._playing():
            while sum(self.counts.values()) < count:
                await self._step(actions(self.dice, *self.size))

    async def follow(self, script: Sequence[Action]) -> None:
        """Do these actions, with a look after each."""
        async with self._playing():
            for action in script:
                await self._step([action])
            self.compare_terminal()

    async def flicker(self, width: int, height: int) -> None:
        """Another size, and the one from before again as soon as the app knows of the other; then a look."""
        async with self._playing():
            back = self.size
            self._resize(width, height)
            await self._until(lambda: self.app.size == (width, height))
            self._resize(*back)
            await self.settle()
            self.look()
            self.compare_terminal()

    @asynccontextmanager
    async def _playing(self) -> AsyncIterator[None]:
        with frames_soon():
            running = asyncio.create_task(self.app.run_async(headless=False, size=FIRST))
            try:
                await self._begin()
                yield
            finally:
                self.app.exit()
                await asyncio.wait([running], timeout=PATIENCE_S)

    async def _step(self, chosen: Sequence[Action]) -> None:
        for action in chosen:
            self.done.append(action)
            self.counts[action.name] += 1
            self._do(action)
        try:
            await self.settle()
            self.look()
            if not self.looks % 50:
                self.compare_terminal()
        except Exception as error:
            raise AssertionError(self._story(error)) from error

    async def _begin(self) -> None:
        refresher = self.app.main.refresher
        take_picture = refresher._take

        async def take() -> None:
            self._is_taking = True
            try:
                await take_picture()
            finally:
                self._is_taking = False

        refresher._take = take
        await self._until(lambda: self.app.main.snapshot is not None and self.app.is_shown)
        await self._until(lambda: self.monitor.maker.progress.phase in _LIVE)
        await self.settle()
        self.look()

    def _do(self, action: Action) -> None:
        what: Any = action.what
        match action.name:
            case "key":
                key = what[0]
                character = key if len(key) == 1 else None
                name = _character_to_key(character) if character else key
                self.app.driver.process_message(events.Key(name, character))
            case "click":
                for _ in range(what[3]):
                    self._mouse(events.MouseDown, *what[:3])
                    self._mouse(events.MouseUp, *what[:3])
            case "wheel":
                for _ in range(what[3]):
                    self._mouse(events.MouseScrollDown if what[2] > 0 else events.MouseScrollUp, *what[:2])
            case "move":
                self._mouse(events.MouseMove, *what)
            case "resize":
                self._resize(*what)
            case "append":
                self._append(*what)
                self.monitor.refresh()
            case "drag":
                self._mouse(events.MouseDown, what[0], what[1], 1)
                self._mouse(events.MouseMove, what[2], what[3], 1)
                self._mouse(events.MouseUp, what[2], what[3], 1)
            case "truncate":
                self._truncate(*what)
                self.monitor.refresh()
            case "event":
                self._tell(*what)
                self.monitor.refresh()
            case "state":
                self._register(*what)
            case "note":
                self.app.notify(what[0], title=what[1], severity=what[2], markup=False)
            case "time":
                self.now_ms += what[0] * 1000
                self.app.main._tick()

    def _mouse(self, kind: type[events.MouseEvent], x: int, y: int, button: int = 0) -> None:
        self.app.driver.process_message(kind(None, x, y, 0, 0, button, False, False, False, screen_x=x, screen_y=y))

    def _resize(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.app.driver.resized(width, height)
        self.app.driver.written.clear()  # a terminal keeps nothing that could be told of
        size = Size(width, height)
        self.app.driver.process_message(events.Resize(size, size))

    def _append(self, session: int, title: str, model: str, tokens: int, ago_h: int) -> None:
        self.made += 1
        at_ms = self.now_ms - ago_h * 3_600_000
        name = _name(session)
        row = assistant(
            f"m{self.made}", at_ms, usage(output=tokens, read=tokens * 9), session=name, model=model,
            cwd=f"/home/user/project-{session % 5}",
        )  # fmt: skip
        self.home.append({"type": "ai-title", "aiTitle": title, "sessionId": name}, row, session=name)

    def _truncate(self, session: int, share: float) -> None:
        """The log has only its beginning left; what was counted of the rest stays."""
        path = self.home.path(_name(session))
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: int(len(lines) * share)]))

    def _tell(self, session: int, tokens: int) -> None:
        """Telemetry tells of a response that is in no log."""
        self.made += 1
        with (self.spool / "2026-11-29.jsonl").open("ab") as spool:
            spool.write(export_of(1_000_000 + self.made, tokens, _name(session)))

    def _register(self, process: int, session: int, state: Mapping[str, str] | None) -> None:
        """A process runs a session and says what it does, or is gone."""
        pid, folder = (os.getpid(), os.getppid())[process], self.home.folder / "sessions"
        if state is None:
            (folder / f"{pid}.json").unlink(missing_ok=True)
            self.runs[pid] = ""
        else:
            self.names += 1
            self.runs[pid] = f"run {self.names}"
            register(folder, pid, _name(session), name=self.runs[pid], statusUpdatedAt=self.now_ms, **state)

    # -- looking

    async def settle(self) -> None:
        """Let everything come to rest: keys, news, pictures, drawings."""
        await self._until(self._is_counted)
        await self._until(self._is_at_rest, times=3)

    def _is_counted(self) -> bool:
        """Whether all that was written is known."""
        written = (self.made, tuple(self.runs.items()))
        if self._counted == written:
            return True
        counted = self.monitor.snapshot(Query(), self.now_ms).totals.responses
        seen = {one.pid: one.name for one in self.monitor.maker.presences.values() if one.is_alive}
        self._counted = (counted, tuple((pid, seen.get(pid, "")) for pid in self.runs))
        return self._counted == written

    def _is_at_rest(self) -> bool:
        app = self.app
        refresher = app.main.refresher
        if refresher._requested.is_set():
            refresher.request(urgent=True)
            return False
        if self._is_taking or app._batch_count or app.is_held or app._resize_event is not None:
            return False
        if any(worker.is_running and worker.group not in _STANDING for worker in app.workers):
            return False
        for pump in (app, *app._registry):
            is_busy = pump._message_queue.qsize() > 0 or len(pump._next_callbacks) > 0
            if is_busy or (isinstance(pump, Widget) and pump._pruning):
                return False
        screen = app.screen
        if any(widget not in app._registry for widget in screen._compositor.widgets):
            return False  # a note that is gone, and is not yet taken away
        return not (
            screen._layout_required or screen._scroll_required or screen._repaint_required or screen._dirty_widgets
            or screen._callbacks or app.main.typed.is_waiting
        )  # fmt: skip

    async def _until(self, is_so: Callable[[], bool], times: int = 1) -> None:
        end, found = time.monotonic() + PATIENCE_S, 0
        while found < times:
            await asyncio.sleep(0 if found else 0.0005)
            self._check_alive()
            found = found + 1 if is_so() else 0
            assert time.monotonic() < end, "it does not come to rest"

    def _check_alive(self) -> None:
        app = self.app
        error = getattr(app, "_exception", None)
        if error is not None:
            raise error
        assert app.return_code is None and not app._exit, "it ended"
        assert not app.main.failures, app.main.failures

    def look(self) -> None:
        """What is drawn is what would be drawn anew, and sometimes: what would be drawn of the same numbers again."""
        self.looks += 1
        app = self.app
        before = [list(line) for line in app.painter._lines]
        with app._context():
            after = drawn_anew(app)
            assert before == after, _difference(before, after)
            shown = app.main.shown
            if not self.looks % 5 and app.main.is_active and shown is not None and shown.now_ms == app.main.now_ms:
                app.main._draw_again()
                again = drawn_anew(app)
                assert before == again, _difference(before, again)

    def compare_terminal(self) -> None:
        """What a terminal shows that was sent all this is what one shows that is sent the whole picture at once."""
        driver = self.app.driver
        told, anew = pyte.Screen(*self.size), pyte.Screen(*self.size)
        pyte.Stream(told).feed("".join(driver.written))
        with self.app._context():
            pyte.Stream(anew).feed(self.app.painted_whole())
        assert cells_of(told) == cells_of(anew), "\n".join(told.display)

    def _story(self, error: Exception) -> str:
        told = "\n".join(f"  {action.name} {' '.join(map(repr, action.what))}" for action in self.done)
        shown = "\n".join("".join(cell[0] if cell else "?" for cell in line) for line in self.app.painter._lines)
        count = sum(self.counts.values())
        return f"seed {self.seed}, {count} actions, the last:\n{told}\n{shown}\n{type(error).__name__}: {error}"


_STANDING: Final = ("count", "refresh")


def _name(session: int) -> str:
    return f"5e55{session:04d}-0000-4000-8000-000000000000"


@contextmanager
def frames_soon() -> Iterator[None]:
    """Nothing waits for the next sixtieth of a second, nor long for what a session does.

    Garbage is looked for as seldom as while the program runs.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(SCREEN_GC_THRESHOLD)
    try:
        with patch.object(textual_screen, "UPDATE_PERIOD", 0.004), patch("claude_tui.engine.monitor.LOOK_S", 0.02):
            yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _difference(before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> str:
    if len(before) != len(after):
        return f"{len(before)} lines are drawn, {len(after)} would be"
    found = []
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            at = [x for x in range(len(new)) if x >= len(old) or old[x] != new[x]]
            told = ["".join(cell[0] if cell else "?" for cell in line) for line in (old, new)]
            found.append(
                f"line {y}, {len(at)} cells from {at[0]} to {at[-1]}\n is        {told[0]}\n should be {told[1]}\n"
                f" {old[at[0]]} {new[at[0]]}"
            )
    return "\n".join(found[:8])
