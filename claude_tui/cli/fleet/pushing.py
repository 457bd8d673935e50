"""`claude-top fleet push`: this machine's ledger, written to a table. Must not know how a table is laid out."""

from __future__ import annotations

import getpass
import os
from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.fleet.place import add_path_options, key_of, lake_of
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many, size


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.set_defaults(run=run)
    parser.description = (
        "Bring the ledger up to date, as `ledger keep` does, and write to the table what has not been pushed yet. It\n"
        "needs the right to write below observations/ and files/ of the table, and no other."
    )
    parser.epilog = example("claude-top fleet push /mnt/share/claude", "claude-top fleet push s3://lake/c --dry-run")
    parser.add_argument("url", metavar="URL", help="where the table is")
    parser.add_argument("--user", metavar="NAME", default="", help="whose responses they are (default: the login name)")
    parser.add_argument("--team", metavar="NAME", default="", help="the user's team")
    add_path_options(parser)
    parser.add_argument("--all", action="store_true", help="push everything again; it changes no total")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be pushed")
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Push what the ledger holds and return the exit code."""
    from claude_tui.cli.counting.kept import kept
    from claude_tui.engine.ledger import Ledger, LedgerError
    from claude_tui.engine.ledger.file.schema import DamagedError
    from claude_tui.paths import state_folder

    lake = lake_of(options.url)
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.paths_rule import folder_rule
    from claude_tui.fleet.push import Pusher, note_path, push
    from claude_tui.fleet.table.meta import founded

    try:
        folder = folder_rule(options.paths, key_of(options.key_file))
    except ValueError as error:
        raise exits.CommandError(f"--key-file: {error}", exits.USAGE) from None
    wanted, _ = kept(options)
    ledger = Ledger.open(wanted.ledger_file)
    pusher = Pusher(options.user or _login(), options.team, ledger.host)
    with exits.ended_by(LakeError, LedgerError, DamagedError):
        meta = founded(lake, wanted.zone.key, options.paths)
        note = note_path(state_folder(), lake, meta.id, pusher)
        done = push(lake, ledger, pusher, folder, note, is_everything=options.all, is_dry=options.dry_run)
    said = "would push" if options.dry_run else "pushed"
    streams.narrate(
        f"{said} as {pusher.user}, {pusher.host}: {many(done.files, 'file')}, {many(done.responses, 'response')}, "
        f"{size(done.size_bytes)}"
    )
    return exits.OK


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return os.environ.get("USER", "unknown")
