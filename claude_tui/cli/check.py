"""`claude-top check`: an exit code for scripts, from budgets and reported limits."""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser, example
from claude_tui.cli.places import add_place_options, counted, now_ms, snapshot_of

BUDGETS: Final = ("day", "week", "month")


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Compare spending with budgets, and reported plan limits with 100 percent. Exit code 0 ok, 10 near, 11 over,\n"
        "20 cannot be told, 30 nothing to compare. Budgets are options or [budget] in config.toml: day, week, month\n"
        "in USD. Limits are known once `claude-top statusline install` has run."
    )
    parser.epilog = example(
        "claude-top check --budget-day 20 && start-the-big-job", "claude-top check --near 90 --json"
    )
    for name in BUDGETS:
        parser.add_argument(f"--budget-{name}", type=usd, metavar="USD", help=f"what a {name} may cost")
    parser.add_argument("--near", type=_percent, default=80.0, metavar="N", help="near from N %% on (default: 80)")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/check@1)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    add_place_options(parser)


def usd(text: str) -> int:
    """Parse dollars into nanodollars."""
    try:
        nano = int(Decimal(text.lstrip("$")) * 1_000_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        nano = -1
    if nano < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount in USD")
    return nano


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage")
    return percent


def run(options: Namespace) -> int:
    """Compare, print, and return the exit code that says how it stands."""
    from claude_tui.engine.calendar import Calendar
    from claude_tui.engine.limits import read_limits
    from claude_tui.paths import state_folder
    from claude_tui.reports import check

    at_ms = now_ms()
    checks = check.limit_checks(read_limits(os.fspath(state_folder())).windows, at_ms, options.near)
    budgets = _budgets(options)
    if budgets:
        try:
            store = counted(options)
        except exits.CommandError as error:
            if error.code != exits.NO_LOGS:
                raise
            streams.narrate(error.message)
        else:
            today = Calendar(store.calendar.zone).day(at_ms)
            spent = check.spent(snapshot_of(store).days, today)
            checks = [*check.budget_checks(spent, budgets, options.near), *checks]
    if options.json:
        streams.write_json(check.report(checks))
    elif not options.quiet:
        streams.write("\n".join(check.lines(checks)) + "\n")
    return check.CODES[check.verdict(checks)]


def _budgets(options: Namespace) -> dict[str, int]:
    """Return budgets in nanodollars: those given as options, else those of config.toml."""
    from claude_tui.paths import config_folder
    from claude_tui.pricing.toml import load_toml

    path = config_folder() / "config.toml"
    try:
        kept: Any = load_toml(path).get("budget", {}) if path.is_file() else {}
        budgets = {name: usd(str(kept[name])) for name in BUDGETS if name in kept}
    except (OSError, ValueError, TypeError, argparse.ArgumentTypeError) as error:
        raise exits.CommandError(f"{path}: {error}", exits.USAGE) from None
    given = {name: getattr(options, f"budget_{name}") for name in BUDGETS}
    return budgets | {name: nano for name, nano in given.items() if nano is not None}
