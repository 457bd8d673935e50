"""`claude-top fleet scan`: raw logs that lie in an object store, read into a table. Must not read a log itself."""

from __future__ import annotations

import os
from argparse import SUPPRESS, Namespace
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.fleet.merged import run_merge
from claude_tui.cli.fleet.place import MISSING, add_path_options, key_of, lake_of
from claude_tui.cli.parser import CommandParser, example, whole
from claude_tui.figures import many, size

if TYPE_CHECKING:
    from claude_tui.fleet.scanning.scan import Batch, Read

MB: Final = 1 << 20
NO_SCHEDULER: Final = "none"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.set_defaults(run=run)
    parser.description = (
        "Read the logs of all clients that lie in a store, such as a bucket into which machines copy their homes, and\n"
        "merge. Only new and changed logs are read. The name of an object says whose log it is. Whatever cannot be\n"
        "read is listed, and the exit code is 4."
    )
    parser.epilog = example(
        "claude-top fleet scan s3://logs --layout '{team}/user={user}/host={host}' --into s3://lake/claude"
    )
    parser.add_argument("url", metavar="URL", help="where the logs are")
    parser.add_argument("--into", metavar="TABLE", required=True, help="where the table is")
    parser.add_argument(
        "--layout",
        default="{user}/{host}",
        metavar="NAMES",
        help="how names of objects begin, with {host}, {user} and {team} (default: {user}/{host})",
    )
    add_path_options(parser)
    parser.add_argument(
        "-z", "--timezone", metavar="ZONE", default=SUPPRESS, help="with a new table: the time zone of its days"
    )
    parser.add_argument(
        "--batch-mb",
        type=whole(1, 1024),
        default=128,
        metavar="N",
        help="about how many MB of logs are read at once (128)",
    )
    parser.add_argument(
        "--scheduler",
        default=os.environ.get("DASK_SCHEDULER_ADDRESS", NO_SCHEDULER),
        metavar="WHERE",
        help="who reads: none (this process), local (a process for each core), or tls://HOST:PORT of a dask scheduler\n"
        "(default: $DASK_SCHEDULER_ADDRESS, else none)",
    )
    parser.add_argument(
        "--insecure-scheduler",
        action="store_true",
        help="allow a scheduler without TLS; anyone who reaches it can run code there",
    )
    parser.add_argument(
        "--retries", type=whole(0, 100), default=5, metavar="N", help="how often a batch that failed is read again (5)"
    )
    parser.add_argument("--all", action="store_true", help="read everything again; it changes no total")
    parser.add_argument("--no-merge", action="store_true", help="do not merge afterwards")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be read")


def run(options: Namespace) -> int:
    """Read the logs, merge, and return the exit code."""
    from claude_tui.cli.options.places import timezone

    logs, table = lake_of(options.url), lake_of(options.into)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.paths_rule import folder_rule
    from claude_tui.fleet.scanning.scan import in_turn, layout_pattern, look
    from claude_tui.fleet.table.meta import founded

    key = key_of(options.key_file)
    with exits.ended_by(ValueError, code=exits.USAGE):
        layout = layout_pattern(options.layout)
        folder_rule(options.paths, key)
    with exits.ended_by(LakeError):
        found = look(logs, table, layout, options.paths, key, options.batch_mb * MB, is_everything=options.all)
        if not found.logs:
            raise exits.CommandError(f"{options.url}: no log has a name like {options.layout}/...", exits.NO_LOGS)
        if options.dry_run:
            streams.narrate(f"would read {many(found.fresh, 'log')} of {found.logs:,}, {size(found.size_bytes)}")
            return exits.OK
        founded(table, timezone(options).key, options.paths)
        done = in_turn(found.batches) if options.scheduler == NO_SCHEDULER else _spread(found.batches, options)
    for problem in done.problems:
        streams.narrate(f"not read: {problem}")
    streams.narrate(
        f"read: {many(done.logs, 'log')} of {found.logs:,}, {size(found.size_bytes)}, "
        f"{many(done.responses, 'response')}; {many(done.doubts, 'line')} in doubt"
    )
    options.url, options.parts = options.into, 0
    merged = exits.OK if options.no_merge else run_merge(options)
    return exits.PARTIAL if done.problems else merged


def _spread(batches: list[Batch], options: Namespace) -> Read:
    try:
        from claude_tui.fleet.scanning.spread import SchedulerError, spread
    except ImportError:
        raise exits.CommandError(MISSING) from None
    with exits.ended_by(SchedulerError):
        return spread(
            batches, options.scheduler, retries=options.retries, is_insecure_allowed=options.insecure_scheduler
        )
