"""Checks that responses and facts make sense: nothing else enters the ledger or comes out of it.

One senseless row must not end a program that reads it. Must not know where rows are stored.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from claude_tui.model import MAX_COUNT, NEVER_MS, Extra
from claude_tui.pricing.billing.usage import read_terms
from claude_tui.sources import client_totals
from claude_tui.sources.columns import COPY, LOWER_BOUND, SIDECHAIN, Columns
from claude_tui.sources.protocol import FileFacts

LAST_MS: Final = 253_402_128_000_000
"""The last instant: what is of the year 9999, in every time zone, lies before it."""
MAX_TEXT: Final = 1 << 16
"""Characters of a name, a folder or a title."""
MAX_TERMS: Final = 1 << 20
MAX_EXTRAS: Final = 1 << 10
EXTRA_KINDS: Final = frozenset({"advisor", "compaction", "paused", "fallback"})

_COUNTERS: Final = ("input", "output", "write_5m", "write_1h", "cache_read", "offset")
_ALL_FLAGS: Final = bytes(range((COPY | SIDECHAIN | LOWER_BOUND) + 1))
_FACTS: Final = {name: type(default) for name, default in FileFacts._field_defaults.items()}
_PACKED: Final = {"client_totals": client_totals.unpack_totals, "asked_models": client_totals.unpack_pairs}
_FACT_NAMES: Final = frozenset({"session", "parent", "cwd", "agent"})
# Numbers are judged by their highest bytes, all at once: making an integer of each takes ten times as long.
_TOP, _SECOND, _THIRD = (7, 6, 5) if sys.byteorder == "little" else (0, 1, 2)
_BELOW_2_63: Final = bytes(range(1 << 7))
_BELOW_2_53: Final = bytes(range(1 << 5))
_BELOW_LAST: Final = bytes(range(LAST_MS >> 40))


def unsound(columns: Columns) -> dict[int, str]:
    """Return what is wrong with the entries that make no sense; empty, and quick, if none does."""
    found: dict[int, str] = {}
    for entry, why in _doubts(columns):
        found.setdefault(entry, why)
    return found


def without(columns: Columns, entries: Collection[int]) -> Columns:
    """Return columns without some entries: the very same ones if there are none to leave out."""
    return columns.pick([entry for entry in range(len(columns)) if entry not in entries]) if entries else columns


def facts_of_json(found: Any) -> FileFacts:
    """Read facts from a JSON object; what is unknown is left out. Raises ValueError if they make no sense."""
    if not isinstance(found, dict):
        raise ValueError("invalid facts")
    given = {name: found[name] for name in _FACTS if name in found}
    for name, value in given.items():
        if type(value) is not _FACTS[name]:
            raise ValueError(f"{name} has the wrong type")
    facts = FileFacts(**given)
    why = unsound_facts(facts)
    if why:
        raise ValueError(why)
    return facts


def unsound_facts(facts: FileFacts) -> str:
    """Return what is wrong with facts, "" if they make sense."""
    for name, kind in _FACTS.items():
        value = getattr(facts, name)
        if name in _PACKED:
            if not _is_packed(value, _PACKED[name]):
                return f"{name} make no sense"
        elif kind is str and (len(value) > MAX_TEXT or (name in _FACT_NAMES and "\0" in value)):
            return f"{name} is not a name"
        if kind is int and not 0 <= value < (LAST_MS if name == "last_ms" else MAX_COUNT):
            return f"{name} is out of range"
    return ""


def unsound_place(host: str, source: str, path: str) -> str:
    """Return what is wrong with the name of a file, "" if it is one."""
    if not host.isascii() or not 0 < len(host) <= 64:
        return "a machine without a name"
    if not source or not path.strip() or not (_is_name(source) and _is_name(path)):
        return "a file without a name"
    return ""


def _doubts(columns: Columns) -> Iterator[tuple[int, str]]:
    for name in _COUNTERS:
        if _may_exceed(getattr(columns, name)):
            yield from _outside(columns, name, MAX_COUNT)
    if _may_exceed(columns.time) or columns.time.tobytes()[_THIRD::8].translate(None, _BELOW_LAST):
        yield from _outside(columns, "time", LAST_MS)
    if columns.key.tobytes()[_TOP::8].translate(None, _BELOW_2_63):
        yield from _outside(columns, "key", 2**63)
    if columns.flags.tobytes().translate(None, _ALL_FLAGS):
        yield from ((entry, "unknown flags") for entry, flags in enumerate(columns.flags) if flags >= len(_ALL_FLAGS))
    owners = {number for number, owner in enumerate(columns.owners) if not all(map(_is_name, owner))}
    if owners:
        yield from ((entry, "a session without a name") for entry, at in enumerate(columns.owner) if at in owners)
    models = {number for number, model in enumerate(columns.models) if not _is_name(model)}
    if models:
        yield from ((entry, "a model without a name") for entry, at in enumerate(columns.model) if at in models)
    names = "".join(columns.names)
    if "\0" in names or (len(names) > MAX_TEXT and max(map(len, columns.names)) > MAX_TEXT):
        yield from ((entry, "invalid key") for entry, name in enumerate(columns.names) if not _is_name(name))
    yield from _rare_doubts(columns)


def _rare_doubts(columns: Columns) -> Iterator[tuple[int, str]]:
    for name in ("web_search", "reported"):
        for entry, value in getattr(columns, name).items():
            if not 0 <= value < MAX_COUNT:
                yield entry, f"{name} is out of range"
    for entry, time_ms in columns.owner_time.items():
        if not 0 <= time_ms < LAST_MS and time_ms != NEVER_MS:
            yield entry, "owner_time is out of range"
    for entry, terms in columns.terms.items():
        if not _are_terms(terms):
            yield entry, "unreadable terms"
    for entry, extras in columns.extras.items():
        if len(extras) > MAX_EXTRAS or not all(map(_is_extra, extras)):
            yield entry, "invalid extra"


def _may_exceed(column: array[int]) -> bool:
    """Whether any number may be below 0 or at least 2**53; quick, and never wrongly no."""
    raw = column.tobytes()
    return raw[_TOP::8].count(0) != len(column) or bool(raw[_SECOND::8].translate(None, _BELOW_2_53))


def _outside(columns: Columns, name: str, end: int) -> Iterator[tuple[int, str]]:
    for entry, value in enumerate(getattr(columns, name)):
        if not 0 <= value < end:
            yield entry, f"{name} is out of range"


def _is_name(text: str) -> bool:
    return len(text) <= MAX_TEXT and "\0" not in text


def _is_packed(text: str, unpack: Callable[[str], object]) -> bool:
    if len(text) > client_totals.MAX_TEXT:
        return False
    try:
        unpack(text)
    except ValueError:
        return False
    return True


def _are_terms(terms: str) -> bool:
    return len(terms) <= MAX_TERMS and read_terms(terms) is not None


def _is_extra(extra: Extra) -> bool:
    return (
        extra.kind in EXTRA_KINDS
        and _is_name(extra.model)
        and all(0 <= number < MAX_COUNT for number in extra.usage)
        and (not extra.terms or _are_terms(extra.terms))
    )
