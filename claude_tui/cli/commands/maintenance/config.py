"""`claude-top config`: every key of the settings file, and `claude-top config check`, what is wrong in one.

Must not know what a key means.
"""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from claude_tui.toml import Wrong


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Print a config.toml with every key, its meaning, its default and an example. `check` names, with their\n"
        "lines, unknown keys and values that cannot be used, in FILE or in the settings file that is in use. Exit\n"
        "code 0 if there is nothing wrong (or no settings file yet), 1 if there is, 2 if FILE cannot be read."
    )
    parser.epilog = example(
        "claude-top config",
        "claude-top config > config.toml",
        "claude-top config check",
        "claude-top config check config.toml",
    )
    parser.add_argument("action", nargs="?", choices=("show", "check"), default="show", help="show (default)")
    parser.add_argument("file", nargs="?", metavar="FILE", help="the file to check (default: the one in use)")


def run(options: Namespace) -> int:
    """Print or check, and return the exit code."""
    from claude_tui.paths import config_folder
    from claude_tui.sources.values.display import display_name
    from claude_tui.ui.settings.declared import FILE_NAME

    own = config_folder() / FILE_NAME
    if options.action == "show":
        if options.file:
            raise exits.CommandError("FILE goes with `claude-top config check`", exits.USAGE)
        from claude_tui.ui.configuration.sample import sample

        streams.write(sample(display_name(str(own))))
        return exits.OK
    path = Path(options.file) if options.file else own
    shown = display_name(str(path))
    text = _text(path, is_needed=bool(options.file))
    if text is None:
        streams.write(f"{shown}: not there; the defaults are used\n")
        return exits.OK
    found = _mistakes(text)
    if not found:
        streams.write(f"{shown}: nothing wrong\n")
        return exits.OK
    streams.write("".join(f"{shown}:{f'{line}:' if line else ''} {display_name(said)}\n" for line, said in found))
    return exits.FAILED


def _text(path: Path, *, is_needed: bool) -> str | None:
    from claude_tui import files

    try:
        return files.read_text(path)
    except FileNotFoundError as error:
        if not is_needed:
            return None
        raise exits.CommandError(f"{path}: {error.strerror}", exits.USAGE) from None
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}", exits.USAGE) from None
    except UnicodeDecodeError as error:
        raise exits.CommandError(f"{path}: not UTF-8 ({error.reason} at byte {error.start})") from None


def _mistakes(text: str) -> list[tuple[int, str]]:
    """Return what is wrong, each with its line (0: unknown), from the first line on."""
    from claude_tui.toml import lines_of
    from claude_tui.ui.settings.file import parsed

    try:
        table = parsed(text)
    except ValueError as error:
        said = str(error)
        at = re.search(r"at line (\d+)", said)
        last = len(text.splitlines()) if "end of document" in said else 0
        return [(int(at[1]) if at else last, f"not TOML: {said}")]
    wrong = _wrong(table)
    lines = lines_of(text) if wrong else {}
    return sorted(((lines.get(one.path, 0), str(one)) for one in wrong), key=lambda found: found[0])


def _wrong(table: dict[str, object]) -> list[Wrong]:
    from claude_tui.ui.settings.declared import Settings, settings_of

    settings, wrong = settings_of(table)
    if settings != Settings():
        from claude_tui.ui.configuration.names import unknown_names  # loads Textual

        wrong += unknown_names(settings)
    return wrong
