"""`claude-top ledger status`: what the ledger holds by machine, and what of it is not sound.

Must not repair anything.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections import defaultdict
from typing import TYPE_CHECKING

from claude_tui.cli import exits, streams
from claude_tui.cli.ledger.book import not_counted, opened
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from claude_tui.engine.ledger import Ledger
    from claude_tui.reports.findings.ledger import HostRow, LeftOut


def add_arguments(parser: CommandParser) -> None:
    """Add the options of status."""
    parser.set_defaults(run=_status)
    parser.description = (
        "Check every row of the ledger. List what it holds by machine, which rows are invalid and therefore not\n"
        "counted, and which folders moved. The exit code is 3 if there is no ledger yet, and 4 if it was damaged or\n"
        "has invalid rows."
    )
    parser.epilog = example("claude-top ledger status", "claude-top ledger status --json | jq .hosts")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/ledger@1)")


def _status(options: Namespace) -> int:
    from claude_tui.reports.findings import ledger as reports

    ledger = opened()
    is_sound = ledger.verify()
    left_out = _left_out(ledger)
    files = ledger.recall().files
    if ledger.status:
        raise exits.CommandError(f"{ledger.path}: {ledger.status}")
    by_host = defaultdict(list)
    for file in files:
        by_host[file.key.host].append(file.columns)
    hosts = [_row(host, by_host[host]) for host in sorted(by_host)]
    total = _row("all", [file.columns for file in files])
    error_text = ledger.notice or ("" if is_sound else "it is damaged and could not be repaired")
    found = reports.LedgerStatus(
        os.fspath(ledger.path), ledger.path.stat().st_size, total, hosts, error_text, left_out, not_counted(files)
    )
    if options.json:
        streams.write_json(reports.report(found))
    else:
        streams.write_tables([reports.table(found)], reports.footer(found))
    return exits.PARTIAL if error_text or left_out else exits.OK


def _left_out(ledger: Ledger) -> list[LeftOut]:
    from claude_tui.reports.findings.ledger import LeftOut

    return [LeftOut(doubt.key.host, doubt.key.path, doubt.number, doubt.why) for doubt in ledger.doubts()]


def _row(host: str, columns: list) -> HostRow:  # type: ignore[type-arg]
    from claude_tui.engine.ledger.pieces import keys_of
    from claude_tui.reports.findings.ledger import HostRow

    times = [time for one in columns for time in one.time if time]
    keys, told = keys_of(columns)
    return HostRow(host, len(columns), len(keys), min(times, default=0), max(times, default=0), len(told))
