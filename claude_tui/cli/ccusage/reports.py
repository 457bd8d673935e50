"""The commands of ccusage: `claude-top claude daily` and its like for one client, `claude-top daily` for all.

Must not count or print.
"""

from __future__ import annotations

import argparse
from argparse import SUPPRESS, Namespace
from functools import partial
from typing import Any, Final

from claude_tui.cli import exits
from claude_tui.cli.ccusage.printing import TITLES, ReportRun
from claude_tui.cli.options.days import day
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example, separated

KINDS: Final = ("daily", "weekly", "monthly", "session")
DEFAULTS: Final[dict[str, Any]] = {
    "json": False, "since": None, "until": None, "last": None, "order": "asc", "breakdown": False, "mode": "auto",
    "compact": False, "no_cost": False, "color": None, "debug": False, "instances": False, "project": None,
    "project_aliases": "", "start_of_week": "sunday", "id": None, "active": False, "recent": False,
    "token_limit": None, "session_length": 5.0, "sections": (), "by_agent": False, "config": None,
    "unlogged": False, "jq": "", "speed": "auto", "pricing_overrides": None, "drop_in": False, "shape": 20,
}  # fmt: skip
WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def add_client(parser: CommandParser, client: str) -> None:
    """Add the reports of one client to its command."""
    parser.description = f"The reports of ccusage over {client} logs, key for key, with our numbers."
    parser.epilog = example(f"claude-top {client} daily --json", f"claude-top {client} session --since 20261101")
    reports = parser.add_subparsers(
        title="reports", metavar="REPORT", dest="report", parser_class=CommandParser, required=True
    )
    for kind in (*KINDS, "blocks") if client == "claude" else KINDS:
        reports.add_parser(
            kind,
            help="five-hour blocks" if kind == "blocks" else f"usage by {TITLES[kind][1].lower()}",
            fill=partial(add_report, kind=kind, client=client),
        )


def add_report(
    parser: CommandParser, kind: str, client: str = "", *, is_drop_in: bool = False, shape: int = 20
) -> None:
    """Add the options of one report: of a client, or over all if there is none. The drop-in has some more."""
    whose = client or ("claude" if kind == "blocks" else "all clients")
    command = f"claude-top {client} {kind}" if client else f"claude-top {kind}"
    parser.description = f"Usage of {whose}: the {kind} report of ccusage, key for key, with our numbers."
    if kind == "session" and not is_drop_in:
        parser.description += (
            "\nWith --since and --until only the responses of those days are counted; `claude-top ccusage session`\n"
            "keeps sessions whole by the day of their last response, as ccusage does."
        )
    parser.epilog = example(f"{command} --json --since 20261101", f"{command} --last 7" if kind == "daily" else command)
    # What is not given on the command line must be told from its default: a config file lies between the two.
    add = partial(parser.add_argument, default=SUPPRESS)
    flag = partial(add, action="store_true")
    flag("-j", "--json", help="print JSON")
    add("-s", "--since", type=day, metavar="DAY", help="first day, YYYYMMDD or YYYY-MM-DD")
    add("-u", "--until", type=day, metavar="DAY", help="last day, inclusive")
    if kind not in ("session", "blocks"):
        add("--last", type=_positive, metavar="N", help="only the most recent N periods; 1 is today's")
    add("-o", "--order", choices=("asc", "desc"), help="oldest or newest first (default: asc)")
    add("-m", "--mode", choices=("auto", "calculate", "display"), help="list prices, or logged costs only (display)")
    flag("-b", "--breakdown", help="a row for every model")
    flag("--compact", help="leave out columns as on a narrow terminal")
    flag("--no-cost", help="leave out every cost")
    # ccusage takes both, and so does what stands in for it.
    colors = parser if is_drop_in else parser.add_mutually_exclusive_group()
    colors.add_argument("--color", action="store_true", default=SUPPRESS, help="colours even in a pipe")
    colors.add_argument("--no-color", dest="color", action="store_false", default=SUPPRESS, help="no colours")
    flag("-d", "--debug", help="say on stderr what the prices are based on")
    flag(
        "--unlogged",
        help="include calls that no log shows, as Claude Code counted or reported them",
    )
    add("--config", metavar="FILE", help="a ccusage.json to take defaults from (default: searched for)")
    for ignored in (("-O", "--offline"), ("--no-offline",), ("--single-thread",), ("--all",)):
        flag(*ignored, dest="ignored", help=SUPPRESS)
    add("--debug-samples", dest="ignored", metavar="N", help=SUPPRESS)
    if is_drop_in:
        _add_drop_in(parser, client, shape)
    if client == "claude" and kind == "daily":
        flag("-i", "--instances", help="by project")
    if client and kind == "daily":
        add("-p", "--project", metavar="NAME", help="only this project")
        add("--project-aliases", metavar="A=B,...", help="names to show projects by")
    if client and kind == "weekly":
        add("-w", "--start-of-week", choices=WEEKDAYS, metavar="DAY", help="sunday (default) to saturday")
    if kind == "session":
        add("-i", "--id", metavar="ID", help="every response of one session")
    if kind == "blocks":
        flag("-a", "--active", help="only the block that goes on")
        flag("-r", "--recent", help="the last three days")
        add("-t", "--token-limit", type=_limit, metavar="N|max", help="warn by this limit")
        add("-n", "--session-length", type=_hours, metavar="H", help="length of a block in hours (default: 5)")
    if not client and kind != "blocks":
        add("--sections", type=lambda text: separated(text, KINDS), metavar="A,B", help="several reports in one")
        flag("--by-agent", help="each client's part of a row")
    add_place_options(parser)
    parser.set_defaults(run=partial(run, kind=kind, client=client))


def _add_drop_in(parser: CommandParser, client: str, shape: int) -> None:
    """Add what only the drop-in has."""
    parser.add_argument("-q", "--jq", metavar="EXPR", default=SUPPRESS, help="what the program jq makes of the JSON")
    if client == "codex":
        speeds = ("auto", "standard", "fast")
        parser.add_argument(
            "--speed", choices=speeds, default=SUPPRESS, help="price by this tier (default: as recorded)"
        )
    if shape == 18:
        parser.add_argument("-l", "--locale", dest="ignored", default=SUPPRESS, help=SUPPRESS)


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of periods, 1 or more")
    return int(text)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if text[:1] == "-" or not 0 <= hours < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours")
    return hours


def _limit(text: str) -> str:
    if text[:1] == "-":
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens")
    return text


def run(options: Namespace, *, kind: str, client: str) -> int:
    """Print the report and return the exit code."""
    from claude_tui.cli.ccusage.config import with_config

    options = with_config(options, DEFAULTS, client, kind)
    if options.last and (options.since or options.until):
        raise exits.CommandError("--last cannot be combined with --since or --until", exits.USAGE)
    if options.since and options.until and options.since > options.until:
        raise exits.CommandError(f"--since {options.since} lies after --until {options.until}", exits.USAGE)
    if options.session_length <= 0:
        code = exits.FAILED if options.drop_in else exits.USAGE
        raise exits.CommandError("--session-length must be more than 0", code)
    if client or kind == "blocks":
        options.source = (client or "claude",)
    options.json = options.json or bool(options.jq)
    report = ReportRun(options, kind, client)
    if kind == "blocks":
        report.print_blocks()
    elif kind == "session" and options.id:
        report.print_one_session()
    elif client:
        report.print_classic()
    else:
        report.print_unified()
    return exits.OK
