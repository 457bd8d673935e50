"""Reads a transcript straight into columns, several times as fast as line by line and with the same outcome.

Only lines that can matter are decoded: those that may carry usage, the first ones until they name a folder, short
ones outside the conversation, those that are visibly not whole, and the last turn. What a line means is not decided
here. Must not price or sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import msgspec

from claude_tui.model import ProblemKind, UsageRow
from claude_tui.sources.claude.counting.dating import AFTER, BEFORE
from claude_tui.sources.claude.counting.rule import bad_counts, usage_row
from claude_tui.sources.claude.discovery import decoded_dir
from claude_tui.sources.claude.facts import CONTINUES, MAX_NOTE, NOTES, TOTAL, FactsGatherer, with_agent_type
from claude_tui.sources.claude.fast.dated import last_dated_ms
from claude_tui.sources.claude.fast.rows import ClaudeFastBuilder
from claude_tui.sources.claude.fast.search import marks
from claude_tui.sources.claude.fast.usual import ClaudeTurn, FirstLine, Named, UserLine, UsualRow
from claude_tui.sources.claude.recognition import unrecognised
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, ManyRead
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.reading.log import FileLog, Opener
from claude_tui.sources.reading.objects import LONG, decode_objects
from claude_tui.sources.values.instants import instant_ms

_BRACE: Final = ord("}")
_decode: Final = msgspec.json.Decoder(UsualRow).decode
_decode_user: Final = msgspec.json.Decoder(UserLine).decode
_decode_first: Final = msgspec.json.Decoder(FirstLine).decode
_decode_turn: Final = msgspec.json.Decoder(ClaudeTurn).decode
_decode_named: Final = msgspec.json.Decoder(Named).decode
_BY_RULE: Final = {"assistant", *NOTES}
_PROGRESS: Final = Named("agent_progress")
_NOT_USUAL: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


NO_COLUMNS: Final = Columns("claude")
_columns_read: Final = partial(tuple.__new__, ColumnsRead)
"""Makes one of a tuple: its own way takes three times as long."""

Left = tuple[int, bytes]
"""A line that another reader left, by its offset."""


def read_columns(
    path: str,
    since: Checkpoint | None = None,
    *,
    keep_names: bool = False,
    left: Sequence[Left] = (),
    opener: Opener = FileLog,
) -> ColumnsRead:
    """Read a transcript, whole or from a checkpoint. Raises OSError if it cannot be opened.

    Equal to what `ClaudeSource.read` gives, settled by `columns_of`, but for problems: a line that has nothing to
    count and looks whole is not decoded, so malformed text inside it goes unnoticed. Of the lines before the
    checkpoint those `left` are read, too; if it matters that others were read before them, the whole file is.
    """
    builder = ClaudeFastBuilder(keep_names=keep_names)
    with LineReader(path, since, opener=opener) as reader:
        reading = _Reading(reader, since, builder, opener)
        if reader.restarted or reading.take_left(left):
            found = reading.run()
            builder.end()
            return found._replace(columns=builder.columns())
    return read_columns(path, keep_names=keep_names, opener=opener)._replace(restarted=True)


def read_many(files: Iterable[tuple[str, Checkpoint | None]], *, keep_names: bool = False) -> ManyRead:
    """Read transcripts as `read_columns` does each of them: what is set up once for all is most of a small one's
    cost."""
    builder = ClaudeFastBuilder(keep_names=keep_names)
    found: list[ColumnsRead | Exception] = []
    ends, has_failed = [], False
    for path, since in files:
        try:
            with LineReader(path, since) as reader:
                found.append(_Reading(reader, since, builder, FileLog).run())
            builder.end()
        except Exception as error:  # one file must never end the reading of all others
            builder.drop()
            found.append(error)
            has_failed = True
        ends.append(builder.entries)
    columns = builder.columns()
    if has_failed:
        columns.keep_own_names()
    return ManyRead(columns, found, ends)


class _Reading:
    def __init__(
        self, reader: LineReader, since: Checkpoint | None, builder: ClaudeFastBuilder, opener: Opener
    ) -> None:
        self._reader = reader
        self._opener = opener
        self._facts = FactsGatherer(reader.path, since.state if since and not reader.restarted else "")
        self._builder = builder
        builder.begin(self._facts)
        self._block = b""
        self._block_offset = 0
        self._dated_to = 0  # up to where in the block the instant of the newest line is known

    def run(self) -> ColumnsRead:
        """Read the file to its end. The columns are still the builder's."""
        reader = self._reader
        for offset, block in reader.blocks():
            self._block, self._block_offset, self._dated_to = block, offset, 0
            self._read_block(offset, block)
            self._see_last_turn(block)
        self._facts.complete_totals(reader.read_at)
        problems = reader.problems
        if self._builder.is_empty and not self._facts.usage_ms and self._opener is FileLog:
            problems = problems.with_more(Problems(unrecognised(reader.path)))
        checkpoint = reader.checkpoint(state=self._facts.state())
        facts = with_agent_type(self._facts.facts(), reader.path, self._opener)
        progress = reader.restarted, reader.bytes_read, reader.lines
        return _columns_read((NO_COLUMNS, checkpoint, facts, problems, *progress, ()))

    def take_left(self, left: Sequence[Left]) -> bool:
        """Take in lines of before the checkpoint. Returns whether that is as if they had been read in their order."""
        facts = self._facts
        near_ms, is_alike = facts.dating.near_ms, True
        for offset, line in left:
            for value in decode_objects(line, is_slim=True):
                is_alike = is_alike and facts.may_come_later(value, usage_row(value, facts.session, offset), line)
            if is_alike:
                self._read_line(offset, line)
        facts.dating.near_ms = near_ms
        return is_alike

    def _read_block(self, offset: int, block: bytes) -> None:
        find, startswith = block.find, block.startswith
        view = memoryview(block)
        facts, take, decode, mark_after = self._facts, self._builder.take, _decode, marks(block)
        mark = mark_after(0)
        start, size, lines = 0, len(block), 0
        needs_start = facts.needs_start
        while start < size:
            end = find(b"\n", start)
            lines += 1
            if needs_start:
                self._read_first(offset + start, block[start:end])
                needs_start = facts.needs_start
                if mark < end:
                    mark = mark_after(end)
            elif mark < end:
                try:
                    is_taken = take(decode(view[start:end]), offset + start)
                except _NOT_USUAL:
                    is_taken = False
                if not is_taken and not _is_from_user(view[start:end]):
                    self._read_line(offset + start, block[start:end])
                mark = mark_after(end)
            elif block[end - 1] != _BRACE or (
                (end - start <= MAX_NOTE or startswith(TOTAL, start, end))
                and not startswith(CONTINUES, start, end)
                and _matters(block[start:end])
            ):
                self._read_line(offset + start, block[start:end])
            start = end + 1
        self._reader.lines += lines

    def _read_first(self, offset: int, line: bytes) -> None:
        """Take in a line that may be the first to name a folder."""
        try:
            found = _decode_first(line)
        except _NOT_USUAL:
            found = None
        if found is None or found.type in _BY_RULE or found.data == _PROGRESS:
            self._read_line(offset, line)
        else:
            self._facts.see_start(found.cwd, found.sessionId, found.agentId if found.isSidechain else "")
            self._add(self._facts.see_time(instant_ms(found.timestamp)))

    def _read_line(self, offset: int, line: bytes) -> None:
        """Process a line by the counting rule, as the plain reader does."""
        facts, knows_line_before = self._facts, False
        for value in self._reader.objects(offset, line, is_slim=True):
            row = usage_row(value, facts.session, offset)
            if row is not None and not row.time_ms and not knows_line_before:
                self._see_dated_line(offset - self._block_offset)
                knows_line_before = True
            counted = facts.see(value, row, line, offset)
            self._add(counted)
            knows_line_before |= bool(instant_ms(value.get("timestamp")))
            if row is not None:
                if not row.time_ms:
                    self._reader.problem(ProblemKind.UNDATED, offset, BEFORE if counted else AFTER)
                for name in bad_counts(value):
                    self._reader.problem(ProblemKind.BAD_COUNT, offset, name)

    def _add(self, rows: Iterable[UsageRow]) -> None:
        for row in rows:
            self._builder.add(row if row.cwd else row._replace(cwd=decoded_dir(self._reader.path)))

    def _see_dated_line(self, before: int) -> None:
        """Find out when the newest dated line before a place in the block was written."""
        dating, first = self._facts.dating, self._dated_to
        self._dated_to = before
        dating.near_ms = last_dated_ms(self._block, first, before) or dating.near_ms

    def _see_last_turn(self, block: bytes) -> None:
        """Find the last turn, and when the last line was written."""
        end, time_ms = len(block) - 1, 0
        while end > 0:
            start = block.rfind(b"\n", 0, end) + 1
            is_turn, line_ms = self._read_turn(block[start:end])
            time_ms = time_ms or line_ms
            end = start - 1
            if is_turn:
                break
        if time_ms:
            self._facts.dating.near_ms = time_ms
        elif end > 0:
            self._see_dated_line(end + 1)

    def _read_turn(self, line: bytes) -> tuple[bool, int]:
        """Take a line for the last turn, if it is one. Returns whether it is, and when it was written."""
        facts = self._facts
        try:
            found = _decode_turn(line) if len(line) <= LONG else None
        except _NOT_USUAL:
            found = None
        if found is None:
            is_turn, time_ms = False, 0
            for value in decode_objects(line, is_slim=True):  # of several the last stays
                is_turn = facts.see_turn(value) or is_turn
                time_ms = instant_ms(value.get("timestamp")) or time_ms
            return is_turn, time_ms
        time_ms = instant_ms(found.timestamp)
        if not facts.is_turn(found.type, found.isSidechain):
            return False, time_ms
        content = found.message.content if found.message is not None else None
        blocks = [part.type for part in content] if isinstance(content, list) else []
        facts.set_turn(found.type, blocks, (found.gitBranch, found.version, found.sessionId), time_ms)
        return True, time_ms


def _is_from_user(line: memoryview) -> bool:
    """Whether a line is whole and the user's: it may say "usage" of what a tool did, and counts nothing."""
    try:
        _decode_user(line)
    except _NOT_USUAL:
        return False
    return True


def _matters(line: bytes) -> bool:
    """Whether a short line outside the conversation may be a note, or is broken, which is a problem."""
    try:
        return _decode_named(line).type in NOTES
    except _NOT_USUAL:
        return True
