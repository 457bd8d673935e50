"""Reads a database directly into columns, several times as fast as message by message and with the same result.

A decoder checks each message against the format of nearly all of them, and builds nothing of it but what counts; one of
any other format is left to the counting rule. Must not decide what an unusual message means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from claude_tui.sources.opencode.message import is_reasoning_beside
from claude_tui.sources.opencode.rows import ChangedRows, MessageReading, changes
from claude_tui.sources.opencode.stored.columns import as_text
from claude_tui.sources.opencode.stored.messages import StoredRow, stored_message
from claude_tui.sources.opencode.talk import Heard, kind_of_answer
from claude_tui.sources.protocol import NO_FACTS, Checkpoint, ColumnsRead, LogFile
from claude_tui.sources.records.events import ResponseEvent, nano_of
from claude_tui.sources.records.fast import Count
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.registry import reader, settled
from claude_tui.sources.values.instants import EARLIEST_MS, LATEST_MS

Instant = Annotated[int, msgspec.Meta(ge=EARLIEST_MS, lt=LATEST_MS)]
Name = Annotated[str, msgspec.Meta(min_length=1)]

_NEVER: Final = -1
_USERS: Final = (None, b"user")
"""Kinds of messages without data: of the table before 2.x, which has no kinds, and of 2.x."""


class OpenCodeCache(msgspec.Struct, gc=False):
    """What was written to the cache and read from it."""

    read: Count = 0
    write: Count = 0


class OpenCodeTokens(msgspec.Struct, gc=False):
    """The counters of a message."""

    cache: OpenCodeCache
    input: Count = 0
    output: Count = 0
    reasoning: Count = 0
    total: Count = 0


class Times(msgspec.Struct, gc=False):
    """When a message began, and when it ended if it did."""

    created: Instant
    completed: Instant = _NEVER


class Folder(msgspec.Struct, gc=False, frozen=True):
    """Where a message was written."""

    cwd: str = ""


class OpenCodeLine(msgspec.Struct, gc=False):
    """An assistant's message of a version before 2.x."""

    role: Literal["assistant"]
    providerID: Name
    modelID: Name
    tokens: OpenCodeTokens
    time: Times
    path: Folder = Folder()
    cost: float = 0.0
    finish: str = ""
    summary: bool = False
    type: Literal["assistant"] = "assistant"


class NamedModel(msgspec.Struct, gc=False):
    """What answered, in 2.x."""

    id: Name
    providerID: Name


class NewLine(msgspec.Struct, gc=False):
    """An assistant's message of 2.x. One with a role, or a model where the versions before have it, is another."""

    model: NamedModel
    tokens: OpenCodeTokens
    time: Times
    path: Folder = Folder()
    cost: float = 0.0
    finish: str = ""
    summary: bool = False
    type: Literal["assistant"] = "assistant"
    role: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    providerID: Literal[""] = ""
    modelID: Literal[""] = ""


_decode: Final = msgspec.json.Decoder(OpenCodeLine).decode
_decode_new: Final = msgspec.json.Decoder(NewLine).decode
_NOT_USUAL: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a database's changed messages, or a message file. Raises OSError if it cannot be read.

    Equals what `OpenCodeSource.read` returns, settled by `columns_of`.
    """
    if file.path.endswith(".json"):
        return settled(file.source, reader(file.source).read(file, since), keep_names=keep_names)
    with changes(file, since) as changed:
        reading = FastReading(file, changed, keep_names=keep_names)
        reading.run()
        return ColumnsRead(
            reading.builder.columns(),
            changed.checkpoint,
            NO_FACTS,
            reading.problems,
            changed.restarted,
            reading.bytes_read,
            len(changed.rows),
            reading.talk.facts(),
        )


class FastReading(MessageReading):
    """A `MessageReading` whose events become columns, with a shortcut for usual messages."""

    def __init__(self, file: LogFile, changed: ChangedRows, *, keep_names: bool) -> None:
        super().__init__(file.path, changed)
        self.builder = FastBuilder(file.source, keep_names=keep_names)
        self._heard: dict[Any, Heard] = {}

    def _count(self, event: ResponseEvent) -> None:
        self.builder.add(event.row)

    def _see_rows(self, rows: Iterable[StoredRow]) -> None:
        all_heard, steps = self._heard, self._steps
        for row in rows:
            rowid, name, session, created, _, kind, data, twin = row
            heard = all_heard.get(session)
            is_first = heard is None
            if heard is None:
                heard = self.talk.of(self._session(as_text(session)))
            if data is None:
                is_taken = kind in _USERS and type(created) is int and EARLIEST_MS <= created < LATEST_MS
                if is_taken:
                    heard.see(created, "user")
            else:
                is_taken = (
                    (kind is None or (kind == b"assistant" and not twin))
                    and type(data) is bytes
                    and not (steps and as_text(name) in steps)
                    and self._take(data, heard, rowid, is_new=kind is not None)
                )
            if not is_taken:
                self._see(stored_message(row))
            elif is_first:
                all_heard[session] = heard
                self.talk.keep(heard)

    def _take(self, data: bytes, heard: Heard, rowid: int, *, is_new: bool) -> bool:
        """Count a message of the usual format, of 2.x if `is_new`, and hear it; otherwise do nothing and return
        False."""
        line: OpenCodeLine | NewLine
        try:
            if is_new:
                line = _decode_new(data)
                if line.role is not msgspec.UNSET:
                    return False
                provider, named = line.model.providerID, line.model.id
            else:
                line = _decode(data)
                provider, named = line.providerID, line.modelID
        except _NOT_USUAL:
            return False
        time_ms, ended_ms = line.time.created, line.time.completed
        if ended_ms == _NEVER:
            return False
        tokens = line.tokens
        told, output, reasoning = tokens.input, tokens.output, tokens.reasoning
        read, write = tokens.cache.read, tokens.cache.write
        total = told + output + reasoning + read + write
        if total:
            session, is_main, model = heard.session, heard.is_main, f"{provider}/{named}"
            is_inside = 0 < reasoning <= output and (
                tokens.total < total if tokens.total else not (is_new or is_reasoning_beside(provider))
            )
            origin = self.builder.origin(
                session.root,
                "" if is_main else session.id,
                line.path.cwd or session.directory,
                is_copy=time_ms < session.created_ms,
                is_sidechain=not is_main,
            )
            is_added = self.builder.append(
                f"{time_ms}/{model}/{told}/{output}/{reasoning}/{read}/{write}",
                time_ms,
                origin,
                model,
                (told, output if is_inside else output + reasoning, write, 0, read),
                rowid,
                reported_nano=None if is_inside else nano_of(line.cost),
            )
            if not is_added:
                return False
            prompt = told + write + read
            heard.see_answer(ended_ms, kind_of_answer(line.finish), prompt, model, is_summary=line.summary)
        else:
            heard.see(ended_ms, kind_of_answer(line.finish))
        self.bytes_read += len(data) if data.isascii() else len(as_text(data))
        return True
