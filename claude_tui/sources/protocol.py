"""What a client's log reader promises, so that the engine can treat all clients alike.

Must not know any client's format, nor what is done with the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from claude_tui.clients import CLIENTS
from claude_tui.model import Problem, UsageRow
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import join_pairs, join_totals
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems


class SourceConfig(NamedTuple):
    """Where to look. `explicit` maps a source name to folders given on the command line, which replace the default
    ones. `env` and `home` replace the process environment, so that tests and callers control both."""

    home: Path
    env: Mapping[str, str] = MappingProxyType({})
    explicit: Mapping[str, tuple[Path, ...]] = MappingProxyType({})
    sources: tuple[str, ...] = tuple(CLIENTS)


REFUSED: Final = -1
"""The device number of something that is only found to be reported: reading it fails and says why."""


class LogFile(NamedTuple):
    """One discovered file with the stat at that time. `path` is absolute, surrogate-escaped text."""

    source: str
    path: str
    root: str
    size: int
    mtime_ns: int
    dev: int
    ino: int


class Checkpoint(NamedTuple):
    """How far a file has been read, and how to know that it is still the same file.

    `offset` is the byte after the last whole line read, or after the whole objects at the start of a line without a
    newline; `open_line` is how far the rest was scanned (see `open_line.OpenLine`). `head` is a hash of the first KiB
    at most (of what lies before `offset`), `anchor` of the 64 bytes before `offset`. `state` is what a reader must
    remember between two reads (pickled with the checkpoint, "" for none) and `mark` any other progress (a database's
    newest update time).
    """

    dev: int
    ino: int
    offset: int
    head: bytes = b""
    anchor: bytes = b""
    mark: int = 0
    state: str = ""
    open_line: str = ""


class FileFacts(NamedTuple):
    """What a file contains beside usage. `cwd` is from the first line that has one; the rest is the newest seen.

    `session` is the id of the session whose main transcript the file is ("" if it is not one); `parent` is the session
    of a sub-agent file. `context_tokens` is the prompt of the newest main-chain response, at `context_model`, or what a
    later compaction left of it; `compacted_tokens` is the size before the newest compaction; `largest_prompt` is the
    largest prompt of any main-chain response; `last_kind` is the type of the newest conversational line ("assistant",
    "user", "tool_use"), at `last_ms`. `is_complete`: this is everything the file contains so far, and replaces what was
    known of it. `client_totals` are what the client itself counted, `asked_models` which models it asked for where
    others answered (see `client_totals`). `context_window` is what the log itself says of its model's, 0 if nothing.
    """

    session: str = ""
    parent: str = ""
    cwd: str = ""
    title: str = ""
    branch: str = ""
    version: str = ""
    agent: str = ""
    agent_type: str = ""
    context_tokens: int = 0
    context_model: str = ""
    compactions: int = 0
    compacted_tokens: int = 0
    last_kind: str = ""
    last_ms: int = 0
    is_complete: bool = False
    largest_prompt: int = 0
    client_totals: str = ""
    asked_models: str = ""
    context_window: int = 0


NO_FACTS: Final = FileFacts()


def newer_facts(known: FileFacts, found: FileFacts) -> FileFacts:
    """Merge facts of further lines of a file into the known ones: the first folder stays, the rest is replaced.

    If `found` is from older lines, it only fills in what is missing.
    """
    if found.last_ms < known.last_ms:
        known, found, first = found, known, known
    else:
        first = known
    merged = FileFacts._make(new or old for new, old in zip(found, known, strict=True))
    return merged._replace(
        cwd=first.cwd or merged.cwd,
        compactions=max(known.compactions, found.compactions),
        largest_prompt=max(known.largest_prompt, found.largest_prompt),
        client_totals=join_totals(known.client_totals, found.client_totals),
        asked_models=join_pairs(known.asked_models, found.asked_models),
    )


class FileRead(NamedTuple):
    """The result of reading a file, whole or from a checkpoint.

    `restarted`: the file was read from the start although a checkpoint was given (it shrank, was rewritten or
    replaced). `bytes_read` counts the bytes actually read. Applying rows again is harmless. `sessions` are facts if one
    file holds many sessions (a database); `facts` is empty then.
    """

    rows: list[UsageRow]
    checkpoint: Checkpoint
    facts: FileFacts = NO_FACTS
    problems: Problems | Sequence[Problem] = ()
    restarted: bool = False
    bytes_read: int = 0
    lines: int = 0
    sessions: tuple[FileFacts, ...] = ()


class ColumnsRead(NamedTuple):
    """The result of reading a file, with its rows settled into columns; otherwise as `FileRead`."""

    columns: Columns
    checkpoint: Checkpoint
    facts: FileFacts
    problems: Problems | Sequence[Problem]
    restarted: bool
    bytes_read: int
    lines: int
    sessions: tuple[FileFacts, ...] = ()


class ManyRead(NamedTuple):
    """The result of reading many files: the responses of one after the other in `columns`.

    `files` has of each file all but its columns, or why it could not be read; `ends` after how many entries it ends.
    """

    columns: Columns
    files: list[ColumnsRead | Exception]
    ends: list[int]


class PlanSample(NamedTuple):
    """How much of a window of the user's plan was used, as a log says of the instant `seen_ms`. `name` tells the
    window, `resets_ms` when it ends."""

    name: str
    used_percent: float
    resets_ms: int
    seen_ms: int


class Source(Protocol):
    """A client whose logs can be read. Stateless: everything between two reads is in the checkpoint."""

    name: str

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the folders (or files) to look in, existing or not, most specific first."""
        ...

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Return every log below a root, each once, in a stable order. Unreadable folders are skipped."""
        ...

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a log from a checkpoint, or whole. Raises OSError if the file cannot be read at all."""
        ...
