"""`claude-top sessions`: what the running sessions are doing, once or for as long as somebody listens.

Must not judge what a session is doing.
"""

from __future__ import annotations

import asyncio
from argparse import Namespace
from typing import Any

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import monitor
from claude_tui.cli.environment import now_ms
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "List the sessions that are running or ran within the last hour, first those that wait for you: what each is\n"
        "doing and since when, its tool, model, context and cost, and the command that resumes it. `state` is\n"
        "blocked (`why`: permission, question, plan, or dialog for a menu of your own), working (`doing`: model,\n"
        "tool, subagent, compacting), retrying, finished, failed, limited, suspended, idle or done."
    )
    parser.epilog = example(
        "claude-top sessions", "claude-top sessions --json | jq -r '.sessions[] | select(.waits_for_you) | .name'",
        "claude-top sessions --json --watch | jq --unbuffered -r '.name + \" \" + .state'",
    )  # fmt: skip
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/sessions@1)")
    parser.add_argument(
        "--watch", action="store_true",
        help="with --json: go on, one line (schema claude-top/session@1) for each session now and at every change",
    )  # fmt: skip
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Print the sessions and return the exit code."""
    if options.watch:
        if not options.json:
            raise exits.CommandError("--watch prints JSON lines; write --json --watch", exits.USAGE)
        return asyncio.run(_watch(options))
    from claude_tui.cli.counting.running import running_snapshot
    from claude_tui.reports import sessions

    snapshot = running_snapshot(options)
    if options.json:
        streams.write_json(sessions.report(snapshot))
    elif sessions.running(snapshot):
        streams.write_tables([sessions.table(snapshot)])
    else:
        streams.narrate("no session is running")
    return exits.OK


async def _watch(options: Namespace) -> int:
    """Print a line for every session and for every change, until interrupted or nobody listens."""
    from claude_tui.cli.serve.sockets import stop_event

    counting = monitor(options)
    over, news, loop = stop_event(), asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(news.set)

    counting.subscribe(tell)
    known: dict[tuple[str, str], dict[str, Any]] = {}

    async def follow() -> None:
        while True:
            await news.wait()
            news.clear()
            if not counting.is_counting:
                await asyncio.to_thread(_tell_changes, counting, known)

    work = [asyncio.create_task(task) for task in (counting.run(), follow(), over.wait())]
    done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    for task in done:
        error = task.exception()
        if isinstance(error, OSError):
            raise error
        if error is not None:
            raise exits.CommandError(f"stopped: {error!r}")
    return exits.OK


def _tell_changes(source: Any, known: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Print what changed since the last call; a session that is over is printed once more."""
    import orjson

    from claude_tui.model import Query
    from claude_tui.reports import sessions

    at_ms = now_ms()
    found = {(row.source, row.key): sessions.record(row) for row in sessions.running(source.snapshot(Query(), at_ms))}
    changed = [record for key, record in found.items() if known.get(key) != record]
    changed += [
        {**record, "state": "done", "waits_for_you": False} for key, record in known.items() if key not in found
    ]
    known.clear()
    known.update(found)
    if changed:
        streams.write_lines([orjson.dumps(sessions.line(record, at_ms)) for record in changed])
        streams.finish()
