"""Every command by name: what it is for and which module runs it. A module is loaded when its command is asked for."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from typing import Final, NamedTuple, Protocol

from claude_tui.cli.parser import CommandParser


class CommandModule(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add options, description and examples to the command's parser."""
        ...

    def run(self, options: Namespace) -> int:
        """Do it and return the exit code."""
        ...


class Command(NamedTuple):
    """A command: `module` below claude_tui.cli, and one line of help."""

    name: str
    module: str
    summary: str

    def load(self) -> CommandModule:
        """Import the command's module."""
        module: CommandModule = import_module(f"claude_tui.cli.{self.module}")
        return module


COMMANDS: Final = (
    Command("report", "report", "totals by day, model, project and session"),
    Command("export", "export", "every response, day or session, one per line"),
    Command("price", "price", "price usage records given on stdin"),
)
"""In the order the help lists them."""
