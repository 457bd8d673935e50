"""`claude-top fleet`: one total over many machines, in a folder or an object store that all of them reach."""

from __future__ import annotations

from typing import Final

from claude_tui.cli.command_list import Command, add_actions
from claude_tui.cli.parser import CommandParser, example

ACTIONS: Final = (
    Command("push", "write what this machine's ledger holds to a table", "fleet.pushing"),
    Command("scan", "read raw logs in an object store into a table", "fleet.scanning"),
    Command("merge", "settle what was pushed and write the table", "fleet.merged:add_merge"),
    Command("status", "list the machines and check that the sums agree", "fleet.merged:add_status"),
    Command("verify", "recount parts of the table from what was pushed", "fleet.merged:add_verify"),
)


def add_arguments(parser: CommandParser) -> None:
    """Add the actions."""
    parser.description = (
        "One exact total over many machines. Each machine pushes what its ledger holds to a table, a folder that all\n"
        "of them reach: a path, s3://, gs://, abfs:// or sftp://. One of them merges, nightly for example. A response\n"
        "that several machines know counts once. `claude-top report --from URL` and `check --from URL` read it.\n"
        "No prompts, titles or branches leave a machine; what leaves of folders is up to --paths."
    )
    parser.epilog = example(
        "claude-top fleet push s3://lake/claude --team web",
        "claude-top fleet merge s3://lake/claude",
        "claude-top report --from s3://lake/claude --by team --since 2026-11-01",
    )
    add_actions(parser, ACTIONS)
