"""Reads one chat of Gemini CLI into events: lines after a checkpoint, or a file that is one JSON value.

Must not know where chats are found.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.gemini.chat import GeminiChat
from claude_tui.sources.gemini.projects import project_folder
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile
from claude_tui.sources.reading.documents import read_document
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.recognition import judge_log, resumed, what_is_wrong
from claude_tui.sources.records.events import ResponseEvent


def read_chat(file: LogFile, since: Checkpoint | None) -> tuple[FileRead, list[ResponseEvent]]:
    """Read a chat, and keep the events its rows were made of. Raises OSError if it cannot be opened."""
    chat = chat_at(file, GeminiChat)
    since = fitting(since, chat)
    return _read_lines(file, since, chat) if file.path.endswith(".jsonl") else _read_whole(file, since, chat)


C = TypeVar("C", bound=GeminiChat)


def chat_at(file: LogFile, kind: type[C]) -> C:
    """Return the chat of a kind that a path stands for: `tmp/<project>/chats/[<main session>/]<name>`."""
    _tmp, project, _chats, *below = os.path.relpath(file.path, file.root).split(os.sep)
    stem = below[-1].rpartition(".")[0]
    parent = below[0] if len(below) > 1 else ""
    folder = project_folder(file.root, project)
    return kind(
        stem, lambda project_hash: project_folder(file.root, project, (project_hash,)), parent, folder, place=folder
    )


def fitting(since: Checkpoint | None, chat: GeminiChat) -> Checkpoint | None:
    """Return a checkpoint; if the chat was of another folder then, one that nothing continues: every row says which."""
    if since is None or not since.state or json.loads(since.state)[-1] == chat.place:
        return since
    return since._replace(head=b"", mark=-1)


def _read_lines(file: LogFile, since: Checkpoint | None, chat: GeminiChat) -> tuple[FileRead, list[ResponseEvent]]:
    events: list[ResponseEvent] = []
    with LineReader(file.path, since) as reader:
        had_records = resumed(reader, since, chat.resume)
        records = 0
        for offset, line in reader:
            for record in reader.objects(offset, line):
                records += 1
                events += events_of(reader, offset, record, chat)
        judge_log(reader, chat, has_records=bool(records) or had_records)
        rows, mark = [event.row for event in events], reader.checkpoint(state=chat.state())
        facts, problems = chat.facts(), reader.problems
        return FileRead(rows, mark, facts, problems, reader.restarted, reader.bytes_read, reader.lines), events


def events_of(reader: LineReader, offset: int, record: Mapping[str, Any], chat: GeminiChat) -> list[ResponseEvent]:
    """Return what a record counts; what is no count becomes a problem of the log."""
    events = list(chat.events(record, offset))
    while chat.bad_counts:
        reader.problem(ProblemKind.BAD_COUNT, offset, chat.bad_counts.pop())
    return events


def _read_whole(file: LogFile, since: Checkpoint | None, chat: GeminiChat) -> tuple[FileRead, list[ResponseEvent]]:
    """Read a file that is one JSON value; if it is not, the objects that can be found in it."""
    data, mark, restarted, problems = read_document(file.path, since)
    if data is None:
        return FileRead([], mark, problems=problems, restarted=restarted), []

    def report(kind: ProblemKind, at: int, detail: str, number: int = 1, /) -> None:
        problems.append(Problem(kind, file.path, at, detail))

    events: list[ResponseEvent] = []
    offset = -1
    for offset, record in enumerate(decode_objects(data, report)):
        events += chat.events(record, offset)
    wrong = what_is_wrong(chat) if offset >= 0 else ""
    if wrong:
        report(ProblemKind.UNRECOGNISED, 0, wrong)
    for name in chat.bad_counts:
        report(ProblemKind.BAD_COUNT, 0, name)
    mark = mark._replace(state=chat.state())
    return FileRead([event.row for event in events], mark, chat.facts(), problems, restarted, len(data)), events
