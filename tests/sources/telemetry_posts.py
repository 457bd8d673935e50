"""Exports that real clients posted, as they were captured, and marked text to put into them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CAPTURED = Path(__file__).resolve().parents[1] / "golden" / "telemetry"
SETS = sorted(folder.name for folder in CAPTURED.iterdir() if folder.is_dir())
MARK = "XMARKX"
TEXT = f"{MARK} rm -rf /home/{MARK}\n{MARK}"
"""What people write: with blanks and line breaks."""


def posts(name: str) -> Iterator[dict[str, Any]]:
    """Every export of a set, in the order it was posted."""
    with (CAPTURED / name / "otlp.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["body"]


def told(name: str) -> int:
    """How many responses of a set telemetry has, as its truth says."""
    truth = json.loads((CAPTURED / name / "expected.json").read_text(encoding="utf-8"))
    return sum(bool(response["in_telemetry"]) for response in truth["responses"])


def records(export: Any) -> Iterator[dict[str, Any]]:
    """The log records, spans and metrics of an export."""
    for signal, scopes, kind in (
        ("resourceLogs", "scopeLogs", "logRecords"),
        ("resourceSpans", "scopeSpans", "spans"),
        ("resourceMetrics", "scopeMetrics", "metrics"),
    ):
        for part in export.get(signal, ()):
            for scope in part[scopes]:
                yield from scope[kind]


def marked(value: Any, key: str = "") -> Any:
    """The same export with marked text in every body, attribute and resource that is not among the few kept ones.

    Those have marked text after what they say; new attributes with nothing but marked text stand beside them.
    """
    if isinstance(value, list):
        more = [{"key": f"{MARK}.{kind}", "value": {kind: TEXT}} for kind in ("stringValue", "bytesValue")]
        more.append({"key": "prompt", "value": {"kvlistValue": {"values": [{"key": MARK, "value": TEXT}]}}})
        return [marked(part) for part in value] + (more if key == "attributes" else [])
    if isinstance(value, dict):
        return {name: marked(part, name) for name, part in value.items()} | {MARK: TEXT}
    if isinstance(value, str) and key not in ("key", "name") and value not in KEPT_WORDS:
        return f"{value} {TEXT}"
    return value


KEPT_WORDS = frozenset(
    {
        "api_request", "codex.sse_event", "response.completed", "gemini_cli.api_response", "qwen-code.api_response",
        "chat",
    }
)  # fmt: skip
"""What makes a record count: with marked text after it, nothing would be kept at all."""
