"""Many records of one kind, kept as columns. Must not know what they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar, overload

R = TypeVar("R", bound=tuple[Any, ...])


class RecordColumns(Sequence[R]):
    """Named tuples of one kind, each made when it is asked for: making all takes longer than what is done with most."""

    __slots__ = ("columns", "kind")

    def __init__(self, kind: type[R], columns: Sequence[Sequence[Any]]) -> None:
        """Take over columns: lists or arrays."""
        self.kind = kind
        self.columns = columns

    @classmethod
    def of(cls, kind: type[R], records: Sequence[R]) -> RecordColumns[R]:
        """Return records as columns."""
        if isinstance(records, RecordColumns):
            return records
        return cls(kind, [*map(list, zip(*records, strict=True))] or [[] for _ in kind._fields])  # type: ignore[attr-defined]

    def column(self, name: str) -> Sequence[Any]:
        """Return one field of all."""
        return self.columns[self.kind._fields.index(name)]  # type: ignore[attr-defined]

    def without(self, places: Sequence[int]) -> RecordColumns[R]:
        """Return all but a few, of which the places are given in order."""
        columns: list[Any] = [column[:] for column in self.columns]
        for column in columns:
            for place in reversed(places):
                del column[place]
        return RecordColumns(self.kind, columns)

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> RecordColumns[R]: ...
    def __getitem__(self, place: int | slice) -> R | RecordColumns[R]:
        found = [column[place] for column in self.columns]
        return RecordColumns(self.kind, found) if isinstance(place, slice) else tuple.__new__(self.kind, found)

    def __iter__(self) -> Iterator[R]:
        return map(partial(tuple.__new__, self.kind), zip(*self.columns, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]
