"""`copy.replace`, which Python has from 3.13 on."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

Record = TypeVar("Record")


def replace(given: Record, /, **changes: Any) -> Record:
    """The same record, a named tuple or of a data class, with other values in some of its fields."""
    if isinstance(given, tuple):
        changed: Record = given._replace(**changes)  # type: ignore[attr-defined]
        return changed
    return dataclasses.replace(given, **changes)  # type: ignore[type-var]
