"""`claude-top ledger`: the history that outlives its logs, looked at, written out, read in and joined."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many

if TYPE_CHECKING:
    from claude_tui.engine.ledger import Ledger
    from claude_tui.engine.ledger.pieces import Remembered
    from claude_tui.reports.ledger import HostRow, LeftOut, MovedFolder


def add_arguments(parser: CommandParser) -> None:
    """Add the actions."""
    parser.description = (
        "The history that outlives its logs. The screen and `serve` keep it while they run; every command counts\n"
        "what it holds.\n"
        "Histories of several machines join exactly: a response that two of them know counts once."
    )
    parser.epilog = example(
        "claude-top ledger status", "ssh desk claude-top ledger export | claude-top ledger import -"
    )
    actions = parser.add_subparsers(
        title="actions", metavar="ACTION", dest="action", parser_class=CommandParser, required=True
    )
    actions.add_parser("status", help="what is remembered, of which machine", fill=_add_status)
    actions.add_parser("export", help="write everything as JSON Lines", fill=_add_export)
    actions.add_parser("import", help="read such lines in", fill=_add_import)
    actions.add_parser("merge", help="take in another machine's ledger.db", fill=_add_merge)
    actions.add_parser("adopt", help="bring over what is remembered of a folder that moved", fill=_add_adopt)


def _add_status(parser: CommandParser) -> None:
    parser.set_defaults(run=_status)
    parser.description = (
        "Check every row of the history and say what it remembers, machine by machine, what of it makes no sense and\n"
        "counts nowhere, and which folders moved. Exit code 3 where there is none yet, 4 where it was damaged or rows\n"
        "make no sense."
    )
    parser.epilog = example("claude-top ledger status", "claude-top ledger status --json | jq .hosts")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/ledger@1)")


def _add_export(parser: CommandParser) -> None:
    parser.set_defaults(run=_export)
    parser.description = (
        "Write everything remembered as JSON Lines, a response a line, with the machine it is of as `host`. Lines may\n"
        "be cut out, sorted and joined with others before they are read in."
    )
    parser.epilog = example("claude-top ledger export > history.jsonl", "claude-top ledger export -o history.jsonl")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file, replacing it when all is written")


def _add_import(parser: CommandParser) -> None:
    parser.set_defaults(run=_import)
    parser.description = (
        "Read lines of `claude-top ledger export` in, from any machine, in any order and as often as you like. Each\n"
        "line of a response counts as new, as making it fuller, or as known. Lines that make no sense are left out\n"
        "and counted, and the exit code is 4. FILE is a regular file; pipes are read from stdin."
    )
    parser.epilog = example("claude-top ledger import history.jsonl", "zcat history.gz | claude-top ledger import -")
    parser.add_argument("file", metavar="FILE", help="the lines; - for stdin")


def _add_merge(parser: CommandParser) -> None:
    parser.set_defaults(run=_merge)
    parser.description = (
        "Take in all that another ledger remembers. The other file stays as it is. What makes no sense is left out\n"
        "and counted, and the exit code is 4; 1 where the file is no ledger, and then nothing was merged."
    )
    parser.epilog = example("claude-top ledger merge /mnt/laptop/.local/share/claude-top/ledger.db")
    parser.add_argument("file", metavar="FILE", help="the ledger.db of another machine, or a backup of this one's")


def _add_adopt(parser: CommandParser) -> None:
    parser.set_defaults(run=_adopt)
    parser.description = (
        "Bring over what is remembered of this machine's logs below the folder OLD: it is merged under the same paths\n"
        "below NEW, where the logs are now. What is remembered under OLD stays, and doing it again changes nothing.\n"
        "Exit code 3 where nothing is remembered of OLD. `claude-top ledger status` names folders that moved."
    )
    parser.epilog = example("claude-top ledger adopt /old/home/.claude/projects ~/.claude/projects")
    parser.add_argument("old", metavar="OLD", help="the folder as it was called")
    parser.add_argument("new", metavar="NEW", help="the folder as it is called now")


def _opened() -> Ledger:
    """Return the ledger. Ends the command with exit code 3 where there is none."""
    from claude_tui.engine.ledger import Ledger

    ledger = Ledger.open()
    if not ledger.path.exists():
        message = f"no history yet; the screen (claude-top) and `serve` keep it in {ledger.path}"
        raise exits.CommandError(message, exits.NO_LOGS)
    return ledger


def _status(options: Namespace) -> int:
    from claude_tui.reports import ledger as reports

    ledger = _opened()
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
    trouble = ledger.notice or ("" if is_sound else "it is damaged and could not be mended")
    found = reports.Status(
        os.fspath(ledger.path), ledger.path.stat().st_size, total, hosts, trouble, left_out, _moved(files)
    )
    if options.json:
        streams.write_json(reports.report(found))
    else:
        streams.write_tables([reports.table(found)], reports.footer(found))
    return exits.PARTIAL if trouble or left_out else exits.OK


def _left_out(ledger: Ledger) -> list[LeftOut]:
    from claude_tui.reports.ledger import LeftOut

    return [LeftOut(doubt.key.host, doubt.key.path, doubt.number, doubt.why) for doubt in ledger.doubts()]


def _moved(files: list[Remembered]) -> list[MovedFolder]:
    from claude_tui.cli.options import source_config
    from claude_tui.engine.ledger import moved_in
    from claude_tui.engine.scan.reading import roots_of
    from claude_tui.reports.ledger import MovedFolder

    return [MovedFolder(*one[1:]) for one in moved_in(files, roots_of(source_config(Namespace())))]


def _row(host: str, columns: list) -> HostRow:  # type: ignore[type-arg]
    from claude_tui.reports.ledger import HostRow

    times = [time for one in columns for time in one.time if time]
    keys = {key for one in columns for key in one.key}
    return HostRow(host, len(columns), len(keys), min(times, default=0), max(times, default=0))


def _export(options: Namespace) -> int:
    lines = _lines(_opened())
    if options.output:
        streams.replace_file(options.output, lines)
    else:
        streams.write_lines(lines)
    return exits.OK


def _lines(ledger: Ledger) -> Iterator[bytes]:
    from claude_tui.engine.ledger import export_jsonl

    for line in export_jsonl(ledger):
        yield line.rstrip(b"\n")
    for trouble in filter(None, (ledger.status, ledger.notice)):
        # Nobody may take the part that could be read for the whole.
        raise exits.CommandError(f"{ledger.path}: {trouble}", exits.FAILED if ledger.status else exits.PARTIAL)


def _import(options: Namespace) -> int:
    from claude_tui.engine.ledger import Ledger, LedgerError, import_jsonl, read_lines

    ledger = Ledger.open()
    bad: list[str] = []

    def on_bad(number: int, why: str) -> None:
        if not bad:
            bad.append(f"the first is line {number:,}: {why}")

    try:
        with sys.stdin.buffer if options.file == "-" else _open_regular(options.file) as file:
            done = import_jsonl(ledger, read_lines(file), on_bad)
    except LedgerError as error:
        raise exits.CommandError(f"nothing more was read in: {error}") from None
    except OSError as error:
        raise exits.CommandError(f"{options.file}: {error.strerror}") from None
    streams.narrate(f"read in: {_changes(*done[:3])}")
    if done.bad:
        streams.narrate(f"left out: {_lines_of(done.bad)} not of `claude-top ledger export`; {bad[0]}")
    return exits.PARTIAL if done.bad else exits.OK


def _open_regular(name: str) -> BinaryIO:
    """Open a file that ends by itself and is there at once. Raises OSError."""
    descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise exits.CommandError(f"{name}: no regular file; pipe its lines into `claude-top ledger import -`")
    return os.fdopen(descriptor, "rb")


def _merge(options: Namespace) -> int:
    from claude_tui.engine.ledger import Doubt, Ledger, LedgerError
    from claude_tui.sources.display import display_name

    doubts: list[Doubt] = []
    try:
        change = Ledger.open().merge(Path(options.file), doubts.append)
    except LedgerError as error:
        raise exits.CommandError(f"nothing was merged: {error}") from None
    streams.narrate(f"merged: {_changes(*change)}")
    if doubts:
        number = sum(doubt.number for doubt in doubts)
        first = display_name(f"{doubts[0].key.path}: {doubts[0].why}")
        streams.narrate(f"left out: {number:,} that make no sense, the first in {first}")
    return exits.PARTIAL if doubts else exits.OK


def _adopt(options: Namespace) -> int:
    from claude_tui.engine.ledger import LedgerError, adopt

    ledger = _opened()
    old, new = (os.path.abspath(os.path.expanduser(folder)) for folder in (options.old, options.new))
    try:
        done = adopt(ledger, old, new)
    except LedgerError as error:
        raise exits.CommandError(f"nothing more was brought over: {error}") from None
    if ledger.status:
        raise exits.CommandError(f"{ledger.path}: {ledger.status}")
    if not done.files:
        raise exits.CommandError(f"nothing is remembered of this machine's files below {old}", exits.NO_LOGS)
    streams.narrate(f"brought over: {done.files:,} {'file' if done.files == 1 else 'files'}; {_changes(*done.change)}")
    return exits.OK


def _changes(added: int, updated: int, unchanged: int) -> str:
    new, known = "is" if added == 1 else "are", "was" if unchanged == 1 else "were"
    return f"{many(added, 'response')} {new} new, {updated:,} became fuller, {unchanged:,} {known} known"


def _lines_of(number: int) -> str:
    return many(number, "line")
