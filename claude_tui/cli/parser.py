"""The argument parser: one clear line for an error, and no work for commands that are not used.

Must not know a command.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final, NoReturn

from claude_tui.cli.exits import USAGE
from claude_tui.cli.streams import columns, tell

_MISSING: Final = "the following arguments are required: "
"""How argparse begins to say that something was not given."""

_UNEXPECTED: Final = "unrecognized arguments: "
"""How it begins to say that something was given that means nothing."""

Fill = Callable[["CommandParser"], None]


class CommandParser(argparse.ArgumentParser):
    """A parser that adds its arguments by `fill` when it is first used.

    The help shows `listing` before the examples.
    """

    def __init__(self, *, fill: Fill | None = None, listing: str = "", **settings: Any) -> None:
        settings.setdefault("formatter_class", HelpFormatter)
        settings.setdefault("allow_abbrev", False)
        self._fill, self._listing = fill, listing
        super().__init__(**settings)

    def complete(self) -> CommandParser:
        """Add the arguments if that has not happened yet. Returns self."""
        if self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self)
        return self

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse after adding all arguments."""
        return super(CommandParser, self.complete()).parse_known_args(args, namespace)

    def format_help(self) -> str:
        """Return the help with all arguments, a short usage line, and the listing before the examples."""
        self.complete()
        ending, self.epilog = self.epilog, "\n\n".join(filter(None, (self._listing, self.epilog)))
        usage, self.usage = self.usage, self.usage or self._short_usage()
        try:
            return super().format_help()
        finally:
            self.epilog, self.usage = ending, usage

    def _short_usage(self) -> str:
        """Return the usage without the options: they follow in the help."""
        formatter = self._get_formatter()
        positionals = [action for action in self._actions if not action.option_strings]
        words = [formatter._format_args(action, str(action.metavar or action.dest).upper()) for action in positionals]
        return " ".join(["%(prog)s", "[OPTION ...]", *words])

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise an error that names what can be chosen, and what was probably meant."""
        if action.choices is None or value in action.choices:
            return
        from difflib import get_close_matches  # 5 ms, for mistakes alone

        known = [str(choice) for choice in action.choices]
        near = get_close_matches(str(value), known, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise argparse.ArgumentError(action, f"{value!r} is none of {', '.join(known)}{meant}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help or version. Raises OSError, which argparse would hide: the user asked for this output."""
        if message:
            (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Print the error as one line and exit with the usage code."""
        missing, unexpected = message.removeprefix(_MISSING), message.removeprefix(_UNEXPECTED)
        if missing != message:
            choices = [action.choices for action in self._actions if action.required and action.choices]
            one_of = f"; it is one of {', '.join(map(str, choices[0]))}" if choices else ""
            message = f"{missing.upper()} is missing{one_of}"
        elif unexpected != message:
            message = f"unexpected argument {unexpected.split()[0]!r}"
        tell(f"{self.prog}: {message} (see {self.prog} --help)\n")
        sys.exit(USAGE)


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """A help formatter that keeps the lines of examples and leaves room for long options."""

    def __init__(self, prog: str, **settings: Any) -> None:
        # Every option that is added makes one of these; argparse would load shutil to ask for the width.
        width = settings.pop("width", None) or columns() - 2
        super().__init__(prog, max_help_position=32, width=width, **settings)

    def _set_color(self, color: bool) -> None:
        """Load no colours, which Python 3.14 has for each option that is added: they take 8 ms."""

    def __getattr__(self, name: str) -> Any:
        """Return what Python 3.14 colours help by: nothing, so that help is the same by every Python."""
        if name not in ("_theme", "_decolor"):
            raise AttributeError(name)
        super()._set_color(False)  # type: ignore[misc]
        return self.__dict__[name]

    def add_arguments(self, actions: Any) -> None:
        """Add a group of options. Several that differ in a name alone are shown as one, see `shown_as`."""
        super().add_arguments(list(dict.fromkeys(getattr(action, "shown_as", action) for action in actions)))

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


def shown_as(actions: Sequence[argparse.Action], option: str, help: str) -> None:
    """Have the help show a group of options that differ in a name alone as one."""
    one = argparse.Action([option], "", metavar=actions[0].metavar, help=help)
    for action in actions:
        action.shown_as = one  # type: ignore[attr-defined]


def example(*lines: str) -> str:
    """Return the examples of a command in the form that its help ends with."""
    return "\n".join(["examples:", *(f"  {line}" for line in lines)])


def separated(text: str, choices: Sequence[str]) -> tuple[str, ...]:
    """Split a comma-separated option, each part one of `choices`."""
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in parts:
        if part not in choices:
            raise argparse.ArgumentTypeError(f"{part!r} is not one of {', '.join(choices)}")
    return parts


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads an option that is a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:,} to {most:,}")
        return int(text)

    return read


def port(text: str) -> int:
    """Return a port to listen on, 0 for any free one."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)
