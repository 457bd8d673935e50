"""Arguments become a report or the screen. `claude_tui.cli:main` is the console script.

Nothing heavier than the statusline needs may be imported at the top of this package.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["statusline"] or arguments[:2] == ["claude", "statusline"]:
        # Claude Code runs it after every message and waits for it: no argument parser of all commands here.
        from claude_tui.cli.statusline.line import main as statusline

        return statusline(arguments[arguments.index("statusline") + 1 :])
    from claude_tui import runtime

    runtime.starting()
    try:
        from claude_tui.cli.dispatch import run

        return run(arguments)
    finally:
        runtime.started()
        if argv is None:  # the process ends here
            runtime.ending()
