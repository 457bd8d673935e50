"""`claude-top doctor`: checks everything the numbers depend on and reports the findings. Must not repair anything."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui import __version__, files
from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import counted, pricer, snapshot_of
from claude_tui.cli.environment import now_ms
from claude_tui.cli.options.places import add_place_options, source_config, timezone
from claude_tui.cli.parser import CommandParser, example
from claude_tui.clients import TELEMETRY

if TYPE_CHECKING:
    from claude_tui.engine.state.store import Store
    from claude_tui.reports.findings.doctor import LedgerOnly, Retention, Root
    from claude_tui.sources.protocol import SourceConfig

DEFAULT_DAYS: Final = 30
"""Claude Code deletes its logs after this many days if its settings do not say otherwise."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Check logs, prices, cache, ledger, watcher, settings and terminal, and print the findings: which lines were\n"
        "skipped and where, how exact the numbers are, and how long Claude Code keeps its logs."
    )
    parser.epilog = example("claude-top doctor", "claude-top doctor --json | jq .problems")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/doctor@1)")
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Check, print, and return the exit code: 3 if there are neither logs nor a history of them."""
    from claude_tui.engine.queries.telemetry import telemetry_figures
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Query
    from claude_tui.reports.findings import doctor

    config = source_config(options)
    roots = _roots(config)
    prices = pricer()
    try:
        store, has_any = counted(options), True
    except exits.CommandError as error:
        if error.code != exits.NO_LOGS:
            raise
        store, has_any = Store(prices, timezone(options)), False
    ledger, ledger_notes = _ledger(config)
    found = doctor.DoctorFindings(
        version=__version__,
        roots=roots,
        client_versions=_client_versions(store),
        totals=snapshot_of(store).totals,
        problems=store.problems,
        problem_counts={kind: number for kind, number in snapshot_of(store).problems.items() if number},
        prices=prices.describe(),
        price_problems=prices.problems,
        cache=_cache(),
        ledger=ledger,
        ledger_notes=ledger_notes,
        remembered=_remembered(store, config),
        watcher=_watcher(roots),
        telemetry=_telemetry(),
        limits=_limits(config),
        retention=_retention(config),
        terminal=_terminal(),
        system=_system(),
        coverage=telemetry_figures(store, Query()),
    )
    if options.json:
        streams.write_json(doctor.report(found))
    else:
        streams.write("\n".join(doctor.lines(found)) + "\n")
    return exits.OK if has_any else exits.NO_LOGS


def _roots(config: SourceConfig) -> list[Root]:
    from claude_tui.engine.follow.watch import needs_polling
    from claude_tui.reports.findings.doctor import Root
    from claude_tui.sources.protocol import REFUSED
    from claude_tui.sources.registry import reader

    found = []
    for name in config.sources:
        source = reader(name)
        for path in source.roots(config):
            files = [file for file in source.discover(path) if file.dev != REFUSED]
            times = [file.mtime_ns // 1_000_000 for file in files]
            if files:
                state = "found"
            elif not os.path.exists(path):
                state = "missing"
            else:
                state = "empty" if os.access(path, os.R_OK) else "unreadable"
            found.append(
                Root(
                    name, os.fspath(path), state, len(files), sum(file.size for file in files),
                    min(times, default=0), max(times, default=0), needs_polling(os.fspath(path)),
                )
            )  # fmt: skip
    return found


def _client_versions(store: Store) -> list[str]:
    """Return the client versions in the newest lines of the sessions, newest first."""
    found = {row.version for row in snapshot_of(store).sessions if row.version}
    return sorted(found, key=lambda text: [int(part) for part in text.split(".") if part.isdigit()], reverse=True)


def _cache() -> str:
    from claude_tui import figures
    from claude_tui.paths import cache_folder

    folder = cache_folder()
    if not folder.is_dir():
        unwritable = f"not writable ({folder}); every start reads all logs"
        return f"none yet ({folder})" if _can_write(folder) else unwritable
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    writable = "" if os.access(folder, os.W_OK) else "; not writable"
    return f"{figures.size(size)} in {folder}{writable}"


def _can_write(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


def _ledger(config: SourceConfig) -> tuple[str, list[str]]:
    """Describe the ledger, and list its invalid rows and the folders that are not counted."""
    from claude_tui.cli.ledger.book import not_counted
    from claude_tui.engine.ledger import Ledger
    from claude_tui.figures import many, size
    from claude_tui.moments import instant
    from claude_tui.reports.findings.ledger import LeftOut, left_out_lines, moved_lines

    ledger = Ledger.open()
    if not ledger.path.exists():
        return f"none yet ({ledger.path})", []
    files = ledger.recall().files
    summary = ledger.summary(files)
    error_text = "; ".join(filter(None, (ledger.status, ledger.notice)))
    days = f" from {instant(summary.first_ms)[:10]} to {instant(summary.last_ms)[:10]}" if summary.responses else ""
    told = f" and {many(summary.events, 'event')} of telemetry" if summary.events else ""
    held = f"{many(summary.responses, 'response')}{told} of {many(summary.files, 'file')}"
    text = f"{held}{days}, {size(summary.size_bytes)}"
    left_out = [LeftOut(doubt.key.host, doubt.key.path, doubt.number, doubt.why) for doubt in ledger.doubts()]
    notes = [*left_out_lines(left_out), *moved_lines(not_counted(files, config))]
    return f"{text} ({ledger.path}){'; ' + error_text if error_text else ''}", notes


def _remembered(store: Store, config: SourceConfig) -> LedgerOnly:
    """Count the responses that no log has any more: their counted row is in no file that was found.

    Files of telemetry are no logs: they go when the ledger holds them.
    """
    from claude_tui.engine.scan.discovery import discover
    from claude_tui.reports.findings.doctor import LedgerOnly

    live = {(file.source, file.path) for file in discover(config)}
    with store.lock:
        table = store.table
        files = enumerate(table.files)
        gone = {at for at, file in files if file.source != TELEMETRY and (file.source, file.path) not in live}
        used = [file for file in table.file if file in gone]
    return LedgerOnly(len(used), len(set(used)))


def _watcher(roots: list[Root]) -> list[str]:
    polled = sorted({root.path for root in roots if root.is_polled and root.state == "found"})
    made = ["change events, and a check of all files every few seconds"]
    made += [f"{path}: polled, because its file system does not report changes made elsewhere" for path in polled]
    for name in ("max_user_watches", "max_user_instances"):
        try:
            made.append(f"inotify {name}: {int(Path('/proc/sys/fs/inotify', name).read_text()):,}")
        except (OSError, ValueError):
            continue
    return made


def _telemetry() -> list[str]:
    from claude_tui.cli.telemetry.receiving import found
    from claude_tui.reports.findings.telemetry import summary

    return summary(found(("claude",)))  # whose settings are read here anyway


def _limits(config: SourceConfig) -> str:
    from claude_tui.engine.queries.plan_limits import plan_limits
    from claude_tui.figures import many
    from claude_tui.paths import state_folder

    windows = plan_limits(os.fspath(state_folder()), config, now_ms()).windows
    if not windows:
        return "none reported (claude-top statusline install lets Claude Code report them)"
    newest = max(window.seen_ms for window in windows)
    return f"{many(len(windows), 'window')} reported, the latest {(now_ms() - newest) // 60_000} min ago"


def _retention(config: SourceConfig) -> list[Retention]:
    import json

    from claude_tui.reports.findings.doctor import Retention
    from claude_tui.sources.claude.discovery import AGENT_MODE, config_dirs

    made = []
    for folder in config_dirs(config) if "claude" in config.sources else []:
        if not folder.is_dir() or folder.name == AGENT_MODE:
            continue
        path = (folder.parent if folder.name == "projects" else folder) / "settings.json"
        days = None
        try:
            settings = json.loads(files.read(path))
            days = settings.get("cleanupPeriodDays") if isinstance(settings, dict) else None
        except (OSError, ValueError, RecursionError):
            pass
        is_set = isinstance(days, int) and not isinstance(days, bool) and days >= 0
        made.append(Retention(os.fspath(path), int(days) if is_set and days is not None else DEFAULT_DAYS, is_set))
    return made


def _terminal() -> dict[str, str]:
    names = ("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "FORCE_COLOR", "TMUX", "SSH_TTY")
    given = {name: os.environ[name] for name in names if os.environ.get(name)}
    size = "not a terminal"
    if streams.is_terminal():
        columns, lines = os.get_terminal_size()
        size = f"{columns} x {lines}"
    return {"size": size, "encoding": sys.stdout.encoding or "unknown", **given}


def _system() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"platform": platform.platform(), "python": platform.python_version(), "processors": str(os.cpu_count())}
    for name in ("textual", "rich", "orjson", "watchfiles", "plotext"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    from claude_tui.native.library import found as native

    reason = native().reason
    found["reader"] = f"Python (native core: {reason})" if reason else "native core"
    return found
