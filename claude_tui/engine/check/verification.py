"""Counts everything anew by the plain definition, and says where the ways to count differ from it.

The definition: all rows of all logs, and all responses the ledger holds of what is counted, settled by key. Must not
share the store or the cache with what it checks, nor write anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.check.reference import ReferenceRow, facts_of, reference_of
from claude_tui.engine.count import NoLogsError, count
from claude_tui.engine.ledger import Ledger, scope_of
from claude_tui.engine.ledger.pieces import KnownFile
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan.discovery import discover, roots_of
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.doubtful import date_undated
from claude_tui.engine.state.store import Store
from claude_tui.model import NEVER_MS, Query, Response, Snapshot, Totals, UsageRow
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.reference import reference_transcript
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns, key_number
from claude_tui.sources.protocol import FileFacts, LogFile, SourceConfig
from claude_tui.sources.registry import reader
from claude_tui.sources.settling import columns_of
from claude_tui.sources.telemetry.event import client_and_session

MOST_SHOWN: Final = 10
"""Differences that are named one by one."""
MOST_ROUNDS: Final = 3
"""So often logs that change meanwhile are counted again."""


class VerifiedWay(NamedTuple):
    """One way to count, what it came to, and how long it took."""

    name: str
    totals: Totals
    seconds: float


class Verification(NamedTuple):
    """What every way came to. `differences` are in words, the first few; `differing` how many there are.

    Not `is_settled`: the logs changed during every round, so that differences may come from that.
    """

    ways: tuple[VerifiedWay, ...]
    differences: tuple[str, ...] = ()
    differing: int = 0
    is_settled: bool = True


def verify(setup: Setup) -> Verification:
    """Count with the cache, without it, and by the definition. Raises NoLogsError if there is nothing to count."""
    for _ in range(MOST_ROUNDS):
        before = _marks(setup)
        found = _round(setup)
        if not found.differing:
            return found
        if _marks(setup) == before:
            return found
    return found._replace(is_settled=False)


def definition(config: SourceConfig, pricer: Pricer, ledger_file: Path | None) -> list[Response]:
    """Return every settled response of the logs and the ledger, keys as numbers, by time then key. Slow."""
    said, folders, told = [], dict[tuple[str, str], set[str]](), list[FileFacts]()
    for file in discover(config):
        rows, facts = _said_by(file)
        said += rows
        _learn(folders, file.source, facts)
        told += facts if file.source == "claude" else ()
    for known in _remembered(config, ledger_file):
        said += _said_in(known)
        _learn(folders, known.columns.source, known.facts)
        told += known.facts if known.columns.source == "claude" else ()
    said = [one for one in said if one.source != TELEMETRY or client_and_session(one.row.session)[0] in config.sources]
    return reference_of(said, folders, pricer, told=told)


def _round(setup: Setup) -> Verification:
    ways, stores = [], list[Store]()
    for name, way in (("with the cache", setup), ("read anew", setup._replace(cache_folder=None))):
        started = time.monotonic()
        stores.append(count(way))
        ways.append(VerifiedWay(name, totals_of(_responses(stores[-1])), time.monotonic() - started))
    started = time.monotonic()
    wanted = definition(setup.config, setup.pricer, setup.ledger_file)
    ways.append(VerifiedWay("by the definition", totals_of(wanted), time.monotonic() - started))
    found = [*_different("with the cache", wanted, _responses(stores[0]))]
    found += _different("read anew", wanted, _responses(stores[1]))
    found += _different_sums(*(SnapshotMaker(store).take(Query(), time.time_ns() // 10**6) for store in stores))
    return Verification(tuple(ways), tuple(found[:MOST_SHOWN]), len(found))


def _responses(store: Store) -> list[Response]:
    return sorted(list_responses(store), key=lambda one: (one.time_ms, one.key))


def _different(way: str, wanted: Sequence[Response], found: Sequence[Response]) -> Iterator[str]:
    """Say where responses differ from what they should be; where they were read does not matter."""
    right, mine = ({one.key: one._replace(path="", offset=0) for one in many} for many in (wanted, found))
    for key in sorted(right.keys() | mine.keys()):
        one, other = right.get(key), mine.get(key)
        if one == other:
            continue
        if one is None or other is None:
            state = "is missing" if other is None else "is none"
            at = one or other
            assert at is not None
            yield f"{way}: response {key} of session {at.session} {state}"
            continue
        names = [name for name in Response._fields if getattr(one, name) != getattr(other, name)]
        values = ", ".join(f"{name} {getattr(other, name)!r} instead of {getattr(one, name)!r}" for name in names)
        yield f"{way}: response {key} of session {one.session}: {values}"


def _different_sums(one: Snapshot, other: Snapshot) -> Iterator[str]:
    """Say which sections of two pictures differ."""
    for section in ("totals", "days", "models", "projects", "sessions", "today"):
        if getattr(one, section) != getattr(other, section):
            yield f"with the cache: {section} are not those of a count without it"


def _marks(setup: Setup) -> tuple[object, ...]:
    """Return what changes if logs or ledger do."""
    from claude_tui.engine.cache.given import mark_of

    return (*discover(setup.config), mark_of(setup.ledger_file) if setup.ledger_file is not None else "")


def _learn(folders: dict[tuple[str, str], set[str]], source: str, facts: Sequence[FileFacts]) -> None:
    for one in facts:
        if one.session and one.cwd:
            folders.setdefault((source, one.session), set()).add(one.cwd)


def _said_by(file: LogFile) -> tuple[list[ReferenceRow], list[FileFacts]]:
    """Read a log the plain way; one that cannot be read says nothing."""
    try:
        if file.source == "claude":
            found = reference_transcript(file.path)
            facts = facts_of(found)
            rows = [
                ReferenceRow(key_number("claude", row.key), "claude", row, row.time_ms, file.path) for row in found.rows
            ]
            return rows, facts
        read = reader(file.source).read(file)
    except OSError:
        return [], []
    columns = columns_of(file.source, read.rows)
    date_undated(columns, file.path, file.mtime_ns // 10**6)
    return list(_said(columns, file.path)), [read.facts, *read.sessions]


def _said_in(known: KnownFile) -> Iterator[ReferenceRow]:
    columns = known.columns.cut(0, len(known.columns))
    date_undated(columns, known.path, max((one.last_ms for one in known.facts), default=0))
    return _said(columns, known.path)


def _said(columns: Columns, path: str) -> Iterator[ReferenceRow]:
    """Yield settled responses as rows: of the owner's instant, with the earliest beside it."""
    for entry, key in enumerate(columns.key):
        owner, flags = columns.owners[columns.owner[entry]], columns.flags[entry]
        time_ms = columns.time[entry]
        owner_ms = columns.owner_time.get(entry, time_ms)
        row = UsageRow(
            str(key), time_ms if owner_ms == NEVER_MS else owner_ms, owner.session, owner.agent, owner.cwd,
            columns.models[columns.model[entry]], columns.usage(entry), columns.terms.get(entry, ""),
            columns.extras.get(entry, ()), bool(flags & COPY), bool(flags & SIDECHAIN), bool(flags & LOWER_BOUND),
            columns.reported.get(entry), columns.offset[entry],
        )  # fmt: skip
        yield ReferenceRow(key, columns.source, row, time_ms, path)


def _remembered(config: SourceConfig, ledger_file: Path | None) -> list[KnownFile]:
    """Return what the ledger holds of what is counted."""
    if ledger_file is None:
        return []
    ledger = Ledger.open(ledger_file)
    scope = scope_of(config, roots_of(config))
    host = ledger.host
    return [known for known in ledger.recall().files if scope.covers(known.key, host)]


__all__ = ["NoLogsError", "Verification", "VerifiedWay", "definition", "verify"]
