"""The rule that pairs events of telemetry with responses of logs, for events and responses of any sessions.

Both tell of one response if the client gives both one id. Else if they are of one session and one model and have the
same counters; a log that has only the beginning of the output may have less of that. Next, if only the model differs:
the log names the one that answered and the event may name the one that was asked. Last, if only the session differs: a
copy whose original no log has is of a session that did not ask. Each is used once, the surest and then the nearest in
time first. Where a log has only the sum of calls, those that events tell are taken off. No order of anything decides.
Must not know stores, prices or files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from operator import sub
from typing import Final

from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import short_model
from claude_tui.units import MINUTE_MS

FAR_MS: Final = MINUTE_MS
"""So much an instant in a log may lie outside the time the call took, where more than counters must agree."""

UNLIMITED: Final = frozenset({"claude"})
"""Clients whose logs may date a response by far otherwise: a copy in a fork may have the time it was copied at."""

WITHOUT_WRITES: Final = frozenset({"codex", "gemini"})
"""Clients some versions of which do not tell cache writes from other input."""


Counters = tuple[object, ...]
"""The counters that must agree, and the client."""


class LoggedResponse(NamedTuple):
    """A response of the logs. `key` is that of its id, `names` are the sessions (and agents) that hold it.

    `is_sum`: it is the sum of calls that the log does not tell one by one. `is_copy`: no log has the original.
    """

    key: int
    source: str
    names: frozenset[str]
    time_ms: int
    model: str
    usage: Usage
    is_lower_bound: bool
    is_sum: bool = False
    is_copy: bool = False


class ToldEvent(NamedTuple):
    """An event. `key` is its own; `logged_key` that of the response in the logs, -1 where the client tells no id that
    these have. `names` are sessions that may hold the response, `duration_ms` is how long the call took."""

    key: int
    logged_key: int
    source: str
    names: frozenset[str]
    time_ms: int
    model: str
    usage: Usage
    duration_ms: int = 0


class _Candidate(NamedTuple):
    """A pair that may be one, the better the smaller: how sure it is, how far apart, and the keys of both."""

    grade: int
    outside_ms: int
    apart_ms: int
    event_key: int
    logged_key: int
    event: int
    logged: int


def paired(logged: Mapping[int, LoggedResponse], told: Mapping[int, ToldEvent]) -> dict[int, int]:
    """Return by event the response it tells of, both as the mappings name them."""
    alike: defaultdict[Counters, list[int]] = defaultdict(list)
    by_key: dict[tuple[str, int], int] = {}
    for name, one in logged.items():
        if one.is_sum:
            continue
        alike[agreeing(one.source, one.usage)].append(name)
        by_key[one.source, one.key] = name
    candidates = [
        candidate for name, event in told.items() for candidate in _candidates(name, event, logged, alike, by_key)
    ]
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for candidate in sorted(candidates):
        if candidate.event not in pairs and candidate.logged not in used:
            pairs[candidate.event] = candidate.logged
            used.add(candidate.logged)
    return pairs


def left_of_sums(
    logged: Mapping[int, LoggedResponse], told: Mapping[int, ToldEvent], pairs: Mapping[int, int]
) -> dict[int, Usage]:
    """Return what is left of each sum of calls without those that events tell one by one, of its session and model."""
    left = {name: one.usage for name, one in logged.items() if one.is_sum}
    if not left:
        return left
    alone = sorted((event.key, name) for name, event in told.items() if name not in pairs)
    for _, name in alone:
        event, rest = told[name], told[name].usage
        for found in sorted(left, key=lambda at: (logged[at].time_ms, logged[at].key)):
            one = logged[found]
            if (
                one.source == event.source
                and one.names & event.names
                and short_model(one.model) == short_model(event.model)
            ):
                taken = Usage(*map(min, left[found], rest))
                left[found] = Usage(*map(sub, left[found], taken))
                rest = Usage(*map(sub, rest, taken))
    return left


def _candidates(
    name: int,
    event: ToldEvent,
    logged: Mapping[int, LoggedResponse],
    alike: Mapping[Counters, list[int]],
    by_key: Mapping[tuple[str, int], int],
) -> Iterator[_Candidate]:
    same = by_key.get((event.source, event.logged_key))
    if same is not None:
        yield _Candidate(0, 0, 0, event.key, logged[same].key, name, same)
    for found in alike.get(agreeing(event.source, event.usage), ()):
        one = logged[found]
        if not one.is_copy and event.names.isdisjoint(one.names):
            continue
        start_ms = event.time_ms - event.duration_ms
        outside_ms = max(0, start_ms - one.time_ms, one.time_ms - event.time_ms)
        grade = _grade(event, one)
        is_near = outside_ms <= FAR_MS or (event.source in UNLIMITED and grade < 3)
        if grade and is_near:
            yield _Candidate(grade, outside_ms, abs(one.time_ms - event.time_ms), event.key, one.key, name, found)


def _grade(event: ToldEvent, one: LoggedResponse) -> int:
    """Return how much agrees, 1 for everything; 0 where both cannot be one."""
    is_same_output = event.usage.output == one.usage.output
    is_same_model = short_model(event.model) == short_model(one.model)
    if event.names.isdisjoint(one.names):
        return 4 if one.is_copy and is_same_model and is_same_output else 0
    if is_same_model:
        if is_same_output:
            return 1
        return 2 if one.is_lower_bound and one.usage.output < event.usage.output else 0
    return 3 if is_same_output else 0


def agreeing(source: str, usage: Usage) -> Counters:
    """Return the counters that must agree, but for the output."""
    if source in WITHOUT_WRITES:
        return source, usage.prompt, usage.cache_read
    return source, usage.input, usage.cache_write_5m + usage.cache_write_1h, usage.cache_read
