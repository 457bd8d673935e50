"""The argument parser: one clear line for a mistake, and no work for commands that were not asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NoReturn

from claude_tui.cli.exits import USAGE
from claude_tui.cli.streams import columns, tell

Fill = Callable[["CommandParser"], None]


class CommandParser(argparse.ArgumentParser):
    """A parser whose arguments are added when it is first used, by `fill`.

    Its help has `listing` before the examples.
    """

    def __init__(self, *, fill: Fill | None = None, listing: str = "", **settings: Any) -> None:
        settings.setdefault("formatter_class", HelpFormatter)
        settings.setdefault("allow_abbrev", False)
        self._fill, self._listing = fill, listing
        super().__init__(**settings)

    def complete(self) -> CommandParser:
        """Add the arguments if that has not happened yet; returns itself."""
        if self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self)
        return self

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with every argument added."""
        return super(CommandParser, self.complete()).parse_known_args(args, namespace)

    def format_help(self) -> str:
        """Return the help, with every argument added and the listing before the examples."""
        self.complete()
        ending, self.epilog = self.epilog, "\n\n".join(filter(None, (self._listing, self.epilog)))
        try:
            return super().format_help()
        finally:
            self.epilog = ending

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help and version. Raises OSError where argparse would be silent: who asked for it did not get it."""
        if message:
            (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line and exit as for wrong usage."""
        tell(f"{self.prog}: {message} (see {self.prog} --help)\n")
        sys.exit(USAGE)


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help that keeps the lines of examples and gives options room."""

    def __init__(self, prog: str, **settings: Any) -> None:
        # Every option that is added makes one of these; argparse would load shutil to ask for the width.
        width = settings.pop("width", None) or columns() - 2
        super().__init__(prog, max_help_position=32, width=width, **settings)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap  # only for those who ask for help

        # Lines that begin with a space are examples and lists, and stay as they are; the others are one paragraph.
        made: list[str] = []
        for is_kept, lines in groupby(text.splitlines(), lambda line: line[:1] in ("", " ")):
            part = list(lines)
            made += part if is_kept else textwrap.wrap(" ".join(part), max(20, width), break_on_hyphens=False)
        return "\n".join(indent + line for line in made)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        # "-s, --since D" and not "-s D, --since D".
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        metavar = self._format_args(action, (action.dest or "").upper())
        return ", ".join(action.option_strings) + (" " + metavar if metavar else "")


def example(*lines: str) -> str:
    """Return the examples of a command, as its help ends with them."""
    return "\n".join(["examples:", *(f"  {line}" for line in lines)])


def separated(text: str, choices: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of a comma-separated option, each one of `choices`."""
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in parts:
        if part not in choices:
            raise argparse.ArgumentTypeError(f"{part!r} is none of {', '.join(choices)}")
    return parts
