"""The options that all reading commands share, and what they mean: where to look and in which time zone."""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui import runtime
from claude_tui.cli.exits import NO_LOGS, USAGE, CommandError
from claude_tui.cli.parser import CommandParser, separated
from claude_tui.cli.streams import narrate
from claude_tui.clients import CLIENTS, SOURCES, TELEMETRY

TELEMETRY_TOKEN: Final = "telemetry-token"
"""The file beside the spool that is there once telemetry was switched on."""

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from claude_tui.cli.days import NamedDay
    from claude_tui.engine.monitor import Monitor
    from claude_tui.engine.setup import Setup
    from claude_tui.engine.state.projects import Projects
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Progress, Query, Snapshot
    from claude_tui.pricing import Pricer
    from claude_tui.sources.protocol import SourceConfig


def add_place_options(parser: CommandParser) -> None:
    """Add --claude-dir and the like, --source and --timezone."""
    places = parser.add_argument_group("where to look")
    for name in CLIENTS:
        places.add_argument(
            f"--{name}-dir",
            action="append",
            metavar="DIR",
            default=argparse.SUPPRESS,
            help=f"read {CLIENTS[name].label} logs from DIR instead of the default (repeatable)",
        )
    places.add_argument(
        "--account",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="read only this config folder of Claude Code: its path, or work for ~/.claude-work",
    )
    places.add_argument(
        "--telemetry-dir",
        action="append",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="read what clients said over OpenTelemetry from DIR, such as that of a Collector's file exporter,"
        " instead of our own spool (repeatable)",
    )
    places.add_argument(
        "--source",
        type=lambda text: separated(text, tuple(CLIENTS)),
        metavar="NAME[,NAME]",
        default=argparse.SUPPRESS,
        help=f"count only these clients: {', '.join(CLIENTS)} (default: all)",
    )
    places.add_argument(
        "-z",
        "--timezone",
        metavar="ZONE",
        default=argparse.SUPPRESS,
        help="time zone that decides where a day begins, such as Europe/Berlin (default: the system's)",
    )


def add_period_options(parser: CommandParser) -> None:
    """Add --since, --until and --period."""
    forms = "2026-11-01, 20261101, yesterday, 7d (ago), 2026-W48, 2026-11"
    parser.add_argument("-s", "--since", type=named_day, metavar="DAY", help=f"first day to count: {forms}")
    parser.add_argument(
        "-u", "--until", type=named_day, metavar="DAY", help="last day to count, inclusive, in the same forms"
    )
    parser.add_argument(
        "--period", type=named_period, metavar="DAYS",
        help="days to count: today, 7d, 30d, month, all, or 2026-11-01..2026-11-30",
    )  # fmt: skip


def add_strict_option(parser: CommandParser) -> None:
    """Add --strict."""
    parser.add_argument("--strict", action="store_true", help="exit with 4 if anything in the logs was skipped")


def day(text: str) -> date:
    """Parse a day in either of the two usual forms."""
    try:
        if len(text) != (8 if text.isdigit() else 10):  # strptime takes 2026-3-1, and nobody knows what else
            raise ValueError
        return datetime.strptime(text, "%Y%m%d" if text.isdigit() else "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write YYYY-MM-DD or YYYYMMDD") from None


def port(text: str) -> int:
    """Return a port to listen on, 0 for any free one."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def source_config(options: argparse.Namespace) -> SourceConfig:
    """Return where to look. Naming folders of some clients excludes the other clients, unless --source names them.

    Our own spool of telemetry is read where it exists and no folder of a client is named: it is of the usual ones.
    """
    from claude_tui.paths import telemetry_folder
    from claude_tui.sources.protocol import SourceConfig

    explicit = {
        name: tuple(Path(folder).expanduser() for folder in getattr(options, f"{name}_dir"))
        for name in SOURCES
        if getattr(options, f"{name}_dir", None)
    }
    for folders in explicit.values():
        for folder in folders:
            if not os.path.isdir(folder):
                raise CommandError(f"no logs found; looked in {found_there(folder)}", NO_LOGS)
    account = getattr(options, "account", None)
    if account:
        if "claude" in explicit:
            raise CommandError("--account cannot be combined with --claude-dir", USAGE)
        explicit["claude"] = (_account_folder(account),)
    clients = tuple(name for name in explicit if name != TELEMETRY)
    sources = getattr(options, "source", None) or clients or tuple(CLIENTS)
    if TELEMETRY in explicit or (not clients and _is_telemetry_on(telemetry_folder())):
        sources = (*sources, TELEMETRY)
    return SourceConfig(home=home(), env=dict(os.environ), explicit=explicit, sources=sources)


def _is_telemetry_on(spool: Path) -> bool:
    """Whether there is a spool, or will be: the first record makes it, and switching telemetry on makes the token."""
    return os.path.isdir(spool) or os.path.exists(spool.with_name(TELEMETRY_TOKEN))


def _account_folder(name: str) -> Path:
    """Return the config folder of Claude Code a user means. Raises CommandError if there is none."""
    from claude_tui.sources.claude.discovery import config_dirs
    from claude_tui.sources.protocol import SourceConfig

    folders = config_dirs(SourceConfig(home(), dict(os.environ)))
    wanted = os.path.abspath(os.path.expanduser(name))
    for folder in folders:
        if os.fspath(folder) == wanted or name in (folder.name, folder.name.removeprefix(".claude-")):
            return folder
    known = ", ".join(folder.name for folder in folders if folder.is_dir()) or "none"
    raise CommandError(f"no account {name!r}; the folders are {known}", USAGE)


def home() -> Path:
    """Return the user's home folder; the root of the file system if there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.sep)


def program() -> list[str]:
    """Return the command that starts claude-top, for files that others start it from."""
    import shutil  # not for commands that write no such file

    found = shutil.which("claude-top")
    return [os.path.abspath(found)] if found else [sys.executable, "-m", "claude_tui"]


def timezone(options: argparse.Namespace) -> ZoneInfo:
    """Return the requested zone, else the system's."""
    name = getattr(options, "timezone", None)
    if not name or name == "local":
        from claude_tui.cli.zone import system_zone

        return system_zone()
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        pass
    from zoneinfo import available_timezones

    for known in available_timezones():
        if known.lower() == name.lower():
            return ZoneInfo(known)
    raise CommandError(f"unknown time zone {name!r}; write it like Europe/Berlin or UTC", USAGE)


def pricer() -> Pricer:
    """Return the prices: bundled or refreshed, with the user's own on top. Reports on stderr what had to be left
    out."""
    from claude_tui.paths import config_folder
    from claude_tui.pricing import load_pricer

    found = load_pricer(config_folder() / "prices.toml", refreshed_prices())
    for problem in found.problems:
        narrate(problem)
    return found


def refreshed_prices() -> Path:
    """Return the path of the refreshed prices."""
    from claude_tui.paths import data_folder

    return data_folder() / "prices.json"


def counted(options: argparse.Namespace, *, keep_names: bool = False, is_empty_fine: bool = False) -> Store:
    """Count all logs the options select. Raises CommandError with exit code 3 if there are none.

    If `is_empty_fine`, a folder that exists but holds no logs gives an empty store.
    """
    runtime.counting()
    from claude_tui.cli.progress import Bar
    from claude_tui.engine.count import NoLogsError, count

    prepared = setup(options)
    bar = Bar("reading logs")

    def show(progress: Progress) -> None:
        if progress.history:
            narrate(f"claude-top: {progress.history}")
        bar.show(progress)

    try:
        with bar:
            return count(prepared, keep_names=keep_names, on_progress=show)
    except NoLogsError as error:
        if is_empty_fine and any(os.path.isdir(place) for place in error.places):
            from claude_tui.engine.state.store import Store

            return Store(prepared.pricer, prepared.zone, projects=prepared.projects)
        raise no_logs(error.places) from None


def monitor(options: argparse.Namespace) -> Monitor:
    """Return a monitor that counts the same as `counted`, and keeps the count current while it runs."""
    from claude_tui.engine.monitor import Monitor

    return Monitor(setup(options))


def setup(options: argparse.Namespace) -> Setup:
    """Return what is to be counted, and where what outlives the count is kept."""
    from claude_tui.engine.setup import Setup
    from claude_tui.paths import cache_folder, ledger_file, state_folder

    config, prices, zone = source_config(options), pricer(), timezone(options)
    if getattr(options, "demo", False):  # invented logs are gone with the program, so nothing is kept of them
        return Setup(config, prices, zone)
    return Setup(config, prices, zone, cache_folder(), ledger_file(), state_folder(), project_names())


def project_names() -> Projects:
    """Return what folders count under by config.toml. What makes no sense in it is left out; the screen and
    `claude-top config check` say so."""
    from claude_tui.engine.state.projects import SECTION, Projects, projects_of
    from claude_tui.paths import config_folder
    from claude_tui.toml import load_toml

    try:
        table = load_toml(config_folder() / "config.toml").get(SECTION, {})
    except (OSError, ValueError):
        table = {}
    return projects_of(table, os.fspath(home()))[0] if isinstance(table, dict) else Projects()


def no_logs(places: list[str]) -> CommandError:
    """Return the error for when there is nothing to count; `places` are the folders that were searched."""
    looked = ", ".join(found_there(Path(place)) for place in places) or "no folder at all"
    return CommandError(f"no logs found; looked in {looked}", NO_LOGS)


def found_there(folder: Path) -> str:
    """Return a folder with the reason why nothing was read in it."""
    if not os.path.exists(folder):
        reason = "does not exist"
    elif not os.path.isdir(folder):
        reason = "not a folder"
    elif not os.access(folder, os.R_OK | os.X_OK):
        reason = "not readable"
    else:
        reason = "contains no logs"
    return f"{folder} ({reason})"


def snapshot_of(store: Store, query: Query | None = None, *, with_recent: bool = True) -> Snapshot:
    """Return a snapshot of the store. `with_recent` may be False if nobody needs the last hour."""
    from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
    from claude_tui.engine.queries.snapshots.recent import load_recent
    from claude_tui.model import Query

    at_ms = now_ms()
    if with_recent:
        load_recent(store, at_ms)
    return SnapshotMaker(store).take(query or Query(), at_ms)


def now_ms() -> int:
    """Return the current time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def period(options: argparse.Namespace) -> Query:
    """Return the query of --since, --until and --period. Ends the command where they contradict each other."""
    from datetime import datetime

    from claude_tui.model import Query

    today = datetime.fromtimestamp(now_ms() / 1000, timezone(options)).date()
    if options.period:
        if options.since or options.until:
            raise CommandError("--period cannot be combined with --since or --until", USAGE)
        from claude_tui.engine.queries.periods.named import named

        return Query(*named(options.period).range(today))
    since = options.since.first(today) if options.since else None
    until = options.until.last(today) if options.until else None
    if since and until and until < since:
        raise CommandError(f"--until {until} is before --since {since}", USAGE)
    return Query(since=since, until=until)


def named_period(text: str) -> str:
    """Check the name of a period, before anything is read."""
    from claude_tui.engine.queries.periods.named import named

    try:
        named(text)
    except ValueError:
        message = f"{text!r} is not a period; write today, 7d, 30d, month, all, or 2026-11-01..2026-11-30"
        raise argparse.ArgumentTypeError(message) from None
    return text


def named_day(text: str) -> NamedDay:
    """Check the name of a day, before anything is read."""
    from claude_tui.cli.days import parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
