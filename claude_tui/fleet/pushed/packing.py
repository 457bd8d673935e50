"""A push as two objects of Parquet: the responses of log files, and the files. Checked when they are read.

One push is two objects: `observations/...` has a row for every response a file says, `files/...` a row for every file,
in the same order. The second is written last and names the first, so a push exists or it does not. Must not know
where the objects lie, nor what may be in them.
"""

from __future__ import annotations

import io
import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from claude_tui.clients import SOURCES
from claude_tui.engine.ledger.file.record import FileKey, facts_to_json
from claude_tui.engine.ledger.file.runs import extra_of_json, extra_to_json
from claude_tui.engine.ledger.file.sound import facts_of_json, unsound, unsound_place, without
from claude_tui.fleet.parquet import NAME, parquet, read_parquet
from claude_tui.fleet.pushed.observed import Observed
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns, RowOwner, put_or_drop
from claude_tui.sources.protocol import FileFacts

_PLAIN: Final = ("key", "time", "offset", "input", "output", "write_5m", "write_1h", "cache_read")
_RARE: Final = ("web_search", "reported", "owner_time")
RESPONSES: Final = pa.schema(
    [("file", pa.int32())]
    + [(name, pa.int64()) for name in (*_PLAIN, *_RARE)]
    + [("flags", pa.uint8())]
    + [(name, NAME) for name in ("session", "agent", "cwd", "model", "terms", "extras")]
)
FILES: Final = pa.schema(
    [(name, pa.string()) for name in ("observations", "user", "team", "host", "source", "path", "facts")]
    + [("responses", pa.int64()), ("seen", pa.string())]
)


class Pushed(NamedTuple):
    """The two objects of a push: the responses, and the files, which are to be written last."""

    responses: bytes
    files: bytes


class PushSummary(NamedTuple):
    """What is compared of a push before it is taken apart: its files as rows, the sessions that each names, and keys.

    `sessions` are pairs of a file's number and a session; `keys` and `file`, the file's number, are of every response.
    """

    files: list[dict[str, Any]]
    sessions: list[tuple[int, str]]
    keys: Any
    file: Any


class BadTableError(ValueError):
    """An object is not what claude-top writes. The text says why in a few words."""


def packed(files: Sequence[Observed], name: str) -> Pushed:
    """Return files as two objects, the first of which is to be called `name`. The same files give the same bytes."""
    values: dict[str, list[Any]] = {field.name: [] for field in RESPONSES}
    for number, observed in enumerate(files):
        _add(values, number, observed.columns)
    rows = [
        {
            "observations": name, "user": one.user, "team": one.team, **one.key._asdict(),
            "facts": json.dumps([facts_to_json(facts) for facts in one.facts], sort_keys=True),
            "responses": len(one.columns), "seen": one.seen,
        }
        for one in files
    ]  # fmt: skip
    return Pushed(parquet(pa.table(values, schema=RESPONSES)), parquet(pa.Table.from_pylist(rows, schema=FILES)))


def observations_of(files: bytes) -> str:
    """Return the name of the responses that belong to an object of files. Raises BadTableError."""
    table = _table(files, FILES)
    names = table.column("observations").unique().to_pylist()
    if len(names) != 1 or not isinstance(names[0], str) or ".." in names[0]:
        raise BadTableError("its responses are not named")
    return str(names[0])


def files_of(files: bytes) -> list[dict[str, Any]]:
    """Return the rows of an object of files. Raises BadTableError."""
    rows: list[dict[str, Any]] = _table(files, FILES).to_pylist()
    return rows


def said_by(pushed: Pushed) -> PushSummary:
    """Return what of a push is compared. Raises BadTableError."""
    files, table = files_of(pushed.files), _responses_of(pushed)
    plain = pa.table({"file": table.column("file"), "session": table.column("session").cast(pa.string())})
    pairs = plain.group_by(["file", "session"]).aggregate([])
    sessions = list(zip(pairs.column("file").to_pylist(), pairs.column("session").to_pylist(), strict=True))
    return PushSummary(files, sessions, table.column("key"), table.column("file"))


def split(pushed: Pushed, part_of: Callable[[tuple[str, str, str]], int]) -> dict[int, Pushed]:
    """Return what of a push is in each part, of which `part_of` knows by host, source and path. Raises
    BadTableError."""
    files, table = _table(pushed.files, FILES), _responses_of(pushed)
    rows = files.to_pylist()
    parts = [part_of((row["host"], row["source"], row["path"])) for row in rows]
    counts = [0] * len(rows)
    for one in table.group_by("file").aggregate([([], "count_all")]).to_pylist():
        counts[one["file"]] = one["count_all"]
    if counts != [row["responses"] for row in rows]:
        raise BadTableError("its responses are not those of its files")
    found = {}
    for part in sorted(set(parts)):
        mine = [number for number, one in enumerate(parts) if one == part]
        new: list[int | None] = [None] * len(rows)
        for at, number in enumerate(mine):
            new[number] = at
        numbers = pa.array(new, pa.int32()).take(table.column("file"))
        own = table.set_column(0, RESPONSES.field("file"), numbers).filter(numbers.is_valid())
        found[part] = Pushed(parquet(own), parquet(files.take(mine)))
    return found


def unpacked(files: bytes, responses: bytes, on_bad: Callable[[str], object]) -> list[Observed]:
    """Return the files of a push. What makes no sense is left out and told to `on_bad`, a response or file at a time.

    Raises BadTableError if an object is not one of ours, or the two do not belong together.
    """
    rows = _table(files, FILES).to_pylist()
    columns = _columns(_table(responses, RESPONSES), [row["source"] for row in rows])
    if [len(one) for one in columns] != [row["responses"] for row in rows]:
        raise BadTableError("its responses are not those of its files")
    found = []
    for row, own in zip(rows, columns, strict=True):
        key = FileKey(str(row["host"]), str(row["source"]), str(row["path"]))
        if key.source not in SOURCES or unsound_place(*key):
            on_bad("a file without a name")
            continue
        bad = unsound(own)
        for why in bad.values():
            on_bad(why)
        found.append(
            Observed(str(row["user"]), str(row["team"]), key, without(own, bad), tuple(_facts(row["facts"], on_bad)))
        )
    return found


def _add(values: dict[str, list[Any]], number: int, columns: Columns) -> None:
    count = len(columns)
    values["file"] += [number] * count
    for name in (*_PLAIN, "flags"):
        values[name] += getattr(columns, name)
    for name in _RARE:
        rare = getattr(columns, name)
        values[name] += [rare.get(entry) for entry in range(count)] if rare else [None] * count
    owners = [columns.owners[owner] for owner in columns.owner]
    for name in RowOwner._fields:
        values[name] += [_unicode(getattr(owner, name)) for owner in owners]
    values["model"] += [_unicode(columns.models[model]) for model in columns.model]
    values["terms"] += [columns.terms.get(entry) for entry in range(count)]
    values["extras"] += [
        json.dumps([extra_to_json(extra) for extra in columns.extras[entry]]) if entry in columns.extras else None
        for entry in range(count)
    ]


def _columns(table: Any, sources: Sequence[str]) -> list[Columns]:
    """Return the responses by file. Raises BadTableError."""
    table = table.combine_chunks()
    files = _numbers(table, "file", "i")
    starts = [bisect_left(files, number) for number in range(len(sources) + 1)]
    if list(files) != sorted(files) or starts[0] or (files and not 0 <= files[-1] < len(sources)):
        raise BadTableError("its responses are not in the order of its files")
    numbers = {name: _numbers(table, name, "q") for name in _PLAIN}
    flags = _numbers(table, "flags", "B")
    texts = {name: _texts(table, name) for name in (*RowOwner._fields, "model")}
    rare = {
        name: {at: value for at, value in enumerate(table.column(name).to_pylist()) if value is not None}
        for name in (*_RARE, "terms", "extras")
        if table.column(name).null_count < len(table)
    }
    found = []
    for source, start, end in zip(sources, starts, starts[1:], strict=False):
        columns = Columns(source)
        for name, values in numbers.items():
            setattr(columns, name, values[start:end])
        columns.flags = flags[start:end]
        owners: dict[RowOwner, int] = {}
        models: dict[str, int] = {}
        named = zip(*(texts[name][start:end] for name in RowOwner._fields), strict=True)
        columns.owner = array("i", [owners.setdefault(owner, len(owners)) for owner in map(RowOwner._make, named)])
        columns.model = array("i", [models.setdefault(one, len(models)) for one in texts["model"][start:end]])
        columns.owners, columns.models = list(owners), list(models)
        found.append(columns)
    try:
        for name, entries in rare.items():
            for at, value in entries.items():
                columns = found[files[at]]
                _put_rare(columns, at - starts[files[at]], name, value)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadTableError("its responses make no sense") from error
    return found


def _numbers(table: Any, name: str, kind: str) -> array[int]:
    """Return a column of integers without its detour over Python's own. Raises BadTableError if some are missing."""
    column = table.column(name).combine_chunks()
    if column.null_count:
        raise BadTableError(f"responses without {name}")
    values = array(kind)
    if len(column):
        at, size = column.offset * values.itemsize, len(column) * values.itemsize
        values.frombytes(memoryview(column.buffers()[1])[at : at + size])
    return values


def _texts(table: Any, name: str) -> list[str]:
    """Return a column of names. Raises BadTableError if some are missing."""
    column = table.column(name).unify_dictionaries().combine_chunks()
    if column.null_count:
        raise BadTableError(f"responses without {name}")
    if not len(column):
        return []
    names: list[str] = column.dictionary.to_pylist()
    return list(map(names.__getitem__, column.indices.to_pylist()))


def _put_rare(columns: Columns, entry: int, name: str, value: Any) -> None:
    if name == "web_search":
        put_or_drop(columns.web_search, entry, value)
    elif name == "extras":
        columns.extras[entry] = tuple(extra_of_json(extra) for extra in json.loads(value))
    else:
        getattr(columns, name)[entry] = value


def _facts(text: str, on_bad: Callable[[str], object]) -> Iterable[FileFacts]:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        found = None
    for one in found if isinstance(found, list) else [None]:
        try:
            yield facts_of_json(one)
        except ValueError as error:
            on_bad(str(error))


def _responses_of(pushed: Pushed) -> Any:
    """Return the responses of a push. Raises BadTableError if a file's number is none."""
    table = _table(pushed.responses, RESPONSES)
    count = pq.read_metadata(io.BytesIO(pushed.files)).num_rows
    files = table.column("file").unique().to_pylist()
    if not all(isinstance(number, int) and 0 <= number < count for number in files):
        raise BadTableError("its responses are not in the order of its files")
    return table


def _table(data: bytes, schema: Any) -> Any:
    try:
        table = read_parquet(data)
        if schema is FILES and "seen" not in table.column_names:
            table = table.append_column("seen", pa.nulls(len(table), pa.string()))  # pushed by an earlier version
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise BadTableError("not a table of claude-top") from error


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
