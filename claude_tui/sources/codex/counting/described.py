"""What a rollout says of its thread: whose it is, where it came from, its models, its context. Must not count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from claude_tui.sources.codex.counting.records import ThreadMeta
from claude_tui.sources.codex.counting.state import State
from claude_tui.sources.codex.counting.threads import Sequence
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import text_of

_TURNS: Final = 64


class OtherThreads(Protocol):
    """What must be known about other rollouts."""

    def token_counts(self, thread: str) -> Sequence | None:
        """Return every (total, last) of a thread, None if it is gone."""
        ...

    def root_of(self, thread: str) -> str:
        """Return the main thread a thread belongs to."""
        ...


class DescribedThread:
    """One thread, as its records describe it."""

    def __init__(self, stem: str, others: OtherThreads) -> None:
        self._others = others
        self._state = State(thread=stem, root=stem)
        self._is_new = True

    def facts(self, last_ms: int = 0, last_kind: str = "") -> FileFacts:
        """Return what the thread contains beside usage, with the newest line of its conversation."""
        state = self._state
        is_main = state.root == state.thread
        return FileFacts(
            session=state.thread if is_main else "",
            parent="" if is_main else state.root,
            cwd=state.cwd,
            branch=state.branch,
            version=state.version,
            agent="" if is_main else state.thread,
            agent_type=state.agent_type,
            context_tokens=state.context if is_main else 0,
            context_model=state.model if is_main else "",
            compactions=state.compactions,
            last_kind=last_kind,
            last_ms=last_ms,
            context_window=state.window if is_main else 0,
        )

    def see_dated(self, timestamp: object) -> None:
        """Remember the time of a record that every reader looks at, for records without a time."""
        self._state.dated_ms = instant_ms(timestamp) or self._state.dated_ms

    def see_folder(self, turn: Mapping[str, object]) -> None:
        """Take the folder of the first turn that has one, unless the thread said its own."""
        self._state.cwd = self._state.cwd or text_of(turn, "cwd")

    def name_model(self, model: str, turn: str) -> None:
        """Use the model of a turn from here on."""
        state = self._state
        state.model = model
        if turn:
            state.turns.pop(turn, None)
            state.turns[turn] = model
            if len(state.turns) > _TURNS:
                del state.turns[next(iter(state.turns))]

    def _see_meta(self, meta: ThreadMeta, record: Mapping[str, object]) -> None:
        state = self._state
        if not self._is_new:
            # Metas after the first are of the threads whose history was copied: the parent, its parent.
            state.is_copying |= bool(state.parents) and meta.thread != state.thread
            for thread in (meta.thread, meta.parent):
                if thread and thread != state.thread and thread not in state.parents and state.parents:
                    state.parents.append(thread)
            return
        self._is_new = False
        state.thread = meta.thread or state.thread
        state.parents = [meta.parent] if meta.parent and meta.parent != state.thread else []
        state.leading = bool(state.parents)
        state.is_subagent, state.agent_type = meta.is_subagent, meta.agent_type
        state.cwd, state.branch, state.version = meta.cwd or state.cwd, meta.branch, meta.version
        state.started_ms = meta.started_ms
        state.dated_ms = instant_ms(record.get("timestamp")) or meta.started_ms or state.dated_ms
        if meta.root:
            state.root = meta.root
        elif meta.is_subagent and state.parents:
            state.root = self._others.root_of(meta.parent)
        else:
            state.root = state.thread
