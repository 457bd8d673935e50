"""Finds the JSON objects on a line, whatever else is on it. Must not know what they mean, nor where lines begin or
end."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final, Protocol

import orjson

from claude_tui.model import ProblemKind
from claude_tui.sources.reading.open_line import blank_end, object_end

LONG: Final = 4 << 20
"""Largest object in bytes that is built completely. In a larger one, texts and lists of `LONG_VALUE` or more are left
out."""
LONG_VALUE: Final = 1 << 20

REPLACED: Final = 1 << 16
"""Bytes in which surrogates are replaced at once."""

# A line this broken is given up: every attempt costs a scan of what lies before it.
_MAX_BROKEN: Final = 256
_NEAR_THE_END: Final = 16
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_REPLACEMENT: Final = rb"\\ufffd"
_ESCAPE: Final = 6
"""Bytes of either."""


_IS_NUL: Final = bytes([0]) + bytes([1]) * 255


class ReportProblem(Protocol):
    """Receives the kind of a problem, its byte offset in the line, a short reason, and how many it stands for."""

    def __call__(self, kind: ProblemKind, at: int, detail: str, number: int = 1, /) -> None:
        """Receive it."""


def _ignore(kind: ProblemKind, at: int, detail: str, number: int = 1, /) -> None:
    pass


def decode_objects(line: bytes, report: ReportProblem = _ignore, *, is_slim: bool = False) -> Iterator[dict[str, Any]]:
    """Yield every JSON object on a line: usually one, more if two writers shared it, none if it is garbage.

    Whatever is skipped is passed to `report` with its byte offset in the line: runs of NULs, and text that is not an
    object. Byte order marks and blanks are ignored. With `is_slim`, long texts and lists in a long object are empty.
    Never raises.
    """
    if is_slim and len(line) > LONG:
        slim = _slim(line)
        yield from _decode_broken(line, report, is_slim) if slim is None else (slim,)
        return
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    else:
        if type(value) is dict:
            yield value
            return
    if line and not line.isspace():
        yield from _decode_broken(line, report, is_slim)


def whole_objects(data: bytes, longest: int) -> int:
    """Return where the last of the whole JSON objects at the start of `data` ends, 0 if there are none.

    An object of more than `longest` bytes is not whole. Removing what is whole and appending to the rest changes
    neither what is whole nor what the rest means.
    """
    if len(data) <= longest and data.endswith(b"}") and _is_plain(data):
        return len(data)
    text = _Text(data)
    end = 0
    while True:
        start = blank_end(data, end)
        if data[start : start + 1] != b"{":
            return end
        try:
            stop = text.object_at(start)[1]
        except (json.JSONDecodeError, RecursionError, _TooLongError):
            stop = object_end(data, start)  # the other decoder may take it, or it holds NULs
            if not stop or not _is_object(data[start:stop]):
                return end
        if stop - end > longest:
            return end
        end = stop


def _is_plain(data: bytes) -> bool:
    """Whether this is one object of the usual kind."""
    if len(data) > LONG:
        return _slim(data) is not None
    try:
        return type(orjson.loads(data)) is dict
    except orjson.JSONDecodeError:
        return False


def _is_object(data: bytes) -> bool:
    """Whether `decode_objects` finds exactly one object here, and nothing else."""
    kinds = []
    found = sum(1 for _ in decode_objects(data, lambda kind, *_: kinds.append(kind), is_slim=True))
    return found == 1 and ProblemKind.MALFORMED not in kinds


def _decode_broken(line: bytes, report: ReportProblem, is_slim: bool) -> Iterator[dict[str, Any]]:
    # orjson also rejects what JavaScript writes and json reads: lone surrogates, depth, NaN.
    if b"\0" in line:
        runs = (line.translate(_IS_NUL) + b"\1").count(b"\0\1")
        report(ProblemKind.NUL_RUN, line.index(0), f"{line.count(0)} NUL bytes", runs)
        line = line.replace(b"\0", b"")
    text = _Text(line)
    broken = 0
    at = end = 0
    while (at := line.find(b"{", at)) >= 0 and broken <= _MAX_BROKEN:
        try:
            value, stop = text.object_at(at)
        except json.JSONDecodeError as error:
            # A line torn in the middle is followed by the next one: its brace is the last before the error.
            broken += 1
            at = max(line.rfind(b"{", at + 1, error.pos + 1), 0) or max(error.pos, at + 1)
            continue
        except (RecursionError, _TooLongError) as error:
            found = _whole_at(line, at, is_slim)
            if found is None:
                report(ProblemKind.MALFORMED, 0, type(error).__name__.strip("_"))
                return
            value, stop = found
        if at > end and not _is_blank(line[end:at]):
            broken += 1
        yield value
        at = end = stop
    if broken or not _is_blank(line[end:]):
        report(ProblemKind.MALFORMED, 0, "not a JSON object")


class _TooLongError(Exception):
    """An object does not end within `LONG` bytes."""


class _Text:
    """A line as text for the decoder, one window at a time, which limits what is built of a part of it."""

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._start = 0
        self._window = ""
        self._is_ascii = True

    def object_at(self, at: int) -> tuple[dict[str, Any], int]:
        """Return the object at a brace, and where it ends.

        Raises JSONDecodeError with a position in the line, RecursionError or _TooLongError.
        """
        if not self._window:
            self._move(at)
        while True:
            try:
                value, stop = _scan(self._window, at - self._start)
                break
            except json.JSONDecodeError as error:
                reason, place = error.msg, error.pos
            except StopIteration as error:  # a value that is none
                reason, place = "Expecting value", error.value
            size = len(self._window)
            is_cut = reason.startswith("Unterminated") or place >= size - _NEAR_THE_END
            if not is_cut or self._start + size >= len(self._line):
                raise json.JSONDecodeError(reason, "", self._start + place)
            if at == self._start:
                raise _TooLongError
            self._move(at)
        if not self._is_ascii:
            value = DECODER.decode(self._line[at : self._start + stop].decode("utf-8", "replace"))
        return value, self._start + stop

    def _move(self, at: int) -> None:
        # One character a byte, so that a place in the text is one in the line.
        self._start, self._window = at, str(memoryview(self._line)[at : at + LONG], "latin-1")
        self._is_ascii = self._window.isascii()


def _whole_at(line: bytes, start: int, is_slim: bool) -> tuple[dict[str, Any], int] | None:
    """Return the object at a brace that is too deep or too long for the decoder, and where it ends."""
    stop = object_end(line, start)
    if not stop:
        return None
    piece = line[start:stop]
    if is_slim and len(piece) > LONG:
        slim = _slim(piece)
        return (slim, stop) if slim is not None else None
    try:
        return orjson.loads(piece), stop
    except orjson.JSONDecodeError:
        return None


def _slim(line: bytes) -> dict[str, Any] | None:
    """Decode an object without its long texts and lists. None if it is not whole."""
    import msgspec  # for what is rare

    decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

    def build(raw: bytes | bytearray | memoryview) -> dict[str, Any]:
        return {name: value(memoryview(part)) for name, part in decode(raw).items()}

    def value(part: memoryview) -> Any:
        if len(part) <= LONG_VALUE:
            try:
                return orjson.loads(part)
            except orjson.JSONDecodeError:
                return DECODER.decode(bytes(part).decode("utf-8", "replace"))
        return build(part) if part[0] == 0x7B else "" if part[0] == 0x22 else []

    not_whole = (msgspec.MsgspecError, json.JSONDecodeError, RecursionError, UnicodeDecodeError)
    with contextlib.suppress(*not_whole):
        return build(line)
    with contextlib.suppress(*not_whole):  # lone surrogates, as JavaScript writes them
        return build(_replaced(line))
    return None


def _replaced(line: bytes) -> bytearray:
    """Return a line with a replacement character, which is as long, in place of each surrogate. A window at a time: the
    parts between millions of them would take 16 times the line."""
    found = bytearray(line)
    for start in range(0, len(found), REPLACED):
        end = start + REPLACED + _ESCAPE - 1  # one that begins in this window is in it
        found[start:end] = _SURROGATE.sub(_REPLACEMENT, bytes(found[start:end]))
    return found


def _is_blank(text: bytes) -> bool:
    return not text or not text.decode("utf-8", "replace").replace("\ufeff", "").strip()


def _whole_number(text: str) -> int | float:
    """Parse a number. One with more digits than Python accepts is not a count, and no reason to lose a row."""
    try:
        return int(text)
    except ValueError:
        return float(text)


DECODER: Final = json.JSONDecoder(parse_int=_whole_number)
"""Decodes JSON with whole numbers of any length: one that Python does not read is a float."""
_scan: Final = vars(DECODER)["scan_once"]  # `raw_decode` without its own cost
