"""Tables as Parquet, the same bytes for the same rows. Must not know what is in them, nor where they lie."""

from __future__ import annotations

import io
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

NAME: Final = pa.dictionary(pa.int32(), pa.string())
"""The type of a column of names, which are written once each."""
EPOCH: Final = date(1970, 1, 1).toordinal()
"""The day from which Parquet counts days, as an ordinal."""


def parquet(table: Any) -> bytes:
    """Return a table as Parquet, with checksums: a flipped bit is noticed instead of counted."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def read_parquet(data: bytes) -> Any:
    """Return the table that is in Parquet. Raises ValueError, also for what is damaged."""
    try:
        return pq.read_table(io.BytesIO(data), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:  # both, as it happens
        raise ValueError(str(error)) from error


def plain(schema: Any) -> Any:
    """Return a schema with its names as plain strings."""
    return pa.schema([pa.field(field.name, pa.string() if field.type == NAME else field.type) for field in schema])
