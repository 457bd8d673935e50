"""The place of a table, for every action: how it is reached, what it was created with, how it stores folders.

Must not read what is in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits
from claude_tui.cli.parser import CommandParser

if TYPE_CHECKING:
    from claude_tui.fleet.lake import Lake
    from claude_tui.fleet.table.meta import TableMeta

MISSING: Final = "fleet needs its packages: pip install 'claude-top-tui[fleet]' (fleet-s3, fleet-gcs, fleet-azure)"


def add_path_options(parser: CommandParser) -> None:
    """Add --paths and --key-file."""
    parser.add_argument(
        "--paths",
        choices=("name", "full", "hash", "none"),
        default="name",
        help="how the table stores folders: name (default) is the last part of the path",
    )
    parser.add_argument("--key-file", metavar="FILE", help="with --paths hash: 16 to 64 secret bytes, the same for all")


def lake_of(url: str) -> Lake:
    """Return the place of a table. Raises CommandError."""
    try:
        from claude_tui.fleet.lake import Lake, LakeError
    except ImportError:
        raise exits.CommandError(MISSING) from None
    with exits.ended_by(LakeError):
        return Lake(url)


def meta_of(lake: Lake) -> TableMeta:
    """Return what a table was founded with. Raises LakeError if there is none."""
    from claude_tui.fleet.lake import LakeError
    from claude_tui.fleet.table.meta import read_meta

    meta = read_meta(lake)
    if meta is None:
        raise LakeError(f"{lake.url}: there is no table; `claude-top fleet push` creates one")
    return meta


def key_of(path: str | None) -> bytes:
    """Return the secret of --key-file, empty without one. Raises CommandError."""
    if path is None:
        return b""
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None
