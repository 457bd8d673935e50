"""OTLP exports as JSON, a record at a time: a post of 8 MB becomes no more objects than one of its records.

Metrics are the largest posts and nothing is kept of them: they are checked, but nothing is made of them. Must not know
what is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import orjson

Raws = list[msgspec.Raw]


class _Scope(msgspec.Struct):
    scope: Any = None
    records: Raws = msgspec.field(name="logRecords", default_factory=list)
    spans: Raws = msgspec.field(default_factory=list)


class _Part(msgspec.Struct):
    resource: Any = None
    logs: list[_Scope] = msgspec.field(name="scopeLogs", default_factory=list)
    spans: list[_Scope] = msgspec.field(name="scopeSpans", default_factory=list)


class _Export(msgspec.Struct):
    logs: list[_Part] | None = msgspec.field(name="resourceLogs", default=None)
    spans: list[_Part] | None = msgspec.field(name="resourceSpans", default=None)
    metrics: Raws | None = msgspec.field(name="resourceMetrics", default=None)


_DECODER: Final = msgspec.json.Decoder(_Export)


def exports_of(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield an export for each record of an export of logs or spans. Raises ValueError if it is no export at all.

    The signal is told by the names inside, not by where it was posted. `{}` is the empty export.
    """
    export = _DECODER.decode(body)
    signals = (export.logs, export.spans, export.metrics)
    if all(signal is None for signal in signals) and body.strip(b" \t\r\n{}"):
        raise ValueError("neither logs, spans nor metrics")
    for part in export.logs or ():
        for scope in part.logs:
            for raw in scope.records:
                own = {"scope": scope.scope, "logRecords": [orjson.loads(memoryview(raw))]}
                yield {"resourceLogs": [{"resource": part.resource, "scopeLogs": [own]}]}
    for part in export.spans or ():
        for scope in part.spans:
            for raw in scope.spans:
                own = {"scope": scope.scope, "spans": [orjson.loads(memoryview(raw))]}
                yield {"resourceSpans": [{"resource": part.resource, "scopeSpans": [own]}]}
