"""What clients logged beside the counters that are counted: costs, tiers, ids and versions, reasoning.

Nothing we count rests on it, so nothing of it is kept: the rows are read again where somebody asks. What cannot be
read any more is left out. Must not price anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from claude_tui.model import Response
from claude_tui.records import NamedTuple
from claude_tui.sources.codex.compressed import SUFFIX, decompressor
from claude_tui.sources.codex.discovery import FOLDERS
from claude_tui.sources.reading.folders import log_file
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.json_values import member_of

Place = tuple[str, int]
"""A file, and the offset of a row in it."""

_LONGEST: Final = 200
"""Longest name taken from a row; what is longer is no name."""
_NO_GEO: Final = "not_available"
_COST: Final = b'"costUSD":'
_BLOCK: Final = 1 << 22
_NANO: Final = 1_000_000_000


def logged_costs(responses: Iterable[Response]) -> dict[Place, int]:
    """Return the cost each row of Claude's logs carries itself, in nanodollars; most carry none."""
    found: dict[Place, int] = {}
    for path, inside in _by_file(responses, "claude"):
        if not _holds(path, _COST):
            continue
        for offset, row in _rows(path, (one.offset for one in inside)):
            cost = row.get("costUSD")
            if isinstance(cost, (int, float)) and not isinstance(cost, bool) and abs(cost) < 1e9:
                found[path, offset] = round(cost * _NANO)
    return found


def reasoning_tokens(responses: Iterable[Response]) -> dict[Place, int]:
    """Return how much of the output of each response of Codex was reasoning, in tokens."""
    found: dict[Place, int] = {}
    for path, inside in _by_file(responses, "codex"):
        offsets = {one.offset for one in inside}
        told: dict[int, int] = {}
        for offset, row in _rows(path, offsets):
            payload = member_of(row, "payload")
            usage = member_of(payload, "usage") or member_of(member_of(payload, "info"), "last_token_usage")
            if isinstance(usage, dict) and usage.get("output_tokens"):
                count = usage.get("reasoning_output_tokens")
                told[offset] = count if isinstance(count, int) and count > 0 else 0
        if offsets - told.keys():  # what follows from other rows, too: a sum before, or a model named later
            told |= _followed(path)
        found.update({(path, offset): told[offset] for offset in offsets if told.get(offset)})
    return found


def _followed(path: str) -> dict[int, int]:
    """Read a whole rollout by the counting rule: how much of each response was reasoning, by its offset."""
    from claude_tui.sources.codex.counting.plain import read_rollout  # seldom needed

    root = next(
        (above for name in FOLDERS for above, found, _ in [path.partition(f"{os.sep}{name}{os.sep}")] if found), ""
    )
    try:
        events = read_rollout(log_file("codex", Path(root), path, os.stat(path)), None)[1]
    except (OSError, EOFError):
        return {}
    return {event.row.offset: event.reasoning for event in events}


class LoggedFacts(NamedTuple):
    """What the counted row of a response says beside its counters: "" and None where it does not say it.

    `reasoning` are tokens, part of the output. A version of Codex is that of its whole rollout.
    """

    service_tier: str = ""
    geo: str = ""
    request_id: str = ""
    client_version: str = ""
    reasoning: int | None = None


def logged_facts(responses: Iterable[Response]) -> dict[Place, LoggedFacts]:
    """Return what the counted rows of Claude Code and Codex say, by their places; of the others nothing is known."""
    known = list(responses)
    found = {
        (path, offset): _facts_of_claude(row)
        for path, inside in _by_file(known, "claude")
        for offset, row in _rows(path, (one.offset for one in inside))
    }
    reasoning = reasoning_tokens(known)
    for path, inside in _by_file(known, "codex"):
        rows = dict(_rows(path, (0, *(one.offset for one in inside))))
        version = _name(member_of(member_of(rows.get(0), "payload"), "cli_version"))
        for one in inside:
            if one.offset in rows:
                place = (path, one.offset)
                found[place] = LoggedFacts(client_version=version, reasoning=reasoning.get(place, 0))
    return found


def _facts_of_claude(row: dict[str, Any]) -> LoggedFacts:
    usage = member_of(member_of(row, "message"), "usage")
    geo = _name(member_of(usage, "inference_geo"))
    return LoggedFacts(
        service_tier=_name(member_of(usage, "service_tier")),
        geo="" if geo == _NO_GEO else geo,
        request_id=_name(member_of(row, "requestId")),
        client_version=_name(member_of(row, "version")),
    )


def _name(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


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


def _rows(path: str, offsets: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        opener = decompressor() if path.endswith(SUFFIX) else None
        with opener.open(path, "rb") if opener else open(path, "rb") as file:
            for offset in sorted(set(offsets)):
                file.seek(offset)
                for row in decode_objects(file.readline()):
                    yield offset, row
    except (OSError, EOFError):
        return
