"""`claude-top ccusage ...`, and the same under the name `ccusage`: its command line, its shapes, its exit codes.

Which version is meant can be said with --shape. Must not know how a report is made.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from claude_tui import __version__
from claude_tui.cli import streams
from claude_tui.cli.ccusage.reports import KINDS, add_report
from claude_tui.cli.exits import OK, USAGE, CommandError
from claude_tui.cli.parser import CommandParser, example
from claude_tui.clients import CLIENTS

NAME: Final = "ccusage"
VERSIONS: Final = {20: "20.0.24", 18: "18.0.11"}
"""The newest version of each shape, which is the one we were compared with."""

AGENTS: Final = (
    "claude", "codex", "opencode", "amp", "droid", "codebuff", "hermes", "pi", "goose", "kilo", "copilot", "gemini",
    "antigravity", "kimi", "qwen", "openclaw", "grok", "zcode",
)  # fmt: skip
"""Every client ccusage has reports of. Those we do not read have nothing in them."""

REPORTS: Final = {"claude": (*KINDS, "blocks", "statusline"), "opencode": KINDS}
FEWER: Final = ("daily", "monthly", "session")
"""Reports of a client that is not in REPORTS."""

EMPTY_TOTALS: Final = ("inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens", "totalTokens")


def add_arguments(parser: CommandParser) -> None:
    """Describe the command; its arguments are ccusage's and are read by `parse`."""
    parser.description = (
        "Answer as ccusage 20 does, key for key, exit code for exit code, with our numbers: for scripts that call\n"
        "ccusage. `claude-top shim install` puts a `ccusage` on PATH that does this. Every command and option of\n"
        "ccusage is understood; without a command it is daily. Sessions over all clients are kept whole by the day of\n"
        "their last response, as there; `claude-top session` counts only the days asked for."
    )
    parser.epilog = example(
        "claude-top ccusage daily --json --since 20261101", "claude-top ccusage blocks --active --json",
        "claude-top ccusage codex session --json", "claude-top ccusage --jq .totals.totalCost",
        "claude-top ccusage --shape 18 session --json",
    )  # fmt: skip
    parser.add_argument("--shape", choices=("18", "20"), help="JSON as this version printed it (default: 20)")
    parser.set_defaults(run=lambda options: run([]))


def parse(arguments: Sequence[str]) -> Namespace:
    """Return what ccusage's arguments ask for. Ends the command for mistakes, as for wrong usage."""
    words, shape = _without_shape(arguments)
    if any(word in ("-v", "--version") for word in words):
        return Namespace(run=partial(_print_version, shape))
    if words[:1] in (["-h"], ["--help"]):
        _overview().print_help()
        return Namespace(run=lambda options: OK)
    client, kind, rest = _what(words, shape)
    if kind == "statusline":
        from claude_tui.cli.statusline.line import main

        return Namespace(run=lambda options: main(["--plain", *rest]))
    parser = CommandParser(prog=" ".join(filter(None, (NAME, client, kind))))
    add_report(parser, kind, client if shape == 20 else "claude", is_drop_in=True, shape=shape)
    options = parser.parse_args([word.removesuffix("=true") if word[:2] == "--" else word for word in rest])
    options.drop_in, options.shape = True, shape
    if client and client not in CLIENTS:
        options.run = partial(_print_nothing, client=client, kind=kind)
    return options


def run(arguments: Sequence[str]) -> int:
    """Do what ccusage's arguments ask for and return the exit code."""
    options = parse(arguments)
    code: int = options.run(options)
    return code


def _without_shape(arguments: Sequence[str]) -> tuple[list[str], int]:
    """Take --shape out of the arguments, wherever it is."""
    words, shape = [], 20
    given = iter(arguments)
    for word in given:
        name, has_value, value = word.partition("=")
        if name != "--shape":
            words.append(word)
            continue
        value = value if has_value else next(given, "")
        if value not in map(str, VERSIONS):
            raise CommandError(f"--shape takes {' or '.join(map(str, sorted(VERSIONS)))}, not {value!r}", USAGE)
        shape = int(value)
    return words, shape


def _what(words: Sequence[str], shape: int) -> tuple[str, str, list[str]]:
    """Return client ("" for all), report, and what follows."""
    first, *rest = [*words] or [""]
    if ":" in first:
        first, _, report = first.partition(":")
        rest = [report, *rest]
    if not first or first.startswith("-"):
        return "", "daily", list(words)
    if first in (*KINDS, "blocks", "statusline"):
        return "", first, rest
    if first not in AGENTS or shape == 18:
        raise CommandError(f"unknown command {first!r} (see {NAME} --help)", USAGE)
    if not rest or rest[0].startswith("-"):
        return first, "daily", rest
    kind, *rest = rest
    reports = REPORTS.get(first, FEWER)
    if kind not in reports:
        raise CommandError(f"no {kind!r} report of {first}; there are {', '.join(reports)}", USAGE)
    return first, kind, rest


def _overview() -> CommandParser:
    parser = CommandParser(prog=NAME, usage=f"{NAME} [CLIENT] [REPORT] [OPTION ...]", add_help=False)
    add_arguments(parser)
    parser.add_argument("client", nargs="?", metavar="CLIENT", help=", ".join(AGENTS))
    parser.add_argument("report", nargs="?", metavar="REPORT", help=", ".join((*KINDS, "blocks", "statusline")))
    parser.add_argument("-v", "--version", action="store_true", help="which ccusage this answers as", default=SUPPRESS)
    return parser


def _print_version(shape: int, options: Namespace) -> int:
    version = VERSIONS[shape]
    streams.write(f"{version}\n" if shape == 18 else f"{NAME} {version} (claude-top {__version__})\n")
    return OK


def _print_nothing(options: Namespace, *, client: str, kind: str) -> int:
    """Answer for a client whose logs we do not read."""
    from claude_tui.cli.ccusage.config import with_config
    from claude_tui.cli.ccusage.reports import DEFAULTS
    from claude_tui.cli.ccusage.standing_in import write_through_jq

    options = with_config(options, DEFAULTS, client, kind)
    if not options.json and not options.jq:
        streams.narrate(f"no usage found: claude-top does not read the logs of {client}")
        return OK
    totals = dict.fromkeys(EMPTY_TOTALS, 0) | ({} if options.no_cost else {"totalCost": 0})
    document: dict[str, Any] = {
        "sessions" if kind == "session" else kind: [],
        "totals": None if client == "qwen" else totals,
    }
    if options.jq:
        write_through_jq(document, options.jq)
    else:
        streams.write_json(document, is_sorted=True)
    return OK
