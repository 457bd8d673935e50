"""`claude-top verify`: recounts everything by the plain definition and reports whether the numbers agree.

Must not recount: `engine.check` does.
"""

from __future__ import annotations

from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import setup
from claude_tui.cli.options.places import add_place_options, no_logs
from claude_tui.cli.parser import CommandParser, example
from claude_tui.cli.progress import Steps


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Recount all logs and the ledger by the slow, plain definition, and compare every response, price, day,\n"
        "model, project and session with the numbers of the program, with and without its cache. Takes about a\n"
        "minute per gigabyte of logs. The exit code is 0 if everything is equal, and 1 if anything differs."
    )
    parser.epilog = example("claude-top verify", "claude-top verify --json | jq .equal")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/verify@1)")
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Verify, print, and return the exit code."""
    from claude_tui.engine.check.verification import NoLogsError, verify
    from claude_tui.reports.findings import verify as reports

    try:
        with Steps() as steps:
            steps.show("counting everything in every way")
            found = verify(setup(options))
    except NoLogsError as error:
        raise no_logs(error.places) from None
    ways = [reports.ShownWay(*one) for one in found.ways]
    if options.json:
        made = reports.report(ways, found.differences, found.differing, is_settled=found.is_settled)
        streams.write_json(made)
    else:
        made_lines = reports.lines(ways, found.differences, found.differing, is_settled=found.is_settled)
        streams.write("\n".join(made_lines) + "\n")
    return exits.FAILED if found.differing else exits.OK
