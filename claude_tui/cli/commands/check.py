"""`claude-top check`: an exit code for scripts, from budgets and reported limits."""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.options import add_place_options, counted, now_ms
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from claude_tui.engine.queries.allowances.budgets import Budget

PERIODS: Final = ("day", "week", "month")


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Compare spending with budgets, and usage of the plan limits with 100 percent. The exit code is 0 for ok, 10\n"
        "for near, 11 for over, 20 if it cannot be decided, and 30 if there is nothing to compare. Budgets come from\n"
        "the options or from config.toml, in USD: [budgets] with day, week, month, and [budgets.projects] with\n"
        "folders. Claude Code reports its limits after `claude-top statusline install`."
    )
    parser.epilog = example(
        "claude-top check --budget-day 20 && start-the-big-job", "claude-top check --near 90 --json"
    )
    for name in PERIODS:
        parser.add_argument(f"--budget-{name}", type=usd, metavar="USD", help=f"budget for a {name}, in USD")
    parser.add_argument(
        "--near",
        type=_percent,
        default=80.0,
        metavar="N",
        help="status is near from N %% of a budget or limit on (default: 80)",
    )
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/check@1)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    add_place_options(parser)


def usd(text: str) -> int:
    """Parse dollars into nanodollars."""
    from claude_tui.engine.queries.allowances.budgets import dollars_nano

    try:
        return dollars_nano(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount in USD") from None


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100")
    return percent


def run(options: Namespace) -> int:
    """Compare, print, and return the exit code of the verdict."""
    from claude_tui.engine.queries.allowances import budgets
    from claude_tui.engine.queries.allowances.limits import read_limits
    from claude_tui.paths import state_folder
    from claude_tui.reports.gauges import check

    at_ms = now_ms()
    checks = check.limit_checks(read_limits(os.fspath(state_folder())).windows, at_ms, options.near)
    wanted = _budgets(options)
    if wanted:
        try:
            store = counted(options)
        except exits.CommandError as error:
            if error.code != exits.NO_LOGS:
                raise
            streams.narrate(error.message)
        else:
            checks = [*check.budget_checks(budgets.check(store, wanted, at_ms), options.near), *checks]
    if not checks and not wanted and not options.quiet:
        streams.narrate("nothing to compare: no budget is set and no limit was reported (see claude-top check --help)")
    if options.json:
        streams.write_json(check.report(checks))
    elif not options.quiet:
        streams.write("\n".join(check.lines(checks)) + "\n")
    return check.CODES[check.verdict(checks)]


def _budgets(options: Namespace) -> list[Budget]:
    """Return the budgets of config.toml; budgets given as options replace those for all projects."""
    from claude_tui.engine.queries.allowances.budgets import Budget, budgets_of
    from claude_tui.paths import config_folder
    from claude_tui.pricing.toml import load_toml

    path = config_folder() / "config.toml"
    try:
        table = load_toml(path).get("budgets", {})
    except FileNotFoundError:
        table = {}
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}", exits.USAGE) from None
    except ValueError as error:
        raise exits.CommandError(f"{path}: {error}", exits.USAGE) from None
    kept, wrong = budgets_of(table) if isinstance(table, dict) else ((), ("[budgets] is not a table",))
    if wrong:
        raise exits.CommandError(f"{path}: {'; '.join(map(str, wrong))}", exits.USAGE)
    given = {name: nano for name in PERIODS if (nano := getattr(options, f"budget_{name}")) is not None}
    replaced = [Budget(name, nano) for name, nano in given.items()]
    return [*replaced, *(budget for budget in kept if budget.project or budget.period not in given)]
