"""How --project, --session and --model narrow numbers, and what the money in them went for. Must not sum or print."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from claude_tui.cli.counting.setup import snapshot_of
from claude_tui.cli.exits import USAGE, CommandError
from claude_tui.cli.parser import CommandParser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claude_tui.engine.queries.causes.causes import Causes
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Query, Response

MOST_NAMED: Final = 5
"""Most names listed if a name is ambiguous or unknown."""


def add_scope_options(parser: CommandParser, verb: str = "count") -> None:
    """Add --project and --session."""
    parser.add_argument(
        "--project", metavar="DIR", default="", help=f"{verb} only this project: its folder, or the end of it"
    )
    parser.add_argument(
        "--session", metavar="ID", default="", help=f"{verb} only this session: its id, or the beginning of it"
    )


def narrowed(store: Store, asked: Query, options: argparse.Namespace) -> Query:
    """Return the query with full names for those given with --project, --session and --model.

    Raises CommandError with the usage code if one is unknown or ambiguous.
    """
    model, project, session = getattr(options, "model", ""), options.project, options.session
    if not (model or project or session):
        return asked
    rows = snapshot_of(store)
    return asked._replace(
        model=_named("model", model, [row.key for row in rows.models]),
        project=_named("project", project.rstrip("/"), [row.key for row in rows.projects]),
        session=_named("session", session, [row.key for row in rows.sessions]),
    )


def _named(what: str, name: str, keys: Sequence[str]) -> str:
    """Return the key a name means: an exact match, else the only key that begins with it or ends in its folders."""
    if not name or name in keys:
        return name
    found = [key for key in dict.fromkeys(keys) if key.startswith(name) or key.endswith("/" + name)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join((found or list(dict.fromkeys(keys)))[:MOST_NAMED])
    problem = f"{name!r} is ambiguous:" if found else f"no {what} {name!r}; known are"
    raise CommandError(f"{problem} {listed}", USAGE)


def causes_of(store: Store, *, by: str = "") -> Causes:
    """Return where the money of a store went; a bar shows how far what the logs say of it has been read.

    `by` is the dimension that will be asked for: what that needs is read in the same pass.
    """
    from claude_tui.cli.counting.setup import tickets
    from claude_tui.cli.progress import Bar
    from claude_tui.engine.archive import archive_of
    from claude_tui.engine.queries.causes.causes import Causes
    from claude_tui.paths import cache_folder, ledger_file

    bar = Bar("reading causes")
    archive = archive_of(ledger_file())
    found = Causes(store, cache_folder(), archive=archive, ticket=tickets(), on_progress=bar.show, reads_once=True)
    with bar:
        found.refresh(by)
    return found


def machine_by_response(lines: Sequence[Response]) -> Callable[[Response], str]:
    """Return what tells the machine of a response: that of its log, of its session where it has no log, else this one.

    `lines` are all responses that are asked about.
    """
    from claude_tui.engine.ledger import Ledger, machine_of

    here = Ledger.open().host
    of_session = {(line.source, line.session): machine_of(line.path, here) for line in lines if line.path}

    def machine(line: Response) -> str:
        return machine_of(line.path, here) if line.path else of_session.get((line.source, line.session), here)

    return machine
