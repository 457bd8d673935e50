"""Everyone who asks and everyone who writes, at the same logs, ledger and cache, in any order.

After each step every way of asking must say what the logs and the ledger say, and nothing else: `definition` is that
said plainly. `TRUTH_EXAMPLES=20000 pytest -s tests/faults/test_actors.py` is the long form.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from claude_tui.clients import TELEMETRY
from claude_tui.engine import count as counting
from claude_tui.engine import monitor as watching
from claude_tui.engine.check.verification import definition as plain_definition
from claude_tui.engine.ledger import Ledger, import_jsonl, scope_of
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan.discovery import discover, roots_of
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.batch import pack
from claude_tui.engine.state.store import Store
from claude_tui.model import Phase, Query
from claude_tui.paths import telemetry_folder
from claude_tui.sources.protocol import SourceConfig
from tests.engine.counting import PRICER, UTC, placeless
from tests.faults.level import canonical, row, said
from tests.faults.saying import copied, export_of, total_row, turn
from tests.logs import ClaudeHome, line

T = TypeVar("T")
PATHS: Final = st.sampled_from([("s1", "-p"), ("s2", "-p"), ("s1", "-q"), ("s3", "-r")])
OUTPUT: Final = st.integers(0, 99)
SCREENS: Final = st.sampled_from(["first", "second"])
PATIENCE_S: Final = 60


def definition(config: SourceConfig, ledger_file: Path) -> Store:
    """Everything the logs say and everything the ledger says, read whole and settled by key."""
    store, reader = Store(PRICER, UTC), FileReader(PRICER, UTC)
    store.is_telemetry_on = True
    for file in discover(config):
        store.take_in(pack([reader.read(Task(file))]))
    ledger = Ledger.open(ledger_file)
    scope = scope_of(config, roots_of(config))
    for known in ledger.recall().files:
        if scope.covers(known.key, ledger.host):
            store.remember(known.path, known.columns, known.facts)
    return store


class Screen:
    """A running monitor, made to have seen all there is to see."""

    def __init__(self, loop: asyncio.AbstractEventLoop, monitor: Monitor) -> None:
        self.monitor = monitor
        self._loop = loop
        self._running: asyncio.Task[None]

    async def start(self) -> None:
        is_live = asyncio.Event()

        def moved() -> None:
            if self.is_live:
                self._loop.call_soon_threadsafe(is_live.set)

        self.monitor.subscribe(moved)
        self._running = asyncio.create_task(self.monitor.run())
        await is_live.wait()

    @property
    def is_live(self) -> bool:
        return self.monitor.snapshot(Query(), 0).progress.phase in (Phase.LIVE, Phase.POLLING)

    async def settle(self) -> None:
        """Let it see the logs and the ledger as they are, and let the ledger have what it saw."""
        keeper = self.monitor.saver.keeper
        assert keeper is not None
        while True:
            assert not self._running.done()
            tail = self.monitor.tail
            if self.is_live and tail is not None:
                await tail.sweep()
                await asyncio.to_thread(self.monitor.saver.keep_first_count)
                await asyncio.to_thread(self.monitor.look_at_ledger)
                if keeper.flush() and keeper.is_level and not self.monitor.saver.is_replaced.is_set() and self.is_live:
                    return
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])

    async def kill(self) -> None:
        """Go without saving or keeping anything more."""
        keeper = self.monitor.saver.keeper
        assert keeper is not None
        self.monitor.saver.save_what_is_new = lambda: None  # type: ignore[method-assign]
        self.monitor.saver.keep_unkept = lambda: None  # type: ignore[method-assign]
        keeper.close = lambda wait_s=0.0: True  # type: ignore[method-assign]
        with keeper.backlog.condition:
            keeper._closing = True
            keeper.backlog.pending.clear()
            keeper.backlog.behind.clear()
            keeper.backlog.condition.notify_all()
        await self.stop()


class Actors(RuleBasedStateMachine):
    """What may happen. After each step `_check` asks everybody."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._folder = Path(tempfile.mkdtemp(prefix="claude-top-actors-"))
        self._home = ClaudeHome(self._folder / ".claude")
        self._cache, self._data = self._folder / "cache", self._folder / "data"
        self._ledger = self._data / "ledger.db"
        self._screens: dict[str, Screen] = {}
        self._number = 0
        self._leaves: dict[str, str] = {}
        self._now_ms = 1_780_000_000_000
        self._before = counting.UNSAVED_BYTES, watching.LEDGER_LOOK_S
        watching.LEDGER_LOOK_S = 0.01  # type: ignore[misc]

    @initialize(is_explicit=st.booleans(), has_reports_that_save=st.booleans())
    def begin(self, is_explicit: bool, has_reports_that_save: bool) -> None:
        self._is_explicit = is_explicit
        if has_reports_that_save:
            counting.UNSAVED_BYTES = -1  # type: ignore[misc]
        (self._home.folder / "projects").mkdir(parents=True)

    # -- asking ------------------------------------------------------------------------------------------------------

    @property
    def _config(self) -> SourceConfig:
        folder = self._home.folder
        if self._is_explicit:
            explicit = {"claude": (folder,), TELEMETRY: (self._spool,)}
            return SourceConfig(self._folder / "nobody", explicit=explicit, sources=("claude", TELEMETRY))
        env = {"CLAUDE_CONFIG_DIR": str(folder), "XDG_STATE_HOME": str(self._folder / "state")}
        return SourceConfig(self._folder / "nobody", env=env, sources=("claude", TELEMETRY))

    @property
    def _spool(self) -> Path:
        return telemetry_folder({"XDG_STATE_HOME": str(self._folder / "state")})

    def _run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(asyncio.wait_for(doing, PATIENCE_S))

    def _settle(self) -> None:
        """Let every screen see everything, what the others wrote among it."""
        for _ in range(2 if len(self._screens) > 1 else 1):
            for screen in self._screens.values():
                self._run(screen.settle())

    def _said(self, store: Store) -> str:
        return canonical(said(SnapshotMaker(store).take(Query(), self._now_ms)))

    def _count(self, cache: Path | None = None, **more: Any) -> str:
        try:
            return self._said(
                counting.count(
                    Setup(self._config, PRICER, UTC, cache_folder=cache, ledger_file=self._ledger), processes=0, **more
                )
            )
        except counting.NoLogsError:
            return self._said(Store(PRICER, UTC))

    def _check(self) -> None:
        self._settle()
        store = definition(self._config, self._ledger)
        wanted = self._said(store)
        with store.lock:
            responses = placeless(list_responses(store, Query()))
        assert responses == placeless(plain_definition(self._config, PRICER, self._ledger)), "by the plain definition"
        assert self._count() == wanted, "without a cache"
        assert self._count(keep_names=True) == wanted, "with names, as an export"
        for _ in range(2):
            assert self._count(self._cache) == wanted, "with the cache"
        for name, screen in self._screens.items():
            snapshot = screen.monitor.snapshot(Query(), self._now_ms)
            assert canonical(said(snapshot)) == wanted, f"the {name} screen"

    @rule()
    def ask(self) -> None:
        self._check()

    @rule(minutes=st.integers(-3_000, 3_000))
    def set_the_clock(self, minutes: int) -> None:
        self._now_ms += 60_000 * minutes
        self._check()

    # -- programs ----------------------------------------------------------------------------------------------------

    @rule(name=SCREENS)
    def start_or_stop_a_screen(self, name: str) -> None:
        if name in self._screens:
            self._run(self._screens.pop(name).stop())
        else:
            monitor = Monitor(Setup(self._config, PRICER, UTC, cache_folder=self._cache, ledger_file=self._ledger))
            monitor.prepare()
            self._screens[name] = Screen(self._loop, monitor)
            self._run(self._screens[name].start())
        self._check()

    @precondition(lambda self: bool(self._screens))
    @rule(data=st.data())
    def kill_a_screen(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self._screens)))
        self._run(self._screens.pop(name).kill())
        self._check()

    @precondition(lambda self: bool(self._screens))
    @rule()
    def save(self) -> None:
        for screen in self._screens.values():
            screen.monitor.saver.save()
        self._check()

    @rule(
        host=st.sampled_from(["desk", "here"]),
        first=st.integers(0, 30),
        many=st.integers(1, 4),
        output=st.integers(0, 99),
    )
    def import_lines(self, host: str, first: int, many: int, output: int) -> None:
        """History of another machine, or of this one's own files, among it responses that are known."""
        ledger = Ledger.open(self._ledger)
        path = self._home.path(*(("s1", "-p")))
        host = ledger.host if host == "here" else host
        import_jsonl(ledger, [_imported(host, str(path), number, output) for number in range(first, first + many)])
        self._check()

    @rule(first=st.integers(0, 30), output=st.integers(0, 99))
    def merge(self, first: int, output: int) -> None:
        other = Ledger.open(self._folder / "other.db", "laptop")
        import_jsonl(other, [_imported("laptop", "/home/u/.claude/projects/-a/x.jsonl", first, output)])
        Ledger.open(self._ledger).merge(other.path)
        self._check()

    # -- what is kept ------------------------------------------------------------------------------------------------

    @rule()
    def lose_the_cache(self) -> None:
        shutil.rmtree(self._cache, ignore_errors=True)
        self._check()

    @rule()
    def copy_the_cache(self) -> None:
        if self._cache.exists():
            shutil.copytree(self._cache, self._folder / "old-cache", dirs_exist_ok=True)

    @rule()
    def restore_the_cache(self) -> None:
        if (self._folder / "old-cache").exists():
            shutil.rmtree(self._cache, ignore_errors=True)
            shutil.copytree(self._folder / "old-cache", self._cache)
        self._check()

    @rule()
    def lose_the_ledger(self) -> None:
        self._settle()
        self._ledger.unlink(missing_ok=True)
        self._check()

    @rule()
    def copy_the_ledger(self) -> None:
        self._settle()
        if self._ledger.exists():
            shutil.copyfile(self._ledger, self._folder / "old-ledger.db")

    @rule()
    def restore_the_ledger(self) -> None:
        self._settle()
        old = self._folder / "old-ledger.db"
        if old.exists() and self._data.exists():
            shutil.copyfile(old, self._folder / "ledger.tmp")
            (self._folder / "ledger.tmp").replace(self._ledger)
        self._check()

    # -- logs --------------------------------------------------------------------------------------------------------

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._home.folder.rglob("*.jsonl") if path.exists() and not path.is_symlink())

    def _some(self, data: st.DataObject) -> Path:
        self._settle()
        return data.draw(st.sampled_from(self._paths()))

    @rule(where=PATHS, output=st.integers(0, 99), again=st.integers(0, 30))
    def append(self, where: tuple[str, str], output: int, again: int) -> None:
        self._number += 1
        number = again if 0 < again < self._number else self._number
        session, project = where
        self._home.append(row(number, output, sessionId=session), session=session, project=project)
        self._check()

    @rule(where=PATHS, start=st.integers(0, 2), ran=st.integers(0, 40), responses=st.integers(0, 6))
    def end_a_process(self, where: tuple[str, str], start: int, ran: int, responses: int) -> None:
        """A client says what a session has used."""
        session, project = where
        self._home.append(total_row(session, start, ran, responses), session=session, project=project)
        self._check()

    @rule(where=PATHS, output=OUTPUT, follows=st.booleans(), ran=st.integers(1, 40), ends=st.integers(0, 6))
    def take_a_turn(self, where: tuple[str, str], output: int, follows: bool, ran: int, ends: int) -> None:
        """A prompt and its answer, on what stands there or beside it; with a total behind it, or killed."""
        session, project = where
        self._number += 1
        before = self._leaves.get(session) if follows else None
        asked, answered = turn(self._number, output, session, before)
        self._leaves[session] = answered["uuid"]
        rows = [asked, answered, total_row(session, 0, ran, ends)] if ends else [asked, answered]
        self._home.append(*rows, session=session, project=project)
        self._check()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data(), is_marked=st.booleans(), output=OUTPUT, ran=st.integers(0, 40), ends=st.integers(0, 6))
    def fork(self, data: st.DataObject, is_marked: bool, output: int, ran: int, ends: int) -> None:
        """A session that goes on from what another one's file says now, as versions with and without marks write it."""
        path = self._some(data)
        self._number += 1
        session = f"s{100 + self._number}"
        rows = [*copied(path.read_bytes(), session, is_marked=is_marked), row(self._number, output, sessionId=session)]
        if ends:
            rows.append(total_row(session, 0, ran, ends))
        self._home.append(*rows, session=session, project=path.parent.name)
        self._check()

    @rule(where=PATHS, day=st.integers(1, 2), output=OUTPUT, number=st.integers(0, 30))
    def tell(self, where: tuple[str, str], day: int, output: int, number: int) -> None:
        """Telemetry tells of a response: one of a log that may be there, is still to come, or never comes."""
        self._spool.mkdir(parents=True, exist_ok=True)
        with (self._spool / f"2026-06-0{day}.jsonl").open("ab") as file:
            file.write(export_of(number, output, where[0]))
        self._check()

    @precondition(lambda self: any(self._spool.glob("*")))
    @rule(data=st.data())
    def lose_some_telemetry(self, data: st.DataObject) -> None:
        self._settle()
        data.draw(st.sampled_from(sorted(self._spool.iterdir()))).unlink()
        self._check()

    @rule(where=PATHS, cut=st.floats(0, 1))
    def append_half(self, where: tuple[str, str], cut: float) -> None:
        self._number += 1
        session, project = where
        text = line(row(self._number, sessionId=session))
        self._home.append(text[: int(cut * len(text))], session=session, project=project)
        self._check()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data(), cut=st.floats(0, 1))
    def truncate(self, data: st.DataObject, cut: float) -> None:
        path = self._some(data)
        os.truncate(path, int(cut * path.stat().st_size))
        self._check()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data(), is_new_file=st.booleans())
    def rewrite(self, data: st.DataObject, is_new_file: bool) -> None:
        """Other lines in another order, in place or by a file put in its place."""
        path = self._some(data)
        lines = data.draw(st.permutations(path.read_bytes().splitlines(keepends=True)))
        text = b"".join(lines[: data.draw(st.integers(0, len(lines)))]) + line(row(data.draw(st.integers(1, 30)), 7))
        if is_new_file:
            other = path.with_name("other.tmp")
            other.write_bytes(text)
            other.replace(path)
        else:
            path.write_bytes(text)
        self._check()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        path = self._some(data)
        path.rename(self._folder / "deleted.jsonl")
        self._check()

    @rule(where=PATHS)
    def restore(self, where: tuple[str, str]) -> None:
        old, path = self._folder / "deleted.jsonl", self._home.path(*where)
        if old.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            old.replace(path)
        self._check()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data(), how=st.sampled_from(["move", "copy", "link", "move and link"]))
    def move_or_copy(self, data: st.DataObject, how: str) -> None:
        path = self._some(data)
        self._number += 1
        other = path.with_name(f"s{100 + self._number}.jsonl")
        if how == "copy":
            shutil.copyfile(path, other)
        elif how == "link":
            os.link(path, other)
        else:
            path.rename(other)
            if how == "move and link":
                path.symlink_to(other.name)
        self._check()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data())
    def touch(self, data: st.DataObject) -> None:
        os.utime(self._some(data))
        self._check()

    @rule()
    def move_the_config_folder(self) -> None:
        """Its logs are found in the new place; the ledger kept those of the old one, which is not looked in."""
        for name in sorted(self._screens):
            self._run(self._screens.pop(name).stop())
        self._number += 1
        folder = self._folder / f"config-{self._number}"
        self._home.folder.rename(folder)
        self._home = ClaudeHome(folder)
        self._check()

    def teardown(self) -> None:
        try:
            for screen in self._screens.values():
                self._run(screen.stop())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
        finally:
            counting.UNSAVED_BYTES, watching.LEDGER_LOOK_S = self._before  # type: ignore[misc]
            shutil.rmtree(self._folder)


def _imported(host: str, path: str, number: int, output: int) -> bytes:
    made = {
        "host": host, "source": "claude", "path": path, "key": f"msg_{number}", "id": _id(f"msg_{number}"),
        "time_ms": 1_780_000_000_000 + number, "session": "s1", "agent": "", "cwd": "/home/user/project",
        "model": "claude-sonnet-4-5-20250929", "input": 100, "output": output, "cache_write_5m": 0, "cache_write_1h": 0,
        "cache_read": 0, "web_search": 0, "offset": 0,
    }  # fmt: skip
    return json.dumps(made).encode()


def _id(key: str) -> int:
    from claude_tui.sources.columns import key_number

    return key_number("claude", key)
