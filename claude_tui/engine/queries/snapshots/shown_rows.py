"""How a row of a snapshot is made: of a model, a project, a session. Must not know which rows have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final, overload

from claude_tui.engine.queries.snapshots.sessions import Presence, context_window
from claude_tui.engine.queries.snapshots.subtotals import (
    ModelSubtotal,
    Part,
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
    title, project = title.strip() or (presence.name.strip() if presence else ""), subtotal.earliest[1]
    models, has_agents = _used(subtotal.parts)
    window = context_window(store.pricer, known, is_short=source in store.short_windows) if context_model else 0
    # Every field by its place, for there may be thousands of rows: by its name each would take six times as long.
    return _session_row((
        session, display_name(title or _short(session)), source, project, _shown(project),
        _shown(branch) if branch else "", _shown(version) if version else "", models, subtotal.totals,
        AgentRows(key, subtotal.parts, store.facts.agents) if has_agents else (), _DONE, context_tokens,
        window, compactions, compacted_tokens, 0,
        "" if title else prompt, folder,
    ))  # fmt: skip


def _used(parts: Sequence[Part]) -> tuple[tuple[str, ...], bool]:
    """Return the models that a session used, most used first, safe to show, and whether sub-agents did any of it."""
    has_agents, is_of_one, first = False, True, parts[0][1] if parts else ""
    for agent, model, _ in parts:
        if agent:
            has_agents = True
        if model != first:
            is_of_one = False
    return _alone(first) if parts and is_of_one else _by_use(parts), has_agents


def _by_use(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return models by responses, most used first, safe to show."""
    responses: dict[str, int] = {}
    for _, model, sums in parts:
        responses[model] = responses.get(model, 0) + sums[RESPONSES]
    return tuple(map(_shown, sorted(responses, key=lambda model: (-responses[model], model))))


class AgentRows(Sequence[AgentRow]):
    """The sub-agents of a session, by key. How many there are is known at once; their rows are made when first asked
    for, since few look at them.

    It belongs to one snapshot: nothing that the rows are made of changes, so whoever asks gets the same, in any thread.
    """

    __slots__ = ("_facts_of", "_key", "_parts", "_rows")

    def __init__(self, key: SessionKey, parts: Sequence[Part], facts_of: Mapping[AgentKey, FileFacts]) -> None:
        self._key, self._parts, self._facts_of = key, parts, facts_of
        self._rows: tuple[AgentRow, ...] | None = None

    def __len__(self) -> int:
        return len({agent for agent, _, _ in self._parts if agent})

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
            self._rows = (*_agent_rows(self._key, self._parts, self._facts_of),)
        return self._rows


def _agent_rows(key: SessionKey, parts: Iterable[Part], facts_of: Mapping[AgentKey, FileFacts]) -> Iterator[AgentRow]:
    of_agents: dict[str, list[Part]] = {}
    for part in parts:
        of_agents.setdefault(part[0], []).append(part)
    of_agents.pop("", None)  # the session itself
    for agent, its in sorted(of_agents.items()):
        facts = facts_of.get((*key, agent))
        name = _shown(facts.agent_type) if facts is not None and facts.agent_type else display_name(agent)
        yield AgentRow(agent, name, sum_of([sums for _, _, sums in its]), _by_use(its))


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
