"""The options every reading command shares: where to look, in which time zone, and what they mean."""

from __future__ import annotations

import argparse
import os
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui import runtime
from claude_tui.cli.exits import NO_LOGS, USAGE, CommandError
from claude_tui.cli.parser import CommandParser, separated
from claude_tui.cli.streams import narrate

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from claude_tui.engine.monitor import Monitor
    from claude_tui.engine.setup import Setup
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Progress, Query, Snapshot
    from claude_tui.pricing import Pricer
    from claude_tui.sources.protocol import SourceConfig

NAMES: Final = ("claude", "gemini", "opencode", "codex")


def add_place_options(parser: CommandParser) -> None:
    """Add --claude-dir and its like, --source and --timezone."""
    places = parser.add_argument_group("where to look")
    for name in NAMES:
        places.add_argument(
            f"--{name}-dir",
            action="append",
            metavar="DIR",
            default=argparse.SUPPRESS,
            help=f"read {name} logs here and only in folders named so (repeatable)",
        )
    places.add_argument(
        "--source",
        type=lambda text: separated(text, NAMES),
        metavar="NAME[,NAME]",
        default=argparse.SUPPRESS,
        help=f"read only these clients: {', '.join(NAMES)}",
    )
    places.add_argument(
        "-z",
        "--timezone",
        metavar="ZONE",
        default=argparse.SUPPRESS,
        help="days are days of this zone, as Europe/Berlin (default: the system's)",
    )


def add_period_options(parser: CommandParser) -> None:
    """Add --since and --until."""
    parser.add_argument("-s", "--since", type=day, metavar="DAY", help="first day, YYYY-MM-DD or YYYYMMDD")
    parser.add_argument("-u", "--until", type=day, metavar="DAY", help="last day, counted in")


def add_strict_option(parser: CommandParser) -> None:
    """Add --strict."""
    parser.add_argument("--strict", action="store_true", help="exit with 4 where anything in the logs was skipped")


def day(text: str) -> date:
    """Parse a day as people and scripts write it."""
    try:
        return datetime.strptime(text, "%Y%m%d" if text.isdigit() else "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write YYYY-MM-DD or YYYYMMDD") from None


def source_config(options: argparse.Namespace) -> SourceConfig:
    """Return where to look. Naming folders of some clients leaves the others out, unless --source names them."""
    from claude_tui.sources.protocol import SourceConfig

    explicit = {
        name: tuple(Path(folder).expanduser() for folder in getattr(options, f"{name}_dir"))
        for name in NAMES
        if getattr(options, f"{name}_dir", None)
    }
    for folders in explicit.values():
        for folder in folders:
            if not os.path.isdir(folder):
                raise CommandError(f"no logs found; looked in {found_there(folder)}", NO_LOGS)
    sources = getattr(options, "source", None) or tuple(explicit) or NAMES
    return SourceConfig(home=home(), env=dict(os.environ), explicit=explicit, sources=sources)


def home() -> Path:
    """Return the user's home folder; the root of the file system where there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.sep)


def timezone(options: argparse.Namespace) -> ZoneInfo:
    """Return the zone asked for, else the system's."""
    name = getattr(options, "timezone", None)
    if not name or name == "local":
        from claude_tui.cli.zone import system_zone

        return system_zone()
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise CommandError(f"no time zone {name!r}; write one as Europe/Berlin or UTC", USAGE) from None


def pricer() -> Pricer:
    """Return the prices: bundled or refreshed, with the user's own on top. Says on stderr what had to be left out."""
    from claude_tui.paths import config_folder
    from claude_tui.pricing import load_pricer

    found = load_pricer(config_folder() / "prices.toml", refreshed_prices())
    for problem in found.problems:
        narrate(problem)
    return found


def refreshed_prices() -> Path:
    """Return where newer prices are kept after they were asked for."""
    from claude_tui.paths import data_folder

    return data_folder() / "prices.json"


def counted(options: argparse.Namespace, *, keep_names: bool = False, is_empty_fine: bool = False) -> Store:
    """Count every log the options point at. Ends the command with exit code 3 where there is none.

    With `is_empty_fine` a folder that is there and holds no logs gives an empty store.
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

            return Store(prepared.pricer, prepared.zone)
        raise no_logs(error.places) from None


def monitor(options: argparse.Namespace) -> Monitor:
    """Return what counts the same as `counted`, and keeps the count current while it runs."""
    from claude_tui.engine.monitor import Monitor

    return Monitor(setup(options))


def setup(options: argparse.Namespace) -> Setup:
    """Return what is to be counted, and where what outlives the count is kept."""
    from claude_tui.engine.setup import Setup
    from claude_tui.paths import cache_folder, ledger_file, state_folder

    config, prices, zone = source_config(options), pricer(), timezone(options)
    if getattr(options, "demo", False):  # invented logs are gone with the program, so nothing is kept of them
        return Setup(config, prices, zone)
    return Setup(config, prices, zone, cache_folder(), ledger_file(), state_folder())


def no_logs(places: list[str]) -> CommandError:
    """Return what ends a command if there is nothing to count; `places` are the folders that were looked in."""
    looked = ", ".join(found_there(Path(place)) for place in places) or "no place at all"
    return CommandError(f"no logs found; looked in {looked}", NO_LOGS)


def found_there(folder: Path) -> str:
    """Return a folder with the reason why nothing was read in it."""
    if not os.path.exists(folder):
        reason = "not there"
    elif not os.path.isdir(folder):
        reason = "not a folder"
    elif not os.access(folder, os.R_OK | os.X_OK):
        reason = "not readable"
    else:
        reason = "no logs in it"
    return f"{folder} ({reason})"


def snapshot_of(store: Store, query: Query | None = None, *, with_recent: bool = True) -> Snapshot:
    """Return a picture of the store as of now. What happened in the last hour may be left out where nobody asks."""
    from claude_tui.engine.queries.recent import load_recent
    from claude_tui.engine.queries.snapshots import SnapshotMaker
    from claude_tui.model import Query

    at_ms = now_ms()
    if with_recent:
        load_recent(store, at_ms)
    return SnapshotMaker(store).take(query or Query(), at_ms)


def now_ms() -> int:
    """Return the present in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def period(options: argparse.Namespace) -> Query:
    """Return the query of --since and --until."""
    from claude_tui.model import Query

    if options.since and options.until and options.until < options.since:
        raise CommandError(f"--until {options.until} lies before --since {options.since}", USAGE)
    return Query(since=options.since, until=options.until)
