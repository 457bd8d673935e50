"""`claude-top` without a command: the screen, or one plain snapshot of it.

Must not load the screen's code before it is needed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui import runtime
from claude_tui.cli import exits
from claude_tui.cli.counting.setup import setup
from claude_tui.cli.environment import now_ms
from claude_tui.cli.fleet.reading import NARROWED_BY, add_from_options, table_source
from claude_tui.cli.options.periods import named_period
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from claude_tui.ui.terminal.first_frame import FirstFrame

VIEWS: Final = ("live", "models", "projects", "sessions", "days", "blocks", "causes", "plan")
ALIASES: Final = {"windows": "blocks"}
"""Other names of views that are understood."""
STEP_S: Final = 0.5
"""How often the demo logs grow."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the screen."""
    parser.set_defaults(run=run)
    parser.epilog = example(
        "claude-top", "claude-top --demo", "claude-top --view days --period 30d", "claude-top --once",
        "claude-top report --help",
    )  # fmt: skip
    screen = parser.add_argument_group("screen")
    screen.add_argument("--demo", action="store_true", help="show a year of invented history that keeps growing")
    screen.add_argument("--once", action="store_true", help="print one snapshot, or one view, as plain text and exit")
    screen.add_argument(
        "--view",
        type=lambda name: ALIASES.get(name, name),
        choices=VIEWS,
        metavar="NAME",
        help=f"view to open first, or with --once to print: {', '.join(VIEWS)}",
    )
    screen.add_argument(
        "--period",
        type=named_period,
        metavar="DAYS",
        help="days to show first: today, 7d, 30d, month, cycle (your billing month), all, or 2026-11-01..2026-11-30",
    )
    screen.add_argument("--theme", metavar="NAME", help="colour theme; `claude-top config` lists them")
    screen.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    screen.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    add_from_options(parser)
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Open the screen. Returns the exit code when the user leaves it."""
    # It draws on stderr. In a browser tab it does so through a pipe, and says so.
    has_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    is_drawable = has_terminal or "TEXTUAL_DRIVER" in os.environ
    if not options.once and not is_drawable:
        message = "the screen needs a terminal; try claude-top --once, or claude-top report"
        raise exits.CommandError(message, exits.USAGE)
    narrowed = [name for name in NARROWED_BY if getattr(options, name)]
    if narrowed and not options.url:
        raise exits.CommandError(f"--{narrowed[0]} needs --from", exits.USAGE)
    if options.url and options.once:
        raise exits.CommandError("--once cannot be combined with --from; try claude-top report --from", exits.USAGE)
    if options.url:
        return _standing(options)
    show = _once if options.once else _screen
    if not options.demo:
        return show(options)
    with _demo(is_live=not options.once) as folder:
        options.claude_dir, options.source = [str(folder)], ("claude",)
        return show(options)


def _check_theme(name: str | None) -> None:
    """Loads the screen's code, so only where that is needed or a theme is named."""
    if not name:
        return
    from claude_tui.ui.configuration.names import theme_names
    from claude_tui.ui.settings.declared import unknown

    if name not in theme_names():
        raise exits.CommandError(f"--theme {name}: {unknown(name, theme_names(), 'theme')}", exits.USAGE)


def _once(options: Namespace) -> int:
    from claude_tui.cli.commands.watching import once

    _check_theme(options.theme)
    return once.run(options)


def _screen(options: Namespace) -> int:
    from claude_tui.paths import state_folder
    from claude_tui.ui.terminal.first_frame import FirstFrame

    # Invented logs are gone with the program, so nothing is kept of them.
    frame = None if options.demo else FirstFrame(state_folder() / "frame", sys.argv[1:])
    if frame is None:
        return _open(options, None)
    try:
        frame.show()
        return _open(options, frame)
    finally:
        frame.hide()


def _standing(options: Namespace) -> int:
    """Open the screen over a table of many machines."""
    source = table_source(options)
    from claude_tui import ui

    return ui.run(
        source,
        theme=options.theme,
        mouse=not options.no_mouse,
        ascii=options.ascii,
        period=options.period or "30d",
        view=options.view or "projects",
    )


def _open(options: Namespace, frame: FirstFrame | None) -> int:
    runtime.without_tls()
    _check_theme(options.theme)
    wanted = setup(options, is_begun=True, is_shown=True)
    from claude_tui.engine.first_read import FirstRead

    first = FirstRead(wanted)
    if not first.opening.saved_ms:
        # It is read while the screen's code, the slow part, is loaded. With saved numbers to show and little to read
        # the files can wait until those are on the screen.
        first.begin()
    from claude_tui.engine.monitor import Monitor

    found = Monitor(wanted, first)
    from claude_tui import ui

    return ui.run(
        found,
        theme=options.theme,
        mouse=not options.no_mouse,
        ascii=options.ascii,
        period=options.period,
        view=options.view,
        first_frame=frame,
        receives=not options.demo,
    )


@contextlib.contextmanager
def _demo(*, is_live: bool) -> Iterator[Path]:
    """Provide a folder with demo logs and, if `is_live`, keep them growing until the end."""
    import tempfile
    import threading

    from claude_tui.demo import DemoWriter, write_demo

    with tempfile.TemporaryDirectory(prefix="claude-top-demo-", ignore_cleanup_errors=True) as name:
        folder = write_demo(Path(name), now_ms())
        over = threading.Event()
        writer = DemoWriter(folder)

        def go_on() -> None:
            while not over.wait(STEP_S):
                with contextlib.suppress(OSError):
                    writer.step(now_ms())

        thread = threading.Thread(target=go_on, name="demo", daemon=True)
        if is_live:
            thread.start()
        try:
            yield folder
        finally:
            over.set()
            if is_live:
                thread.join()
