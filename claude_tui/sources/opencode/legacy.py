"""OpenCode before 1.2: one JSON file per message, session and part.

Later versions copied them into the database under the same ids and left the files in place. Must not count.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.opencode.message import (
    OpenCodeSession,
    event_of,
    is_answer_without_tokens,
    message_of,
    project_folder,
    step_tokens,
)
from claude_tui.sources.opencode.talk import OpenCodeTalk
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile
from claude_tui.sources.reading.documents import read_document
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.records.events import BadCountError, ResponseEvent
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

_MAX_PART = 4096
"""More than the end of a step has."""
_MOST_BYTES = 64 << 20
_OLD = ("storage", "session")


def named_id(path: str) -> str:
    """Return the id of the message in a message file: its name."""
    return os.path.basename(path).removesuffix(".json")


def read_message(file: LogFile, since: Checkpoint | None, *, is_stored: bool) -> tuple[FileRead, list[ResponseEvent]]:
    """Read a message file, unless it `is_stored` in a database."""
    data, mark, restarted, problems = read_document(file.path, since)
    events: list[ResponseEvent] = []
    talk = OpenCodeTalk()
    if data is not None and not is_stored:
        value = next(decode_objects(data), None)
        if value is None:
            problems.append(Problem(ProblemKind.MALFORMED, file.path, 0, "not a JSON object"))
        else:
            _count(file, named_id(file.path), value, events, talk, problems)
    rows = [event.row for event in events]
    read = FileRead(
        rows, mark, problems=problems, restarted=restarted, bytes_read=len(data or b""), sessions=talk.facts()
    )  # fmt: skip
    return read, events


def _count(
    file: LogFile,
    message_id: str,
    value: dict[str, Any],
    events: list[ResponseEvent],
    talk: OpenCodeTalk,
    problems: list[Problem],
) -> None:
    storage, session_id = _place(file.path)
    session = _session(storage, session_id)
    event = None
    message = message_of(value)
    if message is not None:
        steps = step_tokens(_parts(_parts_folder(file.path), _MAX_PART))
        try:
            event = event_of(message._replace(steps=steps), session, 0)
        except BadCountError as error:
            problems.append(Problem(ProblemKind.BAD_COUNT, file.path, 0, f"tokens.{error}"))
    elif is_answer_without_tokens(value, "assistant"):
        problems.append(Problem(ProblemKind.UNKNOWN_SHAPE, file.path, 0, "an answer without usage"))
    if event is not None:
        events.append(event)
    talk.see(session, value, instant_ms(table_of(value, "time").get("created")), event)


def _session(storage: str, session_id: str) -> OpenCodeSession:
    """Return a session with the main session above it; for an unknown session, only its id."""
    try:
        session = _session_file(storage, session_id)
    except OSError:
        return OpenCodeSession(session_id, session_id)
    root, parent, seen = session_id, text_of(session, "parentID"), {session_id}
    while parent and parent not in seen:
        root = parent
        seen.add(parent)
        try:
            parent = text_of(_session_file(storage, parent), "parentID")
        except OSError:
            break
    return OpenCodeSession(
        session_id,
        root,
        text_of(session, "parentID"),
        text_of(session, "directory") or _folder_of_project(storage, text_of(session, "projectID")),
        text_of(session, "title"),
        text_of(session, "version"),
        created_ms=instant_ms(table_of(session, "time").get("created")),
    )


# What is taken from a session's file does not change once it is written, but for the title.
@lru_cache(maxsize=4096)
def _session_file(storage: str, session_id: str) -> dict[str, Any]:
    name = session_id + ".json"
    if _is_old(storage):
        return _object(os.path.join(storage, "info", name))
    for project in sorted(os.listdir(os.path.join(storage, "session"))):
        try:
            return {"projectID": project, **_object(os.path.join(storage, "session", project, name))}
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise FileNotFoundError(name)


def _folder_of_project(storage: str, project: str) -> str:
    try:
        return project_folder(_project_file(storage, os.path.basename(project)).get("worktree"))
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _project_file(storage: str, project: str) -> dict[str, Any]:
    return _object(os.path.join(storage, "project", project + ".json"))


def parts_of(path: str) -> Iterator[dict[str, Any]]:
    """Yield the parts of a message file, in order."""
    return _parts(_parts_folder(path), _MOST_BYTES)


def _place(path: str) -> tuple[str, str]:
    """Return the storage folder and the session of a message file."""
    folder = os.path.dirname(path)
    return os.path.dirname(os.path.dirname(folder)), os.path.basename(folder)


def _parts_folder(path: str) -> str:
    """Return the folder of a message's parts. Old layout: part/<session>/<message>; new: part/<message>."""
    storage, session_id = _place(path)
    message_id = named_id(path)
    return os.path.join(storage, "part", *((session_id, message_id) if _is_old(storage) else (message_id,)))


def _parts(folder: str, most_bytes: int) -> Iterator[dict[str, Any]]:
    """Yield the parts of a message, in order, that are small enough."""
    try:
        with os.scandir(folder) as listing:
            paths = sorted(entry.path for entry in listing if entry.is_file() and entry.stat().st_size <= most_bytes)
    except OSError:
        return
    for path in paths:
        try:
            yield _object(path)
        except OSError:
            continue


def _object(path: str) -> dict[str, Any]:
    data = read_document(path).data or b""
    return next(decode_objects(data), {})


def _is_old(storage: str) -> bool:
    return Path(storage).parts[-2:] == _OLD
