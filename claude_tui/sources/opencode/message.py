"""The counting rule of OpenCode: an assistant message becomes an event.

Must not know whether a message was a file or a database row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from claude_tui.model import Usage, UsageRow
from claude_tui.records import NamedTuple
from claude_tui.sources.records.events import BadCountError, ResponseEvent, count_of, nano_of
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

# These providers' counters never held reasoning inside the output, in any version.
_REASONING_BESIDE: Final = ("google", "vertex")


@dataclass(frozen=True, slots=True)
class OpenCodeSession:
    """The session of a message. `root` is the main session above it, or the session itself if there is none."""

    id: str
    root: str = ""
    parent: str = ""
    directory: str = ""
    title: str = ""
    version: str = ""
    agent: str = ""
    model: str = ""
    created_ms: int = 0


class OpenCodeMessage(NamedTuple):
    """An assistant message in the old or new format. `steps` are the token objects of its finished steps, in order.

    `total` is the total in another copy of the message, if its own tokens have none; `is_new` marks the tables of 2.x,
    whose output never includes reasoning.
    """

    created_ms: int
    provider: str
    model: str
    agent: str
    cwd: str
    tokens: Mapping[str, object]
    cost: object
    steps: tuple[Mapping[str, object], ...] = ()
    total: int = 0
    is_new: bool = False

    @property
    def name(self) -> str:
        """Provider and model, as one name."""
        return f"{self.provider}/{self.model}" if self.provider else self.model


class OpenCodeCounters(NamedTuple):
    """The counters as stored."""

    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int

    @property
    def sum(self) -> int:
        """The sum of all counters."""
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write


def message_of(data: Mapping[str, object], created_ms: int = 0) -> OpenCodeMessage | None:
    """Parse the JSON of a message; None unless it is an assistant's with tokens.

    `created_ms` is used if the message itself has no time.
    """
    tokens = data.get("tokens")
    if not isinstance(tokens, dict) or text_of(data, "role") not in ("assistant", ""):
        return None
    model = table_of(data, "model")
    return OpenCodeMessage(
        created_ms=instant_ms(table_of(data, "time").get("created")) or created_ms,
        provider=text_of(data, "providerID") or text_of(model, "providerID"),
        model=text_of(data, "modelID") or text_of(model, "id"),
        agent=text_of(data, "agent") or text_of(data, "mode"),
        cwd=text_of(table_of(data, "path"), "cwd"),
        tokens=tokens,
        cost=data.get("cost"),
    )


def is_answer_without_tokens(data: Mapping[str, object], kind: str) -> bool:
    """Whether a message is an answer that does not say what it used, and not one that goes on or failed."""
    is_answer = kind == "assistant" and text_of(data, "role") in ("assistant", "")
    if not is_answer or "error" in data or isinstance(data.get("tokens"), dict):
        return False
    time = table_of(data, "time")
    is_open = isinstance(time.get("created"), (int, float)) and time.get("completed") is None
    return bool(text_of(data, "finish")) or not is_open


def has_tokens(data: Mapping[str, object]) -> bool:
    """Whether the JSON of a message is an assistant's that used anything, and says so in counts."""
    tokens = data.get("tokens")
    try:
        return isinstance(tokens, dict) and message_of(data) is not None and any(counters_of(tokens))
    except BadCountError:
        return False


def counters_of(tokens: Mapping[str, object]) -> OpenCodeCounters:
    """Parse a token object. Raises BadCountError if a counter is not a count."""
    cache = table_of(tokens, "cache")
    return OpenCodeCounters(
        count_of(tokens, "input"),
        count_of(tokens, "output"),
        count_of(tokens, "reasoning"),
        count_of(cache, "read"),
        count_of(cache, "write"),
    )


def event_of(message: OpenCodeMessage, session: OpenCodeSession, offset: int) -> ResponseEvent | None:
    """Count a message; None if nothing was used. Raises BadCountError if a counter is not a count.

    The identity is what survives a fork, which copies messages under new ids: the start time, the model, and the
    counters of the first step, which never change while later steps are added.
    """
    steps = message.steps if len(message.steps) > 1 else (message.tokens,)
    stored = [counters_of(step) for step in steps]
    if not any(counters.sum for counters in stored):
        return None
    inside = [_has_reasoning_inside(message, step, found) for step, found in zip(steps, stored, strict=True)]
    reasoning = sum(found.reasoning for found in stored)
    visible = sum(
        found.output - found.reasoning if within else found.output
        for found, within in zip(stored, inside, strict=True)
    )  # fmt: skip
    is_sub = session.root != session.id
    row = UsageRow(
        key="/".join(map(str, (message.created_ms, message.provider, message.model, *stored[0]))),
        time_ms=message.created_ms,
        session=session.root,
        agent=session.id if is_sub else "",
        cwd=message.cwd or session.directory,
        model=message.name,
        usage=Usage(
            input=sum(found.input for found in stored),
            output=visible + reasoning,
            cache_write_5m=sum(found.cache_write for found in stored),
            cache_read=sum(found.cache_read for found in stored),
        ),
        # A message older than its session was copied into it by a fork.
        is_copy=0 < message.created_ms < session.created_ms,
        is_sidechain=is_sub,
        # Versions that counted reasoning as output charged it twice in the cost they stored.
        reported_nano=None if any(inside) else nano_of(message.cost),
        offset=offset,
    )
    return ResponseEvent(row, reasoning)


def project_folder(worktree: object) -> str:
    """Return the folder a project's worktree stands for; "" for the worktree of everything outside of projects."""
    return worktree if isinstance(worktree, str) and worktree != "/" else ""


def root_of(session: str, parents: Mapping[str, str]) -> str:
    """Return the main session above a session, as far as `parents` knows."""
    seen = {session}
    while parents.get(session) and parents[session] not in seen:
        session = parents[session]
        seen.add(session)
    return session


def step_tokens(parts: Iterable[Mapping[str, object]]) -> tuple[Mapping[str, object], ...]:
    """Return the token objects of the finished steps among a message's parts."""
    return tuple(table_of(part, "tokens") for part in parts if part.get("type") == "step-finish")


def is_reasoning_beside(provider: str) -> bool:
    """Whether the output a provider counted never held the reasoning."""
    return any(name in provider.lower() for name in _REASONING_BESIDE)


def _has_reasoning_inside(message: OpenCodeMessage, tokens: Mapping[str, object], found: OpenCodeCounters) -> bool:
    """Whether the stored output includes the reasoning, decided by the total stored beside it if there is one."""
    if not found.reasoning or found.reasoning > found.output:
        return False
    total = count_of(tokens, "total") or message.total
    if total:
        return total < found.sum
    return not message.is_new and not is_reasoning_beside(message.provider)
