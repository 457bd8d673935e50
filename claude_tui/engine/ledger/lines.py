"""The ledger as JSON lines: one response per line, each complete in itself, in no particular order.

Lines may be cut out, sorted or joined with those of other machines, and read in twice. Must not trust a line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from claude_tui.engine.ledger.book import FileKey, facts_of_json, facts_to_json
from claude_tui.engine.ledger.history import Change
from claude_tui.engine.ledger.ledger import Ledger, clean_host
from claude_tui.engine.ledger.pieces import Piece
from claude_tui.engine.ledger.runs import check, extra_of_json, extra_to_json, is_count, join, load_json
from claude_tui.engine.ledger.schema import BUSY_S
from claude_tui.model import SOURCES
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns, Owner, key_number, put_or_drop
from claude_tui.sources.protocol import FileFacts

BATCH: Final = 20_000
"""Lines that are written in one commit."""

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
    """What reading lines in did: responses that are new, became fuller, were known so, and lines that are none."""

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


def import_jsonl(ledger: Ledger, lines: Iterable[bytes | str]) -> Imported:
    """Merge lines in. Raises LedgerError where they cannot be kept; what came before a batch that failed is."""
    gatherer = _Gatherer(lambda pieces: ledger.write(pieces, wait_s=BUSY_S).change)
    for line in lines:
        if line.strip():
            gatherer.add(line)
    gatherer.flush()
    return gatherer.done


class _Gatherer:
    """Gathers lines into the columns of their files, and writes them a batch at a time."""

    def __init__(self, write: Callable[[list[Piece]], Change]) -> None:
        self.done = Imported()
        self._write = write
        self._files: dict[FileKey, tuple[Columns, list[FileFacts], set[int]]] = {}
        self._gathered = 0

    def add(self, line: bytes | str) -> None:
        try:
            self._add(load_json(line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line))
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError, OverflowError):
            self.done = self.done._replace(bad=self.done.bad + 1)
        if self._gathered >= BATCH:
            self.flush()

    def flush(self) -> None:
        pieces = [Piece(key, columns, tuple(facts)) for key, (columns, facts, _) in self._files.items()]
        change = self._write(pieces) if pieces else Change()
        added, updated, unchanged, bad = self.done
        self.done = Imported(added + change.added, updated + change.updated, unchanged + change.unchanged, bad)
        self._files, self._gathered = {}, 0

    def _add(self, found: dict[str, Any]) -> None:
        key = FileKey(clean_host(found["host"]), found["source"], found["path"])
        if key.source not in SOURCES or not key.host or not str.strip(key.path):
            raise ValueError("of no file")
        if "facts" in found:
            self._file(key)[1].extend(map(facts_of_json, found["facts"]))
        else:
            one = _columns(found)
            if one.key[0] in self._file(key)[2]:
                self.flush()
            columns, _, keys = self._file(key)
            keys.add(one.key[0])
            join(one, columns)
        self._gathered += 1

    def _file(self, key: FileKey) -> tuple[Columns, list[FileFacts], set[int]]:
        return self._files.setdefault(key, (Columns(key.source), [], set()))


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
    """Read a response as columns of one entry. Raises ValueError, TypeError or KeyError where it is none."""
    if not all(isinstance(found[name], str) for name in _TEXTS):
        raise ValueError("a name that is none")
    numbers = ("id", "time_ms", "offset", "web_search", *_COUNTERS)
    if not all(type(found[name]) is int and found[name] >= 0 for name in numbers):
        raise ValueError("a number that is none")
    source, key = found["source"], found["key"]
    if found["id"] >= 2**63 or (key and key_number(source, key) != found["id"]):
        raise ValueError("a key that is another's")
    columns = Columns(source)
    columns.key.append(found["id"])
    columns.names = [key] if key else []
    columns.time.append(found["time_ms"])
    columns.offset.append(found["offset"])
    for name, column in _COUNTERS.items():
        getattr(columns, column).append(found[name])
    columns.owner.append(0)
    columns.owners.append(Owner(found["session"], found["agent"], found["cwd"]))
    columns.model.append(0)
    columns.models.append(found["model"])
    columns.flags.append(sum(bit for name, bit in _FLAGS.items() if found.get(name) is True))
    put_or_drop(columns.web_search, 0, found["web_search"])
    put_or_drop(columns.extras, 0, tuple(extra_of_json(extra) for extra in found.get("extras", ())))
    terms, reported, owner_time = (found.get(name) for name in ("terms", "reported_nano", "owner_time_ms"))
    if terms is not None:
        if not isinstance(terms, str):
            raise ValueError("terms that are none")
        columns.terms[0] = terms
    for value, table in ((reported, columns.reported), (owner_time, columns.owner_time)):
        if value is not None:
            if not is_count(value) and value != 2**62:
                raise ValueError("a number that is none")
            table[0] = value
    check(columns)
    return columns


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
