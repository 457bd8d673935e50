"""What `/` says: words, and what columns must hold. Pure; knows columns and nothing of widgets.

A word must occur in a row's text. `model:opus` asks for a text in one column, `cost>5` and `tokens<=2M` compare a
figure. A `!` before a term asks for the rows it does not find, one before the first turns the whole of it round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from claude_tui.records import NamedTuple
from claude_tui.ui.table.columns import Column

WIDE: Final = 400
"""Width at which a cell says all it can."""

_TERM: Final = re.compile(r"([a-z]+)(:|>=|<=|>|<|=)(.*)")
_NUMBER: Final = re.compile(r"\$?(\d+(?:\.\d*)?|\.\d+)([kmg]?)")
_SIZES: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_COMPARE: Final = {">": gt, ">=": ge, "<": lt, "<=": le, "=": eq}

Test = Callable[[Any, str], bool]
"""Whether a row, and its text, is found."""


class Compiled(NamedTuple):
    """A filter for one table. `wrong` is what of it makes no sense there, each in a sentence: it finds every row."""

    matches: Test
    wrong: tuple[str, ...] = ()


class Filter(NamedTuple):
    """What was typed."""

    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.text.lstrip("!").strip())

    def marks(self, columns: Sequence[Column[Any]]) -> Mapping[str, re.Pattern[str]]:
        """Return what to mark in the cells of columns, by their ids: the texts that were looked for there."""
        if self.text.startswith("!"):
            return {}
        texts: dict[str, set[str]] = {}
        for term in self.text.lower().split():
            asked = _TERM.fullmatch(term)
            if term.startswith("!") or (asked and (asked[2] != ":" or not asked[3])):
                continue
            for column in columns:
                if asked is None or asked[1] in names(column):
                    texts.setdefault(column.id, set()).add(asked[3] if asked else term)
        return {
            id: re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))), re.IGNORECASE)
            for id, found in texts.items()
        }

    def compiled(self, columns: Sequence[Column[Any]]) -> Compiled:
        """Return what finds rows of a table with these columns. Case does not matter."""
        is_turned = self.text.startswith("!")
        tests: list[Test] = []
        wrong: list[str] = []
        for term in self.text.removeprefix("!").lower().split():
            try:
                test = _test(term.lstrip("!"), columns)
            except ValueError as error:
                wrong.append(str(error))
            else:
                tests.append(_not(test) if term.startswith("!") else test)
        if not tests:
            return Compiled(lambda row, text: True, tuple(wrong))
        return Compiled(lambda row, text: all(test(row, text) for test in tests) != is_turned, tuple(wrong))


def _not(test: Test) -> Test:
    return lambda row, text: not test(row, text)


def _test(term: str, columns: Sequence[Column[Any]]) -> Test:
    asked = _TERM.fullmatch(term)
    if asked is None:
        return lambda row, text: term in text
    name, sign, value = asked.groups()
    column = next((one for one in columns if name in names(one)), None)
    if column is None:
        comparable = sorted(
            {name for one in columns for name in names(one)[:1] if one.label and (one.unit or sign == ":")}
        )
        raise ValueError(f"no column {name} here; there are {', '.join(comparable)}")
    if not value:
        raise ValueError(f"{term} lacks what to look for")
    if sign == ":":
        return lambda row, text: value in column.draw(row, WIDE).text.lower()
    number = _NUMBER.fullmatch(value)
    if not column.unit:
        raise ValueError(f"{name} cannot be compared; write {name}:{value}")
    if number is None:
        raise ValueError(f"{value} is not a number; write {name}{sign}5 or {name}{sign}2.5k")
    limit = float(number[1]) * _SIZES[number[2]] * column.unit
    compare = _COMPARE[sign]
    return lambda row, text: bool(compare(column.order(row), limit))


def names(column: Column[Any]) -> tuple[str, ...]:
    """What a column may be called in a filter: by its label, or by its id."""
    return tuple(dict.fromkeys(_plain(name) for name in (column.label, column.id) if _plain(name)))


def _plain(name: str) -> str:
    return name.lower() if name.isalpha() else ""
