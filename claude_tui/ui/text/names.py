"""Long names made short without becoming ambiguous. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_ABSOLUTE = re.compile(r"[/~]|\\\\|[A-Za-z]:[/\\]")
_SEPARATORS = re.compile(r"[/\\]+")


def tails(names: Iterable[str]) -> dict[str, str]:
    """For every folder, its last part, or as many of its last parts as tell it from the others."""
    parts = {name: _parts(name) for name in set(names)}
    shortened: dict[str, str] = {}
    open_names = set(parts)
    length = 1
    while open_names:
        labels = {name: "/".join(parts[name][-length:]) for name in open_names}
        seen = Counter(labels.values())
        for name, label in labels.items():
            if seen[label] == 1 or length >= len(parts[name]):
                shortened[name] = label if length < len(parts[name]) or seen[label] == 1 else name
        open_names -= shortened.keys()
        length += 1
    return shortened


def tail(name: str) -> str:
    """The last part of a folder."""
    return _parts(name)[-1]


def _parts(name: str) -> list[str]:
    """The parts of an absolute folder; anything else is one part."""
    parts = [part for part in _SEPARATORS.split(name) if part.strip()] if _ABSOLUTE.match(name) else []
    return parts or [name]


def superscript(number: int) -> str:
    """A small raised number, as in the titles of panels."""
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))


def short_model(name: str) -> str:
    """A model's name without what every row of the list shares: vendor prefix and date of a snapshot."""
    for prefix in ("claude-", "anthropic/claude-", "anthropic.claude-"):
        if name.startswith(prefix):
            name = name[len(prefix) :]
            break
    head, _, tail = name.rpartition("-")
    return head if head and len(tail) == 8 and tail.isdigit() and tail.startswith("20") else name
