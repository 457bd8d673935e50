"""`claude-top explain --against ccusage`: which rule makes which difference.

Must not compare anything: the report does.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import counted, pricer
from claude_tui.cli.options.places import source_config
from claude_tui.cli.progress import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from claude_tui.reports.ccusage.against.theirs import CcusageEntry, LinePlace


def run(options: Namespace) -> int:
    """Compare with ccusage, print, and return the exit code."""
    from claude_tui.engine.queries.responses import list_responses
    from claude_tui.reports.ccusage.against import explain, explained, theirs
    from claude_tui.reports.ccusage.against.their_files import their_files
    from claude_tui.sources.registry import reader

    options.source = ("claude",)
    ours = list_responses(counted(options), is_logged_only=True)
    config, source = source_config(options), reader("claude")
    paths = their_files(config)
    unread = {file.path for root in source.roots(config) for file in source.discover(root)}.difference(paths)
    message_ids: dict[LinePlace, str | None] = {}
    with Steps() as steps:
        steps.show("reading the logs as ccusage does")
        entries = theirs.kept(_entries(paths, message_ids))
        found = explain.explain(ours, entries, message_ids, unread, _price())
    if options.json:
        streams.write_json(explained.report(found))
    else:
        streams.write_tables([explained.table(found)], explained.footer(found))
    return exits.OK


def _entries(paths: Iterable[str], message_ids: dict[LinePlace, str | None]) -> Iterator[CcusageEntry]:
    """Yield what ccusage reads, in its order; notes the message of every line that has one."""
    from claude_tui.reports.ccusage.against.theirs import LinePlace, entries

    for path in paths:
        offset = 0
        try:
            with open(path, "rb") as file:
                for raw in file:
                    place, offset = LinePlace(path, offset), offset + len(raw)
                    line, is_strict = _decoded(raw) if b'"usage"' in raw else (None, False)
                    message_ids[place] = _message_id(line)
                    if is_strict:
                        yield from entries(raw, line, place, _session_of(path))
        except OSError as error:
            streams.narrate(f"{path}: {error.strerror}")


def _decoded(raw: bytes) -> tuple[Any, bool]:
    """Return a line decoded, and whether a strict reader takes it."""
    import json

    import orjson

    try:
        return orjson.loads(raw), True
    except ValueError:
        pass
    try:
        return json.loads(raw), False
    except (ValueError, RecursionError):
        return None, False


def _message_id(line: Any) -> str | None:
    data = line.get("data") if isinstance(line, dict) else None
    for outer in (line, data.get("message") if isinstance(data, dict) else None):
        message = outer.get("message") if isinstance(outer, dict) else None
        found = message.get("id") if isinstance(message, dict) else None
        if isinstance(found, str) and found:
            return found
    return None


def _session_of(path: str) -> str:
    """Return the session a file's name stands for: itself directly in a project's folder, else its folder."""
    folder, name = os.path.split(path)
    parts = path.split(os.sep)
    below = len(parts) - parts.index("projects") - 1 if "projects" in parts else 2
    if below == 2:
        return name.removesuffix(".jsonl")
    return os.path.basename(os.path.dirname(folder) if os.path.basename(folder) == "subagents" else folder)


def _price() -> Callable[[CcusageEntry], int]:
    prices = pricer()
    return lambda entry: prices.price_raw("claude", entry.model, entry.time_ms, _plain(entry)).nano or 0


def _plain(entry: CcusageEntry) -> dict[str, Any]:
    """Return an entry's usage without what is billed beside it: ccusage has entries of its own for that, or none."""
    iterations = entry.usage.get("iterations")
    usage = {name: value for name, value in entry.usage.items() if name not in ("iterations", "type", "model")}
    if isinstance(iterations, list):
        apart = ("advisor_message", "compaction")
        usage["iterations"] = [one for one in iterations if not (isinstance(one, dict) and one.get("type") in apart)]
    return usage
