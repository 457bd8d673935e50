"""Hooks of ours in Claude Code's settings.json, beside those of others. Must not know what a hook does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from claude_tui.cli import exits, streams
from claude_tui.cli.client_settings import (
    difference,
    own_program,
    own_words,
    read_settings,
    settings_text,
    write_settings,
)
from claude_tui.records import NamedTuple

TIMEOUT_S = 5
"""How long Claude Code waits for one of ours, which is done in a fraction of a second."""


class Hook(NamedTuple):
    """A command of this program that Claude Code runs at some events. `label` is what messages call it; `words` end
    its command, by which it is known again. `is_for_tools`: the events are those of tools, and it is for each."""

    label: str
    events: tuple[str, ...]
    words: tuple[str, ...]
    is_for_tools: bool = False


def change_hook(path: Path, hook: Hook, *, is_undo: bool, is_dry: bool) -> int:
    """Add a hook to a settings file, or remove it, or print what that would change; return the exit code. Raises
    CommandError."""
    text, settings = read_settings(path)
    changed = without_hook(settings, hook, path)
    if not is_undo:
        changed = with_hook(changed, hook)
    if changed == settings:
        missing = f"there is no {hook.label} of claude-top"
        streams.narrate(f"{path}: {missing if is_undo else f'the {hook.label} is there'}")
        return exits.OK
    after = settings_text(changed)
    if is_dry:
        streams.write(difference(path, text, after))
        return exits.OK
    write_settings(path, after)
    streams.narrate(f"{path}: {hook.label} {'removed' if is_undo else 'added'}")
    return exits.OK


def with_hook(settings: dict[str, Any], hook: Hook) -> dict[str, Any]:
    """Return settings with a hook after all others."""
    command = shlex.join([*own_program(), *hook.words])
    run = {"hooks": [{"type": "command", "command": command, "timeout": TIMEOUT_S}]}
    ours = {"matcher": "*", **run} if hook.is_for_tools else run
    hooks = settings.get("hooks", {})
    return {**settings, "hooks": {**hooks, **{event: [*hooks.get(event, ()), ours] for event in hook.events}}}


def without_hook(settings: dict[str, Any], hook: Hook, path: Path) -> dict[str, Any]:
    """Return settings without a hook, and without the lists that held nothing else. Raises CommandError."""
    hooks = settings.get("hooks", {})
    if not isinstance(hooks, dict) or not all(isinstance(groups, list) for groups in hooks.values()):
        raise exits.CommandError(f"{path}: the hooks there have an unknown form, nothing changed")
    kept: dict[str, Any] = {}
    for event, groups in hooks.items():
        left = [found for group in groups if (found := _without(group, hook)) is not None]
        if left or not groups:
            kept[event] = left
    if kept == hooks:
        return settings
    rest = {name: value for name, value in settings.items() if name != "hooks"}
    return {**settings, "hooks": kept} if kept else rest


def _without(group: Any, hook: Hook) -> Any:
    """Return a group of hooks without ours, None where that leaves none."""
    found = group.get("hooks") if isinstance(group, dict) else None
    if not isinstance(found, list) or not any(_is_ours(one, hook) for one in found):
        return group
    left = [one for one in found if not _is_ours(one, hook)]
    return {**group, "hooks": left} if left else None


def _is_ours(one: Any, hook: Hook) -> bool:
    return tuple(own_words(one)[-len(hook.words) :]) == hook.words
