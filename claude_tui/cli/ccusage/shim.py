"""`claude-top shim`: puts a `ccusage` where PATH finds it, and takes it away again.

It is a link to claude-top, which answers as ccusage when it is started under that name. Nobody else's file is touched.
Must not replace a program that is not ours.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import Final

from claude_tui.cli import exits, streams
from claude_tui.cli.environment import home
from claude_tui.cli.parser import CommandParser, example

NAME: Final = "ccusage"
PROGRAM: Final = "claude-top"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Put a `ccusage` into a folder of PATH that is claude-top, so that scripts, bars and statuslines made for\n"
        "ccusage get its numbers. It is a link, and never replaces a file that is not claude-top's own."
    )
    parser.epilog = example(
        "claude-top shim install", "claude-top shim install --dir ~/bin --dry-run", "claude-top shim --undo"
    )
    parser.add_argument("action", nargs="?", choices=("install",), default="install", help="put it there (default)")
    parser.add_argument("--dir", metavar="DIR", help="the folder it goes into (default: ~/.local/bin)")
    parser.add_argument("--undo", action="store_true", help="take it away again")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen")


def run(options: Namespace) -> int:
    """Make or remove the link and return the exit code."""
    folder = Path(options.dir).expanduser() if options.dir else home() / ".local" / "bin"
    link, program = folder.absolute() / NAME, _program()
    is_there, is_ours = os.path.lexists(link), _is_ours(link)
    if is_there and not is_ours:
        raise exits.CommandError(f"{link} is not claude-top's, nothing changed")
    if options.undo:
        return _undo(link, is_there=is_there, is_dry=options.dry_run)
    if is_there and os.readlink(link) == str(program):
        streams.narrate(f"{link}: already there")
    elif options.dry_run:
        streams.write(f"would link {link} to {program}\n")
    else:
        _link(link, program)
        streams.narrate(f"{link}: now claude-top, as ccusage")
    _say_what_path_finds(link)
    return exits.OK


def _undo(link: Path, *, is_there: bool, is_dry: bool) -> int:
    if not is_there:
        streams.narrate(f"{link}: not there")
    elif is_dry:
        streams.write(f"would remove {link}\n")
    else:
        link.unlink()
        streams.narrate(f"{link}: removed")
    return exits.OK


def _program() -> Path:
    """Return the program to link to: the one that runs, else the one beside this Python, else the one on PATH."""
    own = Path(sys.argv[0])
    beside = Path(sys.executable).parent / PROGRAM
    if own.name == PROGRAM and own.is_file():
        return own.absolute()
    if beside.is_file():
        return beside.absolute()
    found = shutil.which(PROGRAM)
    if found is None:
        raise exits.CommandError(f"no program {PROGRAM} to link to: neither on PATH nor beside {sys.executable}")
    return Path(found).absolute()


def _is_ours(link: Path) -> bool:
    """Whether it is a link to a claude-top, there or gone."""
    try:
        return os.path.basename(os.readlink(link)) == PROGRAM
    except OSError:
        return False


def _link(link: Path, program: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(link):
        link.unlink()
    # Fails where somebody else was quicker: then it is theirs.
    link.symlink_to(program)


def _say_what_path_finds(link: Path) -> None:
    found = shutil.which(NAME)
    if found is None or os.path.realpath(os.path.dirname(found)) != os.path.realpath(link.parent):
        first = f"; it finds {found} first" if found else ""
        streams.narrate(f"{link.parent} is not where PATH looks first{first}")
