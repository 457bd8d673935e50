"""Reads a transcript for causes the plain way: every line decoded completely, taken apart by name. The definition.

Must not share the decoding of lines with the fast reader, or it could not contradict it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw

from claude_tui.sources.causes import FileCauses
from claude_tui.sources.claude.causes.gatherer import Gatherer
from claude_tui.sources.claude.causes.lines import (
    Attachment,
    CausesLine,
    CausesMessage,
    CausesUsage,
    ContentBlock,
    Diagnostics,
    Miss,
    OutputDetails,
)
from claude_tui.sources.claude.counting.rule import usage_row
from claude_tui.sources.claude.discovery import session_of_path
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.values.json_values import as_count, table_of, text_of

Object = Mapping[str, Any]

NAMED: Final = "msg_"
"""The beginning of the id of a message that is the key of its response."""


def read_plainly(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a transcript, whole or what follows `since`. Raises OSError where it cannot be opened."""
    with LineReader(path, since) as reader:
        gatherer = Gatherer(path, known if not reader.restarted else None, with_sizes=with_sizes)
        session = session_of_path(path)
        for offset, line in reader:
            for value in reader.objects(offset, line, is_slim=True):
                found = line_of(value, session, offset)
                if found is not None:
                    gatherer.see(found)
        return gatherer.found, reader.checkpoint()


def line_of(value: Object, session: str, offset: int) -> CausesLine | None:
    """Return a decoded line as far as causes depend on it, None if they do not."""
    kind = _said(value, "type")
    if kind == "progress":
        return _progress(value, session, offset)
    if kind not in ("assistant", "user", "system", "attachment"):
        return None
    message = value.get("message")
    attachment = value.get("attachment")
    line = CausesLine(
        type=kind,
        subtype=_said(value, "subtype"),
        timestamp=_said(value, "timestamp"),
        agentId=_said(value, "agentId"),
        isSidechain=value.get("isSidechain") is True,
        isMeta=value.get("isMeta") is True,
        isCompactSummary=value.get("isCompactSummary") is True,
        message=_message(message) if isinstance(message, dict) else None,
        gitBranch=_said(value, "gitBranch"),
        version=_said(value, "version"),
        attributionSkill=_said(value, "attributionSkill"),
        attributionPlugin=_said(value, "attributionPlugin"),
        attributionAgent=_said(value, "attributionAgent"),
        promptCacheRequested=_said(value, "promptCacheRequested"),
        sourceToolUseID=_said(value, "sourceToolUseID"),
        interruptedMessageId=_said(value, "interruptedMessageId"),
        toolUseResult=_raw(value.get("toolUseResult")),
        attachment=_attachment(attachment) if isinstance(attachment, dict) else None,
        rendered=_raw(value.get("rendered")),
    )
    if kind == "assistant":
        row = usage_row(value, session, offset)
        if row is None:
            return None
        line.key = row.key
    return line


def _progress(value: Object, session: str, offset: int) -> CausesLine | None:
    """Return the response of a sub-agent that an older client wrote beside the conversation."""
    row = usage_row(value, session, offset)
    if row is None:
        return None
    inner = value["data"]["message"]
    line = line_of({**inner, "type": "assistant"}, session, offset)
    if line is None:
        return None
    line.key, line.agentId = row.key, _written(row.agent)
    line.isSidechain = True
    line.timestamp = line.timestamp or _said(value, "timestamp")
    line.gitBranch = line.gitBranch or _said(value, "gitBranch")
    line.version = line.version or _said(value, "version")
    return line


def _message(value: Object) -> CausesMessage:
    content = value.get("content")
    reason = table_of(table_of(value, "diagnostics"), "cache_miss_reason")
    thinking = as_count(table_of(table_of(value, "usage"), "output_tokens_details").get("thinking_tokens"))
    return CausesMessage(
        id=_said(value, "id"),
        content=_written(content)
        if isinstance(content, str)
        else [_block(part) for part in content if isinstance(part, dict)]
        if isinstance(content, list)
        else None,
        diagnostics=Diagnostics(Miss(_said(reason, "type"))),
        usage=CausesUsage(OutputDetails(thinking)),
    )


def _block(value: Object) -> ContentBlock:
    return ContentBlock(
        type=_said(value, "type"),
        id=_said(value, "id"),
        name=_said(value, "name"),
        text=_said(value, "text"),
        thinking=_said(value, "thinking"),
        tool_use_id=_said(value, "tool_use_id"),
        is_error=value.get("is_error") is True,
        input=_raw(value.get("input")),
        content=_raw(value.get("content")),
    )


def _attachment(value: Object) -> Attachment:
    def names(name: str) -> list[str]:
        found = value.get(name)
        return [_written(one) for one in found if isinstance(one, str)] if isinstance(found, list) else []

    return Attachment(
        _said(value, "type"),
        names("addedNames"),
        names("removedNames"),
        _said(value, "hookName"),
        _raw(value.get("content")),
        _raw(value.get("addedBlocks")),
    )


def _said(value: Object, name: str) -> str:
    """Return a text by name, with a mark for what cannot be written as UTF-8, and could not be kept."""
    return _written(text_of(value, name))


def _written(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _raw(value: object) -> Raw:
    return Raw(b"") if value is None else Raw(json.dumps(value, separators=(",", ":")).encode("utf-8", "surrogatepass"))
