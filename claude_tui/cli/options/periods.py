"""Which days a command is asked for: --since, --until and --period. Must not know where logs are."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from claude_tui.cli.environment import now_ms
from claude_tui.cli.exits import USAGE, CommandError
from claude_tui.cli.options.places import timezone
from claude_tui.cli.parser import CommandParser

if TYPE_CHECKING:
    from claude_tui.cli.options.days import NamedDay
    from claude_tui.model import Query


def add_period_options(parser: CommandParser) -> None:
    """Add --since, --until and --period."""
    forms = "2026-11-01, 20261101, yesterday, 7d (ago), 2026-W48, 2026-11"
    parser.add_argument("-s", "--since", type=named_day, metavar="DAY", help=f"first day to count: {forms}")
    parser.add_argument(
        "-u", "--until", type=named_day, metavar="DAY", help="last day to count, inclusive, in the same forms"
    )
    parser.add_argument(
        "--period", type=named_period, metavar="DAYS",
        help="days to count: today, 7d, 30d, month, cycle (your billing month), all, or 2026-11-01..2026-11-30",
    )  # fmt: skip


def period(options: argparse.Namespace) -> Query:
    """Return the query of --since, --until and --period. Ends the command where they contradict each other."""
    from claude_tui.model import Query

    if not (options.period or options.since or options.until):
        return Query()
    from datetime import datetime

    today = datetime.fromtimestamp(now_ms() / 1000, timezone(options)).date()
    if options.period:
        if options.since or options.until:
            raise CommandError("--period cannot be combined with --since or --until", USAGE)
        from claude_tui.engine.queries.periods.named import named

        return Query(*named(options.period, cycle_day(options.period)).range(today))
    since = options.since.first(today) if options.since else None
    until = options.until.last(today) if options.until else None
    if since and until and until < since:
        raise CommandError(f"--until {until} is before --since {since}", USAGE)
    return Query(since=since, until=until)


def cycle_day(period: str) -> int:
    """Return the day of the month a billing cycle begins on, by config.toml, which is read only if the period is one.

    Ends the command if it cannot be read there: another day would be another number.
    """
    from claude_tui.engine.queries.periods.named import CYCLE

    if period != CYCLE:
        return 1
    from claude_tui.paths import config_folder
    from claude_tui.ui.settings.file import FILE_NAME, load

    path = config_folder() / FILE_NAME
    settings, complaints = load(path)
    wrong = [text for text in complaints if "cycle_day" in text or text.startswith(f"{path}: ")]
    if wrong:
        raise CommandError("; ".join(wrong), USAGE)
    return settings.cycle_day


def named_period(text: str) -> str:
    """Check the name of a period, before anything is read."""
    from claude_tui.engine.queries.periods.named import named

    try:
        named(text)
    except ValueError:
        message = f"{text!r} is not a period; write today, 7d, 30d, month, cycle, all, or 2026-11-01..2026-11-30"
        raise argparse.ArgumentTypeError(message) from None
    return text


def named_day(text: str) -> NamedDay:
    """Check the name of a day, before anything is read."""
    from claude_tui.cli.options.days import parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
