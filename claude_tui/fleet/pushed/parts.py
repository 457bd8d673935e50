"""Divides what was pushed so that each part can be settled alone, exactly, in the memory of one part.

Files stay together if they are of one session, hold a response in common, or belong to sessions whose totals the client
carried on: nothing that a store settles reaches beyond them. Which part they are in depends on their names alone.
What is in memory at once are the names of all files and sessions, and one object. Must not settle or price anything.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.clients import TELEMETRY
from claude_tui.fleet.lake import Lake
from claude_tui.fleet.pushed.packing import (
    BadTableError,
    Pushed,
    PushSummary,
    files_of,
    observations_of,
    said_by,
    split,
)
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import unpack_totals
from claude_tui.sources.telemetry.event import client_and_session

PART_RESPONSES: Final = 1_000_000
"""About how many observed responses a part has: some 0.7 GB while it is settled."""
SLICE_KEYS: Final = 16_000_000
"""Most keys that are compared at once."""

_KEYS: Final = pa.schema([("key", pa.int64()), ("node", pa.int64())])


class PushPiece(NamedTuple):
    """A push, or what of it is in a part. `name` is what it is called in the table."""

    name: str
    pushed: Pushed


def parts_of(lake: Lake, asked: int = 0, at_work: Callable[[], object] = lambda: None) -> int:
    """Return into how many parts a table is divided: as many as are asked for, else by the number of responses.
    `at_work` is called before each object."""
    if asked:
        return asked
    responses = 0
    for name in lake.names("files"):
        at_work()
        try:
            responses += sum(row["responses"] for row in files_of(lake.read(name)))
        except (BadTableError, FileNotFoundError, TypeError):
            continue  # said when it is merged
    return max(1, -(-responses // PART_RESPONSES))


@contextmanager
def divided(
    lake: Lake, parts: int, on_problem: Callable[[str], object], at_work: Callable[[], object] = lambda: None
) -> Iterator[Callable[[int], Iterator[PushPiece]]]:
    """Give what yields the pieces of a part. What cannot be read is told and left out; `at_work` is called before each
    object. Raises LakeError."""
    if parts == 1:
        yield lambda part: _pieces(lake, on_problem, at_work)
        return
    with tempfile.TemporaryDirectory(prefix="claude-top-") as folder:
        root = Path(folder)
        part_of = _Linked(root, lake, at_work).parts(parts)
        for number, piece in enumerate(_pieces(lake, on_problem, at_work)):
            try:
                found = split(piece.pushed, part_of)
            except BadTableError as error:
                on_problem(f"{piece.name}: {error}")
                continue
            for part, pushed in found.items():
                place = root / f"{part}"
                place.mkdir(exist_ok=True)
                (place / f"{number:08d}.name").write_text(piece.name)
                (place / f"{number:08d}.files").write_bytes(pushed.files)
                (place / f"{number:08d}.responses").write_bytes(pushed.responses)
        yield lambda part: _kept(root / f"{part}")


def _pieces(lake: Lake, on_problem: Callable[[str], object], at_work: Callable[[], object]) -> Iterator[PushPiece]:
    for name in lake.names("files"):
        at_work()
        try:
            files = lake.read(name)
            yield PushPiece(name, Pushed(lake.read(observations_of(files)), files))
        except FileNotFoundError:
            on_problem(f"{name}: its responses are not there")
        except BadTableError as error:
            on_problem(f"{name}: {error}")


def _kept(place: Path) -> Iterator[PushPiece]:
    for path in sorted(place.glob("*.name")):
        files, responses = path.with_suffix(".files"), path.with_suffix(".responses")
        yield PushPiece(path.read_text(), Pushed(responses.read_bytes(), files.read_bytes()))
    shutil.rmtree(place, ignore_errors=True)


class _Linked:
    """Which files belong together."""

    def __init__(self, folder: Path, lake: Lake, at_work: Callable[[], object]) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._parents: list[int] = []
        self._folder = folder
        count = 0
        with pa.OSFile(str(folder / "keys"), "wb") as sink, pa.ipc.new_file(sink, _KEYS) as writer:
            for piece in _pieces(lake, lambda problem: None, at_work):
                try:
                    said = said_by(piece.pushed)
                except BadTableError:
                    continue
                keys = self._see(said)
                count += len(keys)
                writer.write_table(keys)
        self._join_keys(-(-count // SLICE_KEYS))

    def parts(self, parts: int) -> Callable[[tuple[str, str, str]], int]:
        """Return what gives the part of a file (host, source, path)."""
        least: dict[int, str] = {}
        names = {key: number for key, number in self._numbers.items() if isinstance(key, tuple) and len(key) == 3}
        for key, number in names.items():
            root, name = self._root(number), "\0".join(map(str, key))
            least[root] = min(name, least.get(root, name))
        of_file = {
            key: crc32(least[self._root(number)].encode("utf-8", "surrogatepass")) % parts
            for key, number in names.items()
        }
        return lambda key: of_file.get(key, 0)

    def _see(self, said: PushSummary) -> Any:
        """Take in whose files are. Returns keys with the numbers of their files."""
        nodes = [self._number((row["host"], row["source"], row["path"])) for row in said.files]
        for node, row in zip(nodes, said.files, strict=True):
            for facts in _facts(row["facts"]):
                for session in filter(None, (facts.get("session"), facts.get("parent"))):
                    self._join(node, self._number((row["source"], str(session))))
                for total in _totals(facts):
                    self._join(node, self._number((row["source"], total.session)))
                    self._join(node, self._number(total.start_ms))
        for file, session in said.sessions:
            self._join(nodes[file], self._number(_named(said.files[file]["source"], session)))
        return pa.table({"key": said.keys, "node": pa.array(nodes, pa.int64()).take(said.file)}, schema=_KEYS)

    def _join_keys(self, slices: int) -> None:
        """Join the files that have a key in common: all of a slice of the keys at once."""
        with pa.memory_map(str(self._folder / "keys")) as source:
            table = pa.ipc.open_file(source).read_all()
            for number in range(slices):
                keys = table
                if slices > 1:
                    size = 2**63 // slices + 1
                    first = pc.greater_equal(table.column("key"), number * size)
                    keys = table.filter(
                        pc.and_(first, pc.less(table.column("key"), min((number + 1) * size, 2**63 - 1)))
                    )
                ordered = keys.sort_by([("key", "ascending"), ("node", "ascending")]).combine_chunks()
                key, node = ordered.column("key"), ordered.column("node")
                is_same = pc.and_(pc.equal(key[1:], key[:-1]), pc.not_equal(node[1:], node[:-1]))
                pairs = pa.table({"a": node[:-1], "b": node[1:]}).filter(is_same).group_by(["a", "b"]).aggregate([])
                for a, b in zip(pairs.column("a").to_pylist(), pairs.column("b").to_pylist(), strict=True):
                    self._join(a, b)
            del table

    def _number(self, key: Hashable) -> int:
        number = self._numbers.setdefault(key, len(self._parents))
        if number == len(self._parents):
            self._parents.append(number)
        return number

    def _root(self, number: int) -> int:
        parents = self._parents
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    def _join(self, one: int, other: int) -> None:
        self._parents[self._root(one)] = self._root(other)


def _named(source: str, session: str) -> tuple[str, str]:
    """Return the client and the session that a row names: an event of telemetry names both in one."""
    return client_and_session(session) if source == TELEMETRY else (source, session)


def _facts(text: Any) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _totals(facts: dict[str, Any]) -> list[Any]:
    try:
        return list(unpack_totals(str(facts.get("client_totals", ""))))
    except ValueError:
        return []
