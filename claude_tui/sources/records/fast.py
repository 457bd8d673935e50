"""Reads a log of JSON lines directly into columns, several times as fast as record by record and with the same result.

A decoder checks each line against the format of nearly all of them, and builds nothing of it but what matters; a line
of any other format is left to the counting rule. Must not know any client's format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar

import msgspec

from claude_tui.model import UsageRow
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileFacts, LogFile
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.reading.objects import LONG
from claude_tui.sources.recognition import Recognised, judge_log, resumed
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.records.line_logs import rows_of

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Line = TypeVar("Line")
Taken = TypeVar("Taken", contravariant=True)
Counting = Callable[[LineReader, int, Mapping[str, Any], Any], Iterable[UsageRow]]

WINDOW: Final = 1 << 17
"""Bytes read at once: so few that the C library has a place for them, and the kernel need not find new pages."""

_OPENING: Final = ord("{")
_CLOSING: Final = ord("}")
_NOT_USUAL: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Nothing(msgspec.Struct, gc=False):
    """An object of which nothing matters."""


class FastFollowed(Recognised, Protocol[Taken]):
    """A log of a client whose usual lines need no record; otherwise as `line_logs.Followed`."""

    def resume(self, state: str) -> None:
        """Go on where `state()` was taken."""

    def state(self) -> str:
        """Return what must be known to follow the next records."""
        ...

    def facts(self) -> FileFacts:
        """Return what the log says beside usage."""
        ...

    def take(self, line: Taken, offset: int, builder: FastBuilder) -> bool:
        """Do with a line of the usual format what the counting rule does; otherwise do nothing and return False."""
        ...


class FastReader(Generic[Line]):
    """Reads logs whose usual lines have one format, a `msgspec` type.

    `rows_of` counts a record by the rule of the client, and tells its problems. `is_slim`: see `decode_objects`.
    """

    def __init__(self, line: type[Line], rows_of: Counting = rows_of, *, is_slim: bool = True) -> None:
        self._rows_of, self._is_slim = rows_of, is_slim
        decoder = msgspec.json.Decoder(line)
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines

    def read_columns(
        self, file: LogFile, since: Checkpoint | None, log: FastFollowed[Line], *, keep_names: bool
    ) -> ColumnsRead:
        """Read a log whole or from a checkpoint. Raises OSError if it cannot be opened.

        Equals the result of `line_logs.read_log`, settled by `columns_of`, except that bytes which are no UTF-8 in a
        text that does not matter are no problem.
        """
        builder = FastBuilder(file.source, keep_names=keep_names)
        with LineReader(file.path, since, window=WINDOW) as reader:
            had_records = resumed(reader, since, log.resume)
            records = 0
            for offset, block in reader.blocks():
                records += self._read_block(reader, offset, block, log, builder)
            judge_log(reader, log, has_records=bool(records) or had_records)
            return ColumnsRead(
                builder.columns(),
                reader.checkpoint(state=log.state()),
                log.facts(),
                reader.problems,
                reader.restarted,
                reader.bytes_read,
                reader.lines,
            )

    def _read_block(
        self, reader: LineReader, offset: int, block: bytes, log: FastFollowed[Line], builder: FastBuilder
    ) -> int:
        """Read whole lines. Returns the number of records."""
        take = log.take
        ends = _line_ends(block)
        reader.lines += len(ends)
        lines = self._decoded(block, ends)
        start = records = 0
        for line, end in zip(lines or repeat(None), ends, strict=False):
            if line is None:
                line = self._decoded_line(block, start, end)
            if line is not None and take(line, offset + start, builder):
                records += 1
            else:
                records += self._read_line(reader, offset + start, block[start:end], log, builder)
            start = end + 1
        return records

    def _decoded(self, block: bytes, ends: list[int]) -> list[Line] | None:
        """Return the lines of a block, each decoded; None if any of them is not one usual object and nothing else."""
        if len(block) > LONG or not _are_objects(block, ends):
            return None
        try:
            lines: list[Line] = self._decode_lines(block)
        except _NOT_USUAL:
            return None
        return lines if len(lines) == len(ends) else None

    def _decoded_line(self, block: bytes, start: int, end: int) -> Line | None:
        if end - start > LONG:
            return None
        try:
            line: Line = self._decode(memoryview(block)[start:end])
        except _NOT_USUAL:
            return None
        return line

    def _read_line(self, reader: LineReader, offset: int, line: bytes, log: Any, builder: FastBuilder) -> int:
        """Process a line by the counting rule. Returns the number of records on it."""
        records = 0
        for record in reader.objects(offset, line, is_slim=self._is_slim):
            records += 1
            for row in self._rows_of(reader, offset, record, log):
                builder.add(row)
        return records


def _line_ends(block: bytes) -> list[int]:
    """Return where the newlines are."""
    find, ends, end = block.find, [], block.find(b"\n")
    while end >= 0:
        ends.append(end)
        end = find(b"\n", end + 1)
    return ends


def _are_objects(block: bytes, ends: list[int]) -> bool:
    """Whether every line begins and ends with a brace.

    A newline may stand between any two tokens of an object, and the decoder takes it; but never between two braces.
    """
    byte_at = block.__getitem__
    return (
        byte_at(0) == _OPENING
        and set(map(byte_at, [end - 1 for end in ends])) == {_CLOSING}
        and set(map(byte_at, [end + 1 for end in ends[:-1]])) <= {_OPENING}
    )
