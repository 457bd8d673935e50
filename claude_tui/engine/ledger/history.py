"""All that was ever known of one file, growing by the rule by which rows settle. Must not know where it is stored."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator

from claude_tui.engine.state.rows.table import FileRef, ResponseTable, TableEntry, TableNames
from claude_tui.model import NEVER_MS
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import COPY, SIDECHAIN, Columns, RowOwner
from claude_tui.sources.protocol import FileFacts, newer_facts


class MergeResult(NamedTuple):
    """The result of merging columns: responses added, updated, and unchanged."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0


class FileHistory:
    """The settled responses of one file. Merging something twice, or in another order, gives the same result.

    `doubted` are positions of invalid responses in `known`: they stay until the same response is merged again.
    """

    def __init__(self, path: str, known: Columns, doubted: Collection[int] = ()) -> None:
        self._table = ResponseTable()
        self._table.files.append(FileRef(known.source, path))
        self._columns = Columns(known.source)
        self._owners: dict[RowOwner, int] = {}
        self._models: dict[str, int] = {}
        self.changed: set[int] = set()
        """Positions of responses that are new or differ from `known`."""
        self.doubted: set[int] = set()
        self.absorb(known)
        self.changed.clear()
        self.doubted.update(doubted)

    def __len__(self) -> int:
        return len(self._table)

    def absorb(self, columns: Columns) -> MergeResult:
        """Merge columns of the file in."""
        table, known = self._table, self._table.row_of
        names = TableNames(self._columns.owners, self._columns.models)
        owners = _numbers(self._owners, self._columns.owners, columns.owners)
        models = _numbers(self._models, self._columns.models, columns.models)
        fresh: dict[int, int] = {}
        again = []
        updated = 0
        for entry, key in enumerate(columns.key):
            row = known.get(key)
            if row is None:
                if fresh.setdefault(key, entry) != entry:
                    again.append(entry)
                continue
            name = columns.names[entry] if columns.names else ""
            if row in self.doubted:
                self._forget(row)
            found = TableEntry(columns, entry, 0, owners[columns.owner[entry]], models[columns.model[entry]])
            if table.would_change(row, found, names):
                table.merge(row, found, names)
                updated += 1
            elif not name or table.names.get(row):
                continue
            if name:
                table.names[row] = name
            self.changed.add(row)
        start = len(table)
        known.extend(fresh, start)
        table.extend(columns.pick(list(fresh.values())), array("i", [0]) * len(fresh), owners, models)
        self.changed.update(range(start, len(table)))
        if again:  # one key named twice is one response
            updated += self.absorb(columns.pick(again)).updated
        return MergeResult(len(fresh), updated, len(columns) - len(fresh) - updated)

    def _forget(self, row: int) -> None:
        """Make a response lose against any other version of it."""
        table = self._table
        table.input[row] = table.output[row] = table.write_5m[row] = table.write_1h[row] = table.cache_read[row] = -1
        table.time[row] = 0
        table.owner_time[row] = NEVER_MS + 1
        table.flags[row] = COPY | SIDECHAIN
        self.doubted.discard(row)

    def exceeds(self, columns: Columns) -> bool:
        """Whether more is known than is in `columns`, which were merged: other responses, or more of the same."""
        table = self._table
        if len(columns) != len(table):
            return True
        counters = ("time", "output", "input", "write_5m", "write_1h", "cache_read", "offset")
        for entry, key in enumerate(columns.key):
            row = table.row_of[key]
            if any(getattr(table, name)[row] != getattr(columns, name)[entry] for name in counters):
                return True
        return False

    def columns(self) -> Columns:
        """Return everything known. Shares its arrays with this history."""
        columns, table = self._columns, self._table
        shared = ("key", "time", "owner", "model", "input", "output", "write_5m", "write_1h", "cache_read", "offset")
        for name in (*shared, "flags", "web_search", "terms", "extras", "reported", "owner_time"):
            setattr(columns, name, getattr(table, name))
        columns.names = [table.names.get(row, "") for row in range(len(table))] if table.names else []
        return columns


def merge_facts(*lists: Iterable[FileFacts]) -> tuple[FileFacts, ...]:
    """Merge the facts of the same file at several times: one entry per session or sub-agent."""
    merged: dict[tuple[str, str, str], FileFacts] = {}
    for facts in _flat(lists):
        known = merged.get((facts.session, facts.parent, facts.agent))
        if known is None:
            result = facts
        else:
            # Of the same age, the order must not matter.
            older, newer = sorted((known, facts), key=lambda one: (one.last_ms, repr(one)))
            result = newer_facts(older, newer)
        merged[facts.session, facts.parent, facts.agent] = result
    return tuple(merged[name] for name in sorted(merged))


def _flat(lists: Iterable[Iterable[FileFacts]]) -> Iterator[FileFacts]:
    for facts in lists:
        yield from facts


def _numbers(known: dict, listed: list, found: list) -> list[int]:  # type: ignore[type-arg]
    """Return the number of each of `found`, giving new ones a number."""
    for value in found:
        if value not in known:
            known[value] = len(listed)
            listed.append(value)
    return [known[value] for value in found]
