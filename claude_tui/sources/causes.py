"""What the log of a client says of why responses were made, file by file, the same for all clients that tell.

Kept in the cache as MessagePack; `FORMAT` moves whenever a meaning changes, and `ARCHIVE_FORMAT` of
`causes_archive` along with it. Must not know how logs are read.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec
from msgspec import MsgspecError, Raw, Struct, field

from claude_tui.sources.protocol import Checkpoint

FORMAT: Final = 3

STARTERS: Final = frozenset({"Agent", "Task"})
"""Tools that start a sub-agent, by the names they have had."""
COMPACTED: Final = "compaction"
"""Between a response and the one before it the conversation was compacted."""
TOOLS_CHANGED: Final = "tools"
"""Between a response and the one before it tools or MCP servers came or went."""


class Call(Struct, array_like=True, gc=False):
    """A call of a tool that a response asked for. `kind` is the type of sub-agent it starts, "" for any other call."""

    id: str
    name: str
    kind: str = ""
    is_failed: bool = False


class Repeat(Struct, array_like=True, gc=False):
    """A file read again with nothing changed in between: the tokens of the result are estimated from its size."""

    path: str
    tokens: int


class Caused(Struct, array_like=True):
    """What one transcript says of one response.

    `key` is its number as in the columns of responses, `thread` the number of its thread. `time_ms` is the instant of
    its last row, `asked_ms` that of the request (0 unknown). `skill` is the client's own field, else by the rule.
    `boundary` is what happened since the response before it. `lifetime` is what was asked of the cache, "5m" or "1h".
    `added` are the bytes that came into the prompt since the response before, by the number of what they are, and
    `wrote` those the response consists of; both only where sizes were asked for.
    """

    key: int
    thread: int
    time_ms: int
    asked_ms: int = 0
    calls: list[Call] = field(default_factory=list)
    skill: str = ""
    plugin: str = ""
    agent_type: str = ""
    branch: str = ""
    version: str = ""
    lifetime: str = ""
    reason: str = ""
    boundary: str = ""
    thinking: int = 0
    is_interrupted: bool = False
    repeats: list[Repeat] = field(default_factory=list)
    added: dict[int, int] = field(default_factory=dict)
    wrote: dict[int, int] = field(default_factory=dict)


class ReadRange(Struct, array_like=True):
    """A file as it was read by a call: path and range."""

    path: str
    part: str


class Thread(Struct, array_like=True):
    """A line of responses that continue one another, and what of its rows matters to those to come.

    `command` is a typed command that has not shown yet whether it loads a prompt. `skills` and `reads` are calls whose
    result is still to come; `known` is what was read and has not changed. `added` came since the last response.
    """

    name: str
    asked_ms: int = 0
    skill: str = ""
    command: str = ""
    boundary: str = ""
    last: int = -1
    skills: dict[str, str] = field(default_factory=dict)
    reads: dict[str, ReadRange] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    added: dict[int, int] = field(default_factory=dict)


class Pending(Struct, array_like=True):
    """What of a database may still change although its message does not: the messages whose calls had not all ended,
    and the number of the newest part up to which parts were looked at."""

    messages: list[str]
    part: int = 0


class FileCauses(Struct, array_like=True):
    """Everything one log says. `started_by` is the call that started the sub-agent whose transcript it is;
    `started` are such calls by sub-agent, as results in this file name them. `has_sizes`: sizes were asked
    for. `has_calls_only`: the client tells calls and thinking, but nothing of skills, branches or caches. `parts` are
    the parts of prompts and responses that have sizes; those name them by their place here. `pending` is of databases
    alone, and None where it is not known."""

    responses: list[Caused] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    agent_type: str = ""
    started_by: str = ""
    started: dict[str, str] = field(default_factory=dict)
    has_sizes: bool = False
    has_calls_only: bool = False
    parts: list[str] = field(default_factory=list)
    pending: Pending | None = None


class ReadCauses(Protocol):
    """What reads a log for causes."""

    def __call__(
        self,
        path: str,
        known: FileCauses | None = None,
        since: Checkpoint | None = None,
        *,
        with_sizes: bool = False,
    ) -> tuple[FileCauses, Checkpoint]:
        """Read a log, whole or what follows `since`, where `known` is what it said. Raises OSError."""
        ...


class _Head(Struct, array_like=True):
    """`FileCauses` as far as is looked at."""

    responses: Raw
    threads: Raw
    agent_type: str
    started_by: str
    started: Raw
    has_sizes: bool


_encode: Final = msgspec.msgpack.Encoder().encode
_decode_head: Final = msgspec.msgpack.Decoder(_Head).decode
_decode: Final = msgspec.msgpack.Decoder(FileCauses).decode


def packed(found: FileCauses) -> bytes:
    """Return what a transcript says as bytes to keep."""
    return _encode(found)


def unpacked(data: bytes) -> FileCauses:
    """Return what `packed` was given. Raises msgspec.MsgspecError for anything else."""
    return _decode(data)


def has_sizes(data: bytes) -> bool:
    """Whether sizes are in what `packed` gave; also False for anything else."""
    try:
        return _decode_head(data).has_sizes
    except (MsgspecError, ValueError):
        return False
