"""`claude-top check`: an exit code for scripts, from budgets and reported limits.

Must not judge: `reports.gauges.check` does.
"""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import counted
from claude_tui.cli.environment import now_ms
from claude_tui.cli.fleet.reading import add_from_options, fleet_of
from claude_tui.cli.options.places import add_place_options, source_config
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_tui.engine.queries.allowances.budgets import Budget
    from claude_tui.reports.gauges.check import Check

PERIODS: Final = ("day", "week", "month")


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Compare spending with budgets, and usage of the plan limits with 100 percent. The exit code is 0 for ok, 10\n"
        "for near, 11 for over, 20 if it cannot be decided, and 30 if there is nothing to compare. Budgets come from\n"
        "the options or from config.toml, in USD: [budgets] with day, week, month, and [budgets.projects] with\n"
        "folders. Claude Code reports its limits after `claude-top statusline install`; Codex logs its own.\n"
        "With --waiting, only the sessions are looked at: 12 if any waits for you, with a permission, a question or a\n"
        "plan, and 0 if none does."
    )
    parser.epilog = example(
        "claude-top check --budget-day 20 && start-the-big-job",
        "claude-top check --near 90 --json",
        "claude-top check --from s3://lake/claude --team web --budget-month 20000",
        "claude-top check --waiting --quiet || notify-send 'a session waits for you'",
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
    parser.add_argument("--waiting", action="store_true", help="check instead whether a session waits for you")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/check@1)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    add_from_options(parser)
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
    from claude_tui.engine.queries.plan_limits import plan_limits
    from claude_tui.paths import state_folder
    from claude_tui.reports.gauges import check

    if options.waiting:
        return _told(options, _waiting(options))
    at_ms = now_ms()
    if options.url:
        return _check_fleet(options, at_ms)
    limits = plan_limits(os.fspath(state_folder()), source_config(options), at_ms)
    checks = check.limit_checks(limits.windows, at_ms, options.near)
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
    return _told(options, checks)


def _check_fleet(options: Namespace, at_ms: int) -> int:
    """Compare what many machines spent with the budgets given as options; limits are this machine's alone."""
    from claude_tui.engine.queries.allowances import budgets
    from claude_tui.reports.gauges import check

    wanted = [budgets.Budget(name, nano) for name, nano in _given(options).items()]
    if not wanted:
        raise exits.CommandError("--from needs a budget: --budget-day, --budget-week or --budget-month", exits.USAGE)
    fleet = fleet_of(options)
    assert fleet is not None
    return _told(options, check.budget_checks(budgets.check(fleet.store, wanted, at_ms), options.near))


def _told(options: Namespace, checks: Sequence[Check]) -> int:
    """Print the checks and return the exit code of the verdict."""
    from claude_tui.reports.gauges import check

    if options.json:
        streams.write_json(check.report(checks))
    elif not options.quiet:
        streams.write("\n".join(check.lines(checks)) + "\n")
    return check.CODES[check.verdict(checks)]


def _given(options: Namespace) -> dict[str, int]:
    return {name: nano for name in PERIODS if (nano := getattr(options, f"budget_{name}")) is not None}


def _waiting(options: Namespace) -> list[Check]:
    """Return a check for each session that waits for a person; one that is ok if none does."""
    from claude_tui.cli.counting.running import running_snapshot
    from claude_tui.reports.gauges import check

    if any(getattr(options, f"budget_{name}") is not None for name in PERIODS):
        raise exits.CommandError(
            "--waiting looks at sessions alone; ask for budgets in a command of its own", exits.USAGE
        )
    return check.waiting_checks(running_snapshot(options))


def _budgets(options: Namespace) -> list[Budget]:
    """Return the budgets of config.toml; budgets given as options replace those for all projects."""
    from claude_tui.engine.queries.allowances.budgets import Budget, budgets_of
    from claude_tui.paths import config_folder
    from claude_tui.toml import load_toml

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
    given = _given(options)
    replaced = [Budget(name, nano) for name, nano in given.items()]
    return [*replaced, *(budget for budget in kept if budget.project or budget.period not in given)]
