"""Saving what is counted: the cache for the next start, the ledger for good. Must not follow logs nor draw.

`start` relies on the order: the ledger gets everything that was read, and nothing later overtakes it; the cache
is saved only if all that is in the store is in the logs or in the ledger.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from claude_tui import runtime
from claude_tui.clients import TELEMETRY
from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.scan.reading import Task
from claude_tui.engine.start import Opening
from claude_tui.engine.state.batch import FileColumns, Packed
from claude_tui.paths import telemetry_folder

if TYPE_CHECKING:
    from claude_tui.engine.ledger import LedgerKeeper

SAVE_INTERVAL_S: Final = 60.0
"""How often what is new is saved for the next start."""

PRUNE_EVERY_S: Final = 6 * 3600.0
"""How often files of telemetry that are old and kept are looked for."""

FIRST_PICTURE_S: Final = 0.5
"""So long what can wait leaves the store to the picture of everything counted."""

MAX_UNKEPT: Final = 100_000
"""So many responses of the first count wait in memory for the ledger, which is written when they are on screen."""


class Saver:
    """Saves one count. Safe from any thread.

    `is_replaced` is set if the ledger, or what it holds, is no longer what was counted. `is_continued` tells
    whether every file continues what was counted of it; None before files are followed, when nothing is saved.
    `on_change` is called if there may be something new to show about the saving itself.
    """

    def __init__(self, opening: Opening, on_change: Callable[[], None]) -> None:
        self.is_replaced = threading.Event()
        self.is_continued: Callable[[], bool] | None = None
        self.saved_revision = -1
        self._opening = opening
        self._on_change = on_change
        self._saving, self._is_stopped = threading.Lock(), False
        self._keeping = threading.Lock()
        self._pruned_s = -PRUNE_EVERY_S
        self._is_started = False
        self._unkept: list[tuple[Packed, Sequence[Seen | None]]] = []

    async def run(self) -> None:
        """Keep and save until cancelled, once the first count is done."""
        await asyncio.sleep(FIRST_PICTURE_S)
        await asyncio.to_thread(self.keep_first_count)
        await asyncio.to_thread(self._settle_memory)
        while True:
            await asyncio.to_thread(self.save)
            await asyncio.to_thread(self.prune_spool)
            await asyncio.sleep(SAVE_INTERVAL_S)

    @cached_property
    def keeper(self) -> LedgerKeeper | None:
        """What writes to the ledger, None without one: made when it is first asked for, as it takes 10 ms."""
        return self._opening.keeper(self._on_change)

    # -- the ledger ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let the ledger know the files there are."""
        with self._saving:
            keeper = self.keeper
        if keeper is not None:
            keeper.start(self._opening.files)
        self._is_started = True

    def put_off(self, found: Packed, before: Sequence[Seen | None]) -> None:
        """Let the ledger remember, later, what the first count read; `before` says how far each file had been read."""
        if self._opening.has_ledger:
            self._unkept.append((found, before))
            if self._is_started and sum(len(one.columns) for one, _ in self._unkept) > MAX_UNKEPT:
                self.keep_unkept()

    def drop_unkept(self) -> None:
        """Forget what was put off: everything is read again."""
        self._unkept.clear()

    def keep(self, found: FileColumns, before: Seen | None) -> None:
        """Let the ledger remember what was read of a file, `before` which it had been read up to there."""
        keeper = self.keeper
        if keeper is not None:
            self.keep_unkept()
            if found.outcome.is_whole and before and not keeper.has_noted(before.file, before.checkpoint):
                # What the file said before came from the cache, and neither file nor ledger say it now.
                self.is_replaced.set()
            keeper.note(found.outcome, found.columns, before)

    def keep_unkept(self) -> None:
        """Let the ledger remember what the first count read; what comes later must not overtake it."""
        with self._keeping:
            unkept, self._unkept = self._unkept, []
            for found, befores in unkept:
                for (outcome, start, end), before in zip(found.spans(), befores, strict=True):
                    if self.keeper is not None:
                        self.keeper.note(outcome, found.columns_of(start, end), before)

    def keep_first_count(self) -> None:
        """Bring the ledger level with what was counted."""
        with self._saving:
            if self.keeper is not None and not self._is_stopped:
                self.keep_unkept()
                seen = list(self._opening.seen.values())
                self.keeper.catch_up([(one.file, one.checkpoint) for one in seen])
                self.keeper.flush()

    def prune_spool(self) -> None:
        """Remove what is old in our own spool of telemetry and kept in the ledger; looks again every few hours."""
        config, now_s = self._opening.config, time.monotonic()
        if self.keeper is None or TELEMETRY not in config.sources or config.explicit.get(TELEMETRY):
            return
        if now_s - self._pruned_s < PRUNE_EVERY_S or not self.keeper.is_level:
            return
        from claude_tui.engine.ledger.sync.spool import prune

        self._pruned_s = now_s
        prune(self.keeper.ledger, telemetry_folder(config.env), self._opening.reader, time.time_ns() // 1_000_000)

    def forget(self) -> list[Task]:
        """Forget every number, to count again. Returns what is to be read."""
        with self._saving:
            self.keep_unkept()
            if self.keeper is not None:
                self.keeper.forget()
            self._opening.forget()
            return self._opening.discover()

    # -- the cache -----------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save for the next start, unless nothing is new."""
        with self._saving:
            if not self._is_stopped:
                self.save_what_is_new()

    def stop(self) -> None:
        """Save for the last time. A save that runs in a thread is waited for: after this nothing is written."""
        with self._saving:
            self._is_stopped = True
            self.keep_unkept()
            if self.keeper is not None:
                self.keeper.close()
            self.save_what_is_new()

    def save_what_is_new(self) -> None:
        """Save, if all that is in the store can be proven to be in the logs or in the ledger."""
        opening, keeper, is_continued = self._opening, self.keeper, self.is_continued
        if is_continued is None or self.saved_revision == opening.store.revision:
            return
        revision, problem = opening.store.revision, opening.cache.problem
        if keeper is not None:
            keeper.flush()

        def is_sound() -> bool:
            return not self.is_replaced.is_set() and (is_continued() or (keeper is not None and keeper.is_level))

        if opening.save(is_sound):
            self.saved_revision = revision
            runtime.trim()
        if opening.cache.problem != problem:
            self._on_change()

    def _settle_memory(self) -> None:
        self._opening.store.pack_keys()
        runtime.settled()
