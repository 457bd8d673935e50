"""How a row of a snapshot is made: of a model, a project, a session. Must not know which rows have changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Final

from claude_tui.engine.queries.snapshots.sessions import Presence, context_window
from claude_tui.engine.queries.snapshots.subtotals import AgentSubtotal, ModelSubtotal, ProjectSubtotal, SessionSubtotal
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.model import Activity, AgentRow, ModelRow, ProjectRow, SessionRow, SessionState, Totals
from claude_tui.sources.protocol import NO_FACTS, FileFacts
from claude_tui.sources.values.display import display_name

SPARK_DAYS: Final = 30
_NO_SPARK: Final = (0,) * SPARK_DAYS
_DONE: Final = Activity(SessionState.DONE)
_session_row: Final = partial(tuple.__new__, SessionRow)
_agent_row: Final = partial(tuple.__new__, AgentRow)
_UUID_7: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def model_row(key: tuple[str, str], subtotal: ModelSubtotal, today: int) -> ModelRow:
    """Return the row of a client's model; `today` is the last day of its sparkline, as an ordinal."""
    source, model = key
    return ModelRow(model, display_name(model) or "(unknown)", source, subtotal.totals(), _spark(subtotal.days, today))


def project_row(key: tuple[str, str], subtotal: ProjectSubtotal, today: int) -> ProjectRow:
    """Return the row of a project, as `model_row` does."""
    source, project = key
    name = display_name(project) or "(unknown)"
    return ProjectRow(project, name, source, len(subtotal.sessions), subtotal.totals(), _spark(subtotal.days, today))


def session_row(
    store: Store,
    key: SessionKey,
    subtotal: SessionSubtotal,
    facts: FileFacts | None,
    presence: Presence | None,
    prompt: str = "",
) -> SessionRow:
    """Return the row of a session, with its sub-agents. `prompt` is its first one if it may be called by that."""
    agents: tuple[AgentRow, ...] = ()
    if subtotal.agents:
        agents = (*_agent_rows(store, key, subtotal.agents),)
    project, models = subtotal.earliest[1], _by_use(subtotal.models)
    row = described_row(store, key, facts, project, subtotal.totals(), presence, models, agents)
    return row._replace(prompt=prompt) if prompt and not title_of(facts, presence) else row


def described_row(
    store: Store,
    key: SessionKey,
    facts: FileFacts | None,
    project: str,
    totals: Totals,
    presence: Presence | None,
    models: tuple[str, ...] = (),
    agents: tuple[AgentRow, ...] = (),
) -> SessionRow:
    """Return the row of a session as its log and its process describe it, with the models and sub-agents it used."""
    source, session = key
    known = facts or NO_FACTS
    # Every field by its place, for there may be thousands of rows: by its name each would take six times as long.
    return _session_row((
        session, session_name(key, facts, presence), source, project, _shown(project),
        _shown(known.branch) if known.branch else "", _shown(known.version) if known.version else "",
        models, totals, agents, _DONE, known.context_tokens,
        context_window(store.pricer, known) if known.context_model else 0,
        known.compactions, known.compacted_tokens, 0, "", known.cwd,
    ))  # fmt: skip


def _agent_rows(store: Store, key: SessionKey, subtotals: Mapping[str, AgentSubtotal]) -> Iterator[AgentRow]:
    facts_of = store.facts.agents
    for agent in sorted(subtotals):
        subtotal, facts = subtotals[agent], facts_of.get((*key, agent))
        name = _shown(facts.agent_type) if facts is not None and facts.agent_type else display_name(agent)
        yield _agent_row((agent, name, subtotal.totals(), _by_use(subtotal.models)))


def title_of(facts: FileFacts | None, presence: Presence | None) -> str:
    """Return the title of a session, else what its process calls it, "" if neither is known."""
    return (facts.title.strip() if facts else "") or (presence.name.strip() if presence else "")


def session_name(key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
    """Return what a session is called, safe to show: its title, else what its process calls it, else a part of its id.

    Ids that begin with the time, as UUIDs of version 7 do, differ at their end.
    """
    title = title_of(facts, presence)
    short = key[1].removeprefix("session_")
    if not title:
        title = short[-8:] if short[14:15] == "7" and _UUID_7.fullmatch(short) else short[:8]
    return display_name(title)


def _by_use(responses: dict[str, int]) -> tuple[str, ...]:
    """Return models by responses, most used first, safe to show."""
    if len(responses) == 1:  # most have one
        (model,) = responses
        return _alone(model)
    return tuple(map(_shown, sorted(responses, key=lambda model: (-responses[model], model))))


@lru_cache(maxsize=1024)
def _alone(model: str) -> tuple[str, ...]:
    return (_shown(model),)


@lru_cache(maxsize=1024)
def _shown(name: str) -> str:
    """Return a name that many rows have, safe to show."""
    return display_name(name) or "(unknown)"


def _spark(days: dict[int, int], today: int) -> tuple[int, ...]:
    if max(days, default=0) <= today - SPARK_DAYS:  # most projects
        return _NO_SPARK
    return tuple(days.get(day, 0) for day in range(today - SPARK_DAYS + 1, today + 1))
