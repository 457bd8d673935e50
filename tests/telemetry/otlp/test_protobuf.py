"""Protobuf is read as the official reader reads it, and says the same as the JSON of the same export."""

from __future__ import annotations

import contextlib
import gzip
import json
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from claude_tui.sources.telemetry.allowed import kept_records
from claude_tui.telemetry.otlp import protobuf
from tests.sources.telemetry_posts import SETS, posts
from tests.telemetry.posting import lines, numbered, post, receiving

REQUESTS: dict[str, Any] = {
    "resourceLogs": ExportLogsServiceRequest,
    "resourceSpans": ExportTraceServiceRequest,
    "resourceMetrics": ExportMetricsServiceRequest,
}


def encoded(export: dict[str, Any]) -> bytes:
    """The same export as protobuf, by the official package. What only JSON has (ids as hex) is left out."""
    (signal,) = export
    message = REQUESTS[signal]()
    ParseDict(_plain(export), message, ignore_unknown_fields=True)
    data: bytes = message.SerializeToString()
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = ("traceId", "spanId", "parentSpanId", "bytesValue", "links", "eventName", "entityRefs", "exemplars")
        return {name: _plain(part) for name, part in value.items() if name not in left_out}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def kept(body: bytes) -> list[dict[str, Any]]:
    return [record for export in protobuf.exports_of(body) for record in kept_records(export)]


@pytest.mark.parametrize("name", SETS)
def test_what_is_kept_of_protobuf_is_what_is_kept_of_json(name: str) -> None:
    read = 0
    for export in posts(name):
        if len(export) == 1:
            assert kept(encoded(export)) == list(kept_records(export))
            read += 1
    assert read


def test_negative_and_large_numbers_are_what_they_were() -> None:
    export = json.loads(numbered(1))
    (scope,) = export["resourceLogs"][0]["scopeLogs"]
    for value in ({"intValue": "-7"}, {"intValue": str(2**62)}, {"doubleValue": 0.25}, {"stringValue": "12"}):
        scope["logRecords"][0]["attributes"][2]["value"] = value
        assert kept(encoded(export)) == list(kept_records(export))


def test_the_receiver_takes_it_plain_and_zipped() -> None:
    wanted = []
    with receiving() as receiver:
        for number, export in enumerate(one for one in posts("codex-0.128.0-exec") if len(one) == 1):
            body, more = encoded(export), {"Content_Type": "application/x-protobuf"}
            if number % 2:
                body, more = gzip.compress(body), more | {"Content_Encoding": "gzip"}
            reply = post(receiver.status.port, body, **more)
            assert (reply.status, reply.body) == (200, b"")
            assert reply.headers["Content-Type"] == "application/x-protobuf"
            wanted += list(kept_records(export))
    assert lines() == wanted
    assert wanted


@given(st.binary(max_size=60))
def test_bytes_that_are_no_protobuf_are_a_value_error_at_most(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        list(protobuf.exports_of(body))


def test_an_export_that_was_cut_is_malformed_wherever_a_field_is_cut() -> None:
    body = encoded(json.loads(numbered(1)))
    for end in range(1, len(body)):
        with pytest.raises(ValueError, match="ends in the middle"):
            list(protobuf.exports_of(body[:end]))
