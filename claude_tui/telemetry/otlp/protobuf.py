"""OTLP exports as protobuf, as far as we keep anything of them, in the shape their JSON has.

A reader of our own: the official package takes 3.6 MiB and brings a runtime whose versions exclude each other, for six
messages whose numbers are frozen (opentelemetry-proto 1.x). A test compares the two. Metrics are told from the rest and
passed over. Must not know what is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_I64: Final = struct.Struct("<Q")
_DOUBLE: Final = struct.Struct("<d")

Field = tuple[int, int, Any]
"""A field's number, its wire type, and its value: a whole number, or bytes."""


def exports_of(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield an export for each record of an export of logs or spans, as its JSON would be decoded. Raises ValueError.

    The signal is told by the records: the messages around them are the same in all three.
    """
    for part in _all(_fields(body), 1, _BYTES):
        holders = list(_fields(part))
        attributes = [
            _attribute(entry) for held in _all(holders, 1, _BYTES) for entry in _all(_fields(held), 1, _BYTES)
        ]
        for scope in _all(holders, 2, _BYTES):
            fields = list(_fields(scope))
            name = _text(_last(_fields(_last(fields, 1, _BYTES, b"")), 1, _BYTES, b""))
            for record in _all(fields, 2, _BYTES):
                yield from _export({"attributes": attributes}, {"name": name}, list(_fields(record)))


def _export(resource: dict[str, Any], scope: dict[str, Any], record: list[Field]) -> Iterator[dict[str, Any]]:
    signal = _signal(record)
    if signal == "logs":
        own = {"scope": scope, "logRecords": [_log(record)]}
        yield {"resourceLogs": [{"resource": resource, "scopeLogs": [own]}]}
    elif signal == "spans":
        own = {"scope": scope, "spans": [_span(record)]}
        yield {"resourceSpans": [{"resource": resource, "scopeSpans": [own]}]}


def _signal(fields: list[Field]) -> str:
    """What a record is, by the fields that only its kind has."""
    kinds = {(number, kind) for number, kind, _ in fields}
    if kinds & {(7, _FIXED64), (8, _FIXED64), (6, _VARINT)}:
        return "spans"
    if kinds & {(1, _FIXED64), (11, _FIXED64), (2, _VARINT), (6, _BYTES)}:
        return "logs"
    return "metrics"


def _log(fields: list[Field]) -> dict[str, Any]:
    return {
        "timeUnixNano": str(_last(fields, 1, _FIXED64, 0)),
        "attributes": [_attribute(value) for value in _all(fields, 6, _BYTES)],
    }


def _span(fields: list[Field]) -> dict[str, Any]:
    return {
        "name": _text(_last(fields, 5, _BYTES, b"")),
        "startTimeUnixNano": str(_last(fields, 7, _FIXED64, 0)),
        "endTimeUnixNano": str(_last(fields, 8, _FIXED64, 0)),
        "attributes": [_attribute(value) for value in _all(fields, 9, _BYTES)],
    }


def _attribute(data: bytes) -> dict[str, Any]:
    attribute: dict[str, Any] = {"key": "", "value": {}}
    for number, kind, value in _fields(data):
        if (number, kind) == (1, _BYTES):
            attribute["key"] = _text(value)
        elif (number, kind) == (2, _BYTES):
            attribute["value"] = _value(value)
    return attribute


def _value(data: bytes) -> dict[str, Any]:
    """A plain value; lists, tables and bytes are left empty."""
    found: dict[str, Any] = {}
    for number, kind, value in _fields(data):
        if (number, kind) == (1, _BYTES):
            found = {"stringValue": _text(value)}
        elif (number, kind) == (2, _VARINT):
            found = {"boolValue": bool(value)}
        elif (number, kind) == (3, _VARINT):
            found = {"intValue": str(value - (1 << 64) if value >= 1 << 63 else value)}
        elif (number, kind) == (4, _FIXED64):
            found = {"doubleValue": _DOUBLE.unpack(_I64.pack(value))[0]}
    return found


def _all(fields: Iterable[Field], number: int, kind: int) -> Iterator[Any]:
    return (value for found, wire, value in fields if (found, wire) == (number, kind))


def _last(fields: Iterable[Field], number: int, kind: int, default: Any) -> Any:
    """A field that is not repeated: the last one counts."""
    return [default, *_all(fields, number, kind)][-1]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _fields(data: bytes) -> Iterator[Field]:
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError("a field without a number")
        if kind == _VARINT:
            value: Any
            value, at = _varint(data, at)
        elif kind == _BYTES:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
            value, at = int.from_bytes(data[at : at + size], "little"), at + size
        else:
            raise ValueError(f"unknown wire type {kind}")
        if at > end:
            raise ValueError("it ends in the middle of a field")
        yield number, kind, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("it ends in the middle of a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ValueError("a number of more than 64 bits")
