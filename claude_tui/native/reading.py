"""What the core read, as the reader in Python gives it: columns, facts and checkpoint of each file.

Must not price or decide what a line means: titles are read by `FactsGatherer`, as ever.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from struct import Struct
from typing import Final, NamedTuple

import orjson

from claude_tui.native.library import VERSION, Core, threads_for
from claude_tui.sources.claude.counting.rule import terms_without_split
from claude_tui.sources.claude.discovery import AGENT
from claude_tui.sources.claude.facts import NOTES, FactsGatherer, Told, is_note, with_agent_type
from claude_tui.sources.columns import Columns, RowOwner
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileFacts
from claude_tui.sources.reading.log import open_flags

MAX_FILE: Final = 64 << 20
"""Bytes of the largest file that the core is given: it holds one of them per thread."""

TITLES: Final = ("summary", "ai-title", "custom-title")
_KNOWN: Final = {"system", *TITLES}
"""Kinds of notes that the core knows; with any other it hands the file back."""

_FIRST_DAY: Final = datetime(2023, 1, 1, tzinfo=timezone.utc)
"""No client is older."""

_HEADER: Final = Struct("<10q")
_FILE: Final = Struct("<24q")
_NOTE: Final = Struct("<3q")
_SUM: Final = Struct("<15q")
_PAIR: Final = Struct("<2q")
_TEXTS: Final = 7
_UNSIGNED: Final = 1 << 64
_LATER_MS: Final = 1 << 62
_WIDE: Final = ("key", "time", "input", "output", "write_5m", "write_1h", "cache_read", "offset")
_SECTIONS: Final = (
    "files", "key", "time", "owner", "model", "input", "output", "write_5m", "write_1h", "cache_read", "offset",
    "flags", "rare", "sums", "heap", "notes", "note_bytes", "terms", "owner_times",
)  # fmt: skip


class Days(NamedTuple):
    """When local days begin, in milliseconds, from one given as its proleptic ordinal; the last only ends a day."""

    first: int
    starts: Sequence[int]


UTC_DAYS: Final = Days(
    _FIRST_DAY.toordinal(),
    [int((_FIRST_DAY + timedelta(days)).timestamp()) * 1000 for days in range(365 * 30)],
)


class Sum(NamedTuple):
    """Responses of one day, owner and model of one file, whose prices may add up, and the longest prompt of them.

    `is_assumed`: how long their cache writes live is not known.
    """

    day: int
    owner: int
    model: int
    is_assumed: int
    longest: int
    responses: int
    lower_bounds: int
    first_ms: int
    last_ms: int
    input: int
    output: int
    write_5m: int
    write_1h: int
    cache_read: int
    web_search: int


class FileRead(NamedTuple):
    """What one file says. Its rows, owners, models and sums lie behind those of the file before it."""

    facts: FileFacts
    checkpoint: Checkpoint
    lines: int
    rows: int
    owners: int
    models: int
    sums: int


class Answer(NamedTuple):
    """What several files say; None for each that Python must read. `columns` and `sums` are of all the others."""

    files: list[FileRead | None]
    columns: Columns
    sums: list[Sum]


def read_files(
    core: Core, files: Sequence[tuple[str, int]], days: Days = UTC_DAYS, latest_ms: int = _LATER_MS, threads: int = 0
) -> Answer:
    """Read whole transcripts, given as (path, size). A response after `latest_ms` or out of `days` is for Python.

    Raises ValueError if the core fails.
    """
    sizes = [size for _, size in files]
    answer = core.read(_request(files, days, latest_ms, threads or threads_for(sizes)))
    number, *ends = array("q", answer[: 8 * (len(_SECTIONS) + 1)].tobytes())
    if number != len(_SECTIONS):
        raise ValueError("the core's answer has another shape")
    starts = [8 * (number + 1), *ends]
    parts = {name: answer[starts[at] : starts[at + 1]] for at, name in enumerate(_SECTIONS)}
    texts = iter(bytes(parts["heap"]).decode().split("\0"))
    columns = _columns(parts)
    notes = _notes(parts["notes"], parts["note_bytes"])
    read: list[FileRead | None] = []
    for place, ((path, _), numbers) in enumerate(zip(files, _FILE.iter_unpack(parts["files"]), strict=True)):
        read.append(_file(path, numbers, texts, columns, notes.get(place, ())) if numbers[0] else None)
    for entry, terms in _PAIR.iter_unpack(parts["terms"]):
        one = columns.usage(entry)
        tier = "standard" if terms == 1 else None
        columns.terms[entry] = terms_without_split(one.input, one.output, one.cache_write_5m, one.cache_read, tier)
    return Answer(read, columns, list(map(Sum._make, _SUM.iter_unpack(parts["sums"]))))


def read_columns(core: Core, path: str) -> ColumnsRead | None:
    """Read one whole transcript as `sources.claude.fast.read_columns` does; None if that must."""
    try:
        size = os.stat(path).st_size
    except OSError:
        return None
    (found,), columns, _ = read_files(core, [(path, size)])
    if found is None:
        return None
    return ColumnsRead(columns, found.checkpoint, found.facts, Problems(), False, found.checkpoint.offset, found.lines)


def _request(files: Sequence[tuple[str, int]], days: Days, latest_ms: int, threads: int) -> bytes:
    kinds = "\n".join("\0".join(sorted(some)) for some in (TITLES, NOTES - _KNOWN)).encode()
    told = array("q")
    for path, size in files:
        told.extend((size, os.path.basename(path).startswith(AGENT)))
    header = (
        VERSION, len(files), threads, MAX_FILE, latest_ms, open_flags(), len(days.starts), days.first, len(kinds), 0,
    )  # fmt: skip
    paths = b"\0".join(os.fsencode(path) for path, _ in files)
    return b"".join((_HEADER.pack(*header), array("q", days.starts).tobytes(), told.tobytes(), kinds, paths))


def _columns(parts: dict[str, memoryview]) -> Columns:
    columns = Columns("claude")
    for name in (*_WIDE, "owner", "model", "flags"):
        getattr(columns, name).frombytes(parts[name])
    columns.web_search.update(_PAIR.iter_unpack(parts["rare"]))
    columns.owner_time.update(_PAIR.iter_unpack(parts["owner_times"]))
    return columns


def _notes(places: memoryview, lines: memoryview) -> dict[int, list[tuple[int, bytes]]]:
    found: dict[int, list[tuple[int, bytes]]] = {}
    at = 0
    for place, offset, size in _NOTE.iter_unpack(places):
        found.setdefault(place, []).append((offset, bytes(lines[at : at + size])))
        at += size
    return found


def _file(
    path: str, numbers: tuple[int, ...], texts: Iterator[str], columns: Columns, notes: Sequence[tuple[int, bytes]]
) -> FileRead:
    (
        _, dev, ino, size, lines, head, anchor, usage_ms, context_ms, context_tokens, largest, near_ms, kind, has_call,
        has_result, turn_ms, rows, owners, models, _, sums, compactions, compacted, asked,
    ) = numbers  # fmt: skip
    named, cwd, agent, context_model, *turn = (next(texts) for _ in range(_TEXTS))
    columns.owners += [RowOwner(next(texts), next(texts), next(texts)) for _ in range(owners)]
    columns.models += [next(texts) for _ in range(models)]
    facts = FactsGatherer(path)
    for _ in range(asked):
        facts.see_asked(next(texts), next(texts))
    told = Told(
        named,
        cwd,
        agent,
        usage_ms,
        context_ms,
        (context_tokens, context_model),
        largest,
        compactions,
        compacted,
        near_ms,
    )
    facts.take(told)
    for offset, note in notes:
        if is_note(note):
            facts.see_note(orjson.loads(note), offset)
    if kind:
        blocks = [name for name, has in (("tool_use", has_call), ("tool_result", has_result)) if has]
        branch, version, session = turn
        facts.set_turn("assistant" if kind == 2 else "user", blocks, (branch, version, session), turn_ms)
    head_hash, anchor_hash = (number.to_bytes(8, "little", signed=True) for number in (head, anchor))
    checkpoint = Checkpoint(
        dev % _UNSIGNED, ino % _UNSIGNED, size, head=head_hash, anchor=anchor_hash, state=facts.state()
    )
    return FileRead(with_agent_type(facts.facts(), path), checkpoint, lines, rows, owners, models, sums)
