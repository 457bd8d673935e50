"""The commands and options as plain data, read from the parser: the input for completions and the manual.

Must not know shells or man.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from claude_tui.cli.dispatch import build
from claude_tui.cli.parser import CommandParser
from claude_tui.records import NamedTuple


class Option(NamedTuple):
    """An option: its spellings, its help, and its value (`metavar` "" if it takes none, `choices` if they are
    limited)."""

    flags: tuple[str, ...]
    help: str
    metavar: str
    choices: tuple[str, ...]


class Node(NamedTuple):
    """A command. `words` are the words that call it; `arguments` are its positional arguments with their choices."""

    words: tuple[str, ...]
    summary: str
    description: str
    examples: str
    usage: str
    options: tuple[Option, ...]
    arguments: tuple[Option, ...]
    commands: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Yield the command and all commands below it."""
        yield self
        for command in self.commands:
            yield from command.walk()


def tree() -> Node:
    """Return the program with all its commands."""
    return _node(build(), (), "")


def _node(parser: CommandParser, words: tuple[str, ...], summary: str) -> Node:
    parser.complete()
    options: list[Option] = []
    arguments: list[Option] = []
    commands: list[Node] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            # Those without a summary are parts of others and have no help of their own in the list.
            for choice in action._choices_actions:
                below = action.choices[choice.dest]
                commands.append(_node(below, (*words, choice.dest), choice.help or ""))
        elif action.help is not argparse.SUPPRESS:
            (options if action.option_strings else arguments).append(_option(action))
    return Node(
        words, summary, parser.description or "", parser.epilog or "", " ".join(parser.format_usage().split()),
        tuple(options), tuple(arguments), tuple(commands),
    )  # fmt: skip


def _option(action: argparse.Action) -> Option:
    choices = tuple(map(str, action.choices or ()))
    metavar = action.metavar if isinstance(action.metavar, str) else ",".join(choices) or action.dest.upper()
    takes = metavar if action.nargs != 0 else ""
    text = (action.help or "").replace("%%", "%")
    return Option(tuple(action.option_strings) or (action.dest,), text, takes, choices)
