"""`claude-top schema`: the JSON Schema of what a command prints. Must not know what is in a schema."""

from __future__ import annotations

from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser, example


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Print the JSON Schema (2020-12) of what a command prints as JSON; without a name, list them. Keys stay, with\n"
        "their meaning, type and unit, as long as the number after the @ of `schema` does. New keys may come at any\n"
        "time, so programs must pass over those they do not know."
    )
    parser.epilog = example("claude-top schema", "claude-top schema report > report.schema.json")
    parser.add_argument("name", nargs="?", metavar="NAME", help="report, export-responses, state, check, ...")


def run(options: Namespace) -> int:
    """Print a schema, or their names, and return the exit code."""
    from claude_tui.reports.schemas import SCHEMAS, TITLES, document

    if options.name is None:
        width = max(map(len, SCHEMAS))
        streams.write("".join(f"{name:{width}}  {TITLES[name]}\n" for name in SCHEMAS))
        return exits.OK
    if options.name not in SCHEMAS:
        raise exits.CommandError(f"no schema {options.name!r}; there are {', '.join(SCHEMAS)}", exits.USAGE)
    streams.write_json(document(options.name))
    return exits.OK
