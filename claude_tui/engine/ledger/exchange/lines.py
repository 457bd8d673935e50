"""The ledger as JSON lines: one response per line, each complete in itself, in no particular order.

Lines may be cut out, sorted or joined with those of other machines, and read in twice. Must not trust a line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Final

from claude_tui.clients import SOURCES
from claude_tui.engine.ledger.file.record import FileKey, facts_to_json
from claude_tui.engine.ledger.file.runs import BadRunError, extra_of_json, extra_to_json, join, load_json
from claude_tui.engine.ledger.file.schema import BUSY_S, LedgerError
from claude_tui.engine.ledger.file.sound import facts_of_json, unsound, unsound_place, without
from claude_tui.engine.ledger.history import MergeResult
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import LedgerPiece
from claude_tui.engine.ledger.scope import clean_host
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns, RowOwner, key_number, put_or_drop
from claude_tui.sources.protocol import FileFacts

BATCH: Final = 20_000
"""Lines that are written in one commit."""
MAX_LINE: Final = 64 << 20
MAX_UNENDED: Final = 1 << 30
"""Bytes without a line end after which what is read is taken for no lines at all."""

_COUNTERS: Final = {
    "input": "input",
    "output": "output",
    "cache_write_5m": "write_5m",
    "cache_write_1h": "write_1h",
    "cache_read": "cache_read",
}
_FLAGS: Final = {"copy": COPY, "sidechain": SIDECHAIN, "lower_bound": LOWER_BOUND}
_TEXTS: Final = ("host", "source", "path", "key", "session", "agent", "cwd", "model")


class Imported(NamedTuple):
    """What reading lines in did: responses that are new, became fuller, were known so, and lines that are none.

    Every line of a response counts in one of them: of two lines of one response the second finds it known, or makes
    it fuller.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: int = 0


def export_jsonl(ledger: Ledger) -> Iterator[bytes]:
    """Yield everything as lines: facts of a file, then its responses. What was counted in two files comes twice."""
    for file in ledger.recall().files:
        place = file.key._asdict()
        if file.facts:
            yield _line({**place, "facts": [facts_to_json(one) for one in file.facts]})
        for entry in range(len(file.columns)):
            yield _line({**place, **_response(file.columns, entry)})


def import_jsonl(
    ledger: Ledger, lines: Iterable[bytes | str], on_bad: Callable[[int, str], object] = lambda number, why: None
) -> Imported:
    """Merge lines in. Raises LedgerError if they cannot be stored; batches before the failed one stay.

    Calls `on_bad` for each line that is left out, with its number, from 1, and the reason.
    """
    gatherer = _Gatherer(lambda pieces: ledger.write(pieces, wait_s=BUSY_S).change, on_bad)
    for number, line in enumerate(lines, 1):
        if line.strip():
            gatherer.add(number, line)
    gatherer.flush()
    return gatherer.done


def read_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, and nothing that is a line in place of one that is too long.

    Raises LedgerError if no line ends.
    """
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            left = MAX_UNENDED
            while left > 0 and (line := file.readline(1 << 20)) and not line.endswith(b"\n"):
                left -= len(line)
            if left <= 0:
                raise LedgerError("the input has no lines")
            line = b"too long"
        yield line


class _Layer(NamedTuple):
    """Responses of one file, each once, and the numbers of their lines."""

    columns: Columns
    lines: list[int]


class _Gathered:
    """What lines say of one file. A response that comes again goes to the next layer, and is merged when written."""

    def __init__(self) -> None:
        self.layers: list[_Layer] = []
        self.facts: list[FileFacts] = []
        self._times: defaultdict[int, int] = defaultdict(int)

    def add(self, one: Columns, line: int) -> None:
        key = one.key[0]
        times = self._times[key]
        if times == len(self.layers):
            self.layers.append(_Layer(Columns(one.source), []))
        layer = self.layers[times]
        join(one, layer.columns)
        layer.lines.append(line)
        self._times[key] = times + 1


class _Gatherer:
    """Gathers lines into the columns of their files, and writes them a batch at a time."""

    def __init__(self, write: Callable[[list[LedgerPiece]], MergeResult], on_bad: Callable[[int, str], object]) -> None:
        self.done = Imported()
        self._write = write
        self._on_bad = on_bad
        self._files: defaultdict[FileKey, _Gathered] = defaultdict(_Gathered)
        self._gathered = 0

    def add(self, number: int, line: bytes | str) -> None:
        try:
            self._add(number, load_json(line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line))
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError, OverflowError) as error:
            is_ours = type(error) in (ValueError, BadRunError)
            self._leave_out(number, str(error) if is_ours else "not a line of an export")
        if self._gathered >= BATCH:
            self.flush()

    def flush(self) -> None:
        pieces = [piece for key, gathered in self._files.items() for piece in self._pieces(key, gathered)]
        change = self._write(pieces) if pieces else MergeResult()
        added, updated, unchanged, bad = self.done
        self.done = Imported(added + change.added, updated + change.updated, unchanged + change.unchanged, bad)
        self._files.clear()
        self._gathered = 0

    def _pieces(self, key: FileKey, gathered: _Gathered) -> Iterator[LedgerPiece]:
        facts = tuple(gathered.facts)
        for columns, lines in gathered.layers or ([_Layer(Columns(key.source), [])] if facts else []):
            found = unsound(columns)
            for entry, why in found.items():
                self._leave_out(lines[entry], why)
            if facts or len(found) < len(columns):
                yield LedgerPiece(key, without(columns, found), facts)
            facts = ()

    def _leave_out(self, number: int, why: str) -> None:
        self.done = self.done._replace(bad=self.done.bad + 1)
        self._on_bad(number, why)

    def _add(self, number: int, found: dict[str, Any]) -> None:
        key = FileKey(clean_host(found["host"]), found["source"], found["path"])
        if key.source not in SOURCES or unsound_place(*key):
            raise ValueError("a response without a file")
        if "facts" in found:
            self._files[key].facts.extend([facts_of_json(one) for one in found["facts"]])
        else:
            self._files[key].add(_columns(found), number)
        self._gathered += 1


def _response(columns: Columns, entry: int) -> dict[str, Any]:
    owner = columns.owners[columns.owner[entry]]
    flags = columns.flags[entry]
    extras = columns.extras.get(entry, ())
    rare = {
        "owner_time_ms": columns.owner_time.get(entry),
        "terms": columns.terms.get(entry),
        "extras": [extra_to_json(extra) for extra in extras] or None,
        "reported_nano": columns.reported.get(entry),
        **{name: True if flags & bit else None for name, bit in _FLAGS.items()},
    }
    return {
        "key": columns.names[entry] if columns.names else "",
        "id": columns.key[entry],
        "time_ms": columns.time[entry],
        **owner._asdict(),
        "model": columns.models[columns.model[entry]],
        **{name: getattr(columns, column)[entry] for name, column in _COUNTERS.items()},
        "web_search": columns.web_search.get(entry, 0),
        "offset": columns.offset[entry],
        **{name: value for name, value in rare.items() if value is not None},
    }


def _columns(found: dict[str, Any]) -> Columns:
    """Read a response as columns of one entry. Raises ValueError, TypeError or KeyError if it is none.

    Whether what it says makes sense, `sound` says.
    """
    if not all(isinstance(found[name], str) for name in _TEXTS):
        raise ValueError("invalid name")
    numbers = ("id", "time_ms", "offset", "web_search", *_COUNTERS)
    if not all(type(found[name]) is int for name in numbers):
        raise ValueError("invalid number")
    source, key = found["source"], found["key"]
    if key and key_number(source, key) != found["id"]:
        raise ValueError("the key of another response")
    columns = Columns(source)
    columns.key.append(found["id"])
    columns.names = [key] if key else []
    columns.time.append(found["time_ms"])
    columns.offset.append(found["offset"])
    for name, column in _COUNTERS.items():
        getattr(columns, column).append(found[name])
    columns.owner.append(0)
    columns.owners.append(RowOwner(found["session"], found["agent"], found["cwd"]))
    columns.model.append(0)
    columns.models.append(found["model"])
    columns.flags.append(sum(bit for name, bit in _FLAGS.items() if found.get(name) is True))
    put_or_drop(columns.web_search, 0, found["web_search"])
    put_or_drop(columns.extras, 0, tuple(extra_of_json(extra) for extra in found.get("extras", ())))
    terms, reported, owner_time = (found.get(name) for name in ("terms", "reported_nano", "owner_time_ms"))
    if terms is not None:
        if not isinstance(terms, str):
            raise ValueError("invalid terms")
        columns.terms[0] = terms
    for value, table in ((reported, columns.reported), (owner_time, columns.owner_time)):
        if value is not None:
            if type(value) is not int:
                raise ValueError("invalid number")
            table[0] = value
    return columns


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
