"""What is published beside what was settled anew: nothing published may get smaller because a push cannot be read.

A session of which anything would, or would count in another session, stays as it was published, and so does that
other one; the rest is taken as it was settled. So each response counts once, and each session as one merge counted it.
Must not know why something was not settled.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.parquet import plain, read_parquet
from claude_tui.fleet.table.daily import DAILY, as_daily
from claude_tui.fleet.table.machines import NAMES
from claude_tui.fleet.table.responses import COUNTERS, RESPONSES
from claude_tui.fleet.table.settled import sums_of
from claude_tui.records import NamedTuple

_SIZES: Final = pa.schema([("key", pa.int64()), ("session", pa.int32()), ("counted", pa.int64())])
_MOST: Final = 2**62


class Held(NamedTuple):
    """What stays as it was published: the names of its sessions, its single responses, and its sums by day, in order
    of the days."""

    sessions: Any
    responses: Any
    daily: Any

    def others(self, table: Any) -> Any:
        """Return those rows of either table that are of other sessions."""
        return table.filter(pc.invert(pc.is_in(_names_of(table), value_set=self.sessions)))


def held_of(lake: Lake, settled: Iterable[bytes], elsewhere: array[int]) -> Held | None:
    """Return what of a table would get lost, smaller or another session's by what was settled; None if nothing would.

    `settled` are objects of single responses, `elsewhere` the keys of what now counts as another response. Prices are
    not compared: they change. Raises LakeError if what is published cannot be read.
    """
    names: dict[str, int] = {}
    before, now = _Sizes(names), _Sizes(names)
    for published in _published(lake, "responses", lambda table: table.select(RESPONSES.names)):
        before.add(published)
    for data in settled:
        now.add(read_parquet(data))
    sessions = _less(before, now, elsewhere)
    if not sessions:
        return None
    numbered = list(names)
    held = pa.array([numbered[number] for number in sorted(sessions)], pa.string())
    responses = _of_sessions(lake, "responses", held, lambda table: table.select(RESPONSES.names), plain(RESPONSES))
    daily = _of_sessions(lake, "daily", held, as_daily, plain(DAILY))
    if sums_of(responses) != sums_of(daily):
        raise LakeError(f"{lake.url}: a push is damaged, and so are the days that were published of it")
    return Held(held, responses, daily.sort_by([(name, "ascending") for name in ("day", *NAMES)]))


class _Sizes:
    """How much each response counts, with what is billed beside it, and of which session it is."""

    def __init__(self, names: dict[str, int]) -> None:
        self._names = names
        self._found: list[Any] = []
        self.unlogged = Counter[int]()
        self.whole = Counter[int]()

    def add(self, responses: Any) -> None:
        """Take in single responses."""
        counted = reduce(pc.add, (responses.column(name) for name in COUNTERS))
        coded = _names_of(responses).combine_chunks().dictionary_encode()
        numbers = [self._names.setdefault(name, len(self._names)) for name in coded.dictionary.to_pylist()]
        session = pa.array(numbers, pa.int32()).take(coded.indices)
        table = pa.table({"key": responses.column("key"), "session": session, "counted": counted})
        for part, sums in ((table, self.whole), (table.filter(pc.is_null(table.column("key"))), self.unlogged)):
            by_session = part.group_by("session").aggregate([("counted", "sum")])
            for row in by_session.to_pylist():
                sums[row["session"]] += row["counted_sum"]
        self._found.append(table.filter(pc.is_valid(table.column("key"))).cast(_SIZES))

    def table(self) -> Any:
        """Return a row for each response."""
        rows = pa.concat_tables([_SIZES.empty_table(), *self._found])
        summed = rows.group_by("key").aggregate([("session", "min"), ("counted", "sum")])
        return pa.table([summed.column(name) for name in ("key", "session_min", "counted_sum")], _SIZES.names)


def _less(before: _Sizes, now: _Sizes, elsewhere: array[int]) -> set[int]:
    """Return the sessions of what is less now, and those between which a response moved."""
    paired = {"key": pa.array(elsewhere, pa.int64()), "counted": pa.array([_MOST] * len(elsewhere), pa.int64())}
    known = pa.concat_tables([now.table(), pa.table(paired)], promote_options="default")
    both = before.table().join(known, "key", right_suffix="_now")
    less = pc.less(pc.fill_null(both.column("counted_now"), -1), both.column("counted"))
    found = set(pc.unique(both.filter(less).column("session")).to_pylist())
    found |= {one for one, size in before.unlogged.items() if size and now.whole[one] < before.whole[one]}
    moved = both.filter(pc.not_equal(both.column("session"), both.column("session_now")))
    for name in ("session", "session_now"):
        found |= set(pc.unique(moved.column(name)).to_pylist())
    return found


def _of_sessions(lake: Lake, folder: str, sessions: Any, of: Callable[[Any], Any], schema: Any) -> Any:
    found = [
        table.filter(pc.is_in(_names_of(table), value_set=sessions)).cast(schema)
        for table in _published(lake, folder, of)
    ]
    return pa.concat_tables([schema.empty_table(), *found]).combine_chunks()


def _published(lake: Lake, folder: str, of: Callable[[Any], Any]) -> Iterator[Any]:
    for name in lake.names(folder):
        try:
            yield of(read_parquet(lake.read(name)))
        except (pa.ArrowException, ValueError, KeyError, TypeError):
            raise LakeError(f"{lake.url}: {name} is damaged as well, so it is not known what was published") from None
        except FileNotFoundError:
            continue


def _names_of(table: Any) -> Any:
    """Return what the session of each row is called, its client included."""
    names = (pc.cast(table.column(name), pa.string()) for name in ("source", "session"))
    return pc.binary_join_element_wise(*names, "\0")
