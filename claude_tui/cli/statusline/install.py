"""`claude-top statusline install`: adds the statusline to Claude Code's settings, and removes it again.

Changes only `statusLine`, and keeps the previous value for --undo. Must not touch other settings.
"""

from __future__ import annotations

import json
import os
import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.cli import exits, streams
from claude_tui.cli.client_settings import (
    difference,
    own_words,
    read_settings,
    settings_path,
    settings_text,
    write_settings,
)
from claude_tui.cli.environment import program
from claude_tui.cli.parser import CommandParser, example

UNDO_FILE: Final = "statusline-before.json"
KEY: Final = "statusLine"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.prog = "claude-top statusline install"
    parser.description = "Put `claude-top statusline` into Claude Code's settings.json; nothing else there changes."
    parser.epilog = example(
        "claude-top statusline install --dry-run", "claude-top statusline install --wrap",
        "claude-top statusline install --undo",
    )  # fmt: skip
    parser.add_argument(
        "--wrap", action="store_true", help="keep showing your own statusline; claude-top only reads the input"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the changes without making them")
    parser.add_argument("--undo", action="store_true", help="restore the statusline that was there before")
    parser.add_argument(
        "--settings", metavar="FILE", help="settings.json to change (default: the one Claude Code uses)"
    )


def run(options: Namespace) -> int:
    """Change the settings and return the exit code."""
    path = Path(os.path.realpath(options.settings or settings_path()))
    text, settings = read_settings(path)
    before = settings.get(KEY)
    if options.undo:
        settings = _undone(settings, path)
    elif _is_ours(before):
        streams.narrate(f"{path}: the statusline is already set")
        return exits.OK
    elif before is not None and not options.wrap:
        raise exits.CommandError(f"{path} already has a statusline; --wrap keeps it, --dry-run shows the changes")
    else:
        settings = {**settings, KEY: _ours(before)}
    after = settings_text(settings)
    if options.dry_run:
        streams.write(difference(path, text, after))
        return exits.OK
    if not options.undo:
        write_settings(_undo_path(), json.dumps({**_load_undo(), str(path): before}, indent=1))
    write_settings(path, after)
    streams.narrate(f"{path}: statusline {'restored' if options.undo else 'set'}")
    return exits.OK


def _ours(before: Any) -> dict[str, Any]:
    """Return our statusline setting, wrapped around the command of the previous one if there is one."""
    command = [*program(), "statusline"]
    if not isinstance(before, dict):
        return {"type": "command", "command": shlex.join(command), "padding": 0}
    own = before.get("command")
    if not isinstance(own, str) or not own:
        raise exits.CommandError("the statusline in the settings is not a command and cannot be kept, nothing changed")
    return {**before, "command": shlex.join([*command, "--wrapped", own])}


def _is_ours(statusline: Any) -> bool:
    return "statusline" in own_words(statusline)[:4]


def _undone(settings: dict[str, Any], path: Path) -> dict[str, Any]:
    if not _is_ours(settings.get(KEY)):
        raise exits.CommandError(f"{path}: the statusline there is not claude-top's, nothing changed")
    before = _load_undo().get(str(path))
    rest = {name: value for name, value in settings.items() if name != KEY}
    return rest if before is None else {**settings, KEY: before}


def _undo_path() -> Path:
    from claude_tui.paths import create_private, state_folder

    folder = create_private(state_folder())
    if folder is None:
        raise exits.CommandError(f"cannot write to {state_folder()}, so --undo would not work; nothing changed")
    return folder / UNDO_FILE


def _load_undo() -> dict[str, Any]:
    try:
        kept = json.loads(files.read(_undo_path()))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}
