"""`claude-top manual`: the manual page in man format, made from the same parser as --help."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from claude_tui import __version__
from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser, example
from claude_tui.clients import CLIENTS

if TYPE_CHECKING:
    from claude_tui.cli.generated.command_tree import Node, Option

EXIT_CODES: Final = (
    ("0", "done"),
    ("1", "failed"),
    ("2", "wrong usage"),
    ("3", "no logs found"),
    ("4", "done, but something in the logs was skipped (with --strict)"),
    ("10, 11, 20, 30", "check only: near, over, undecidable, nothing to compare"),
    ("130", "interrupted"),
    ("128 + N", "ended by signal N: 129 the terminal went away, 143 asked to end"),
)
ENVIRONMENT: Final = (
    *(variable for client in CLIENTS.values() for variable in client.env),
    ("XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_DATA_HOME, XDG_STATE_HOME", "where claude-top keeps its own files"),
    ("NO_COLOR, FORCE_COLOR", "turn colours off; force colours even in a pipe"),
    ("COLUMNS", "width of tables in columns"),
    ("TZ", "time zone that decides where a day begins"),
)
FILES: Final = (
    ("config folder: prices.toml", "your own prices"),
    ("config folder: config.toml", "settings; [budgets] with day, week, month in USD"),
    ("cache folder", "counts of the logs; may be deleted at any time"),
    ("data folder", "the ledger: history that outlives its logs; cannot be rebuilt"),
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = "Show the manual page; in a pipe, print it in the format of man."
    parser.epilog = example("claude-top manual | man -l -", "claude-top manual > ~/.local/share/man/man1/claude-top.1")


def run(options: Namespace) -> int:
    """Print the page and return the exit code."""
    from claude_tui.cli.generated.command_tree import tree

    text = page(tree())
    if not streams.is_terminal():
        streams.write(text)
    elif not _is_read(text):
        streams.write(plain(text))
    return exits.OK


def _is_read(text: str) -> bool:
    """Show the page as man does, in its pager; returns whether there is a man to do so."""
    import shutil
    import subprocess
    import tempfile

    if not shutil.which("man"):
        return False
    with tempfile.NamedTemporaryFile("w", prefix="claude-top-", suffix=".1", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        # The man of macOS has no `-l`, and takes any path for a page.
        shown = ["man", file.name] if sys.platform == "darwin" else ["man", "-l", file.name]
        return subprocess.run(shown, check=False).returncode == 0


def plain(text: str) -> str:
    """Return a page as it reads where there is no man."""
    lines = []
    for line in text.splitlines():
        macro, _, rest = line.partition(" ")
        if macro in (".SH", ".SS"):
            lines += ["", rest]
        elif macro in (".B", ".I", ".TH"):
            lines.append(rest)
        elif not line.startswith("."):
            lines.append("    " + line)
    return re.sub(r"\\(f[BIR]|[&:])", "", "\n".join(lines)).replace("\\-", "-").replace("\\e", "\\") + "\n"


def page(root: Node) -> str:
    """Return the page."""
    lines = [
        f'.TH CLAUDE\\-TOP 1 "" "claude\\-top {__version__}" "User Commands"',
        ".SH NAME",
        "claude\\-top \\- a live terminal monitor, like top, for what Claude Code costs and does",
        ".SH SYNOPSIS",
        ".B claude\\-top",
        "[options]",
        ".br",
        ".B claude\\-top",
        ".I command",
        "[options]",
        ".SH DESCRIPTION",
        _text(root.description),
        ".SH OPTIONS",
        *_options(root.options),
        ".SH COMMANDS",
    ]
    for node in root.walk():
        if node.words:
            lines += [f".SS {_text(' '.join(node.words))}", *_paragraph(node.description or node.summary)]
            lines += [*_options((*node.arguments, *_own(node, root))), *_examples(node)]
    for title, entries in (("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        lines.append(f".SH {title}")
        for name, meaning in entries:
            lines += [".TP", f".B {_text(name)}", _text(meaning)]
    return "\n".join([*lines, *_settings(), ".SH EXAMPLES", *_examples(root)]) + "\n"


def _settings() -> list[str]:
    from claude_tui.ui.settings.declared import KEYS

    lines = [".SH SETTINGS", _text("Keys of config.toml, by their tables. `claude-top config` prints a file with all.")]
    section = ""
    for key in KEYS:
        if key.section != section:
            section = key.section
            lines += [".SS " + _text(f"[{section}]")]
        default = "" if key.default is None else f" Default: {json.dumps(key.default)}."
        lines += [".TP", f".B {_text(key.name)}", _text(f"{key.meaning} Takes {key.takes}.{default}"), ".br"]
        lines += [_text(f"Example: {key.example}")]
    return lines


def _own(node: Node, root: Node) -> list[Option]:
    """Return the options that only this command has; the options of every command are listed at the top of the page."""
    common = {option.flags for option in root.options}
    return [option for option in node.options if option.flags not in common]


def _options(options: tuple[Option, ...]) -> list[str]:
    lines = []
    for option in options:
        flags = ", ".join(f"\\fB{_text(flag)}\\fR" for flag in option.flags)
        # A long list of values may be broken after each of them.
        value = _text(option.metavar).replace(",", ",\\:")
        takes = f" \\fI{value}\\fR" if option.metavar and option.flags[0].startswith("-") else ""
        lines += [".TP", flags + takes, _text(option.help)]
    return lines


def _paragraph(text: str) -> list[str]:
    return [_text(line) for line in text.splitlines()]


def _examples(node: Node) -> list[str]:
    own = [line.strip() for line in node.examples.splitlines()[1:]]
    return [".PP", ".nf", *(f".RS\n{_text(line)}\n.RE" for line in own), ".fi"] if own else []


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped[:1] in (".", "'") else escaped
