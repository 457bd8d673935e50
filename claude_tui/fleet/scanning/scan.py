"""Reads raw logs that lie in a store, as if each machine had pushed its own: the objects that are new or changed.

What was read is noted beside its responses, so a night that was cut off goes on where it ended. A batch's objects are
named by what was read, so that reading it twice writes the same. One bad log is a problem of its own, and never ends
the night. Must not settle or price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from claude_tui.engine.ledger.file.record import FileKey
from claude_tui.engine.state.doubtful import date_undated
from claude_tui.fleet.lake import Lake, LakeObject
from claude_tui.fleet.paths_rule import digest, folder_rule
from claude_tui.fleet.push import segment
from claude_tui.fleet.pushed.observed import Observed, kept
from claude_tui.fleet.pushed.packing import BadTableError, files_of, packed
from claude_tui.fleet.scanning.staging import logs_of, place_of, staged
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.discovery import is_transcript
from claude_tui.sources.codex.discovery import is_rollout
from claude_tui.sources.protocol import ColumnsRead, LogFile
from claude_tui.sources.reading.log import BytesLog, Log
from claude_tui.sources.registry import LINKED, OPENED, read_columns

READER: Final = "1"
"""Changes when logs must be read anew because more is read of them."""
FIELDS: Final = ("team", "user", "host")

_LOGS: Final = "/projects/"
"""The folder of Claude Code's transcripts."""


CLAUDE: Final = "claude"
"""The client whose logs are known by any `projects` folder; those of the others by the client's own."""
CODEX: Final = "codex"
"""The client whose logs are read each alone, and may refer to one another."""


class FoundLog(NamedTuple):
    """A log in a store, whose it is, and its path on its machine: a transcript, a rollout of Codex, or the folder of
    another client, with an object for each file in it."""

    user: str
    team: str
    host: str
    source: str
    path: str
    entries: tuple[LakeObject, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by in a table: host, client and path, of which no name is said."""
        return self.host, self.source, digest(self.path)

    @property
    def seen(self) -> str:
        """The state of its objects, as this reader reads them."""
        if self.source in OPENED:
            return f"{READER}-{self.entries[0].tag}"
        return f"{READER}-{digest(repr((self.path, [(entry.name, entry.tag) for entry in self.entries])))}"

    @property
    def state(self) -> tuple[str, ...]:
        """What a table notes of it once it was read. The files of a folder are noted under their own paths."""
        host, source, path = self.key
        return self.user, host, source, path if source in OPENED else "", self.seen

    @property
    def size(self) -> int:
        """Its bytes in the store."""
        return sum(entry.size for entry in self.entries)

    @property
    def name(self) -> str:
        """What it is called in the store, for messages."""
        first = self.entries[0].name
        return first if self.source in OPENED else f"{first[: first.index(self.path) + len(self.path)]}/"


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
    fresh = [log for log in all_logs if log.state not in seen]
    batches: list[Batch] = []
    open_logs: list[FoundLog] = []
    size = 0
    for log in fresh:
        if open_logs and size + log.size > batch_bytes:
            batches.append(Batch(logs.url, table.url, paths, key, tuple(open_logs)))
            open_logs, size = [], 0
        open_logs.append(log)
        size += log.size
    if open_logs:
        batches.append(Batch(logs.url, table.url, paths, key, tuple(open_logs)))
    return Scanned(len(all_logs), batches, len(fresh), sum(log.size for log in fresh))


def read_batch(batch: Batch) -> Read:
    """Read the logs of a batch and write what they say. Raises LakeError if that cannot be written."""
    logs, table, folder = Lake(batch.url), Lake(batch.into), folder_rule(batch.paths, batch.key)
    observed: list[Observed] = []
    problems: list[str] = []
    count = doubts = 0
    for log in batch.logs:
        try:
            found = _observed(logs, log) if log.source in OPENED else _observed_together(logs, log)
        except FileNotFoundError:
            problems.append(f"{log.name}: it went away meanwhile")
        except Exception as error:  # whatever is in a log must not end the night
            problems.append(f"{log.name}: {_line(error)}")
        else:
            observed += [kept(one, folder) for one in found.observed]
            problems += found.problems
            doubts += found.doubts
            count += 1
    if observed:
        pushed = packed(observed, f"observations/{batch.name}")
        table.write(f"observations/{batch.name}", pushed.responses)
        table.write(f"files/{batch.name}", pushed.files)
    return Read(count, sum(len(one.columns) for one in observed), doubts, tuple(problems))


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
    """Yield transcripts and rollouts in order, then the folders of other clients in the order of their first object."""
    folders: dict[tuple[str, str, str, str, str], list[LakeObject]] = {}
    for entry in store.entries(""):
        found = layout.fullmatch(entry.name)
        if found is None:
            continue
        names = {"user": "", "team": "", **{name: value for name, value in found.groupdict().items() if name in FIELDS}}
        owner = names["user"], names["team"], segment(names["host"])[:64]
        place = place_of(found["path"])
        if place is not None and place.client == CODEX:
            if is_rollout(place.name.rpartition("/")[2]):
                yield FoundLog(*owner, CODEX, found["path"], (entry,))
        elif place is not None:
            folders.setdefault((*owner, place.client, place.root), []).append(entry)
        elif _LOGS in found["path"] and is_transcript(entry.name.rpartition("/")[2]):
            yield FoundLog(*owner, CLAUDE, found["path"], (entry,))
    for (user, team, host, client, root), entries in folders.items():
        yield FoundLog(user, team, host, client, root, tuple(entries))


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
        for row in rows:
            user, host, source, path, state = (str(row[name]) for name in ("user", "host", "source", "path", "seen"))
            seen.add((user, host, source, path if source in OPENED else "", state))
    return seen


class _Found(NamedTuple):
    """What reading a log gave: what is to be kept of its files, doubts about their lines, files that are unreadable."""

    observed: list[Observed]
    doubts: int
    problems: list[str]


def _observed(store: Lake, log: FoundLog) -> _Found:
    """Read a transcript or a rollout."""
    (entry,) = log.entries
    data = store.read(entry.name, entry.size)
    top = entry.name[: -len(log.path)]
    place = place_of(log.path)
    root = place.root if place is not None else ""

    def opened(path: str) -> Log:
        if path == log.path:
            return BytesLog(data, entry.changed_ns)
        if log.source not in LINKED:
            raise FileNotFoundError(path)  # what else there may be beside it says nothing that is kept
        return BytesLog(*fetched(path))

    @cache
    def fetched(path: str) -> tuple[bytes, int]:
        other = store.entry(top + path)
        return store.read(other.name, other.size), other.changed_ns

    def beside() -> list[str]:
        """List the rollouts of the machine: one that was forked refers to another."""
        return [name[len(top) :] for name in store.names(top + root, "") if is_rollout(name.rpartition("/")[2])]

    file = LogFile(log.source, log.path, root, len(data), entry.changed_ns, 0, 0)
    one, doubts = _said(log, file, read_columns(file, opener=opened, beside=beside))
    is_same = len(data) == entry.size and store.entry(entry.name).tag == entry.tag
    return _Found([one._replace(seen=log.seen if is_same else "")], doubts, [])


def _observed_together(store: Lake, log: FoundLog) -> _Found:
    """Read all logs in a client's folder. If one cannot be read or a file changed, all are read again next night."""
    observed: list[Observed] = []
    problems: list[str] = []
    doubts = 0
    below = log.name
    files = [(entry.name[len(below) :], entry) for entry in log.entries]
    with staged(log.path, files, lambda entry: store.read(entry.name, entry.size)) as top:
        for file, read in logs_of(log.source, log.path, top):
            try:
                one, found = _said(log, file, read())
            except OSError as error:
                problems.append(f"{below}{file.path[len(log.path) + 1 :]}: {error.strerror or _line(error)}")
            else:
                observed.append(one)
                doubts += found
    is_same = not problems and all(store.entry(entry.name).tag == entry.tag for entry in log.entries)
    seen = log.seen if is_same else ""
    return _Found([one._replace(seen=seen) for one in observed], doubts, problems)


def _said(log: FoundLog, file: LogFile, found: ColumnsRead) -> tuple[Observed, int]:
    """Return what a file said, and how many of its lines are in doubt."""
    undated = date_undated(found.columns, file.path, file.mtime_ns // 1_000_000)
    key = FileKey(log.host, log.source, file.path)
    facts = (found.facts, *found.sessions)
    return Observed(log.user, log.team, key, found.columns, facts), len(found.problems) + len(undated)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
