"""Reads raw logs that lie in a store, as if each machine had pushed its own: the objects that are new or changed.

What was read is noted beside its responses, so a night that was cut off goes on where it ended. A batch's objects are
named by what was read, so that reading it twice writes the same. One bad log is a problem of its own, and never ends
the night. Must not settle or price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from claude_tui.engine.ledger.file.record import FileKey
from claude_tui.engine.state.doubtful import date_undated
from claude_tui.fleet.lake import Entry, Lake
from claude_tui.fleet.paths_rule import digest, folder_rule
from claude_tui.fleet.push import segment
from claude_tui.fleet.pushed.observed import Observed, kept
from claude_tui.fleet.pushed.packing import BadTableError, files_of, packed
from claude_tui.sources.claude.discovery import is_transcript
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.reading.log import BytesLog, Log
from claude_tui.sources.registry import read_columns

READER: Final = "1"
"""Changes when logs must be read anew because more is read of them."""
FIELDS: Final = ("team", "user", "host")

_LOGS: Final = "/projects/"
"""The folder of Claude Code's transcripts."""


class FoundLog(NamedTuple):
    """A log in a store, whose it is, and its path on its machine."""

    user: str
    team: str
    host: str
    path: str
    entry: Entry

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by in a table: host, client and path, of which no name is said."""
        return self.host, "claude", digest(self.path)

    @property
    def seen(self) -> str:
        """The state of the object, as this reader reads it."""
        return f"{READER}-{self.entry.tag}"


class Batch(NamedTuple):
    """What is read at once: logs of a store, into a table, with folders named by a rule."""

    url: str
    into: str
    paths: str
    key: bytes
    logs: tuple[FoundLog, ...]

    @property
    def name(self) -> str:
        """What its objects are called: the same for the same logs in the same state."""
        states = sorted((*log.key, log.user, log.team, log.seen) for log in self.logs)
        return f"scan/{digest(repr(states))}.parquet"


class Read(NamedTuple):
    """What reading a batch gave: the logs and responses in it, doubts about lines, and logs that could not be read."""

    logs: int = 0
    responses: int = 0
    doubts: int = 0
    problems: tuple[str, ...] = ()


class Scanned(NamedTuple):
    """All logs of a store: how many there are, those of them to be read, and their bytes."""

    logs: int
    batches: list[Batch]
    fresh: int
    size_bytes: int


def layout_pattern(layout: str) -> re.Pattern[str]:
    """Return what finds user, team, host and path in an object's name. Raises ValueError for a layout without them."""
    parts = re.split(r"\{(\w+)\}", layout.strip("/"))
    names = parts[1::2]
    if "host" not in names or len(set(names)) != len(names) or not set(names) <= set(FIELDS):
        raise ValueError("it has {host}, and may have {user} and {team}, each once")
    text = "".join(f"(?P<{part}>[^/]+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile(f"{text}(?P<path>/.+)")


def look(
    logs: Lake, table: Lake, layout: re.Pattern[str], paths: str, key: bytes, batch_bytes: int, *, is_everything: bool
) -> Scanned:
    """List the logs of a store, and divide those that the table has not seen so into batches. Raises LakeError."""
    seen: set[tuple[str, ...]] = set() if is_everything else _seen(table)
    all_logs = list(_logs(logs, layout))
    fresh = [log for log in all_logs if (log.user, *log.key, log.seen) not in seen]
    batches: list[Batch] = []
    open_logs: list[FoundLog] = []
    size = 0
    for log in fresh:
        if open_logs and size + log.entry.size > batch_bytes:
            batches.append(Batch(logs.url, table.url, paths, key, tuple(open_logs)))
            open_logs, size = [], 0
        open_logs.append(log)
        size += log.entry.size
    if open_logs:
        batches.append(Batch(logs.url, table.url, paths, key, tuple(open_logs)))
    return Scanned(len(all_logs), batches, len(fresh), sum(log.entry.size for log in fresh))


def read_batch(batch: Batch) -> Read:
    """Read the logs of a batch and write what they say. Raises LakeError if that cannot be written."""
    logs, table, folder = Lake(batch.url), Lake(batch.into), folder_rule(batch.paths, batch.key)
    observed, problems, doubts = [], [], 0
    for log in batch.logs:
        try:
            one, found = _observed(logs, log)
            observed.append(kept(one, folder))
            doubts += found
        except FileNotFoundError:
            problems.append(f"{log.entry.name}: it went away meanwhile")
        except Exception as error:  # whatever is in a log must not end the night
            problems.append(f"{log.entry.name}: {' '.join(str(error).split())[:200] or type(error).__name__}")
    if observed:
        pushed = packed(observed, f"observations/{batch.name}")
        table.write(f"observations/{batch.name}", pushed.responses)
        table.write(f"files/{batch.name}", pushed.files)
    return Read(len(observed), sum(len(one.columns) for one in observed), doubts, tuple(problems))


def halves(batch: Batch) -> tuple[Batch, Batch]:
    """Divide a batch of several logs in two."""
    middle = len(batch.logs) // 2
    return batch._replace(logs=batch.logs[:middle]), batch._replace(logs=batch.logs[middle:])


def together(reads: Sequence[Read]) -> Read:
    """Add up what batches gave."""
    problems = tuple(problem for read in reads for problem in read.problems)
    return Read(sum(r.logs for r in reads), sum(r.responses for r in reads), sum(r.doubts for r in reads), problems)


def in_turn(batches: Sequence[Batch]) -> Read:
    """Read batches one after the other, in this process."""
    return together([read_batch(batch) for batch in batches])


def _logs(store: Lake, layout: re.Pattern[str]) -> Iterator[FoundLog]:
    for entry in store.entries(".jsonl"):
        found = layout.fullmatch(entry.name)
        if found is None or _LOGS not in found["path"] or not is_transcript(entry.name.rpartition("/")[2]):
            continue
        names = {"user": "", "team": "", **{name: value for name, value in found.groupdict().items() if name in FIELDS}}
        yield FoundLog(names["user"], names["team"], segment(names["host"])[:64], found["path"], entry)


def _seen(table: Lake) -> set[tuple[str, ...]]:
    """Return the states of logs that the table has, of which the responses are there as well."""
    there = set(table.names("observations/scan"))
    seen: set[tuple[str, ...]] = set()
    for name in table.names("files/scan"):
        if name.replace("files/", "observations/", 1) not in there:
            continue
        try:
            rows = files_of(table.read(name))
        except (BadTableError, FileNotFoundError):
            continue  # said when it is merged, and read again
        seen |= {tuple(str(row[name]) for name in ("user", "host", "source", "path", "seen")) for row in rows}
    return seen


def _observed(store: Lake, log: FoundLog) -> tuple[Observed, int]:
    """Read a log. Returns also how many of its lines are in doubt."""
    data = store.read(log.entry.name, log.entry.size)

    def opened(path: str) -> Log:
        if path != log.path:
            raise FileNotFoundError(path)  # what else there may be beside a log says nothing that is kept
        return BytesLog(data, log.entry.changed_ns)

    file = LogFile("claude", log.path, "", len(data), log.entry.changed_ns, 0, 0)
    found = read_columns(file, opener=opened)
    undated = date_undated(found.columns, log.path, log.entry.changed_ns // 1_000_000)
    is_same = len(data) == log.entry.size and store.entry(log.entry.name).tag == log.entry.tag
    key = FileKey(log.host, "claude", log.path)
    facts = (found.facts, *found.sessions)
    one = Observed(log.user, log.team, key, found.columns, facts, log.seen if is_same else "")
    return one, len(found.problems) + len(undated)
