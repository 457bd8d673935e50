"""`--from URL`: reports and checks over a table of many machines instead of this machine's logs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits
from claude_tui.cli.parser import CommandParser
from claude_tui.clients import CLIENTS

if TYPE_CHECKING:
    from claude_tui.fleet.read import Fleet
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
    """Return what --from asks for; None without it. Raises CommandError."""
    given = [name for name in NARROWED_BY if getattr(options, name)]
    if not options.url:
        if given:
            raise exits.CommandError(f"--{given[0]} needs --from", exits.USAGE)
        return None
    placed = [f"--{name}-dir" for name in CLIENTS if getattr(options, f"{name}_dir", None)]
    placed += [f"--{name}" for name in ("source", "timezone") if getattr(options, name, None)]
    if placed:
        raise exits.CommandError(f"{placed[0]} cannot be combined with --from, which reads no logs", exits.USAGE)
    from claude_tui.cli.commands.fleet import lake_of
    from claude_tui.cli.options import pricer

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.read import read_fleet

    days = (query.since, query.until) if query is not None else (None, None)
    try:
        return read_fleet(lake, pricer(), *days, {name: getattr(options, name) for name in given})
    except LakeError as error:
        raise exits.CommandError(str(error)) from None
