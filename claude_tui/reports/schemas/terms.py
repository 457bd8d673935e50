"""The terms JSON Schemas are put together from: texts, counts, money, instants, records and rows.

Must not know what is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SIGNED: Final[Schema] = {"type": "integer"}
NANO: Final[Schema] = {"type": "integer", "description": "nanodollars, 1e-9 USD"}
INSTANT: Final[Schema] = {
    "type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", "description": "UTC",
}  # fmt: skip
DAY: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}


def record(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object with these keys; more may be there."""
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def rows(item: Schema) -> Schema:
    """Return the schema of a list of such."""
    return {"type": "array", "items": item}


def maybe(schema: Schema) -> Schema:
    """Return the schema of such or null."""
    return {**schema, "type": [schema["type"], "null"]}


def counts_by(name: str) -> Schema:
    """Return the schema of counts by some name."""
    return {"type": "object", "additionalProperties": COUNT, "description": f"by {name}"}


def one_of(*values: str) -> Schema:
    """Return the schema of one of these texts."""
    return {"type": "string", "enum": list(values)}


def named(name: str) -> dict[str, Schema]:
    """Return the key by which readers know what they read, with its version."""
    return {"schema": {"const": f"claude-top/{name}"}}
