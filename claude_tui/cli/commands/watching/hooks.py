"""`claude-top hooks`: adds hooks with which Claude Code reports what no log says in time, and removes them again.

Other hooks in the settings stay as they are. What is kept of an event is its instant and the name of a tool. Must not
keep anything of prompts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Final

from claude_tui.cli import exits
from claude_tui.cli.client_hooks import Hook, change_hook
from claude_tui.cli.client_settings import settings_path
from claude_tui.cli.parser import CommandParser, example

MAX_INPUT: Final = 16 << 20
"""Bytes of an event that are read; what a tool is given may be long."""
KEPT_S: Final = 7 * 86_400
"""Marks of a session that are older than this are of no use."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "`hooks install` adds a hook for PreCompact and PermissionRequest to Claude Code's settings.json, so that\n"
        "compactions are shown as such, and permissions also where the client does not list its status (before\n"
        "2.1.139). Everything else is known without it. Running sessions use it after their next start. `hooks note`\n"
        "is the hook: it stores when an event came and for which tool, and nothing of prompts or tool inputs."
    )
    parser.epilog = example(
        "claude-top hooks install --dry-run", "claude-top hooks install", "claude-top hooks install --undo"
    )
    parser.add_argument("action", choices=("install", "note"), help="install: change the settings; note: be the hook")
    parser.add_argument("--dry-run", action="store_true", help="show the changes without making them")
    parser.add_argument("--undo", action="store_true", help="remove the hook and nothing else")
    parser.add_argument(
        "--settings", metavar="FILE", help="settings.json to change (default: the one Claude Code uses)"
    )


def run(options: Namespace) -> int:
    """Change the settings, or take an event down, and return the exit code."""
    if options.action == "note":
        return _note()
    from claude_tui.sources.claude.running.hook_marks import EVENTS

    hook = Hook("hook", EVENTS, ("hooks", "note"), is_for_tools=True)
    path = Path(os.path.realpath(options.settings or settings_path()))
    return change_hook(path, hook, is_undo=options.undo, is_dry=options.dry_run)


def _note() -> int:
    """Take down one event from stdin. Says nothing and never fails: Claude Code would show that or heed it."""
    from claude_tui import files
    from claude_tui.paths import create_private, state_folder
    from claude_tui.sources.claude.running.hook_marks import hooks_folder, marked, marks_path, read_marks

    try:
        event = json.loads(sys.stdin.buffer.read(MAX_INPUT))
    except (OSError, ValueError, RecursionError):
        return exits.OK
    folder = os.fspath(state_folder())
    path = marks_path(folder, event.get("session_id")) if isinstance(event, dict) else None
    if path is None or create_private(Path(hooks_folder(folder))) is None:
        return exits.OK
    before = read_marks(path)
    after = marked(before, event, time.time_ns() // 1_000_000)
    if after != before:
        try:
            _forget_old(hooks_folder(folder))
            files.replace(Path(path), json.dumps(after._asdict()).encode() + b"\n", files.OWN)
        except OSError:
            return exits.OK
    return exits.OK


def _forget_old(folder: str) -> None:
    with os.scandir(folder) as listing:
        for item in list(listing):
            if item.name.endswith(".json") and item.stat().st_mtime < time.time() - KEPT_S:
                os.unlink(item.path)
