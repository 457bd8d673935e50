"""Kills programs that write one ledger, two at a time, and looks for what they were told is kept.

`LEDGER_KILLS=1000 pytest -s tests/engine/test_ledger_kills.py` is the long form: prints what it did.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from claude_tui.engine.ledger import Ledger
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.ledger.pieces import LedgerPiece
from claude_tui.model import Usage, UsageRow
from claude_tui.sources.settling import columns_of

BATCH = 7


class Outcome(NamedTuple):
    kills: int
    acknowledged: int
    lost: int
    is_sound: bool


def kill_writers(folder: Path, rounds: int, seed: int = 1) -> Outcome:
    """Start two writers, kill both at some moment, `rounds` times."""
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["tests.engine.ledger.killing"])
    chosen = random.Random(seed)
    ledger = Ledger.open(folder / "ledger.db")
    acknowledged: list[str] = []
    is_sound, lost = True, 0
    for number in range(rounds):
        writers = []
        for which in "ab":
            receiver, sender = processes.Pipe(duplex=False)
            writer = processes.Process(target=write, args=(folder, f"{number}-{which}", sender))
            writer.start()
            sender.close()
            writers.append((writer, receiver))
        told = [receiver.recv() for _, receiver in writers]
        for writer, _ in writers:
            time.sleep(chosen.uniform(0, 0.03))
            writer.kill()
        for writer, receiver in writers:
            writer.join()
            with suppress(EOFError):
                while True:
                    told.append(receiver.recv())
            receiver.close()
            writer.close()
        acknowledged += told
        kept = {name for file in ledger.recall().files for name in file.columns.names}
        # All of them at the end; after each round those of it.
        asked = acknowledged if number == rounds - 1 else told
        lost += sum(f"msg_{word}_{n}" not in kept for word in asked for n in range(BATCH))
        is_sound = is_sound and ledger.verify() and not ledger.notice and not ledger.status
    return Outcome(2 * rounds, len(acknowledged), lost, is_sound)


def write(folder: Path, name: str, told: Connection) -> None:
    """Write batches until killed, and tell of each that it is kept."""
    ledger = Ledger.open(folder / "ledger.db")
    number = 0
    while True:
        word = f"{name}-{number}"
        # A file all writers share, one that grows, and new ones.
        path = ("/logs/shared", f"/logs/{name}", f"/logs/{word}")[number % 3]
        rows = [
            UsageRow(f"msg_{word}_{n}", 1_000, "s", "", "/", "m", Usage(1, n), offset=BATCH * number + n)
            for n in range(BATCH)
        ]
        columns = columns_of("claude", rows, keep_names=True)
        ledger.write([LedgerPiece(FileKey("", "claude", path), columns, since="")], wait_s=10)
        told.send(word)
        number += 1
