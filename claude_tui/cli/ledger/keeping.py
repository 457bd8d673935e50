"""`claude-top ledger keep`: what the logs say now goes to the ledger, without a screen; and the hook that does it.

Must not know how the ledger stores anything.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from claude_tui.cli import exits, streams
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many


def add_arguments(parser: CommandParser) -> None:
    """Add the options of keep."""
    parser.set_defaults(run=_keep)
    parser.description = (
        "Count the logs and write to the ledger what it does not hold yet, then exit: for cron, the end of a CI job,\n"
        "servers, and wherever else no screen is open before the clients delete their logs. Running it again changes\n"
        "nothing. With --install-hook Claude Code runs it at the end of each session."
    )
    parser.epilog = example(
        "claude-top ledger keep",
        "17 * * * *  claude-top ledger keep --quiet",
        "claude-top ledger keep --install-hook --dry-run",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing if all went well")
    parser.add_argument(
        "--detach", action="store_true", help="return at once and go on in the background, whose success nobody is told"
    )
    hook = parser.add_argument_group("the hook")
    hook.add_argument(
        "--install-hook", action="store_true", help="have Claude Code run `ledger keep --detach` when a session ends"
    )
    hook.add_argument("--undo", action="store_true", help="with --install-hook: remove it again, and nothing else")
    hook.add_argument("--dry-run", action="store_true", help="with --install-hook: show the change without making it")
    hook.add_argument(
        "--settings", metavar="FILE", help="with --install-hook: settings.json to change (default: that of Claude Code)"
    )
    add_place_options(parser)


def _keep(options: Namespace) -> int:
    if options.install_hook:
        return _install_hook(options)
    for name in ("undo", "dry_run", "settings"):
        if getattr(options, name):
            raise exits.CommandError(f"--{name.replace('_', '-')} needs --install-hook", exits.USAGE)
    return _keep_detached() if options.detach else _keep_now(options)


def _install_hook(options: Namespace) -> int:
    from claude_tui.cli.client_hooks import Hook, change_hook
    from claude_tui.cli.client_settings import settings_path

    path = Path(os.path.realpath(options.settings or settings_path()))
    hook = Hook("SessionEnd hook", ("SessionEnd",), ("ledger", "keep", "--detach"))
    return change_hook(path, hook, is_undo=options.undo, is_dry=options.dry_run)


def _keep_detached() -> int:
    """Start another process that updates the ledger, detached from whatever waits for this one or ends it."""
    import subprocess

    from claude_tui.cli.client_settings import own_program

    given = ["--quiet" if word == "--detach" else word for word in sys.argv[1:]]
    try:
        subprocess.Popen(
            [*own_program(), *given], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise exits.CommandError(f"cannot start: {error.strerror}") from None
    return exits.OK


def _keep_now(options: Namespace) -> int:
    from claude_tui.cli.counting.kept import kept
    from claude_tui.cli.options.places import no_logs

    wanted, done = kept(options)
    if not (done.responses or done.events):
        from claude_tui.engine.scan.discovery import roots_of

        raise no_logs([place for _, place in roots_of(wanted.config)])
    if not options.quiet:
        new, held = many(done.added, "new response"), f"{done.responses:,}"
        if done.events:
            new += f" and {many(done.added_events, 'new event')} of telemetry"
            held = f"{many(done.responses, 'response')} and {many(done.events, 'event')}"
        said = f"{new}; {held} of {many(done.files, 'file')} in the ledger"
        streams.narrate(f"kept: {said}")
    return exits.OK
