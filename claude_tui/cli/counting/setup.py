"""What a command counts, by the options it was given, and at which prices. Must not add options, nor print numbers."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from claude_tui import runtime
from claude_tui.cli.environment import home, now_ms
from claude_tui.cli.options.places import no_logs, source_config, timezone
from claude_tui.cli.streams import narrate

if TYPE_CHECKING:
    import re

    from claude_tui.engine.count import Meanwhile
    from claude_tui.engine.monitor import Monitor
    from claude_tui.engine.setup import Setup
    from claude_tui.engine.state.projects import Projects
    from claude_tui.engine.state.store import Store
    from claude_tui.engine.unchanged import Unchanged
    from claude_tui.model import Progress, Query, Snapshot
    from claude_tui.pricing import Pricer


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


def counted(
    options: argparse.Namespace,
    *,
    keep_names: bool = False,
    is_empty_fine: bool = False,
    meanwhile: Meanwhile | None = None,
    unchanged: Unchanged | None = None,
) -> Store:
    """Count all logs the options select. Raises CommandError with exit code 3 if there are none.

    If `is_empty_fine`, a folder that exists but holds no logs gives an empty store. `meanwhile` may be given by those
    who start no process after it, and `unchanged` by those who may know the answer: see `count`.
    """
    runtime.counting()
    prepared = setup(options, is_begun=True, keep_names=keep_names)
    from claude_tui.cli.progress import Bar
    from claude_tui.engine.count import NoLogsError, count

    bar = Bar("reading logs")

    def show(progress: Progress) -> None:
        if progress.history:
            narrate(f"claude-top: {progress.history}")
        bar.show(progress)

    try:
        with bar:
            store = count(
                prepared, keep_names=keep_names, on_progress=show, meanwhile=meanwhile, keep=runtime.keep,
                unchanged=unchanged,
            )  # fmt: skip
            runtime.keep(store)
            return store
    except NoLogsError as error:
        if is_empty_fine and any(os.path.isdir(place) for place in error.places):
            from claude_tui.engine.state.store import Store

            return Store(prepared.pricer, prepared.zone, projects=prepared.projects)
        _tell_history(prepared)
        raise no_logs(error.places) from None


def _tell_history(prepared: Setup) -> None:
    """Say what the history holds of folders that are not looked in, where there are no logs to count."""
    if prepared.ledger_file is None or not prepared.ledger_file.exists():
        return
    from claude_tui.cli.ledger.book import tell_not_counted
    from claude_tui.engine.ledger import Ledger

    tell_not_counted(Ledger.open(prepared.ledger_file), prepared.config)


def monitor(options: argparse.Namespace) -> Monitor:
    """Return a monitor that counts the same as `counted`, and keeps the count current while it runs."""
    from claude_tui.engine.monitor import Monitor

    return Monitor(setup(options))


def setup(
    options: argparse.Namespace, *, is_begun: bool = False, keep_names: bool = False, is_shown: bool = False
) -> Setup:
    """Return what is to be counted, and where what outlives the count is kept.

    `is_begun`: it is begun to find and to read, if nothing is known from before. `keep_names`: as for `counted`, which
    knows nothing from before then. `is_shown`: beside a screen, and to be kept in a ledger if there is one.
    """
    from claude_tui.engine.cache.place import is_anything_saved
    from claude_tui.paths import cache_folder, ledger_file, state_folder

    config, zone, folder = source_config(options), timezone(options), cache_folder()
    # Invented logs are gone with the program, so nothing is kept of them.
    is_kept, head_start = not getattr(options, "demo", False), None
    if is_begun and (keep_names or not is_kept or not is_anything_saved(folder)):
        from claude_tui.engine.scan.head_start import begin

        head_start = begin(config, zone, with_names=keep_names or (is_shown and is_kept), is_shown=is_shown)
    from claude_tui.engine.setup import Setup

    prices = pricer()
    if not is_kept:
        return Setup(config, prices, zone, head_start=head_start)
    return Setup(config, prices, zone, folder, ledger_file(), state_folder(), project_names(), tickets(), head_start)


def project_names() -> Projects:
    """Return what folders count under by config.toml. What makes no sense in it is left out; the screen and
    `claude-top config check` say so."""
    from claude_tui.engine.state.projects import SECTION, Projects, projects_of

    table = _settings(SECTION)
    return projects_of(table, os.fspath(home()))[0] if isinstance(table, dict) else Projects()


def tickets() -> re.Pattern[str] | None:
    """Return what a ticket looks like by config.toml; None if that says nothing, or nothing that makes sense."""
    from claude_tui.engine.queries.causes.tickets import SECTION, tickets_of

    return tickets_of(_settings(SECTION))


def _settings(section: str) -> object:
    from claude_tui.paths import config_folder
    from claude_tui.toml import load_toml

    try:
        return load_toml(config_folder() / "config.toml").get(section, {})
    except (OSError, ValueError):
        return {}


def snapshot_of(store: Store, query: Query | None = None, *, with_recent: bool = True) -> Snapshot:
    """Return a snapshot of the store. `with_recent` may be False if nobody needs the last hour."""
    from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
    from claude_tui.engine.queries.snapshots.recent import load_recent
    from claude_tui.model import Query

    at_ms = now_ms()
    if with_recent:
        load_recent(store, at_ms)
    maker = SnapshotMaker(store)
    runtime.keep(maker)
    return maker.take(query or Query(), at_ms)
