"""What clients logged beside the counters that are counted: costs in Claude's rows, reasoning in Codex's.

Nothing we count rests on it, so nothing of it is kept: the rows are read again where somebody asks. What cannot be
read any more is left out. Must not price anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import orjson

from claude_tui.model import Response
from claude_tui.sources.codex.compressed import SUFFIX, decompressor

Place = tuple[str, int]
"""A file, and the offset of a row in it."""

_COST: Final = b'"costUSD":'
_BLOCK: Final = 1 << 22
_NANO: Final = 1_000_000_000


def logged_costs(responses: Iterable[Response]) -> dict[Place, int]:
    """Return the cost each row of Claude's logs carries itself, in nanodollars; most carry none."""
    found: dict[Place, int] = {}
    for path, inside in _by_file(responses, "claude"):
        if not _holds(path, _COST):
            continue
        for offset, row in _rows(path, inside):
            cost = row.get("costUSD")
            if isinstance(cost, (int, float)) and not isinstance(cost, bool) and abs(cost) < 1e9:
                found[path, offset] = round(cost * _NANO)
    return found


def reasoning_tokens(responses: Iterable[Response]) -> dict[Place, int]:
    """Return how much of the output of each response of Codex was reasoning, in tokens."""
    found: dict[Place, int] = {}
    for path, inside in _by_file(responses, "codex"):
        for offset, row in _rows(path, inside):
            payload = _member(row, "payload")
            usage = _member(payload, "usage") or _member(_member(payload, "info"), "last_token_usage")
            count = _member(usage, "reasoning_output_tokens")
            if isinstance(count, int) and count > 0:
                found[path, offset] = count
    return found


def _by_file(responses: Iterable[Response], source: str) -> Iterator[tuple[str, list[Response]]]:
    path_of: Callable[[Response], str] = attrgetter("path")
    ordered = sorted((one for one in responses if one.source == source and one.path), key=attrgetter("path", "offset"))
    for path, inside in groupby(ordered, path_of):
        yield path, list(inside)


def _holds(path: str, needle: bytes) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            rest = b""
            while block := file.read(_BLOCK):
                if needle in rest + block[: len(needle)] or needle in block:
                    return True
                rest = block[-len(needle) :]
    except OSError:
        pass
    return False


def _rows(path: str, inside: Iterable[Response]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        opener = decompressor() if path.endswith(SUFFIX) else None
        with opener.open(path, "rb") if opener else open(path, "rb") as file:
            for offset in sorted({one.offset for one in inside}):
                file.seek(offset)
                row = _decoded(file.readline())
                if isinstance(row, dict):
                    yield offset, row
    except (OSError, EOFError):
        return


def _decoded(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:
        return None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
