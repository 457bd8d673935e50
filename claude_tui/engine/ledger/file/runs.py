"""Settled responses as bytes and back: the content of one row of the ledger.

A run is up to `RUN` responses of one file: a count, the plain columns one after another (little-endian), then the rest
as JSON. Raw counters and terms are stored, never costs, so prices are applied when they are read. Must not know SQLite,
nor trust the bytes it reads.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

import orjson

from claude_tui.model import Extra, Usage
from claude_tui.sources.columns import Columns, Owner

RUN: Final = 128
"""Responses per run. A new line of a log rewrites one run, not all that is known of the file."""

_WIDE: Final = ("key", "time", "input", "output", "write_5m", "write_1h", "cache_read", "offset")
_RARE: Final = ("web_search", "terms", "reported", "owner_time")
_ENTRY_BYTES: Final = 8 * len(_WIDE) + 2 * array("i").itemsize + 1
_SWAP: Final = sys.byteorder == "big"


class BadRunError(ValueError):
    """The bytes are not a run of responses."""


def encode(columns: Columns, start: int, stop: int) -> bytes:
    """Return entries `start` to `stop` of a file's columns as a run."""
    span = range(start, stop)
    owner, owners = _numbered(columns.owner[start:stop])
    model, models = _numbered(columns.model[start:stop])
    rest: dict[str, Any] = {
        "owners": [columns.owners[number] for number in owners],
        "models": [columns.models[number] for number in models],
    }
    if columns.names:
        rest["names"] = columns.names[start:stop]
    for name in _RARE:
        table = getattr(columns, name)
        found = [[entry - start, table[entry]] for entry in span if entry in table] if table else []
        if found:
            rest[name] = found
    if columns.extras:
        rest["extras"] = [
            [entry - start, columns.extras[entry]] for entry in span if entry in columns.extras
        ]  # fmt: skip
        rest["extras"] = [[entry, [extra_to_json(one) for one in extras]] for entry, extras in rest["extras"]]
    parts = [struct.pack("<I", stop - start)]
    parts += [_to_bytes(getattr(columns, name)[start:stop]) for name in _WIDE]
    parts += [_to_bytes(owner), _to_bytes(model), columns.flags[start:stop].tobytes()]
    return b"".join([*parts, json.dumps(rest, separators=(",", ":")).encode("ascii")])


def decode(source: str, runs: Iterable[bytes]) -> Columns:
    """Parse the runs of a file. Raises BadRunError if one is not a run; `sound` decides whether its responses are
    valid."""
    columns = None
    try:
        for data in runs:
            found = _decoded(data, source)
            if columns is None:
                columns = found
            else:
                join(found, columns)
    except BadRunError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error, RecursionError) as error:
        raise BadRunError(str(error)) from error
    return Columns(source) if columns is None else columns


def join(found: Columns, into: Columns) -> None:
    """Append all entries of `found`, none of which may be known, to `into`."""
    start = len(into)
    for name in (*_WIDE, "flags"):
        getattr(into, name).extend(getattr(found, name))
    if found.names or into.names:
        into.names += [""] * (start - len(into.names))
        into.names += found.names or [""] * len(found)
    into.owner.extend(map(_interned(into.owners, found.owners).__getitem__, found.owner))
    into.model.extend(map(_interned(into.models, found.models).__getitem__, found.model))
    for name in (*_RARE, "extras"):
        table = getattr(found, name)
        if table:
            getattr(into, name).update((start + entry, value) for entry, value in table.items())


def extra_to_json(extra: Extra) -> list[Any]:
    """Return an extra as a JSON value."""
    return [extra.kind, extra.model, list(extra.usage), extra.terms]


def extra_of_json(value: Any) -> Extra:
    """Parse an extra. Raises BadRunError if it is not one."""
    kind, model, usage, terms = value
    if not (isinstance(kind, str) and isinstance(model, str) and isinstance(terms, str)):
        raise BadRunError("an extra without a name")
    if len(usage) != len(Usage._fields) or not all(is_count(number) for number in usage):
        raise BadRunError("an extra with bad counters")
    return Extra(kind, model, Usage(*usage), terms)


def is_count(value: object) -> bool:
    """Whether a value is a counter or an instant in stored form."""
    return type(value) is int and 0 <= value < 2**62


def _decoded(data: bytes, source: str) -> Columns:
    (count,) = struct.unpack_from("<I", data)
    if not 0 < count <= RUN or len(data) < 4 + count * _ENTRY_BYTES:
        raise BadRunError("a wrong length")
    columns = Columns(source)
    at = 4
    for name in (*_WIDE, "owner", "model", "flags"):
        column: array[int] = getattr(columns, name)
        end = at + count * column.itemsize
        column.frombytes(data[at:end])
        if _SWAP:
            column.byteswap()
        at = end
    rest = load_json(data[at:])
    columns.owners = [Owner(*_texts(owner, 3)) for owner in rest["owners"]]
    columns.models = _texts(rest["models"])
    if not (_are_numbers_of(columns.owners, columns.owner) and _are_numbers_of(columns.models, columns.model)):
        raise BadRunError("the number of an unknown owner or model")
    if "names" in rest:
        columns.names = _texts(rest["names"], count)
    columns.terms = dict(_pairs(rest, "terms", count, str))
    for name in ("web_search", "reported", "owner_time"):
        setattr(columns, name, dict(_pairs(rest, name, count, int)))
    columns.extras = {
        entry: tuple(extra_of_json(extra) for extra in extras) for entry, extras in _pairs(rest, "extras", count, list)
    }
    return columns


def load_json(data: bytes) -> Any:
    """Parse JSON, fast if possible: orjson refuses lone surrogates, which may be in paths and names."""
    try:
        return orjson.loads(data)
    except ValueError:
        return json.loads(data)


def _are_numbers_of(names: list[Any], column: array[int]) -> bool:
    if len(names) == 1:  # the usual case, told at once
        return not column.tobytes().strip(b"\0")
    numbers = set(column)
    return min(numbers) >= 0 and max(numbers) < len(names)


def _pairs(rest: dict[str, Any], name: str, count: int, kind: type) -> Iterator[tuple[int, Any]]:
    for entry, value in rest.get(name, ()):
        if type(entry) is not int or not 0 <= entry < count or type(value) is not kind:
            raise BadRunError(f"bad {name}")
        yield entry, value


def _texts(values: Any, count: int | None = None) -> list[str]:
    if not isinstance(values, list) or count not in (None, len(values)) or set(map(type, values)) - {str}:
        raise BadRunError("invalid name")
    return values


def _numbered(numbers: array[int]) -> tuple[array[int], list[int]]:
    """Renumber the values of a slice from 0. Returns the new numbers and what each stands for."""
    used = dict.fromkeys(numbers)
    new = dict(zip(used, range(len(used)), strict=True))
    return array("i", map(new.__getitem__, numbers)), list(used)


def _interned(known: list[Any], found: list[Any]) -> list[int]:
    """Return the number in `known` of each of `found`, adding those that are missing."""
    if not known:
        known.extend(found)
        return list(range(len(found)))
    numbers = {value: number for number, value in enumerate(known)}
    for value in chain(found):
        if value not in numbers:
            numbers[value] = len(known)
            known.append(value)
    return [numbers[value] for value in found]


def _to_bytes(column: array[int]) -> bytes:
    if _SWAP:
        column.byteswap()
    return column.tobytes()
