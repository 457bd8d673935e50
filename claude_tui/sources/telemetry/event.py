"""One response as a client told of it over OpenTelemetry, and how it lies in columns: a row whose terms hold the rest.

The session of such a row is named with its client, since one file tells of many. Must not know exports, files or logs.
"""

from __future__ import annotations

import json
from functools import lru_cache

from claude_tui.model import Usage, UsageRow
from claude_tui.records import NamedTuple


class Details(NamedTuple):
    """What an event says beside its counters. `id` is the client's own of the response, "" where it tells none.

    `kind` is what the call was for, as the client names it. `also` is another session that may hold the response.
    `duration_ms` is how long the call took. `is_split`: it is told how long the cache writes live.
    """

    id: str = ""
    kind: str = ""
    agent_name: str = ""
    effort: str = ""
    speed: str = ""
    also: str = ""
    duration_ms: int = 0
    is_split: bool = False


class TelemetryEvent(NamedTuple):
    """One response as told. `time_ms` is its end; `cost_nano` what the client says it cost, None where it does not."""

    client: str
    session: str
    model: str
    usage: Usage
    time_ms: int
    agent: str = ""
    cost_nano: int | None = None
    details: Details = Details()

    @property
    def key(self) -> str:
        """The client's own id, else all that tells this event from others: the same event sent twice has one key."""
        told = (self.client, self.session, self.time_ms, self.model, *self.usage)
        return self.details.id or "/".join(map(str, told))


def row_of(event: TelemetryEvent, offset: int) -> UsageRow:
    """Return an event as a row of the telemetry."""
    return UsageRow(
        key=event.key,
        time_ms=event.time_ms,
        session=f"{event.client}:{event.session}",
        agent=event.agent,
        cwd="",
        model=event.model,
        usage=event.usage,
        terms=_pack(event.details),
        is_sidechain=bool(event.agent),
        reported_nano=event.cost_nano,
        offset=offset,
    )


def client_and_session(name: str) -> tuple[str, str]:
    """Return the client and the session a row of the telemetry names."""
    client, _, session = name.partition(":")
    return client, session


@lru_cache(4096)
def details_of(terms: str) -> Details:
    """Return what the terms of such a row hold; nothing of what makes no sense."""
    try:
        found = json.loads(terms) if terms else {}
    except (ValueError, RecursionError):
        found = {}
    known = Details()._asdict()
    told = found if isinstance(found, dict) else {}
    return Details(**{name: told[name] for name, value in known.items() if type(told.get(name)) is type(value)})


def _pack(details: Details) -> str:
    told = {name: value for name, value in details._asdict().items() if value}
    return json.dumps(told, separators=(",", ":"), sort_keys=True)
