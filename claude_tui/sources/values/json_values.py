"""Values of decoded JSON that nothing is known of: texts, objects, counts. Must not know any client's format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui.model import MAX_COUNT


def text_of(values: Mapping[str, Any], name: str) -> str:
    """Return a text by name, "" if it is absent or something else."""
    value = values.get(name)
    return value if isinstance(value, str) else ""


def written_of(values: Mapping[str, Any], name: str) -> str:
    """Return a text by name as it can be written, with what is no character replaced; "" if there is none."""
    return text_of(values, name).encode("utf-8", "replace").decode()


def member_of(value: object, name: str) -> Any:
    """Return what an object has by a name; None if it has nothing there, or is no object."""
    return value.get(name) if isinstance(value, dict) else None


def table_of(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object by name, an empty one if it is absent or something else."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def is_count(value: object) -> bool:
    """Whether a value is a token count as the clients write them: a whole number from 0 to 2**53 - 1."""
    return type(value) is int and 0 <= value < MAX_COUNT


def as_count(value: object) -> int | None:
    """Return a token count as logged; None for anything else."""
    return value if type(value) is int and 0 <= value < MAX_COUNT else None
