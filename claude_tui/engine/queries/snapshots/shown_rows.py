"""How a row of a snapshot is made: of a model, a project, a session. Must not know which rows have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final, overload

from claude_tui.engine.queries.snapshots.sessions import Presence, context_window
from claude_tui.engine.queries.snapshots.subtotals import (
    AgentPart,
    ModelSubtotal,
    ProjectSubtotal,
    SessionSubtotal,
    sum_of,
)
from claude_tui.engine.state.facts import AgentKey, SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.model import RESPONSES, Activity, AgentRow, ModelRow, ProjectRow, SessionRow, SessionState
from claude_tui.sources.protocol import NO_FACTS, FileFacts
from claude_tui.sources.values.display import display_name

SPARK_DAYS: Final = 30
_NO_SPARK: Final = (0,) * SPARK_DAYS
_DONE: Final = Activity(SessionState.DONE)
_session_row: Final = partial(tuple.__new__, SessionRow)
_UUID_7: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def model_row(key: tuple[str, str], subtotal: ModelSubtotal, today: int) -> ModelRow:
    """Return the row of a client's model; `today` is the last day of its sparkline, as an ordinal."""
    source, model = key
    return ModelRow(model, display_name(model) or "(unknown)", source, subtotal.totals, _spark(subtotal.days, today))


def project_row(key: tuple[str, str], subtotal: ProjectSubtotal, today: int) -> ProjectRow:
    """Return the row of a project, as `model_row` does."""
    source, project = key
    name = display_name(project) or "(unknown)"
    return ProjectRow(project, name, source, len(subtotal.sessions), subtotal.totals, _spark(subtotal.days, today))


def session_row(
    store: Store,
    key: SessionKey,
    subtotal: SessionSubtotal,
    facts: FileFacts | None,
    presence: Presence | None,
    prompt: str = "",
) -> SessionRow:
    """Return the row of a session as its log and its process describe it, with its sub-agents. `prompt` is its first
    one if it may be called by that."""
    (
        _, _, folder, title, branch, version, _, _, context_tokens, context_model, compactions, compacted_tokens, *_,
    ) = known = facts or NO_FACTS  # fmt: skip
    source, session = key
    title = title.strip() or (presence.name.strip() if presence else "")
    project, agents = subtotal.earliest[1], subtotal.of_agents
    # Every field by its place, for there may be thousands of rows: by its name each would take six times as long.
    return _session_row((
        session, display_name(title or _short(session)), source, project, _shown(project),
        _shown(branch) if branch else "", _shown(version) if version else "",
        _by_use(subtotal.models), subtotal.totals, AgentRows(key, agents, store.facts.agents) if agents else (), _DONE,
        context_tokens, context_window(store.pricer, known) if context_model else 0, compactions, compacted_tokens,
        0, "" if title else prompt, folder,
    ))  # fmt: skip


class AgentRows(Sequence[AgentRow]):
    """The sub-agents of a session, by key. How many there are is known at once; their rows are made when first asked
    for, since few look at them.

    It belongs to one snapshot: nothing that the rows are made of changes, so whoever asks gets the same, in any thread.
    """

    __slots__ = ("_facts", "_parts", "_rows")

    def __init__(self, key: SessionKey, parts: Sequence[AgentPart], facts_of: Mapping[AgentKey, FileFacts]) -> None:
        source, session = key
        self._parts = parts
        self._facts = [facts_of.get((source, session, part[0])) for part in parts]
        self._rows: tuple[AgentRow, ...] | None = None

    def __len__(self) -> int:
        parts = self._parts
        return len({part[0] for part in parts}) if len(parts) > 1 else len(parts)

    @overload
    def __getitem__(self, index: int) -> AgentRow: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[AgentRow]: ...

    def __getitem__(self, index: int | slice) -> AgentRow | Sequence[AgentRow]:
        return self._made()[index]

    def __iter__(self) -> Iterator[AgentRow]:
        return iter(self._made())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._made() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._made())

    def __repr__(self) -> str:
        return repr(self._made())

    def _made(self) -> tuple[AgentRow, ...]:
        if self._rows is None:
            self._rows = (*_agent_rows(self._parts, self._facts),)
        return self._rows


def _agent_rows(parts: Iterable[AgentPart], facts: Iterable[FileFacts | None]) -> Iterator[AgentRow]:
    gathered: dict[str, tuple[FileFacts | None, list[Sequence[int]], dict[str, int]]] = {}
    for (agent, model, sums), known in zip(parts, facts, strict=True):
        _, its, models = gathered.setdefault(agent, (known, [], {}))
        its.append(sums)
        models[model] = models.get(model, 0) + sums[RESPONSES]
    for agent in sorted(gathered):
        known, its, models = gathered[agent]
        name = _shown(known.agent_type) if known is not None and known.agent_type else display_name(agent)
        yield AgentRow(agent, name, sum_of(its), _by_use(models))


def title_of(facts: FileFacts | None, presence: Presence | None) -> str:
    """Return the title of a session, else what its process calls it, "" if neither is known."""
    return (facts.title.strip() if facts else "") or (presence.name.strip() if presence else "")


def session_name(key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
    """Return what a session is called, safe to show: its title, else what its process calls it, else a part of its
    id."""
    return display_name(title_of(facts, presence) or _short(key[1]))


def _short(session: str) -> str:
    """Return a part of an id. Ids that begin with the time, as UUIDs of version 7 do, differ at their end."""
    short = session.removeprefix("session_")
    return short[-8:] if short[14:15] == "7" and _UUID_7.fullmatch(short) else short[:8]


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
