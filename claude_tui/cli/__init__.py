"""Turns arguments into a report or the screen. `claude_tui.cli:main` is the console script.

Nothing heavier than what the statusline needs may be imported at the top of this package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code, or without `argv` end the process with it. `argv` does not contain the
    program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and os.path.basename(sys.argv[0]).removesuffix(".exe") == "ccusage":
        arguments = ["ccusage", *arguments]
    try:
        return _run(arguments, is_all=argv is None)
    except KeyboardInterrupt:  # while the command was being loaded, or when it had said all: else it does this itself
        from claude_tui.cli.exits import INTERRUPTED

        return INTERRUPTED


def _run(arguments: list[str], *, is_all: bool) -> int:
    """Run a command. `is_all`: the process ends with it."""
    is_plain = arguments[:1] == ["ccusage"]
    report = arguments[is_plain:]
    if (report[:1] == ["statusline"] or report[:2] == ["claude", "statusline"]) and not (
        is_plain and ("-v" in report or "--version" in report)
    ):
        rest = arguments[arguments.index("statusline") + 1 :]
        if rest[:1] != ["install"]:
            # Claude Code runs it after every message and waits for it: no argument parser of all commands here.
            from claude_tui.cli.statusline.line import main as statusline

            return statusline(rest, is_plain=is_plain)
        arguments = ["statusline-install", *rest[1:]]
    if is_all:
        from claude_tui.cli.ending import end_when_told

        end_when_told()
    from claude_tui import runtime

    runtime.starting()
    code = None
    try:
        from claude_tui.cli.dispatch import run

        code = run(arguments)
        return code
    finally:
        runtime.started()
        if is_all:
            from claude_tui.cli.exits import INTERRUPTED

            if code == INTERRUPTED:
                from claude_tui.cli.ending import end_soon

                end_soon(code)
            runtime.ending(code)
