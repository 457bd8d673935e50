"""`claude-top fleet merge`, `status` and `verify`: a table made of what was pushed, looked at, and counted again.

Must not settle or sum.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.fleet.place import lake_of, meta_of
from claude_tui.cli.parser import CommandParser, example, whole
from claude_tui.figures import many

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from claude_tui.fleet.table.meta import TableMeta

SILENT_DAYS: Final = 7
MOST_PARTS: Final = 10_000
MEND: Final = (
    "to mend it, push from there again with --all (or scan with --all); what is damaged even then, or has a machine "
    "that is gone, can be removed from the table, with what only it said"
)


def add_merge(parser: CommandParser) -> None:
    """Add the options of merge."""
    parser.set_defaults(run=run_merge)
    parser.description = (
        "Settle everything that was pushed and write responses/ and daily/ of the table. Running it again without\n"
        "new pushes writes nothing. Whatever cannot be read or claude-top did not write is left out and listed, and\n"
        "the exit code is 4; what was published of it before stays as it was, and everything else is merged."
    )
    parser.epilog = example("claude-top fleet merge s3://lake/claude")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument(
        "--parts",
        type=whole(1, MOST_PARTS),
        default=0,
        metavar="N",
        help="settle the table in N parts, one after the other (default: one for each million responses)",
    )


def add_status(parser: CommandParser) -> None:
    """Add the options of status."""
    parser.set_defaults(run=run_status)
    parser.description = (
        "List the machines of a table with their last push, and check that the sums of its parts agree. The exit\n"
        f"code is 4 if they do not, if a machine pushed nothing for {SILENT_DAYS} days, or if a push is damaged."
    )
    parser.epilog = example("claude-top fleet status s3://lake/claude --json")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/fleet@1)")


def add_verify(parser: CommandParser) -> None:
    """Add the options of verify."""
    parser.set_defaults(run=run_verify)
    parser.description = (
        "Recount whole parts of a merged table from what was pushed, the plain way, and compare every response and\n"
        "every sum. The exit code is 4 if anything differs."
    )
    parser.epilog = example("claude-top fleet verify s3://lake/claude --sample 0.01")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument(
        "--sample",
        type=_share,
        default=1.0,
        metavar="F",
        help="the share of the parts to recount, 0 to 1 (default: all)",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return share


def run_merge(options: Namespace) -> int:
    """Settle what was pushed, write the table, and return the exit code."""
    from claude_tui.cli.counting.setup import pricer
    from claude_tui.cli.environment import now_ms

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.merge import merge
    from claude_tui.fleet.pushed.parts import parts_of
    from claude_tui.fleet.table.meta import lease, pushes_digest, write_meta

    prices = pricer()
    with exits.ended_by(LakeError):
        meta = meta_of(lake)
        with lease(lake) as renew:
            parts, pushes = parts_of(lake, options.parts, renew), pushes_digest(lake.names("files"))
            merged = meta._replace(prices=prices.digest, parts=parts, pushes=pushes)
            done = merge(lake, prices, _zone(meta), merged.parts, renew)
            left_out = "\n".join(" ".join(problem.split()) for problem in done.problems)
            merged = merged._replace(days=",".join(map(str, done.days)), left_out=left_out, held=done.held_sessions)
            if done.written or merged != meta:
                write_meta(lake, merged._replace(merged_ms=now_ms()))
    for problem in done.problems:
        streams.narrate(f"left out: {problem}")
    streams.narrate(
        f"merged: {many(done.responses, 'response')} of {many(done.files, 'file')} "
        f"in {done.objects:,} pushed; {many(done.written, 'object')} written"
    )
    if not done.problems:
        return exits.OK
    if done.held_sessions:
        streams.narrate(
            f"{many(done.held, 'response')} of {many(done.held_sessions, 'session')} in what was left out "
            f"{'stays' if done.held == 1 else 'stay'} as published before; everything else is merged"
        )
    streams.narrate(MEND)
    return exits.PARTIAL


def run_status(options: Namespace) -> int:
    """List the machines and return the exit code."""
    from claude_tui.cli.environment import now_ms

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.status import status
    from claude_tui.reports import fleet as reports

    with exits.ended_by(LakeError):
        found = status(lake, meta_of(lake), now_ms(), SILENT_DAYS)
    if options.json:
        streams.write_json(reports.report(found))
    else:
        streams.write_tables([reports.table(found)], reports.footer(found))
    return exits.OK if found.is_well else exits.PARTIAL


def run_verify(options: Namespace) -> int:
    """Recount parts of the table and return the exit code."""
    from claude_tui.cli.counting.setup import pricer

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.verify import verify

    with exits.ended_by(LakeError):
        meta = meta_of(lake)
        done = verify(lake, meta, pricer(), options.sample)
    for difference in done.differences:
        streams.narrate(f"not equal: {difference}")
    verdict = "not equal" if done.differences else "equal"
    streams.narrate(f"{verdict}: {many(done.responses, 'response')} in {len(done.parts)} of {many(meta.parts, 'part')}")
    return exits.PARTIAL if done.differences else exits.OK


def _zone(meta: TableMeta) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(meta.timezone)
