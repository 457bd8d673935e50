"""`claude-top telemetry install`: has a client send telemetry to the receiver, or the system start the receiver.

Nobody else's telemetry is ever changed: where some is set already, what to add to its collector is printed instead.
"""

from __future__ import annotations

import difflib
import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui import files
from claude_tui.cli import exits, streams
from claude_tui.cli.environment import home, program
from claude_tui.cli.parser import CommandParser, example
from claude_tui.cli.telemetry.receiving import SWITCHABLE, found, settings
from claude_tui.clients import CLIENTS
from claude_tui.paths import create_private, state_folder
from claude_tui.records import NamedTuple

if TYPE_CHECKING:
    from claude_tui.telemetry.place import ReceiverPlace
    from claude_tui.telemetry.switches import Switch

HIDDEN: Final = "<token>"
"""What stands for the token where a change is only shown."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.set_defaults(run=run)
    parser.description = (
        "Have a client send telemetry to claude-top: numbers and names only, to this machine only, with a token. What\n"
        "the file was before is kept, and --undo gives back the same bytes if nobody else has changed it since. A\n"
        "client that sends telemetry elsewhere already, or whose settings an administrator made, is left alone, and\n"
        "what to add to the OpenTelemetry Collector is printed. With --service the system receives, from login on."
    )
    parser.epilog = example(
        "claude-top telemetry install --dry-run", "claude-top telemetry install --service",
        "claude-top telemetry install --client codex", "claude-top telemetry install --client codex --undo",
    )  # fmt: skip
    parser.add_argument(
        "--client", choices=SWITCHABLE, metavar="NAME", help=f"one of {', '.join(SWITCHABLE)} (default: claude)"
    )
    parser.add_argument("--service", action="store_true", help="have the system run `claude-top telemetry run`")
    parser.add_argument("--dry-run", action="store_true", help="show the changes without making them")
    parser.add_argument("--undo", action="store_true", help="undo it")


def run(options: Namespace) -> int:
    """Change the files and return the exit code."""
    code = exits.OK
    if options.client or not options.service:
        code = _switch(options, options.client or "claude")
    if options.service and code == exits.OK:
        from claude_tui.cli.telemetry.system import change

        code = change(program(), is_undone=options.undo, is_dry=options.dry_run)
    return code


def _switch(options: Namespace, client: str) -> int:
    from claude_tui.telemetry.switches import SWITCHES

    switch = SWITCHES[client]
    path = Path(os.path.realpath(switch.path(home(), os.environ)))
    file = _File(path, _read(path), options.dry_run)
    try:
        return _off(switch, file) if options.undo else _on(switch, file, CLIENTS[client].label)
    except ValueError as error:
        raise exits.CommandError(f"{path}: {error}; nothing changed") from None


class _File(NamedTuple):
    """A client's file: its text, None if it is not there, and whether changes are only shown."""

    path: Path
    text: str | None
    is_dry: bool


def _on(switch: Switch, file: _File, label: str) -> int:
    """Set the switch. What the file was is on the disk before it changes."""
    from claude_tui.telemetry.switches import kept

    folder = _state(is_dry=file.is_dry)
    place = _place(folder, is_dry=file.is_dry)
    if obstacles := switch.obstacles(file.text or "", home(), os.environ):
        return _refused(label, obstacles, place)
    after = switch.switched_on(file.text or "", place)
    if after == file.text:
        streams.narrate(f"{file.path}: {label} is set up already")
        return exits.OK
    if file.is_dry:
        return _shown(file, after, place.token)
    known = kept.load(folder)
    before = known.get(str(file.path))
    is_ours = before is not None and file.text is not None and before.is_untouched(file.text)
    first = before.text if before is not None and is_ours else file.text
    kept.save(folder, {**known, str(file.path): kept.Before(first, kept.checksum(after))})
    _write(file.path, after)
    streams.narrate(f"{file.path}: {label} sends telemetry to claude-top; {switch.afterwards(file.path)}")
    _say_who_receives()
    return exits.OK


def _off(switch: Switch, file: _File) -> int:
    """Take the switch back: to the bytes that were there, or, if somebody changed the file since, our keys alone."""
    from claude_tui.telemetry.switches import kept

    folder = _state(is_dry=file.is_dry)
    known = kept.load(folder)
    before = known.pop(str(file.path), None)
    if file.text is None:
        raise exits.CommandError(f"{file.path} is not there, nothing changed")
    if before is not None and before.is_untouched(file.text):
        after = before.text
    else:
        after = switch.switched_off(file.text) or None
        if after == file.text:
            raise exits.CommandError(f"{file.path}: it sends no telemetry to claude-top, nothing changed")
    if file.is_dry:
        return _shown(file, after, _place(folder, is_dry=True).token)
    _write(file.path, after)
    kept.save(folder, known)
    streams.narrate(f"{file.path}: {'removed' if after is None else 'claude-top removed'}")
    return exits.OK


def _shown(file: _File, after: str | None, token: str) -> int:
    """Show a change, with the token hidden."""
    old, new = ((text or "").replace(token, HIDDEN).splitlines(True) for text in (file.text, after))
    streams.write("".join(difflib.unified_diff(old, new, str(file.path), f"{file.path} (changed)")))
    return exits.OK


def _state(*, is_dry: bool) -> Path:
    folder = state_folder() if is_dry else create_private(state_folder())
    if folder is None:
        raise exits.CommandError(f"cannot write to {state_folder()}, so --undo would not work; nothing changed")
    return folder


def _place(folder: Path, *, is_dry: bool) -> ReceiverPlace:
    """Where the receiver is. A token is made if there is none, but not to show a change."""
    from claude_tui.telemetry.place import TOKEN_FILE, ReceiverPlace
    from claude_tui.tokens import kept_token

    is_made = not is_dry or (folder / TOKEN_FILE).exists()
    return ReceiverPlace(settings().port, kept_token(folder, TOKEN_FILE) if is_made else HIDDEN)


def _refused(label: str, obstacles: Sequence[str], place: ReceiverPlace) -> int:
    """Say why nothing is changed, and print what a collector needs instead."""
    from claude_tui.telemetry.collector import snippet

    shown = ", ".join(obstacles[:4]) + (f" and {len(obstacles) - 4} more" if len(obstacles) > 4 else "")
    streams.narrate(f"claude-top: telemetry of {label} is set already: {shown}; nothing changed")
    streams.narrate("If it goes to an OpenTelemetry Collector, add this to the collector's configuration:")
    streams.write(snippet(place))
    return exits.FAILED


def _say_who_receives() -> None:
    findings = found(())
    if findings.standing.state == "on":
        streams.narrate(f"{findings.owner} receives it")
    elif findings.settings.on:
        streams.narrate("it is received while the screen or `serve` is open")
    else:
        streams.narrate(
            "nobody receives it yet: `claude-top telemetry install --service` has the system do it, "
            "[telemetry] on = true in config.toml the screen"
        )


def _read(path: Path) -> str | None:
    try:
        return files.read_text(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise exits.CommandError(f"{path}: {error}") from None


def _write(path: Path, text: str | None) -> None:
    try:
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.replace(path, text.encode("utf-8", "surrogatepass"), files.OWN, is_durable=True)
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None
