"""Named tuples made without looking at types are those of `typing` in everything else."""

from __future__ import annotations

import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from claude_tui import records

MADE_BY = """
from __future__ import annotations

class Money(NamedTuple):
    '''An amount.'''

    nano: int
    flags: tuple[str, ...] = ()
    note: Nobody | None = None

    @property
    def usd(self) -> float:
        '''In dollars.'''
        return self.nano / 1e9

    @classmethod
    def of(cls, usd: float) -> Money:
        return cls(round(usd * 1e9))

    def __str__(self) -> str:
        return f"${self.usd:.2f}"
"""


class Pair(records.NamedTuple):
    left: int
    right: int = 2


def made(base: Any) -> Any:
    """The class as it is made of one of the two."""
    space: dict[str, Any] = {"NamedTuple": base, "__name__": "somewhere"}
    exec(compile(MADE_BY, "money", "exec"), space)  # one text, so that both are made of the same
    return space["Money"]


OURS, THEIRS = made(records.NamedTuple), made(typing.NamedTuple)

SEEN: dict[str, Callable[[Any], object]] = {
    "fields": lambda kind: kind._fields,
    "defaults": lambda kind: kind._field_defaults,
    "name": lambda kind: (kind.__name__, kind.__qualname__, kind.__module__, kind.__doc__),
    "values": lambda kind: tuple(kind(5, note="x")),
    "text": lambda kind: (repr(kind(5)), str(kind(5))),
    "property": lambda kind: kind(5_000_000_000).usd,
    "class method": lambda kind: kind.of(1.5) == (1_500_000_000, (), None),
    "changed": lambda kind: kind(5)._replace(flags=("a",)),
    "as a dictionary": lambda kind: kind._make([1, (), 3])._asdict(),
    "matched": lambda kind: kind.__match_args__,
    "is plain": lambda kind: kind.__mro__[1:] == (tuple, object),
    "has no dictionary": lambda kind: hasattr(kind(5), "__dict__"),
    "names of types": lambda kind: list(kind.__annotations__),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_record_is_what_typing_makes(name: str) -> None:
    assert SEEN[name](OURS) == SEEN[name](THEIRS)


def test_a_record_may_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Pair(1))) == Pair(1, 2)


def test_what_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="left"):
        Pair()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="up"):
        Pair(1, up=2)  # type: ignore[call-arg]
