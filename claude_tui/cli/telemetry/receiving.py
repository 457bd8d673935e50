"""`claude-top telemetry run` and `status`: the receiver without a screen, and what it has received.

Must not know the format of telemetry.
"""

from __future__ import annotations

import os
import signal
from argparse import Namespace
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.environment import home, now_ms
from claude_tui.cli.parser import CommandParser, example, port
from claude_tui.clients import TELEMETRY
from claude_tui.paths import config_folder, create_private, state_folder, telemetry_folder

if TYPE_CHECKING:
    from claude_tui.reports.findings.telemetry import TelemetryFindings
    from claude_tui.telemetry.settings import TelemetrySettings

SWITCHABLE: Final = ("claude", "codex", "gemini", "qwen", "copilot")
"""The clients that `install` sets up."""

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_run(parser: CommandParser) -> None:
    """Add the options of run."""
    parser.set_defaults(run=run)
    parser.description = (
        "Receive without a screen, until interrupted. If another process receives, wait and take over when it ends.\n"
        "`claude-top telemetry install --service` has the system start this at every login."
    )
    parser.epilog = example("claude-top telemetry run", "claude-top telemetry run --port 4318")
    parser.add_argument("--port", type=port, metavar="N", help="port to listen on (default: that of the settings)")


def add_status(parser: CommandParser) -> None:
    """Add the options of status."""
    parser.set_defaults(run=status)
    parser.description = (
        "Show who receives, which clients are set up, what arrived, what was refused and why, and where it is kept.\n"
        "The exit code is 1 if nobody receives or what arrives cannot be kept."
    )
    parser.epilog = example("claude-top telemetry status", "claude-top telemetry status --json | jq .refused")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/telemetry@1)")


def settings() -> TelemetrySettings:
    """Return what the settings file says of telemetry."""
    from claude_tui.ui.settings.file import FILE_NAME, load

    return load(config_folder() / FILE_NAME)[0].telemetry


def run(options: Namespace) -> int:
    """Receive until a signal comes, and return the exit code."""
    from claude_tui.telemetry.receiver import Receiver

    if create_private(state_folder()) is None:
        raise exits.CommandError(f"cannot write to {state_folder()}, where what arrives is kept")
    wanted = settings()

    def tell() -> None:
        if receiver.state == "receiving":
            where = telemetry_folder()
            streams.narrate(f"claude-top: receiving on 127.0.0.1:{receiver.status.port}; it is kept in {where}")
        else:
            streams.narrate(f"claude-top: {receiver.status.trouble}; trying again")

    receiver = Receiver("telemetry run", options.port or wanted.port, wanted.resource, on_change=tell)
    # Under nohup a hang-up is ignored, and shall be. Blocked before there is another thread, they come here alone.
    ending = {number for number in _ENDING if signal.getsignal(number) != signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    if (owner := found(()).owner) is not None:
        streams.narrate(f"claude-top: {owner} receives; waiting for its end")
    receiver.start()
    number = signal.sigwait(ending)
    receiver.stop()
    return exits.INTERRUPTED if number == signal.SIGINT else exits.OK


def status(options: Namespace) -> int:
    """Print what is known of the receiver, and return the exit code."""
    from claude_tui.reports.findings import telemetry

    findings = found(SWITCHABLE)
    if options.json:
        streams.write_json(telemetry.document(findings))
    else:
        streams.write("\n".join(telemetry.lines(findings)) + "\n")
    return exits.OK if findings.standing.state == "on" else exits.FAILED


def found(clients: Collection[str]) -> TelemetryFindings:
    """Return what there is to say of telemetry on this machine. Of `clients` it is said whether they are set up."""
    from claude_tui.reports.findings.telemetry import SpoolFolder, TelemetryFindings
    from claude_tui.sources.registry import logs_below
    from claude_tui.sources.telemetry.keeping import is_due
    from claude_tui.telemetry.ownership import is_owned
    from claude_tui.telemetry.spool import days
    from claude_tui.telemetry.status import load

    folder = state_folder()
    files = days(telemetry_folder())
    size = sum(path.stat().st_size for path in files)
    overdue = sum(is_due(file, now_ms()) for file in logs_below(TELEMETRY, telemetry_folder()))
    kept = SpoolFolder(str(telemetry_folder()), [path.stem for path in files], size, overdue)
    return TelemetryFindings(load(folder), settings(), is_owned(folder), kept, now_ms(), [*filter(_is_set_up, clients)])


def _is_set_up(client: str) -> bool:
    from claude_tui import files
    from claude_tui.telemetry.switches import SWITCHES

    try:
        text = files.read_text(SWITCHES[client].path(home(), os.environ))
        return SWITCHES[client].switched_off(text) != text
    except (OSError, ValueError):
        return False
