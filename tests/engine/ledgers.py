"""Runs claude-top's engine with a ledger beside it, from start to end, the way each run of the program does."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from claude_tui.engine.cache.given import Given
from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.ledger import FollowResult, Ledger, LedgerFollower, LedgerKeeper, LedgerScope
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.ledger.pieces import LedgerPiece
from claude_tui.engine.scan.discovery import discover, roots_of
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import pack
from claude_tui.engine.state.store import Store
from claude_tui.model import Usage, UsageRow
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.settling import columns_of
from tests.engine.counting import PRICER, UTC, config_of, content

Content = dict[tuple[str, str, str], list[tuple[object, ...]]]


class Run:
    """One run of the program over a folder: count it whole, with what the ledger adds."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.store = Store(PRICER, UTC)
        self.reader = FileReader(PRICER, UTC, keep_names=True)
        self.config = config_of(folder)
        self.scope = LedgerScope(roots_of(self.config), frozenset({"claude"}))
        self.follower = LedgerFollower(self.store, ledger, self.scope, Given())
        self.keeper = LedgerKeeper(ledger, PRICER, UTC, on_written=self.follower.wrote)
        self.seen: dict[str, Seen] = {}
        files = discover(self.config)
        self.keeper.start(files)
        for file in files:
            self.read(Task(file))
        self.followed = self.follower.follow(self.seen)
        if self.followed is FollowResult.DAMAGED:
            self.follower.give_salvage()
        self.keeper.catch_up(())

    def read(self, task: Task) -> None:
        found = self.reader.read(task)
        outcome = found.outcome
        self.store.take_in(pack([found]))
        self.keeper.note(outcome, found.columns, self.seen.get(outcome.file.path))
        if outcome.checkpoint is not None:
            self.seen[outcome.file.path] = Seen(outcome.file, outcome.checkpoint)

    @property
    def checkpoints(self) -> dict[str, Checkpoint]:
        return {path: seen.checkpoint for path, seen in self.seen.items()}

    def follow(self) -> None:
        """Read what was appended to every file."""
        for file in discover(self.config):
            self.read(Task(file, self.checkpoints.get(file.path)))

    def end(self) -> Store:
        assert self.keeper.close()
        assert self.keeper.status == ""
        return self.store


def ran(folder: Path, ledger: Ledger) -> Store:
    return Run(folder, ledger).end()


def ledger_in(folder: Path, host: str = "here") -> Ledger:
    return Ledger.open(folder / "data" / "ledger.db", host)


def content_of(ledger: Ledger) -> Content:
    """All a ledger knows, by file."""
    return {file.key: content(file.columns) for file in ledger.recall().files}


def piece(
    path: str, rows: Iterable[UsageRow], stamp: str = "", since: str = "", *, is_whole: bool = True
) -> LedgerPiece:
    return LedgerPiece(
        FileKey("", "claude", path), columns_of("claude", rows, keep_names=True), (), stamp, since, is_whole
    )


def row(key: str, output: int = 1, time_ms: int = 1_000, offset: int = 0, session: str = "s1") -> UsageRow:
    return UsageRow(key, time_ms, session, "", "/home/user/project", "claude-opus-4-5", Usage(3, output), offset=offset)


def sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def wait_until(condition: Callable[[], bool], timeout_s: float = 30.0) -> bool:
    give_up = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True
