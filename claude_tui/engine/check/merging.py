"""The plain way to merge what logs and telemetry tell: every response that either knows, each once.

Every event is compared with every response, one rule after the other: what the incremental way must equal. Must not
share anything with it but the records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.telemetry.events import told_of
from claude_tui.engine.state.telemetry.pairing import FAR_MS, UNLIMITED, WITHOUT_WRITES, LoggedResponse, ToldEvent
from claude_tui.engine.state.telemetry.resolving import resolved, terms_of
from claude_tui.model import TOLD, Response, UsageRow
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import short_model
from claude_tui.sources.settling import columns_of
from claude_tui.sources.telemetry.event import client_and_session, details_of

Rule = Callable[[ToldEvent, LoggedResponse], bool]


class Spoken(NamedTuple):
    """An event: as a response of its own, and as the rule of pairing takes it."""

    line: Response
    told: ToldEvent


def event_of(number: int, key: str, rows: Sequence[UsageRow], paths: Sequence[str], pricer: Pricer) -> Spoken:
    """Return an event of which these rows tell, `number` that of its `key`. Its project is not known here."""
    settled = resolved(columns_of(TELEMETRY, rows), pricer)
    usage, details, time_ms = settled.usage(0), details_of(settled.terms.get(0, "")), settled.time[0]
    owner, model = settled.owners[settled.owner[0]], settled.models[settled.model[0]]
    client, session = client_and_session(owner.session)
    line = Response(
        key, client, time_ms, session, owner.agent, "", model, usage,
        pricer.price(client, model, time_ms, usage, terms_of(usage, details)), False, paths[0], settled.offset[0],
        is_fast=details.speed == "fast", origin=TOLD, kind=details.kind, effort=details.effort, speed=details.speed,
        client_nano=settled.reported.get(0),
    )  # fmt: skip
    names = frozenset(filter(None, (session, details.also)))
    return Spoken(line, told_of(number, client, names, time_ms, model, usage, details))


def merged(logged: Sequence[LoggedResponse], told: Sequence[ToldEvent]) -> tuple[dict[int, ToldEvent], list[ToldEvent]]:
    """Return the event of each response of the logs that has one, by its place, and the events that are alone."""
    events: dict[int, ToldEvent] = {}
    alone = list(told)
    for rule in RULES:
        close = sorted(
            (_distance(event, one), event.key, one.key, at, event)
            for event in alone
            for at, one in enumerate(logged)
            if event.source == one.source and not one.is_sum and rule(event, one)
        )
        for _, _, _, at, event in close:
            if event in alone and at not in events:
                events[at] = event
                alone.remove(event)
    return events, alone


def _has_its_id(event: ToldEvent, one: LoggedResponse) -> bool:
    return event.logged_key == one.key


def _is_same(event: ToldEvent, one: LoggedResponse) -> bool:
    return (
        _is_of_one_session(event, one)
        and _are_alike(event, one)
        and _is_of_one_model(event, one)
        and event.usage.output == one.usage.output
        and (event.source in UNLIMITED or _is_near(event, one))
    )


def _is_rest(event: ToldEvent, one: LoggedResponse) -> bool:
    return (
        _is_of_one_session(event, one)
        and _are_alike(event, one)
        and _is_of_one_model(event, one)
        and one.is_lower_bound
        and one.usage.output < event.usage.output
        and (event.source in UNLIMITED or _is_near(event, one))
    )


def _is_same_but_for_the_model(event: ToldEvent, one: LoggedResponse) -> bool:
    return (
        _is_of_one_session(event, one)
        and _are_alike(event, one)
        and not _is_of_one_model(event, one)
        and event.usage.output == one.usage.output
        and _is_near(event, one)
    )


def _is_of_a_copy(event: ToldEvent, one: LoggedResponse) -> bool:
    return (
        one.is_copy
        and not _is_of_one_session(event, one)
        and _are_alike(event, one)
        and _is_of_one_model(event, one)
        and event.usage.output == one.usage.output
        and _is_near(event, one)
    )


RULES: Final[Sequence[Rule]] = (_has_its_id, _is_same, _is_rest, _is_same_but_for_the_model, _is_of_a_copy)
"""The surest first."""


def _is_of_one_session(event: ToldEvent, one: LoggedResponse) -> bool:
    return bool(event.names & one.names)


def _are_alike(event: ToldEvent, one: LoggedResponse) -> bool:
    """Whether all counters agree, but for the output."""
    ours, theirs = one.usage, event.usage
    is_cache_same = ours.cache_read == theirs.cache_read and ours.prompt == theirs.prompt
    if event.source not in WITHOUT_WRITES:
        is_cache_same = is_cache_same and ours.input == theirs.input
    return is_cache_same


def _is_of_one_model(event: ToldEvent, one: LoggedResponse) -> bool:
    return short_model(event.model) == short_model(one.model)


def _is_near(event: ToldEvent, one: LoggedResponse) -> bool:
    return _distance(event, one)[0] <= FAR_MS


def _distance(event: ToldEvent, one: LoggedResponse) -> tuple[int, int]:
    """Return how far the log's instant lies outside the call, and from its end."""
    began_ms = event.time_ms - event.duration_ms
    outside_ms = max(0, began_ms - one.time_ms, one.time_ms - event.time_ms)
    return outside_ms, abs(one.time_ms - event.time_ms)
