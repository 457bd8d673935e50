"""`claude-top hooks`: has Claude Code tell us what no log says in time, and takes that back again.

Other hooks in the settings stay as they are. What is kept of an event is its instant and the name of a tool.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.client_settings import (
    difference,
    own_program,
    read_settings,
    settings_path,
    settings_text,
    write_settings,
)
from claude_tui.cli.parser import CommandParser, example

MAX_INPUT: Final = 16 << 20
"""Bytes of an event that are read; what a tool is given may be long."""
KEPT_S: Final = 7 * 86_400
"""What was told of a session this long ago is of no use any more."""


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
    path = Path(os.path.realpath(options.settings or settings_path()))
    text, settings = read_settings(path)
    changed = without_hook(settings, path)
    if not options.undo:
        changed = with_hook(changed)
    if changed == settings:
        streams.narrate(f"{path}: there is no hook of claude-top" if options.undo else f"{path}: the hook is there")
        return exits.OK
    after = settings_text(changed)
    if options.dry_run:
        streams.write(difference(path, text, after))
        return exits.OK
    write_settings(path, after)
    streams.narrate(f"{path}: hook {'removed' if options.undo else 'added'}")
    return exits.OK


def with_hook(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with the hook after all others."""
    from claude_tui.sources.claude.hook_marks import EVENTS

    command = shlex.join([*own_program(), "hooks", "note"])
    ours = {"matcher": "*", "hooks": [{"type": "command", "command": command, "timeout": 5}]}
    hooks = settings.get("hooks", {})
    return {**settings, "hooks": {**hooks, **{event: [*hooks.get(event, ()), ours] for event in EVENTS}}}


def without_hook(settings: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return settings without the hook, and without the lists that held nothing else. Raises CommandError."""
    hooks = settings.get("hooks", {})
    if not isinstance(hooks, dict) or not all(isinstance(groups, list) for groups in hooks.values()):
        raise exits.CommandError(f"{path}: the hooks there have an unknown form, nothing changed")
    kept: dict[str, Any] = {}
    for event, groups in hooks.items():
        left = [found for group in groups if (found := _without(group)) is not None]
        if left or not groups:
            kept[event] = left
    if kept == hooks:
        return settings
    rest = {name: value for name, value in settings.items() if name != "hooks"}
    return {**settings, "hooks": kept} if kept else rest


def _without(group: Any) -> Any:
    """Return a group of hooks without ours, None where that leaves none."""
    found = group.get("hooks") if isinstance(group, dict) else None
    if not isinstance(found, list) or not any(map(_is_ours, found)):
        return group
    left = [hook for hook in found if not _is_ours(hook)]
    return {**group, "hooks": left} if left else None


def _is_ours(hook: Any) -> bool:
    command = hook.get("command") if isinstance(hook, dict) else None
    try:
        words = shlex.split(command) if isinstance(command, str) else []
    except ValueError:
        return False
    return words[-2:] == ["hooks", "note"] and any("claude-top" in word or word == "claude_tui" for word in words[:3])


def _note() -> int:
    """Take down one event from stdin. Says nothing and never fails: Claude Code would show that or heed it."""
    from claude_tui import files
    from claude_tui.paths import create_private, state_folder
    from claude_tui.sources.claude.hook_marks import hooks_folder, marked, marks_path, read_marks

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
