"""What is kept for good of what a log says of causes: as columns, fourteen bytes a response or so.

Nothing that only reading on needs is kept, nor sizes, nor the ids of calls that start no sub-agent. Must not know where
it is kept.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from claude_tui.sources.causes import FORMAT, STARTERS, Call, Caused, FileCauses, Repeat, unpacked

ARCHIVE_FORMAT: Final = 4
"""Moves whenever a meaning does or columns do."""
READABLE: Final = frozenset({FORMAT, ARCHIVE_FORMAT})
"""Formats that `unarchived` knows. The first kept the records themselves."""

MOST_BYTES: Final = 256 << 20
"""More than any log says."""
_HEAD: Final = b"\x00"
"""What no compressed record begins with."""
_BARE: Final = -zlib.MAX_WBITS
"""Compressed without a checksum of its own: who keeps it has one."""
_WORD: Final = 8
_UNASKED, _INTERRUPTED = 1, 2


class _Columns(Struct, array_like=True):
    """Responses by column. Names are numbers of `names`, lists of names of calls numbers of `tools`. A column of which
    all is the same has it once.

    `asked` is how long after the response before it in its thread one was asked for, after `first_ms` for the first,
    and `took` how long it took; both in milliseconds, as `_planes`. `failed`, `named` and `repeats` are of few
    responses, whose position comes first.
    """

    names: list[str]
    tools: list[list[int]]
    first_ms: int
    thread: list[int]
    asked: bytes
    took: bytes
    flags: bytes
    calls: list[int]
    skill: list[int]
    plugin: list[int]
    agent_type: list[int]
    branch: list[int]
    version: list[int]
    lifetime: list[int]
    reason: list[int]
    boundary: list[int]
    thinking: list[int]
    failed: list[tuple[int, int]]
    named: list[tuple[int, int, str, str]]
    repeats: list[tuple[int, str, int]]
    whole: FileCauses
    """All but the responses."""


_TEXTS: Final = ("skill", "plugin", "agent_type", "branch", "version", "lifetime", "reason", "boundary")
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Columns).decode


def archived(found: FileCauses) -> bytes:
    """Return what is kept of a log for good, in few bytes."""
    responses = found.responses
    names: dict[str, int] = {}
    tools: dict[tuple[int, ...], int] = {}

    def number_of(name: str) -> int:
        return names.setdefault(name, len(names))

    calls = [tools.setdefault(tuple(number_of(call.name) for call in one.calls), len(tools)) for one in responses]
    first_ms = responses[0].time_ms if responses else 0
    asked, took, before_ms = [], [], dict[int, int]()
    for one in responses:
        last_ms = before_ms.get(one.thread, first_ms)
        asked_ms = one.asked_ms or last_ms
        asked.append(asked_ms - last_ms)
        took.append(one.time_ms - asked_ms)
        before_ms[one.thread] = one.time_ms
    columns = _Columns(
        first_ms=first_ms,
        thread=_column([one.thread for one in responses]),
        asked=_planes(asked),
        took=_planes(took),
        flags=bytes(_UNASKED * (not one.asked_ms) + _INTERRUPTED * one.is_interrupted for one in responses),
        calls=_column(calls),
        **{text: _column([number_of(getattr(one, text)) for one in responses]) for text in _TEXTS},
        thinking=_column([one.thinking for one in responses]),
        failed=[(at, number) for at, number, call in _calls(responses) if call.is_failed],
        named=[
            (at, number, call.id, call.kind)
            for at, number, call in _calls(responses)
            if call.name in STARTERS or call.kind
        ],
        repeats=[(at, repeat.path, repeat.tokens) for at, one in enumerate(responses) for repeat in one.repeats],
        whole=structs.replace(found, responses=[], threads=[], has_sizes=False, pending=None),
        names=list(names),
        tools=[list(numbers) for numbers in tools],
    )
    keys = _little(array("q", [one.key for one in responses])).tobytes()  # hashes, which nothing makes shorter
    squeeze = zlib.compressobj(9, zlib.DEFLATED, _BARE)
    return b"".join((_HEAD, squeeze.compress(_encode(columns)), squeeze.flush(), keys))


def unarchived(data: bytes) -> FileCauses:
    """Return what `archived` was given, without what that leaves out; also what older versions kept. Raises ValueError
    or msgspec.MsgspecError for anything else."""
    try:
        if not data.startswith(_HEAD):
            return unpacked(zlib.decompressobj().decompress(data, MOST_BYTES))
        unsqueeze = zlib.decompressobj(_BARE)
        columns = _decode(unsqueeze.decompress(data[len(_HEAD) :], MOST_BYTES))
        keys = _little(array("q", unsqueeze.unused_data))
        return structs.replace(columns.whole, responses=_responses(keys, columns))
    except (zlib.error, IndexError) as error:
        raise ValueError(str(error)) from None


def _responses(keys: Sequence[int], columns: _Columns) -> list[Caused]:
    names, before_ms, size = columns.names, dict[int, int](), len(keys)
    tools = [[names[number] for number in numbers] for numbers in columns.tools]
    texts = [[names[number] for number in _whole_column(getattr(columns, text), size)] for text in _TEXTS]
    found = []
    rows = zip(
        keys, _whole_column(columns.thread, size), _whole(columns.asked, size), _whole(columns.took, size),
        columns.flags, _whole_column(columns.calls, size), _whole_column(columns.thinking, size), *texts, strict=True,
    )  # fmt: skip
    for key, thread, asked, took, flags, calls, thinking, *told in rows:
        asked_ms = before_ms.get(thread, columns.first_ms) + asked
        time_ms = before_ms[thread] = asked_ms + took
        one = Caused(
            key,
            thread,
            time_ms,
            asked_ms=0 if flags & _UNASKED else asked_ms,
            calls=[Call("", name) for name in tools[calls]],
            thinking=thinking,
            is_interrupted=bool(flags & _INTERRUPTED),
            **dict(zip(_TEXTS, told, strict=True)),
        )
        found.append(one)
    for at, number in columns.failed:
        found[at].calls[number].is_failed = True
    for at, number, id_, kind in columns.named:
        found[at].calls[number].id, found[at].calls[number].kind = id_, kind
    for at, path, tokens in columns.repeats:
        found[at].repeats.append(Repeat(path, tokens))
    return found


def _calls(responses: Iterable[Caused]) -> Iterable[tuple[int, int, Call]]:
    """Yield all calls, with the position of the response and of the call in it."""
    return ((at, number, call) for at, one in enumerate(responses) for number, call in enumerate(one.calls))


def _column(numbers: list[int]) -> list[int]:
    return numbers[:1] if len(set(numbers)) == 1 else numbers


def _whole_column(column: list[int], size: int) -> list[int]:
    return column * size if len(column) == 1 else column


def _planes(numbers: Iterable[int]) -> bytes:
    """Return the lowest bytes of all numbers, then the next, as far as there are any: they look alike."""
    unsigned = array("q", [number << 1 if number >= 0 else ~(number << 1) for number in numbers])
    data = _little(unsigned).tobytes()
    return b"".join(data[at::_WORD] for at in range((max(unsigned, default=0).bit_length() + 7) // 8))


def _whole(planes: bytes, size: int) -> list[int]:
    """Return the numbers that `_planes` was given."""
    data = bytearray(_WORD * size)
    for at in range(len(planes) // size if size else 0):
        data[at::_WORD] = planes[at * size : (at + 1) * size]
    return [number >> 1 if not number & 1 else ~(number >> 1) for number in _little(array("q", bytes(data)))]


def _little(numbers: array[int]) -> array[int]:
    """Return numbers as a little-endian machine has them, which nearly all are."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
