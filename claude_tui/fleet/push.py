"""Pushes what this machine's ledger holds and the table does not have from here. Must not read logs: the ledger did.

What was pushed is remembered by the checksums of the ledger's records, in the state folder: a pusher needs the right
to write its own names, and none to read. Pushing again what was pushed changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from claude_tui import files
from claude_tui.clients import SOURCES
from claude_tui.engine.cache.given import Given
from claude_tui.engine.ledger import Ledger, LedgerScope
from claude_tui.engine.ledger.pieces import KnownFile
from claude_tui.fleet.lake import Lake
from claude_tui.fleet.paths_rule import digest
from claude_tui.fleet.pushed.observed import Observed, kept
from claude_tui.fleet.pushed.packing import Pushed, packed
from claude_tui.records import NamedTuple

BATCH_RESPONSES: Final = 500_000
"""Most responses of one object, but for a file with more: some 20 MB."""
EVERYTHING: Final = LedgerScope([(source, "/") for source in SOURCES], frozenset(SOURCES))

FOLDER: Final = "fleet"


class Pusher(NamedTuple):
    """Whose responses are pushed."""

    user: str
    team: str
    host: str


class Push(NamedTuple):
    """What was pushed, or would be: files, their responses, objects and their bytes."""

    files: int = 0
    responses: int = 0
    objects: int = 0
    size_bytes: int = 0


def push(
    lake: Lake,
    ledger: Ledger,
    pusher: Pusher,
    folder: Callable[[str], str],
    note: Path,
    *,
    is_everything: bool = False,
    is_dry: bool = False,
) -> Push:
    """Write what the ledger holds beyond what `note` says was pushed, and note that. Raises LakeError, LedgerError and
    DamagedError; then whatever was not noted is pushed again."""
    given = Given() if is_everything else _noted(note)
    news = ledger.news(EVERYTHING, given, lambda record: False)
    if not news.is_continued:  # another ledger, or an older state of it
        news = ledger.news(EVERYTHING, Given(), lambda record: False)
    done = Push()
    for batch in _batches(news.files):
        observed = [kept(Observed(pusher.user, pusher.team, one.key, one.columns, one.facts), folder) for one in batch]
        pushed, name = _named(observed, pusher)
        if not is_dry:
            lake.write(f"observations/{name}", pushed.responses)
            lake.write(f"files/{name}", pushed.files)
        size = len(pushed.responses) + len(pushed.files)
        responses = sum(len(one.columns) for one in batch)
        done = Push(done.files + len(batch), done.responses + responses, done.objects + 2, done.size_bytes + size)
    if not is_dry:
        _note(note, news.given)
    return done


def note_path(state_folder: Path, lake: Lake, table: str, pusher: Pusher) -> Path:
    """Return where it is noted what was pushed to a table as a pusher."""
    return state_folder / FOLDER / f"{digest(json.dumps([lake.url, table, *pusher]))}.json"


def _named(observed: list[Observed], pusher: Pusher) -> tuple[Pushed, str]:
    place = f"user={segment(pusher.user)}/host={segment(pusher.host)}"
    draft = packed(observed, "")
    name = f"{place}/{digest((draft.responses + draft.files).hex())}.parquet"
    return packed(observed, f"observations/{name}"), name


def segment(text: str) -> str:
    """Return a text as one part of an object's name."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "-_.@") else "_" for one in text)
    return plain.strip(".") or "unknown"


def _batches(found: list[KnownFile]) -> Iterator[list[KnownFile]]:
    batch: list[KnownFile] = []
    size = 0
    for one in sorted(found, key=lambda one: one.key):
        if batch and size + len(one.columns) > BATCH_RESPONSES:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.columns)
    if batch:
        yield batch


def _noted(path: Path) -> Given:
    try:
        found = json.loads(files.read(path))
        checksums = {int(record): int(checksum) for record, checksum in found["checksums"].items()}
        return Given(str(found["ledger"]), int(found["generation"]), str(found["mark"]), checksums)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Given()


def _note(path: Path, given: Given) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps({**given._asdict(), "checksums": dict(given.checksums)})
    files.replace(path, text.encode(), files.OWN, is_durable=True)
