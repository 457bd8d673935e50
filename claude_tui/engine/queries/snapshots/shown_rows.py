"""How a row of a snapshot is made: of a model, a project, a session. Must not know which rows have changed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from claude_tui.engine.queries.snapshots.rollup import Rollup
from claude_tui.engine.queries.snapshots.sessions import Presence, context_window
from claude_tui.engine.state.facts import AgentKey, SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.model import AgentRow, ModelRow, ProjectRow, SessionRow, Totals
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.values.display import display_name

SPARK_DAYS: Final = 30
_NO_SPARK: Final = (0,) * SPARK_DAYS
_UUID_7: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def model_row(rollup: Rollup, key: tuple[str, str], today: int) -> ModelRow:
    """Return the row of a client's model; `today` is the last day of its sparkline, as an ordinal."""
    source, model = key
    spark = _spark(rollup.model_days.get(key, {}), today)
    return ModelRow(model, display_name(model) or "(unknown)", source, rollup.models.totals(key), spark)


def project_row(rollup: Rollup, key: tuple[str, str], today: int) -> ProjectRow:
    """Return the row of a project, as `model_row` does."""
    source, project = key
    sessions = len(rollup.project_sessions.get(key, ()))
    spark = _spark(rollup.project_days.get(key, {}), today)
    name = display_name(project) or "(unknown)"
    return ProjectRow(project, name, source, sessions, rollup.projects.totals(key), spark)


def session_row(
    store: Store, rollup: Rollup, key: SessionKey, presence: Presence | None, prompt: str = ""
) -> SessionRow:
    """Return the row of a session, with its sub-agents. `prompt` is its first one if it may be called by that."""
    agents = sorted(rollup.session_agents.get(key, ()))
    return described_row(
        store,
        key,
        rollup.session_project[key][1],
        rollup.sessions.totals(key),
        presence,
        _by_use(rollup.session_models.get(key, {})),
        tuple([_agent_row(store, rollup, agent) for agent in agents]),
        prompt=prompt,
    )


def described_row(
    store: Store,
    key: SessionKey,
    project: str,
    totals: Totals,
    presence: Presence | None,
    models: tuple[str, ...] = (),
    agents: tuple[AgentRow, ...] = (),
    prompt: str = "",
) -> SessionRow:
    """Return the row of a session as its log and its process describe it, with the models and sub-agents it used."""
    source, session = key
    facts = store.facts.sessions.get(key)
    return SessionRow(
        key=session,
        name=session_name(key, facts, presence),
        source=source,
        project=project,
        project_name=_shown(project),
        branch=_shown(facts.branch) if facts and facts.branch else "",
        version=_shown(facts.version) if facts and facts.version else "",
        models=models,
        totals=totals,
        context_tokens=facts.context_tokens if facts else 0,
        context_window=context_window(store.pricer, facts) if facts else 0,
        compactions=facts.compactions if facts else 0,
        compacted_tokens=facts.compacted_tokens if facts else 0,
        agents=agents,
        prompt="" if title_of(facts, presence) else prompt,
        folder=facts.cwd if facts else "",
    )


def _agent_row(store: Store, rollup: Rollup, key: AgentKey) -> AgentRow:
    facts = store.facts.agents.get(key)
    name = display_name((facts.agent_type if facts else "") or key[2])
    return AgentRow(key[2], name, rollup.agents.totals(key), _by_use(rollup.agent_models.get(key, {})))


def title_of(facts: FileFacts | None, presence: Presence | None) -> str:
    """Return the title of a session, else what its process calls it, "" if neither is known."""
    return (facts.title if facts else "") or (presence.name if presence else "")


def session_name(key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
    """Return what a session is called, safe to show: its title, else what its process calls it, else a part of its id.

    Ids that begin with the time, as UUIDs of version 7 do, differ at their end.
    """
    title = title_of(facts, presence)
    short = key[1].removeprefix("session_")
    return display_name(title or (short[-8:] if _UUID_7.fullmatch(short) else short[:8]))


def _by_use(responses: dict[str, int]) -> tuple[str, ...]:
    """Return models by responses, most used first, safe to show."""
    if len(responses) == 1:  # most have one
        return (*map(_shown, responses),)
    return tuple(map(_shown, sorted(responses, key=lambda model: (-responses[model], model))))


@lru_cache(maxsize=1024)
def _shown(name: str) -> str:
    """Return a name that many rows have, safe to show."""
    return display_name(name) or "(unknown)"


def _spark(days: dict[int, int], today: int) -> tuple[int, ...]:
    if max(days, default=0) <= today - SPARK_DAYS:  # most projects
        return _NO_SPARK
    return tuple(days.get(day, 0) for day in range(today - SPARK_DAYS + 1, today + 1))
