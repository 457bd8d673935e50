"""Tells a log in which there was nothing to count from one that could not be understood. Must not know any client's
format, nor count.

Silence would pass for "nothing was used": a log none of whose records is known, or whose responses have their usage
where nobody looks for it, is a problem in itself. It holds until the log is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, Protocol

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.reading.objects import decode_objects

NOT_KNOWN: Final = "no record of a known kind: not counted"
NO_USAGE: Final = "responses without usage where it is known to be: not counted"


class Recognised(Protocol):
    """What a log says of itself: see `records.conversation.Conversation`."""

    is_known: bool
    has_answers: bool
    has_usage: bool


MOST_BYTES: Final = 8 << 20
"""So much of a log is looked at."""


class Verdict(Enum):
    """What one record tells of its log. COUNTS: it was understood, so the log is; ODD: it should count and cannot."""

    UNKNOWN = "unknown"
    KNOWN = "known"
    COUNTS = "counts"
    ODD = "odd"


def what_is_wrong(log: Recognised) -> str:
    """Return why a log that is not empty cannot be what it was taken for, "" if it can."""
    if not log.is_known:
        return NOT_KNOWN
    return NO_USAGE if log.has_answers and not log.has_usage else ""


def resumed(reader: LineReader, since: Checkpoint | None, resume: Callable[[str], object]) -> bool:
    """Have a log go on where it had been read up to, if it only grew. Returns whether there were records before."""
    if since is None or reader.restarted:
        return False
    resume(since.state)
    return since.offset > 0


def judge_log(reader: LineReader, log: Recognised, *, has_records: bool) -> None:
    """Make a log that has records and cannot be what it was taken for a problem of its own."""
    wrong = what_is_wrong(log) if has_records else ""
    if wrong:
        reader.problem(ProblemKind.UNRECOGNISED, 0, wrong)


def unrecognised(reader: LineReader, judge: Callable[[Mapping[str, Any]], Verdict]) -> list[Problem]:
    """Judge a log of lines, from its start, of which nothing was counted. Returns its problem, or none.

    A log without any record has others, or is empty.
    """
    seen = set[Verdict]()
    odd_at = 0
    for offset, line in reader:
        for record in decode_objects(line, is_slim=True):
            verdict = judge(record)
            if verdict is Verdict.COUNTS:
                return []
            if verdict is Verdict.ODD and verdict not in seen:
                odd_at = offset
            seen.add(verdict)
        if offset > MOST_BYTES:
            break
    if Verdict.ODD in seen:
        return [Problem(ProblemKind.UNRECOGNISED, reader.path, odd_at, NO_USAGE)]
    if seen == {Verdict.UNKNOWN}:
        return [Problem(ProblemKind.UNRECOGNISED, reader.path, 0, NOT_KNOWN)]
    return []
