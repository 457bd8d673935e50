"""`claude-top prices` shows the prices in use; `claude-top prices refresh` is the only use of the network.

Must not judge a list: `pricing` does.
"""

from __future__ import annotations

from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import pricer, refreshed_prices
from claude_tui.cli.environment import now_ms
from claude_tui.cli.parser import CommandParser, example


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Show which prices are in use. `refresh` fetches the published list, checks it against the prices in use and\n"
        "keeps the old ones if anything is doubtful. Nothing else in claude-top uses the network."
    )
    parser.epilog = example("claude-top prices", "claude-top prices refresh")
    parser.add_argument(
        "action", nargs="?", choices=("show", "refresh"), default="show", help="what to do (default: show)"
    )
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/prices@1)")


def run(options: Namespace) -> int:
    """Show or refresh the prices and return the exit code: 1 if they were not changed."""
    if options.action == "refresh":
        from datetime import datetime, timezone

        from claude_tui.pricing.gathering.refresh import refresh

        today = datetime.fromtimestamp(now_ms() / 1000, timezone.utc).date()
        outcome = refresh(refreshed_prices(), today)
        if not outcome.is_new:
            raise exits.CommandError(outcome.message)
        streams.narrate(outcome.message)
        return exits.OK
    found = pricer()
    if options.json:
        streams.write_json({
            "schema": "claude-top/prices@1", "origin": found.describe().removeprefix("prices: "),
            "digest": str(found.digest), "problems": list(found.problems),
        })  # fmt: skip
        return exits.OK
    streams.write(f"{found.describe()}\ncontent {found.digest}\n")
    return exits.OK
