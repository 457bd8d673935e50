"""`--from URL`: reports and checks over a table of many machines instead of this machine's logs.

Must not know the table's files.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser
from claude_tui.clients import CLIENTS

if TYPE_CHECKING:
    from claude_tui.fleet.read import Fleet
    from claude_tui.fleet.table_source import TableSource
    from claude_tui.model import Query

NARROWED_BY: Final = ("user", "team", "host")


def add_from_options(parser: CommandParser) -> None:
    """Add --from, and what narrows it."""
    group = parser.add_argument_group("many machines")
    group.add_argument(
        "--from", dest="url", metavar="URL", help="read the table that `claude-top fleet merge` wrote there"
    )
    for name in NARROWED_BY:
        group.add_argument(f"--{name}", metavar="NAME", help=f"with --from: count only this {name}")


def fleet_of(options: argparse.Namespace, query: Query | None = None) -> Fleet | None:
    """Return what --from asks for, and say which pushes are not in it; None without it. Raises CommandError."""
    given = [name for name in NARROWED_BY if getattr(options, name)]
    if not options.url:
        if given:
            raise exits.CommandError(f"--{given[0]} needs --from", exits.USAGE)
        return None
    _refuse_places(options)
    from claude_tui.cli.counting.setup import pricer
    from claude_tui.cli.fleet.place import lake_of

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.read import read_fleet

    days = (query.since, query.until) if query is not None else (None, None)
    with exits.ended_by(LakeError):
        found = read_fleet(lake, pricer(), *days, {name: getattr(options, name) for name in given})
    if not getattr(options, "quiet", False):
        for problem in found.store.problems:
            streams.narrate(f"damaged, and left out since: {problem.path}: {problem.detail}")
    return found


def table_source(options: argparse.Namespace) -> TableSource:
    """Return what a screen over --from asks: the last days of the table. Raises CommandError."""
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from claude_tui.cli.counting.setup import pricer
    from claude_tui.cli.environment import now_ms
    from claude_tui.cli.fleet.place import lake_of

    _refuse_places(options)
    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.read import read_fleet
    from claude_tui.fleet.table.meta import read_meta
    from claude_tui.fleet.table_source import DAYS, Looked, TableSource

    prices = pricer()
    where = {name: getattr(options, name) for name in NARROWED_BY if getattr(options, name)}

    def look(grouped_by: str) -> Looked:
        meta = read_meta(lake)
        zone = ZoneInfo(meta.timezone if meta else "UTC")
        since = datetime.fromtimestamp(now_ms() / 1000, zone).date() - timedelta(days=DAYS - 1)
        found = read_fleet(lake, prices, since, where=where, grouped_by=grouped_by)
        return Looked(found.store, meta.merged_ms if meta else 0)

    with exits.ended_by(LakeError):
        return TableSource(look)


def _refuse_places(options: argparse.Namespace) -> None:
    placed = [f"--{name}-dir" for name in CLIENTS if getattr(options, f"{name}_dir", None)]
    placed += [f"--{name}" for name in ("source", "timezone", "demo") if getattr(options, name, None)]
    if placed:
        raise exits.CommandError(f"{placed[0]} cannot be combined with --from, which reads no logs", exits.USAGE)
