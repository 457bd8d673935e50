"""`claude-top ledger`: shows, exports, imports and merges the history that outlives its logs."""

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
from claude_tui.cli.options import add_place_options
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many

if TYPE_CHECKING:
    from claude_tui.engine.ledger import Ledger
    from claude_tui.engine.ledger.pieces import Remembered
    from claude_tui.reports.findings.ledger import HostRow, LeftOut, MovedFolder


def add_arguments(parser: CommandParser) -> None:
    """Add the actions."""
    parser.description = (
        "Manage the ledger, the history that outlives its logs. The screen and `serve` write it while they run, and\n"
        "`ledger keep` writes it once; every command counts what it holds.\n"
        "Ledgers of several machines merge exactly: a response that is in two of them counts once."
    )
    parser.epilog = example(
        "claude-top ledger status", "ssh desk claude-top ledger export | claude-top ledger import -"
    )
    actions = parser.add_subparsers(
        title="actions", metavar="ACTION", dest="action", parser_class=CommandParser, required=True
    )
    actions.add_parser("status", help="check the ledger and list what it holds, by machine", fill=_add_status)
    actions.add_parser("keep", help="write what the logs say now, without a screen", fill=_add_keep)
    actions.add_parser("export", help="write all responses as JSON Lines", fill=_add_export)
    actions.add_parser("import", help="read lines written by export", fill=_add_import)
    actions.add_parser("merge", help="merge another machine's ledger.db", fill=_add_merge)
    actions.add_parser("adopt", help="carry over the history of a folder that moved", fill=_add_adopt)


def _add_status(parser: CommandParser) -> None:
    parser.set_defaults(run=_status)
    parser.description = (
        "Check every row of the ledger. List what it holds by machine, which rows are invalid and therefore not\n"
        "counted, and which folders moved. The exit code is 3 if there is no ledger yet, and 4 if it was damaged or\n"
        "has invalid rows."
    )
    parser.epilog = example("claude-top ledger status", "claude-top ledger status --json | jq .hosts")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/ledger@1)")


def _add_keep(parser: CommandParser) -> None:
    parser.set_defaults(run=_keep)
    parser.description = (
        "Count the logs and write to the ledger what it does not hold yet, then exit: for cron, the end of a CI job,\n"
        "servers, and wherever else no screen is open before the clients delete their logs. Running it again changes\n"
        "nothing. With --install-hook Claude Code runs it at the end of each session."
    )
    parser.epilog = example(
        "claude-top ledger keep",
        "17 * * * *  claude-top ledger keep --quiet",
        "claude-top ledger keep --install-hook --dry-run",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing if all went well")
    parser.add_argument(
        "--detach", action="store_true", help="return at once and go on in the background, whose success nobody is told"
    )
    hook = parser.add_argument_group("the hook")
    hook.add_argument(
        "--install-hook", action="store_true", help="have Claude Code run `ledger keep --detach` when a session ends"
    )
    hook.add_argument("--undo", action="store_true", help="with --install-hook: remove it again, and nothing else")
    hook.add_argument("--dry-run", action="store_true", help="with --install-hook: show the change without making it")
    hook.add_argument(
        "--settings", metavar="FILE", help="with --install-hook: settings.json to change (default: that of Claude Code)"
    )
    add_place_options(parser)


def _add_export(parser: CommandParser) -> None:
    parser.set_defaults(run=_export)
    parser.description = (
        "Write all responses of the ledger as JSON Lines, one response per line, with its machine as `host`. Lines\n"
        "may be removed, sorted and joined with others before they are imported."
    )
    parser.epilog = example("claude-top ledger export > history.jsonl", "claude-top ledger export -o history.jsonl")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE, replacing it once everything is written")


def _add_import(parser: CommandParser) -> None:
    parser.set_defaults(run=_import)
    parser.description = (
        "Import lines written by `claude-top ledger export`, from any machine, in any order and as often as you\n"
        "like. A response is added if it is new, updated if the line has more of it, or left unchanged. Invalid\n"
        "lines are left out and counted, and the exit code is 4. FILE must be a regular file; use - to read a pipe\n"
        "on stdin."
    )
    parser.epilog = example("claude-top ledger import history.jsonl", "zcat history.gz | claude-top ledger import -")
    parser.add_argument("file", metavar="FILE", help="file to import; - for stdin")


def _add_merge(parser: CommandParser) -> None:
    parser.set_defaults(run=_merge)
    parser.description = (
        "Merge everything that another ledger holds. The other file is not changed. Invalid rows are left out and\n"
        "counted, and the exit code is 4. If the file is not a ledger, nothing is merged and the exit code is 1."
    )
    parser.epilog = example("claude-top ledger merge /mnt/laptop/.local/share/claude-top/ledger.db")
    parser.add_argument("file", metavar="FILE", help="ledger.db of another machine, or a backup of this machine's")


def _add_adopt(parser: CommandParser) -> None:
    parser.set_defaults(run=_adopt)
    parser.description = (
        "Carry over the history of this machine's logs below the folder OLD: it is merged under the same paths below\n"
        "NEW, where the logs are now. The history under OLD stays, and running this again changes nothing. The exit\n"
        "code is 3 if the ledger has no history of OLD. `claude-top ledger status` lists folders that moved."
    )
    parser.epilog = example("claude-top ledger adopt /old/home/.claude/projects ~/.claude/projects")
    parser.add_argument("old", metavar="OLD", help="former path of the folder")
    parser.add_argument("new", metavar="NEW", help="present path of the folder")


def _opened() -> Ledger:
    """Return the ledger. Raises CommandError with exit code 3 if there is none."""
    from claude_tui.engine.ledger import Ledger

    ledger = Ledger.open()
    if not ledger.path.exists():
        message = f"no ledger yet; the screen (claude-top) and `serve` write it to {ledger.path}"
        raise exits.CommandError(message, exits.NO_LOGS)
    return ledger


def _keep(options: Namespace) -> int:
    if options.install_hook:
        return _install_hook(options)
    for name in ("undo", "dry_run", "settings"):
        if getattr(options, name):
            raise exits.CommandError(f"--{name.replace('_', '-')} needs --install-hook", exits.USAGE)
    return _keep_detached() if options.detach else _keep_now(options)


def _install_hook(options: Namespace) -> int:
    from claude_tui.cli.client_hooks import Hook, change_hook
    from claude_tui.cli.client_settings import settings_path

    path = Path(os.path.realpath(options.settings or settings_path()))
    hook = Hook("SessionEnd hook", ("SessionEnd",), ("ledger", "keep", "--detach"))
    return change_hook(path, hook, is_undo=options.undo, is_dry=options.dry_run)


def _keep_detached() -> int:
    """Start another process that keeps, out of reach of whoever waits for this one or ends it."""
    import subprocess

    from claude_tui.cli.client_settings import own_program

    given = ["--quiet" if word == "--detach" else word for word in sys.argv[1:]]
    try:
        subprocess.Popen(
            [*own_program(), *given], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise exits.CommandError(f"cannot start: {error.strerror}") from None
    return exits.OK


def _keep_now(options: Namespace) -> int:
    import asyncio

    from claude_tui import runtime
    from claude_tui.cli.counting import setup
    from claude_tui.cli.options import no_logs
    from claude_tui.cli.progress import Bar
    from claude_tui.engine.keep import keep

    runtime.counting()
    wanted = setup(options)
    with Bar("reading logs") as bar:
        kept = asyncio.run(keep(wanted, bar.show))
    if kept.error:
        raise exits.CommandError(f"{wanted.ledger_file}: {kept.error}")
    if not (kept.responses or kept.events):
        from claude_tui.engine.scan.reading import roots_of

        raise no_logs([place for _, place in roots_of(wanted.config)])
    if not options.quiet:
        new, held = many(kept.added, "new response"), f"{kept.responses:,}"
        if kept.events:
            new += f" and {many(kept.added_events, 'new event')} of telemetry"
            held = f"{many(kept.responses, 'response')} and {many(kept.events, 'event')}"
        said = f"{new}; {held} of {many(kept.files, 'file')} in the ledger"
        streams.narrate(f"kept: {said}")
    return exits.OK


def _status(options: Namespace) -> int:
    from claude_tui.reports.findings import ledger as reports

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
    error_text = ledger.notice or ("" if is_sound else "it is damaged and could not be repaired")
    found = reports.LedgerStatus(
        os.fspath(ledger.path), ledger.path.stat().st_size, total, hosts, error_text, left_out, _moved(files)
    )
    if options.json:
        streams.write_json(reports.report(found))
    else:
        streams.write_tables([reports.table(found)], reports.footer(found))
    return exits.PARTIAL if error_text or left_out else exits.OK


def _left_out(ledger: Ledger) -> list[LeftOut]:
    from claude_tui.reports.findings.ledger import LeftOut

    return [LeftOut(doubt.key.host, doubt.key.path, doubt.number, doubt.why) for doubt in ledger.doubts()]


def _moved(files: list[Remembered]) -> list[MovedFolder]:
    from claude_tui.cli.options import source_config
    from claude_tui.engine.ledger import moved_in
    from claude_tui.engine.scan.reading import roots_of
    from claude_tui.reports.findings.ledger import MovedFolder

    return [MovedFolder(*one[1:]) for one in moved_in(files, roots_of(source_config(Namespace())))]


def _row(host: str, columns: list) -> HostRow:  # type: ignore[type-arg]
    from claude_tui.engine.ledger.pieces import keys_of
    from claude_tui.reports.findings.ledger import HostRow

    times = [time for one in columns for time in one.time if time]
    keys, told = keys_of(columns)
    return HostRow(host, len(columns), len(keys), min(times, default=0), max(times, default=0), len(told))


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
    for error_text in filter(None, (ledger.status, ledger.notice)):
        # Nobody may take the part that could be read for the whole.
        raise exits.CommandError(f"{ledger.path}: {error_text}", exits.FAILED if ledger.status else exits.PARTIAL)


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
        raise exits.CommandError(f"import stopped, nothing more was imported: {error}") from None
    except OSError as error:
        raise exits.CommandError(f"{options.file}: {error.strerror}") from None
    streams.narrate(f"imported: {_changes(*done[:3])}")
    if done.bad:
        streams.narrate(f"left out: {_lines_of(done.bad)} that `claude-top ledger export` did not write; {bad[0]}")
    return exits.PARTIAL if done.bad else exits.OK


def _open_regular(name: str) -> BinaryIO:
    """Open a regular file, without blocking on a pipe. Raises OSError."""
    descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise exits.CommandError(f"{name}: not a regular file; pipe its lines into `claude-top ledger import -`")
    return os.fdopen(descriptor, "rb")


def _merge(options: Namespace) -> int:
    from claude_tui.engine.ledger import Doubt, Ledger, LedgerError
    from claude_tui.sources.values.display import display_name

    doubts: list[Doubt] = []
    try:
        change = Ledger.open().merge(Path(options.file), doubts.append)
    except LedgerError as error:
        raise exits.CommandError(f"nothing was merged: {error}") from None
    streams.narrate(f"merged: {_changes(*change)}")
    if doubts:
        number = sum(doubt.number for doubt in doubts)
        first = display_name(f"{doubts[0].key.path}: {doubts[0].why}")
        streams.narrate(f"left out: {many(number, 'invalid row')}, the first in {first}")
    return exits.PARTIAL if doubts else exits.OK


def _adopt(options: Namespace) -> int:
    from claude_tui.engine.ledger import LedgerError, adopt

    ledger = _opened()
    old, new = (os.path.abspath(os.path.expanduser(folder)) for folder in (options.old, options.new))
    try:
        done = adopt(ledger, old, new)
    except LedgerError as error:
        raise exits.CommandError(f"stopped, nothing more was carried over: {error}") from None
    if ledger.status:
        raise exits.CommandError(f"{ledger.path}: {ledger.status}")
    if not done.files:
        raise exits.CommandError(f"the ledger has no history of this machine's files below {old}", exits.NO_LOGS)
    streams.narrate(f"carried over: {many(done.files, 'file')}; {_changes(*done.change)}")
    return exits.OK


def _changes(added: int, updated: int, unchanged: int) -> str:
    return f"{many(added, 'response')} added, {updated:,} updated, {unchanged:,} unchanged"


def _lines_of(number: int) -> str:
    return many(number, "line")
