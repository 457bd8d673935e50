"""What single files went to, kept as long as nothing it follows from has changed; over the end of the program, too.

Must not know how it is found.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

import msgspec

from claude_tui.engine.queries.causes.context.sums import PartTotals, column
from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.known.columns import CauseNames, FileCalls
from claude_tui.engine.queries.causes.known.kept import CausesCache
from claude_tui.engine.state.store import Store
from claude_tui.hashes import blake2b

RULE: Final = 1
"""Moves whenever the rule does, of parts, of costs, of lost caches or of doubts."""
_COUNTED: Final = ("time", "flags", "input", "output", "write_5m", "write_1h", "cache_read")
_RARE: Final = ("web_search", "terms", "reported", "extras")
_ABSENT, _KNOWN, _ASKED = 0, 1, 2

_Kept = tuple[tuple[list[str], list[int], list[int], list[int]], list[tuple[str, Doubts]], Doubts]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Kept).decode


def digest_of(found: FileCalls, asked: Sequence[int], store: Store, stamp: int, model: str) -> bytes:
    """Return everything that what a file went to follows from, in few bytes: the file as it looks, how its responses
    are counted, which of them are asked for and at which model, and the prices. Hold the store's lock."""
    table, rows = store.table, found.rows
    counted = [row for row in rows if row >= 0]
    models = table.model
    numbers = list(dict.fromkeys([models[row] for row in counted]))
    facts: list[object] = [RULE, store.pricer.digest, stamp, model, [store.models[number] for number in numbers]]
    if len(numbers) > 1:
        facts.append([numbers.index(models[row]) for row in counted])
    for name in _RARE:
        of = getattr(table, name)
        if of and any(row in of for row in counted):
            facts.append((name, [of.get(row) for row in counted]))
    digest = blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=16)
    if list(asked) != list(rows):
        kinds = (
            (_ASKED if row >= 0 else _KNOWN) if was >= 0 else _ABSENT for row, was in zip(asked, rows, strict=True)
        )
        digest.update(bytes(kinds))
    for name in _COUNTED:
        numbers_of = getattr(table, name)
        if isinstance(rows, range):
            digest.update(numbers_of[rows.start : rows.stop].tobytes())
        else:
            digest.update(array(numbers_of.typecode, [numbers_of[row] for row in counted]).tobytes())
    return digest.digest()


class KeptTotals:
    """What files went to, by file: when last all of their responses were asked for, and when last some were."""

    def __init__(self, cache: CausesCache, names: CauseNames) -> None:
        self._cache, self._names = cache, names
        self._stored: dict[str, tuple[bytes, bytes]] | None = None
        self._of_all: dict[str, tuple[bytes, PartTotals]] = {}
        self._of_some: dict[str, tuple[bytes, PartTotals]] = {}
        self._fresh: list[str] = []

    def get(self, path: str, digest: bytes) -> PartTotals | None:
        """Return what a file went to, None if that is not known."""
        for known in (self._of_all.get(path), self._of_some.get(path)):
            if known is not None and known[0] == digest:
                return known[1]
        if self._stored is None:
            self._stored = self._cache.contexts()
        stored = self._stored.pop(path, None)
        if stored is None or stored[0] != digest:
            return None
        found = self._unpacked(stored[1])
        if found is not None:
            self._of_all[path] = digest, found
        return found

    def put(self, path: str, digest: bytes, found: PartTotals, *, is_all: bool) -> None:
        """Keep what a file went to. `is_all`: all of its responses that count were asked for."""
        if is_all:
            self._of_all[path] = digest, found
            self._fresh.append(path)
        else:
            self._of_some[path] = digest, found

    def save(self) -> None:
        """Keep what is new of that, if it is of whole files."""
        packed = {path: (self._of_all[path][0], self._packed(self._of_all[path][1])) for path in self._fresh}
        self._fresh.clear()
        self._cache.put_contexts({path: (digest, data) for path, (digest, data) in packed.items() if data})

    def _packed(self, found: PartTotals) -> bytes:
        names = self._names.parts.names
        columns = [names[part] for part in found.parts], *map(list, found[1:4])
        try:
            return _encode((columns, [(names[part], doubts) for part, doubts in found.doubts], found.of_all))
        except OverflowError:  # of counters that no client has
            return b""

    def _unpacked(self, data: bytes) -> PartTotals | None:
        of = self._names.parts.of
        try:
            (parts, costs, carried, tokens), doubts, of_all = _decode(data)
        except (msgspec.MsgspecError, ValueError):
            return None
        told = tuple((of(part), one) for part, one in doubts)
        return PartTotals(column([*map(of, parts)]), column(costs), column(carried), column(tokens), told, of_all)
