"""`NamedTuple`, made in a quarter of the time: `typing` compiles the type of every field, and nobody asks for those.

A command that only looks something up makes a hundred of them with a thousand fields before it begins. To a type
checker it is `typing`'s own. Must not know any record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: TID251
else:
    from collections import namedtuple

    _GIVEN = frozenset({"__module__", "__annotations__"})

    class _Maker(type):
        """Makes a named tuple of a class that names its fields by annotations, which must be left as text."""

        def __new__(cls, name, bases, said):
            fields = said["__annotations__"]
            defaults = [said[field] for field in fields if field in said]
            made = namedtuple(name, fields, defaults=defaults, module=said["__module__"])
            made.__annotations__ = fields
            for key, value in said.items():
                if key not in fields and key not in _GIVEN:
                    setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})
