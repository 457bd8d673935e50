"""`claude-top serve`: live numbers over HTTP for dashboards and status bars, or the screen in a browser tab.

Runs only when started, listens on this machine only by default, and requires a token on other addresses.
"""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Final

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import monitor
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example, port
from claude_tui.clients import CLIENTS

PORT: Final = 8377


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Serve the live numbers: /api/stats (the JSON of `report`), /api/events (server-sent events on change),\n"
        "/metrics (Prometheus) and /healthz. Every request is served from memory; none reads logs. The status is 503\n"
        "until the first count is complete. All paths except /healthz need the token. With --web the screen itself\n"
        "opens in a browser tab (pip install claude-top-tui[web])."
    )
    parser.epilog = example(
        "claude-top serve",
        'curl -H "Authorization: Bearer $(cat ~/.local/state/claude-top/serve-token)" localhost:8377/api/stats',
        "claude-top serve --web",
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="HOST", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=port, default=PORT, metavar="N", help=f"port to listen on (default: {PORT}; 0: any free one)"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="another host name that requests may use (repeatable)",
    )
    tokens = parser.add_mutually_exclusive_group()
    tokens.add_argument("--token-file", metavar="FILE", help="read the token from FILE")
    tokens.add_argument("--no-token", action="store_true", help="require no token (loopback addresses only)")
    parser.add_argument("--state-file", metavar="FILE", help="keep the headline figures in FILE, for status bars")
    parser.add_argument("--web", action="store_true", help="serve the screen to a browser instead of the numbers")
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Serve until interrupted, and return the exit code."""
    from claude_tui.cli.serve.guard import is_loopback

    if options.no_token and not is_loopback(options.host):
        raise exits.CommandError("--no-token is allowed on loopback addresses only", exits.USAGE)
    if not is_loopback(options.host):
        streams.narrate(f"claude-top: others can reach {options.host}; anyone who has the token sees your numbers")
    if options.web:
        from claude_tui.cli.serve.web import serve_screen

        return serve_screen(options, token_of(options), screen_arguments(options))
    import asyncio

    from claude_tui.cli.serve.server import serve

    return asyncio.run(serve(options, token_of(options), monitor(options)))


def token_of(options: Namespace) -> str:
    """Return the token: from the named file, else the stored one; "" if no token is required."""
    from claude_tui.cli.serve.guard import TOKEN_FILE
    from claude_tui.paths import create_private, state_folder
    from claude_tui.tokens import MIN_TOKEN, kept_token

    if options.no_token:
        return ""
    if not options.token_file:
        return kept_token(create_private(state_folder()), TOKEN_FILE)
    try:
        token = Path(options.token_file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise exits.CommandError(f"{options.token_file}: {error}", exits.USAGE) from None
    if len(token) < MIN_TOKEN:
        raise exits.CommandError(f"{options.token_file}: a token needs at least {MIN_TOKEN} characters", exits.USAGE)
    return token


def screen_arguments(options: Namespace) -> list[str]:
    """Return the arguments that make the screen read the same places as this command."""
    arguments: list[str] = []
    for name in CLIENTS:
        for folder in getattr(options, f"{name}_dir", ()):
            arguments += [f"--{name}-dir", os.path.abspath(os.path.expanduser(folder))]
    if sources := getattr(options, "source", None):
        arguments += ["--source", ",".join(sources)]
    if zone := getattr(options, "timezone", None):
        arguments += ["--timezone", zone]
    return arguments
