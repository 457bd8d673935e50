"""What a client says of a session beside its responses: totals in the log, and events of the telemetry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.faults.level import T, row
from tests.logs import timestamp

MODEL: Final = "claude-sonnet-4-5-20250929"


def total_row(session: str, start: int, ran: int, responses: int) -> dict[str, Any]:
    """The total of a process that ended: what so many responses of `level.row` used, or were never logged."""
    used = {
        "inputTokens": 100 * responses, "outputTokens": 99 * responses, "cacheReadInputTokens": 0,
        "cacheCreationInputTokens": 0, "webSearchRequests": 0, "costUSD": 0.01 * responses,
    }  # fmt: skip
    return {
        "type": "cost-state", "sessionId": session, "startTime": T + start, "totalDuration": ran,
        "totalAPIDuration": ran, "totalCostUSD": 0.01 * responses, "modelUsage": {MODEL: used},
    }  # fmt: skip


def turn(number: int, output: int, session: str, before: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked after the line with the id `before`, and response `number` of `level.row` to it."""
    asked = {
        "type": "user", "uuid": f"asked-{number}", "parentUuid": before, "sessionId": session,
        "timestamp": timestamp(T + number - 1), "message": {"role": "user", "content": "go"},
    }  # fmt: skip
    return asked, row(number, output, sessionId=session, uuid=f"answered-{number}", parentUuid=asked["uuid"])


def copied(lines: bytes, session: str, *, is_marked: bool) -> Iterator[dict[str, Any]]:
    """What a fork's file repeats of another one: all but its totals."""
    for line in lines.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("type") in ("user", "assistant"):
            mark = {"forkedFrom": {"sessionId": found.get("sessionId")}} if is_marked else {}
            yield {**found, "sessionId": session, **mark}


def export_of(number: int, output: int, session: str) -> bytes:
    """A line of the spool that tells of response `number` of `level.row`, or of one that no log has."""
    told = {
        "event.name": "api_request", "session.id": session, "event.timestamp": timestamp(T + number), "model": MODEL,
        "input_tokens": 100, "output_tokens": output, "cache_read_tokens": 0, "cache_creation_tokens": 0,
        "request_id": f"req_{number}", "query_source": "main",
    }  # fmt: skip
    listed = [
        {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": value}}
        for key, value in told.items()
    ]
    scope = {"scopeLogs": [{"logRecords": [{"attributes": listed}]}]}
    return json.dumps({"resourceLogs": [{"resource": {"attributes": []}, **scope}]}).encode() + b"\n"
