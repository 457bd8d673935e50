"""Sessions that run: entries of the client's list, of real processes, and the rows their logs end with."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from claude_tui.sources.claude.running.registry import process_start
from tests.logs import ClaudeHome, assistant, usage

CWD = "/home/user/project"


def register(folder: Path, pid: int, session: str = "s1", status: str = "busy", **more: Any) -> Path:
    """Write an entry the way the client does: beside, then renamed into place."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"pid": pid, "procStart": process_start(pid), "sessionId": session, "status": status, **more}
    draft = folder / f"{pid}.json.tmp"
    draft.write_text(json.dumps(entry))
    return draft.replace(folder / f"{pid}.json")


@contextmanager
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing for as long as it is needed."""
    with subprocess.Popen(["sleep", "60"]) as started:
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def asking(home: ClaudeHome, session: str = "s1", tool: str = "Bash") -> Iterator[subprocess.Popen[bytes]]:
    """A session that has asked for a permission."""
    now_ms = time.time_ns() // 1_000_000
    row = assistant(f"msg_{session}", now_ms - 5_000, usage(100, 5), session=session)
    row["message"]["content"] = [{"type": "tool_use", "id": "t1", "name": tool, "input": {"command": "secret"}}]
    row["message"]["stop_reason"] = "tool_use"
    home.append(row, session=session)
    with process() as started:
        register(
            home.folder / "sessions", started.pid, session, "waiting", waitingFor="permission prompt", cwd=CWD,
            statusUpdatedAt=now_ms - 4_900, startedAt=now_ms - 60_000,
        )  # fmt: skip
        yield started
