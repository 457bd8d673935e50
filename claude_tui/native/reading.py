"""What the core read, as the reader in Python gives it: columns, facts and checkpoint of each file.

Must not price or decide what a line means: a line that needs a decision is handed on.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from itertools import islice, repeat
from struct import Struct
from sys import intern
from typing import Final

from claude_tui.native.core import VERSION, Core, threads_for
from claude_tui.records import NamedTuple
from claude_tui.sources.checkpoints import checkpoint_of
from claude_tui.sources.claude.discovery import session_of_path
from claude_tui.sources.claude.facts import NOTES
from claude_tui.sources.claude.recognition import KINDS
from claude_tui.sources.columns import Columns, Repeated, RowOwner
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileFacts
from claude_tui.sources.reading.log import open_flags
from claude_tui.sources.record_columns import RecordColumns

MAX_FILE: Final = 64 << 20
"""Bytes of the largest file that the core is given: it holds one of them per thread."""

KNOWN: Final = frozenset({"system", "summary", "ai-title", "custom-title"})
"""Kinds of notes that the core knows. Lines of any other it hands back."""

_FIRST_DAY: Final = datetime(2023, 1, 1, tzinfo=timezone.utc)
"""No client is older."""
_DAY_MS: Final = 86_400_000

_HEADER: Final = Struct("<12q")
_SUM: Final = Struct("<15q")
_PAIR: Final = Struct("<2q")
_FILE: Final = 16
"""Numbers of a file."""
_TEXTS: Final = 10
"""Texts of a file."""
_LATER_MS: Final = 1 << 62
_owner: Final = partial(tuple.__new__, RowOwner)
_file_facts: Final = partial(tuple.__new__, FileFacts)
"""Make one of a tuple, for there may be tens of thousands: their own way takes three times as long."""
_NOTHING: Final[list[tuple[int, bytes]]] = []
"""The lines that are left of most files: not to be changed."""
_WIDE: Final = ("key", "time", "input", "output", "write_5m", "write_1h", "cache_read", "offset")
_SECTIONS: Final = (
    "files", "checkpoints", "texts", "key", "time", "owner", "model", "input", "output", "write_5m", "write_1h",
    "cache_read", "offset", "flags", "rare", "sums", "owners", "models", "names", "left", "left_bytes", "terms",
    "terms_texts", "owner_times", "alone", "first", "again",
)  # fmt: skip


class Days(NamedTuple):
    """When local days begin, in milliseconds, from one given as its proleptic ordinal; the last only ends a day."""

    first: int
    starts: Sequence[int]


NO_DAYS: Final = Days(0, [])

_FIRST_MS: Final = int(_FIRST_DAY.timestamp()) * 1000

UTC_DAYS: Final = Days(_FIRST_DAY.toordinal(), range(_FIRST_MS, _FIRST_MS + 365 * 30 * _DAY_MS, _DAY_MS))


Sum = tuple[int, ...]
"""Responses of one day, owner and model of one file, whose prices may add up: these three; whether it is not known how
long their cache writes live; the longest prompt of them; how many they are, and how many of them are lower bounds; the
first and the last instant; input, output, cache writes for 5 minutes and for an hour, cache reads, web searches."""


class CoreFile(NamedTuple):
    """What one file says. Its rows and sums lie behind those of the file before it.

    `place` is its place among the files asked for, `reached` its checkpoint, which is at `end`. `is_known`: though
    nothing counts in it, it was understood.
    `alone` of its entries are in no sum, since their prices do not add up. `left` are lines by their offset that are
    still to be read, and with `has_more` there is something behind the last whole line: the facts and the checkpoint
    are those without them. With `is_end_left` the facts are right only if what is left holds nothing.
    """

    place: int
    facts: FileFacts
    reached: bytes
    end: int
    lines: int
    rows: int
    sums: int
    left: list[tuple[int, bytes]]
    has_more: bool
    is_end_left: bool
    is_known: bool
    alone: int

    @property
    def checkpoint(self) -> Checkpoint:
        """How far it was read."""
        return checkpoint_of(self.reached)

    @property
    def is_all(self) -> bool:
        """Whether nothing is left."""
        return not self.left and not self.has_more


class CoreAnswer(NamedTuple):
    """What files say, but for those that Python must read whole, in the order asked for.

    Of the files of which nothing is left, as if they were all, `repeated` are the entries of responses that several of
    them have, and `alone` those that are in no sum beside these.
    """

    files: RecordColumns[CoreFile]
    columns: Columns
    sums: list[Sum]
    alone: list[int]
    repeated: Repeated


def read_files(
    core: Core,
    files: Sequence[tuple[str, int]],
    days: Days = UTC_DAYS,
    latest_ms: int = _LATER_MS,
    *,
    threads: int = 0,
    with_names: bool = False,
    notes: Sequence[bool] = (),
    number: int = 0,
) -> CoreAnswer:
    """Read whole transcripts, given as (path, size). A response after `latest_ms` or out of `days` is for Python.
    `notes` says beside which of them there may be a note on the type of a sub-agent: without it, beside any.
    By its `number`, if it has one, it can be stopped: what was not read then is for Python.

    Raises ValueError if the core fails.
    """
    threads = threads or threads_for([size for _, size in files])
    asked = request(files, days, latest_ms, threads, with_names=with_names, notes=notes, number=number)
    parts = parts_of(core.read(asked), _SECTIONS)
    return CoreAnswer(
        _files(parts, [path for path, _ in files]),
        _columns(parts),
        list(_SUM.iter_unpack(parts["sums"])),
        _numbers(parts["alone"]),
        Repeated(_numbers(parts["first"]), _numbers(parts["again"])),
    )


def read_columns(core: Core, path: str) -> ColumnsRead | None:
    """Read one whole transcript as `sources.claude.fast.read_columns` does; None where anything is left to that."""
    try:
        size = os.stat(path).st_size
    except OSError:
        return None
    files, columns, *_ = read_files(core, [(path, size)])
    if not files or not files[0].is_all:
        return None
    (found,) = files
    return ColumnsRead(columns, found.checkpoint, found.facts, Problems(), False, found.end, found.lines)


def parts_of(answer: memoryview, names: Sequence[str]) -> dict[str, memoryview]:
    """Return the sections of an answer by their names. Raises ValueError if it has another number of them."""
    number, *ends = array("q", answer[: 8 * (len(names) + 1)].tobytes())
    if number != len(names):
        raise ValueError("the core's answer has another shape")
    starts = [8 * (number + 1), *ends]
    return {name: answer[starts[at] : starts[at + 1]] for at, name in enumerate(names)}


def request(
    files: Sequence[tuple[str, int]],
    days: Days,
    latest_ms: int,
    threads: int,
    *,
    with_names: bool,
    notes: Sequence[bool] = (),
    number: int = 0,
) -> bytes:
    """Return what the core is asked: to read whole files, given as (path, size); see `read_files`."""
    left, known = ("\0".join(sorted(kinds)).encode() for kinds in (NOTES - KNOWN, KINDS))
    header = (
        VERSION, len(files), threads, MAX_FILE, latest_ms, open_flags(), len(days.starts), days.first, len(left),
        with_names, len(known), number,
    )  # fmt: skip
    sizes = array("q", [size for _, size in files])
    may_have_notes = bytes(notes or [True] * len(files))
    paths = os.fsencode("\0".join(path for path, _ in files))
    starts = array("q", days.starts)
    return b"".join((
        _HEADER.pack(*header), starts.tobytes(), sizes.tobytes(), may_have_notes, left, known, paths,
    ))  # fmt: skip


def _columns(parts: dict[str, memoryview]) -> Columns:
    columns = Columns("claude")
    for name in (*_WIDE, "owner", "model", "flags"):
        getattr(columns, name).frombytes(parts[name])
    columns.owners = list(map(_owner, zip(*[iter(texts_of(parts["owners"]))] * 3, strict=True)))
    columns.models, columns.names = texts_of(parts["models"]), texts_of(parts["names"])
    columns.web_search.update(_PAIR.iter_unpack(parts["rare"]))
    columns.owner_time.update(_PAIR.iter_unpack(parts["owner_times"]))
    columns.terms.update(zip(array("q", parts["terms"].tobytes()), texts_of(parts["terms_texts"]), strict=True))
    return columns


def _numbers(part: memoryview) -> list[int]:
    return array("q", part.tobytes()).tolist()


def texts_of(part: memoryview) -> list[str]:
    """Return the texts of a section."""
    return str(part, "utf-8").split("\0")[:-1]


def _files(parts: dict[str, memoryview], asked: Sequence[str]) -> RecordColumns[CoreFile]:
    """Put together what each file says: column by column, which for many small files is a third of the work."""
    numbers, texts = array("q", parts["files"].tobytes()), texts_of(parts["texts"])
    (
        places, ends, more, ends_left, lines, are_agents, context_tokens, compactions, compacted, last_ms, largest,
        rows, sums, lefts, known, alone,
    ) = (numbers[at::_FILE] for at in range(_FILE))  # fmt: skip
    whose, cwds, titles, branches, versions, agents, kinds, models, turns, asked_models = (
        texts[at::_TEXTS] for at in range(_TEXTS)
    )
    if "" in whose:
        whose = [name or session_of_path(asked[place]) for name, place in zip(whose, places, strict=True)]
    sessions = ["" if is_agent else name for name, is_agent in zip(whose, are_agents, strict=True)]
    parents = [name if is_agent else "" for name, is_agent in zip(whose, are_agents, strict=True)]
    facts = zip(
        sessions, parents, map(intern, cwds), titles, map(intern, branches), map(intern, versions), agents,
        map(intern, kinds), context_tokens, map(intern, models), compactions, compacted, map(intern, turns), last_ms,
        repeat(True, len(whose)), largest, repeat("", len(whose)), asked_models,
        repeat(0, len(whose)),
        strict=True,
    )  # fmt: skip
    left = _left(parts["left"], parts["left_bytes"])
    columns = (
        places,
        list(map(_file_facts, facts)),
        parts["checkpoints"].tobytes().split(b"\0")[:-1],
        ends,
        lines,
        rows,
        sums,
        [list(islice(left, number)) if number else _NOTHING for number in lefts],
        [*map(bool, more)],
        [*map(bool, ends_left)],
        [*map(bool, known)],
        alone,
    )
    return RecordColumns(CoreFile, columns)


def _left(places: memoryview, lines: memoryview) -> Iterator[tuple[int, bytes]]:
    at = 0
    for offset, size in _PAIR.iter_unpack(places):
        yield offset, bytes(lines[at : at + size])
        at += size
