"""`claude-top statusline`: reads Claude Code's JSON on stdin and prints one line on stdout.

Claude Code runs it after every message and waits for it: the whole process has 60 ms. So it reads one small file that a
background count wrote, starts a new count when the logs have changed, and waits for a count only the very first time.
Whatever goes wrong, it prints the last good line and exits with 0. Must not count.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from claude_tui.cli import streams
from claude_tui.cli.statusline import files as files
from claude_tui.files import read_text

if TYPE_CHECKING:
    from argparse import Namespace

    from claude_tui.cli.parser import CommandParser


def main(arguments: Sequence[str], *, is_plain: bool = False) -> int:
    """Print the line and return the exit code."""
    streams.prepare()
    options = _options(arguments)
    if not isinstance(options, int):
        options.is_plain = options.is_plain or is_plain
    if isinstance(options, int):
        return streams.ended(options)
    if sys.stdin.isatty():
        streams.tell("claude-top statusline: reads Claude Code's JSON on stdin (see --help)\n")
        return 2
    folder = files.state_folder()
    now_ms = time.time_ns() // 1_000_000
    given: dict[str, Any] = {}
    raw = b""
    try:
        raw = sys.stdin.buffer.read()
        parsed = json.loads(raw)
        if not isinstance(parsed, dict):
            raise ValueError("no object")
        given = parsed
        if folder:
            _remember(folder, given, now_ms)
        text = _wrapped(options.wrapped, raw) if options.wrapped else _line(options, folder, given, now_ms)
        if folder:
            files.keep_line(folder, given, text)
    except Exception:  # a statusline must never fail: Claude Code would show nothing at all
        text = files.last_line(folder, given, raw)
    try:
        if text:
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
        streams.finish()
    except OSError:  # nobody sees it
        streams.abandon(sys.stdout)
    return 0


def _options(arguments: Sequence[str]) -> Namespace | int:
    from claude_tui.cli.parser import CommandParser

    parser = CommandParser(prog="claude-top statusline", fill=add_arguments)
    try:
        options: Namespace = parser.parse_args(arguments)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return options


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    from argparse import SUPPRESS

    from claude_tui.cli.parser import example

    parser.set_defaults(run=lambda options: 2)
    parser.description = (
        "Read Claude Code's JSON on stdin and print one line. `claude-top statusline install` sets it up; with --wrap\n"
        "your own statusline stays, and claude-top still records the reported limits."
    )
    parser.epilog = example(
        "claude-top statusline install", "claude-top statusline install --wrap --dry-run",
        "claude-top statusline install --undo", "claude-top statusline < statusline.json",
    )  # fmt: skip
    burns = ("off", "emoji", "text", "emoji-text")
    parser.add_argument(
        "-B",
        "--visual-burn-rate",
        dest="burn",
        choices=burns,
        default=None,
        help="show the burn rate as emoji, text or both",
    )
    parser.add_argument(
        "--cost-source",
        choices=("auto", "ccusage", "cc", "both"),
        default=None,
        help="session cost: counted by claude-top (auto, ccusage), reported by Claude Code (cc), or both",
    )
    parser.add_argument(
        "--context-low-threshold",
        dest="low",
        type=int,
        default=None,
        metavar="N",
        help="context is green below N %% (default: 50)",
    )
    parser.add_argument(
        "--context-medium-threshold",
        dest="medium",
        type=int,
        default=None,
        metavar="N",
        help="context is yellow below N %%, then red (default: 80)",
    )
    parser.add_argument(
        "--refresh-interval",
        type=float,
        default=None,
        metavar="S",
        help="count at most once every S seconds (default: 1)",
    )
    parser.add_argument("--git-branch", action="store_true", help="show the git branch")
    parser.add_argument(
        "-z", "--timezone", default=None, metavar="ZONE", help="time zone that decides where a day begins"
    )
    parser.add_argument("--wrapped", default="", metavar="COMMAND", help="print the output of COMMAND instead")
    for ignored in (("-O", "--offline"), ("--no-offline",), ("--cache",), ("--no-cache",), ("-d", "--debug")):
        parser.add_argument(*ignored, action="store_true", dest="ignored", help=SUPPRESS)
    parser.add_argument("--plain", dest="is_plain", action="store_true", help="print exactly the words ccusage prints")
    parser.add_argument("--config", metavar="FILE", help="a ccusage.json with defaults (default: searched for)")


def _remember(folder: str, given: dict[str, Any], now_ms: int) -> None:
    from claude_tui.engine.queries.allowances.limits import remember

    with contextlib.suppress(OSError):
        remember(folder, config_folder_of(given), given, now_ms)


def config_folder_of(given: dict[str, Any]) -> str:
    """Return the config folder a transcript belongs to, which identifies the account as well as the path can."""
    path = given.get("transcript_path")
    folder, found, _ = path.rpartition(f"{os.sep}projects{os.sep}") if isinstance(path, str) else ("", "", "")
    return folder if found else os.environ.get("CLAUDE_CONFIG_DIR", "")


def _line(options: Namespace, folder: str, given: dict[str, Any], now_ms: int) -> str:
    from claude_tui.cli.statusline.settings import renamed, with_settings
    from claude_tui.reports.gauges.statusline import line

    aliases = with_settings(options)
    # If no count can be kept, only what the client says is known.
    cost_source = options.cost_source if folder or options.cost_source != "auto" else "cc"
    interval_s = options.refresh_interval
    day = files.newest_count(folder, given, now_ms, options.timezone, interval_s) if folder else None
    return line(
        renamed(given, aliases),
        day,
        now_ms,
        burn=options.burn,
        cost_source=cost_source,
        branch=_branch(given) if options.git_branch else "",
        thresholds=None if os.environ.get("NO_COLOR") else (options.low, options.medium),
        is_plain=options.is_plain,
    )


def _branch(given: dict[str, Any]) -> str:
    """Return the git branch of the session's folder, "" if there is none."""
    folder = given.get("cwd")
    while isinstance(folder, str) and folder != os.path.dirname(folder):
        entry = os.path.join(folder, ".git")
        try:
            if os.path.isfile(entry):
                entry = os.path.join(folder, read_text(entry, 4096).partition("gitdir:")[2].strip())
            head = read_text(os.path.join(entry, "HEAD"), 4096).strip()
            return head.removeprefix("ref: refs/heads/") if head.startswith("ref: ") else head[:8]
        except (OSError, ValueError):
            folder = os.path.dirname(folder)
    return ""


def _wrapped(command: str, raw: bytes) -> str:
    """Return the output of the user's own statusline command."""
    import subprocess

    done = subprocess.run(command, shell=True, input=raw, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
