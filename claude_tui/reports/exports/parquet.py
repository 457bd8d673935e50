"""Exported rows as a Parquet file. The types of its columns are those of the rows' JSON Schema.

Needs pyarrow (the `parquet` extra), which takes 81 ms to import. Must not know where the file goes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from claude_tui.reports.schemas.terms import DAY, INSTANT, Schema

GROUP_ROWS: Final = 1 << 16
"""Rows of one row group: what is held in memory at a time."""


class TooLargeError(ValueError):
    """A number does not fit the 64 bits of a Parquet column. The text names the column and the number."""


def parquet_parts(rows: Iterable[Mapping[str, Any]], fields: Iterable[str], schema: Schema) -> Iterator[bytes]:
    """Yield the bytes of a Parquet file in order, with one column for each of `fields`.

    `schema` is the JSON Schema of a row. Instants become timestamps in UTC, days become dates, lists stay lists, null
    stays null; text that is not Unicode has its lone surrogates escaped. Raises TooLargeError.
    """
    columns = pa.schema([pa.field(name, *_type(schema["properties"][name])) for name in fields])
    sink = _Sink()
    remaining = iter(rows)
    with pq.ParquetWriter(pa.PythonFile(sink, "w"), columns, compression="zstd") as writer:
        while group := list(islice(remaining, GROUP_ROWS)):
            arrays = [_array(field, [row[field.name] for row in group]) for field in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=columns))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _type(schema: Schema) -> tuple[Any, bool]:
    """Return the Arrow type of a value, and whether it may be null."""
    name = schema.get("type", "string")
    kinds = [name] if isinstance(name, str) else list(name)
    is_nullable = "null" in kinds
    if schema.get("pattern") == INSTANT["pattern"]:
        return pa.timestamp("ms", tz="UTC"), is_nullable
    if schema.get("pattern") == DAY["pattern"]:
        return pa.date32(), is_nullable
    simple = {"string": pa.string(), "boolean": pa.bool_(), "integer": pa.int64(), "number": pa.float64()}
    return simple.get(kinds[0], pa.list_(pa.string())), is_nullable


def _array(field: Any, values: list[Any]) -> Any:
    try:
        return pa.array([_value(field.type, value) for value in values], field.type)
    except (OverflowError, pa.ArrowInvalid):
        largest = max((value for value in values if isinstance(value, int)), key=abs)
        raise TooLargeError(f"{field.name} {largest} does not fit the 64 bits of a Parquet column") from None


def _value(kind: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(kind.value_type, each) for each in value]
    if not isinstance(value, str):
        return value
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    return value.encode("utf-8", "backslashreplace").decode()
