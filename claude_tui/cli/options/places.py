"""Where to look and in which time zone, as all reading commands are told; and what is said if nothing is there.

Must not read a log.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.cli.environment import home
from claude_tui.cli.exits import NO_LOGS, USAGE, CommandError
from claude_tui.cli.parser import CommandParser, separated, shown_as
from claude_tui.clients import CLIENTS, SOURCES, TELEMETRY

LOCAL: Final = "local"
"""What --timezone takes for the system's."""

TELEMETRY_TOKEN: Final = "telemetry-token"
"""The file beside the spool that is there once telemetry was switched on."""

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from claude_tui.sources.protocol import SourceConfig


def add_place_options(parser: CommandParser) -> None:
    """Add --claude-dir and the like, --source and --timezone."""
    places = parser.add_argument_group("where to look")
    folders = [
        places.add_argument(
            f"--{name}-dir",
            action="append",
            metavar="DIR",
            default=argparse.SUPPRESS,
            help=f"read {CLIENTS[name].label} logs from DIR instead of the default (repeatable)",
        )
        for name in CLIENTS
    ]
    shown_as(
        folders,
        "--CLIENT-dir",
        "read logs of CLIENT from DIR instead of the default (repeatable); CLIENT is one of the names below",
    )
    places.add_argument(
        "--account",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="read only this config folder of Claude Code: its path, or `work` for ~/.claude-work",
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


def add_strict_option(parser: CommandParser) -> None:
    """Add --strict."""
    parser.add_argument("--strict", action="store_true", help="exit with 4 if anything in the logs was skipped")


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


def timezone(options: argparse.Namespace) -> ZoneInfo:
    """Return the requested zone, else the system's."""
    name = getattr(options, "timezone", None)
    if not name or name == LOCAL:
        from claude_tui.cli.options.zone import system_zone

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


def no_logs(places: list[str]) -> CommandError:
    """Return the error for when there is nothing to count; `places` are the folders that were searched."""
    from claude_tui.figures import many  # only where there are none

    there = [place for place in places if os.path.exists(place)] or places[:1]
    looked = ", ".join(found_there(Path(place)) for place in there) or "no folder at all"
    others = len(places) - len(there)
    if others:
        looked += f" and {many(others, 'other place')}; claude-top doctor lists them, claude-top --demo invents logs"
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
