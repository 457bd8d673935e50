"""Writes small Claude Code log trees, row by row, in the shape of client 2.1.329."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


def timestamp(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def usage(
    input: int = 0, output: int = 0, write_5m: int = 0, write_1h: int = 0, read: int = 0, **more: Any
) -> dict[str, Any]:
    counters = {
        "input_tokens": input,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": read,
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        "service_tier": "standard",
        "cache_creation": {"ephemeral_1h_input_tokens": write_1h, "ephemeral_5m_input_tokens": write_5m},
        "inference_geo": "not_available",
        "iterations": [],
        "speed": "standard",
    }
    return {**counters, **more}


def assistant(
    key: str,
    time_ms: int,
    counters: Mapping[str, Any],
    session: str = "s1",
    model: str = "claude-sonnet-4-5-20250929",
    cwd: str | None = "/home/user/project",
    **more: Any,
) -> dict[str, Any]:
    """A usage row. `more` adds or replaces top-level fields; None removes one."""
    row = {
        "parentUuid": None,
        "isSidechain": False,
        "message": {
            "id": key,
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": "done"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": dict(counters),
        },
        "requestId": f"req_{key}",
        "type": "assistant",
        "uuid": f"{key}-{time_ms}",
        "timestamp": timestamp(time_ms),
        "userType": "external",
        "entrypoint": "cli",
        "cwd": cwd,
        "sessionId": session,
        "version": "2.1.329",
        "gitBranch": "main",
        **more,
    }
    return {name: value for name, value in row.items() if value is not None or name == "parentUuid"}


class ClaudeHome:
    """A client's configuration folder, growing as a test wants it to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, session: str = "s1", project: str = "-home-user-project", agent: str = "") -> Path:
        """The transcript of a session, or of a sub-agent of it."""
        base = self.folder / "projects" / project
        return base / session / "subagents" / f"agent-{agent}.jsonl" if agent else base / f"{session}.jsonl"

    def append(self, *rows: Mapping[str, Any] | bytes, **where: str) -> Path:
        """Add rows in one write, as the client does. Bytes go in as they are, without a newline of ours."""
        path = self.path(**where)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            log.write(b"".join(row if isinstance(row, bytes) else line(row) for row in rows))
        return path


def line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
