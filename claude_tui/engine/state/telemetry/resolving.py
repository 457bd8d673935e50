"""What only the cost of an event shows (web searches, lifetimes of cache writes), and the terms by which it is priced.

Must not pair, nor know a store.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from claude_tui.model import Usage
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import Columns
from claude_tui.sources.telemetry.event import Details, client_and_session, details_of

WEB_SEARCH: Final = "web_search_tool"
"""The kind of the calls that do nothing but search the web; how often they do, no event tells."""

_SEARCH_NANO: Final = 10_000_000
_ROUNDING_NANO: Final = 1_000
"""The client's costs are floating-point numbers, some of them of whole microdollars."""


def of_clients(columns: Columns, clients: Iterable[str]) -> Columns:
    """Return the events that these clients told of, or all if none is named."""
    wanted = frozenset(clients)
    if not wanted:
        return columns
    kept = [client_and_session(owner.session)[0] in wanted for owner in columns.owners]
    return columns.pick([entry for entry, owner in enumerate(columns.owner) if kept[owner]])


def resolved(columns: Columns, pricer: Pricer) -> Columns:
    """Return events with what only their cost tells: searches of the web, and cache writes that live for an hour."""
    made = columns.cut(0, len(columns))
    for entry, nano in made.reported.items():
        client, _ = client_and_session(made.owners[made.owner[entry]].session)
        if client == "claude":
            usage = _resolved(made, entry, nano, pricer)
            made.write_5m[entry], made.write_1h[entry] = usage.cache_write_5m, usage.cache_write_1h
            if usage.web_search:
                made.web_search[entry] = usage.web_search
    return made


def _resolved(columns: Columns, entry: int, nano: int, pricer: Pricer) -> Usage:
    usage, details = columns.usage(entry), details_of(columns.terms.get(entry, ""))
    model, time_ms = columns.models[columns.model[entry]], columns.time[entry]

    def left(told: Usage) -> int:
        at_list = pricer.price("claude", model, time_ms, told, terms_of(told, details)).nano
        return nano - at_list if at_list is not None else 0

    if details.kind == WEB_SEARCH:
        searches = round(left(usage) / _SEARCH_NANO)
        if searches > 0 and abs(left(usage) - searches * _SEARCH_NANO) <= _ROUNDING_NANO:
            return usage._replace(web_search=searches)
    if not details.is_split and usage.cache_write_5m and abs(left(usage)) > _ROUNDING_NANO:
        hourly = usage._replace(cache_write_5m=0, cache_write_1h=usage.cache_write_5m)
        if abs(left(hourly)) <= _ROUNDING_NANO:
            return hourly
    return usage


def priced_terms(usage: Usage, terms: str) -> str:
    """Return the terms that price an event whose own terms are these."""
    return terms_of(usage, details_of(terms))


def terms_of(usage: Usage, details: Details) -> str:
    """Return the terms that price an event of Claude Code: a usage in fast mode, else none."""
    if details.speed != "fast":
        return ""
    return (
        f'{{"cache_creation":{{"ephemeral_1h_input_tokens":{usage.cache_write_1h},'
        f'"ephemeral_5m_input_tokens":{usage.cache_write_5m}}},"cache_creation_input_tokens":'
        f'{usage.cache_write_5m + usage.cache_write_1h},"cache_read_input_tokens":{usage.cache_read},"input_tokens":'
        f'{usage.input},"output_tokens":{usage.output},"server_tool_use":{{"web_search_requests":{usage.web_search}}},'
        f'"speed":"fast"}}'
    )
