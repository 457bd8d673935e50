"""`claude-top fleet`: one total over many machines, in a folder or an object store that all of them reach."""

from __future__ import annotations

import getpass
import os
from argparse import SUPPRESS, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.options import add_place_options
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many, size

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from claude_tui.fleet.lake import Lake
    from claude_tui.fleet.meta import Meta
    from claude_tui.fleet.scan import Batch, Read

MISSING: Final = "fleet needs its packages: pip install 'claude-top-tui[fleet]' (fleet-s3, fleet-gcs, fleet-azure)"
SILENT_DAYS: Final = 7
MOST_PARTS: Final = 10_000
MB: Final = 1 << 20
NO_SCHEDULER: Final = "none"


def add_arguments(parser: CommandParser) -> None:
    """Add the actions."""
    parser.description = (
        "One exact total over many machines. Each machine pushes what its ledger holds to a table, a folder that all\n"
        "of them reach: a path, s3://, gs://, abfs:// or sftp://. One of them merges, nightly for example. A response\n"
        "that several machines know counts once. `claude-top report --from URL` and `check --from URL` read it.\n"
        "No prompts, titles or branches leave a machine; what leaves of folders is up to --paths."
    )
    parser.epilog = example(
        "claude-top fleet push s3://lake/claude --team web",
        "claude-top fleet merge s3://lake/claude",
        "claude-top report --from s3://lake/claude --by team --since 2026-11-01",
    )
    actions = parser.add_subparsers(
        title="actions", metavar="ACTION", dest="action", parser_class=CommandParser, required=True
    )
    actions.add_parser("push", help="write what this machine's ledger holds to a table", fill=_add_push)
    actions.add_parser("scan", help="read raw logs in an object store into a table", fill=_add_scan)
    actions.add_parser("merge", help="settle what was pushed and write the table", fill=_add_merge)
    actions.add_parser("status", help="list the machines and check that the sums agree", fill=_add_status)
    actions.add_parser("verify", help="recount parts of the table from what was pushed", fill=_add_verify)


def _add_push(parser: CommandParser) -> None:
    parser.set_defaults(run=_push)
    parser.description = (
        "Bring the ledger up to date, as `ledger keep` does, and write to the table what was not pushed yet. It needs\n"
        "the right to write below observations/ and files/ of the table, and no other."
    )
    parser.epilog = example("claude-top fleet push /mnt/share/claude", "claude-top fleet push s3://lake/c --dry-run")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument("--user", metavar="NAME", default="", help="whose responses they are (default: the login name)")
    parser.add_argument("--team", metavar="NAME", default="", help="the user's team")
    _add_path_options(parser)
    parser.add_argument("--all", action="store_true", help="push everything again; it changes no total")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be pushed")
    add_place_options(parser)


def _add_path_options(parser: CommandParser) -> None:
    parser.add_argument(
        "--paths",
        choices=("name", "full", "hash", "none"),
        default="name",
        help="what the table knows of folders: name (default) is the last part of the path",
    )
    parser.add_argument("--key-file", metavar="FILE", help="with --paths hash: 16 to 64 secret bytes, the same for all")


def _add_scan(parser: CommandParser) -> None:
    parser.set_defaults(run=_scan)
    parser.description = (
        "Read the logs of Claude Code that lie in a store, such as a bucket into which machines copy their homes, and\n"
        "merge. Only objects that are new or changed are read. Whose a log is, its name says. A log that cannot be\n"
        "read is said, and the exit code is 4. Machines with other clients push."
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
    _add_path_options(parser)
    parser.add_argument(
        "-z", "--timezone", metavar="ZONE", default=SUPPRESS, help="with a new table: the time zone of its days"
    )
    parser.add_argument(
        "--batch-mb", type=_batch_mb, default=128, metavar="N", help="about how many MB of logs are read at once (128)"
    )
    parser.add_argument(
        "--scheduler",
        default=os.environ.get("DASK_SCHEDULER_ADDRESS", NO_SCHEDULER),
        metavar="WHERE",
        help="who reads: none (this process), local (a process for each core), or tls://HOST:PORT of a dask scheduler\n"
        "(default: $DASK_SCHEDULER_ADDRESS, else none)",
    )
    parser.add_argument(
        "--insecure-scheduler", action="store_true", help="allow one without TLS; whoever reaches it runs code there"
    )
    parser.add_argument(
        "--retries", type=_retries, default=5, metavar="N", help="how often a batch that failed is read again (5)"
    )
    parser.add_argument("--all", action="store_true", help="read everything again; it changes no total")
    parser.add_argument("--no-merge", action="store_true", help="do not merge afterwards")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be read")


def _add_merge(parser: CommandParser) -> None:
    parser.set_defaults(run=_merge)
    parser.description = (
        "Settle everything that was pushed and write responses/ and daily/ of the table. Running it again without\n"
        "new pushes writes nothing. Whatever is not as claude-top writes it is left out and said, and the exit code\n"
        "is 4."
    )
    parser.epilog = example("claude-top fleet merge s3://lake/claude")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument(
        "--parts",
        type=_parts,
        default=0,
        metavar="N",
        help="settle the table in N parts, one after the other (default: one for each million responses)",
    )


def _add_status(parser: CommandParser) -> None:
    parser.set_defaults(run=_status)
    parser.description = (
        "List the machines of a table with their last push, and check that the sums of its parts agree. The exit\n"
        f"code is 4 if they do not, or if a machine pushed nothing for {SILENT_DAYS} days."
    )
    parser.epilog = example("claude-top fleet status s3://lake/claude --json")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/fleet@1)")


def _add_verify(parser: CommandParser) -> None:
    parser.set_defaults(run=_verify)
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


def _batch_mb(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to 1,024")
    return int(text)


def _retries(text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise ArgumentTypeError(f"{text!r} is no number from 0 to 100")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return share


def _parts(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PARTS:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_PARTS:,}")
    return int(text)


def lake_of(url: str) -> Lake:
    """Return the place of a table. Raises CommandError."""
    try:
        from claude_tui.fleet.lake import Lake, LakeError
    except ImportError:
        raise exits.CommandError(MISSING) from None
    try:
        return Lake(url)
    except LakeError as error:
        raise exits.CommandError(str(error)) from None


def _push(options: Namespace) -> int:
    import asyncio

    from claude_tui import runtime
    from claude_tui.cli.options import setup
    from claude_tui.cli.progress import Bar
    from claude_tui.engine.keep import keep
    from claude_tui.engine.ledger import Ledger, LedgerError
    from claude_tui.engine.ledger.file.schema import DamagedError
    from claude_tui.paths import state_folder

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.meta import founded
    from claude_tui.fleet.paths_rule import folder_rule
    from claude_tui.fleet.push import Pusher, note_path, push

    try:
        folder = folder_rule(options.paths, _key(options.key_file))
    except ValueError as error:
        raise exits.CommandError(f"--key-file: {error}", exits.USAGE) from None
    runtime.counting()
    wanted = setup(options)
    with Bar("reading logs") as bar:
        kept = asyncio.run(keep(wanted, bar.show))
    if kept.error:
        raise exits.CommandError(f"{wanted.ledger_file}: {kept.error}")
    ledger = Ledger.open(wanted.ledger_file)
    pusher = Pusher(options.user or _login(), options.team, ledger.host)
    try:
        meta = founded(lake, wanted.zone.key, options.paths)
        note = note_path(state_folder(), lake, meta.id, pusher)
        done = push(lake, ledger, pusher, folder, note, is_everything=options.all, is_dry=options.dry_run)
    except (LakeError, LedgerError, DamagedError) as error:
        raise exits.CommandError(str(error)) from None
    said = "would push" if options.dry_run else "pushed"
    streams.narrate(
        f"{said} as {pusher.user}, {pusher.host}: {many(done.files, 'file')}, {many(done.responses, 'response')}, "
        f"{size(done.size_bytes)}"
    )
    return exits.OK


def _scan(options: Namespace) -> int:
    from claude_tui.cli.options import timezone

    logs, table = lake_of(options.url), lake_of(options.into)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.meta import founded
    from claude_tui.fleet.paths_rule import folder_rule
    from claude_tui.fleet.scan import in_turn, layout_pattern, look

    key = _key(options.key_file)
    try:
        layout = layout_pattern(options.layout)
        folder_rule(options.paths, key)
    except ValueError as error:
        raise exits.CommandError(str(error), exits.USAGE) from None
    try:
        found = look(logs, table, layout, options.paths, key, options.batch_mb * MB, is_everything=options.all)
        if not found.logs:
            raise exits.CommandError(f"{options.url}: no logs are named {options.layout}/...", exits.NO_LOGS)
        if options.dry_run:
            streams.narrate(f"would read {many(found.fresh, 'log')} of {found.logs:,}, {size(found.size_bytes)}")
            return exits.OK
        founded(table, timezone(options).key, options.paths)
        done = in_turn(found.batches) if options.scheduler == NO_SCHEDULER else _spread(found.batches, options)
    except LakeError as error:
        raise exits.CommandError(str(error)) from None
    for problem in done.problems:
        streams.narrate(f"not read: {problem}")
    streams.narrate(
        f"read: {many(done.logs, 'log')} of {found.logs:,}, {size(found.size_bytes)}, "
        f"{many(done.responses, 'response')}; {many(done.doubts, 'line')} in doubt"
    )
    options.url, options.parts = options.into, 0
    merged = exits.OK if options.no_merge else _merge(options)
    return exits.PARTIAL if done.problems else merged


def _spread(batches: list[Batch], options: Namespace) -> Read:
    try:
        from claude_tui.fleet.spread import SchedulerError, spread
    except ImportError:
        raise exits.CommandError(MISSING) from None
    try:
        return spread(
            batches, options.scheduler, retries=options.retries, is_insecure_allowed=options.insecure_scheduler
        )
    except SchedulerError as error:
        raise exits.CommandError(str(error)) from None


def _merge(options: Namespace) -> int:
    from claude_tui.cli.options import now_ms, pricer

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.merge import merge
    from claude_tui.fleet.meta import lease, pushes_digest, write_meta
    from claude_tui.fleet.parts import parts_of

    prices = pricer()
    try:
        meta = _meta(lake)
        with lease(lake):
            merged = meta._replace(
                prices=prices.digest, parts=parts_of(lake, options.parts), pushes=pushes_digest(lake.names("files"))
            )
            done = merge(lake, prices, _zone(meta), merged.parts)
            if done.written or merged != meta:
                write_meta(lake, merged._replace(merged_ms=now_ms()))
    except LakeError as error:
        raise exits.CommandError(str(error)) from None
    for problem in done.problems:
        streams.narrate(f"left out: {problem}")
    streams.narrate(
        f"merged: {many(done.responses, 'response')} of {many(done.files, 'file')} "
        f"in {done.objects:,} pushed; {many(done.written, 'object')} written"
    )
    return exits.PARTIAL if done.problems else exits.OK


def _status(options: Namespace) -> int:
    from claude_tui.cli.options import now_ms

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.status import status
    from claude_tui.reports import fleet as reports

    try:
        _meta(lake)
        found = status(lake, now_ms(), SILENT_DAYS)
    except LakeError as error:
        raise exits.CommandError(str(error)) from None
    if options.json:
        streams.write_json(reports.report(found))
    else:
        streams.write_tables([reports.table(found)], reports.footer(found))
    return exits.OK if found.is_well else exits.PARTIAL


def _verify(options: Namespace) -> int:
    from claude_tui.cli.options import pricer

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.verify import verify

    try:
        meta = _meta(lake)
        done = verify(lake, meta, pricer(), options.sample)
    except LakeError as error:
        raise exits.CommandError(str(error)) from None
    for difference in done.differences:
        streams.narrate(f"not equal: {difference}")
    verdict = "not equal" if done.differences else "equal"
    streams.narrate(f"{verdict}: {many(done.responses, 'response')} in {len(done.parts)} of {many(meta.parts, 'part')}")
    return exits.PARTIAL if done.differences else exits.OK


def _meta(lake: Lake) -> Meta:
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.meta import read_meta

    meta = read_meta(lake)
    if meta is None:
        raise LakeError(f"{lake.url}: there is no table; `claude-top fleet push` founds one")
    return meta


def _zone(meta: Meta) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(meta.timezone)


def _key(path: str | None) -> bytes:
    if path is None:
        return b""
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return os.environ.get("USER", "unknown")
