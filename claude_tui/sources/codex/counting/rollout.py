"""The counting rule of Codex: records of a rollout become events.

Newer versions write a `token_usage_record` per model response, which counts as it is, under its response id.
`token_count` events count if no such record came before for the response: each change of the running total is one
response, of the size `last`, and so is a `last` without a total. They are written again on many occasions (same total),
restart at zero in old versions, and are copied into forks. A copy is recognised by the parent's sequence of (total,
last), or, if the parent is gone, by its timestamp, which is not after the moment of the fork. Must not know files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from claude_tui.model import ProblemKind, Usage, UsageRow
from claude_tui.pricing.billing.tiers import terms_of_tier
from claude_tui.sources.auditing.audit import INHERITED, RESTATED
from claude_tui.sources.codex.counting.described import DescribedThread, OtherThreads
from claude_tui.sources.codex.counting.records import (
    ZERO,
    Tokens,
    kind_of,
    meta_of,
    token_count_of,
    tokens_of,
    usage_of,
    window_of,
)
from claude_tui.sources.codex.counting.state import State
from claude_tui.sources.records.events import BadCountError, ResponseEvent, count_of
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

UNDATED: Final = "no time: dated like the line before it"

COPY_MS: Final = 1000
"""How long after the start of a fork copied history may be stamped; what is stamped before it is a copy, too."""


class Rollout(DescribedThread):
    """One thread, followed record by record. `bad_counts` collects the names of counters that are not counts,
    `undated` is how many responses had no time but for that of a line before."""

    def __init__(self, stem: str, others: OtherThreads, state: str = "") -> None:
        super().__init__(stem, others)
        self._unnamed: list[ResponseEvent] = []
        self.bad_counts: list[str] = []
        self.undated = 0
        if state:
            self._resume(state)

    @property
    def has_counted(self) -> bool:
        """Whether any usage was understood, here or before the checkpoint."""
        return self._state.previous is not None or self._state.told or bool(self._state.context)

    def state(self) -> str:
        """Return what must be known to follow the next records."""
        unnamed = [[event.row._asdict(), event.reasoning] for event in self._unnamed]
        values = {name: getattr(self._state, name) for name in State.__slots__}
        return json.dumps([self._is_new, values, unnamed])

    def events(self, record: Mapping[str, object], offset: int) -> Iterator[ResponseEvent]:
        """Yield what a record counts."""
        kind, payload = kind_of(record)
        if kind == "session_meta":
            self._see_meta(meta_of(payload), record)
        elif kind == "turn_context":
            self.see_dated(record.get("timestamp"))
            self.see_folder(payload)
            yield from self._see_model(payload, offset)
        elif kind == "thread_settings_applied":
            self.see_dated(record.get("timestamp"))
            settings = payload.get("thread_settings")
            if isinstance(settings, dict):
                self._state.terms = terms_of_tier(settings.get("service_tier"))
                if not self._state.model:
                    yield from self._see_model(settings, offset)
        elif kind == "compacted":
            self.see_dated(record.get("timestamp"))
            self._state.compactions += 1
        elif kind in ("token_usage_record", "token_count"):
            if kind == "token_count":
                self._state.window = window_of(payload) or self._state.window
            try:
                count = self._see_record if kind == "token_usage_record" else self._see_total
                time_ms = instant_ms(record.get("timestamp"))
                event = count(payload, time_ms or self._state.dated_ms, offset)
            except BadCountError as error:
                self.bad_counts.append(f"{kind}.{error}")
                return
            if event and not event.row.time_ms:
                self.bad_counts.append(f"{kind}.timestamp")
            elif event:
                self.undated += not time_ms
                self._state.dated_ms = event.row.time_ms
                if not event.row.model:
                    self._unnamed.append(event)
                yield event

    def doubts(self) -> list[tuple[ProblemKind, str]]:
        """Return what was in doubt since this was asked last."""
        found = [(ProblemKind.BAD_COUNT, name) for name in reversed(self.bad_counts)]
        found += [(ProblemKind.UNDATED, UNDATED)] * self.undated
        self.bad_counts, self.undated = [], 0
        return found

    def _resume(self, state: str) -> None:
        self._is_new, values, unnamed = json.loads(state)
        self._state = State(**values)
        previous = values["previous"]
        self._state.previous = tuple(previous) if previous else None
        for row, reasoning in unnamed:
            usage, extras = row.pop("usage"), tuple(row.pop("extras"))
            self._unnamed.append(ResponseEvent(UsageRow(**row, usage=Usage(*usage), extras=extras), reasoning))

    def _see_model(self, settings: Mapping[str, object], offset: int) -> Iterator[ResponseEvent]:
        """Use the model of a turn, also for what was counted before any model was named."""
        model, turn = text_of(settings, "model"), text_of(settings, "turn_id")
        if not model:
            return
        self.name_model(model, turn)
        for event in self._unnamed:
            # The later offset makes this row win over the one without a model.
            yield ResponseEvent(event.row._replace(model=model, offset=offset), event.reasoning)
        self._unnamed.clear()

    def _see_record(self, payload: Mapping[str, object], time_ms: int, offset: int) -> ResponseEvent | None:
        state = self._state
        usage = payload.get("usage")
        if not isinstance(usage, dict):
            return None
        tokens = tokens_of(usage)
        thread = text_of(payload, "thread_id") or state.thread
        if thread == state.thread:
            state.told, state.leading = True, False
            state.context = tokens[0]
        turn = text_of(payload, "turn_id")
        response = text_of(payload, "response_id")
        if not response:
            running = count_of(table_of(payload, "thread_token_usage"), "total_tokens")
            response = f"{turn}/{running}"
        model = state.turns.get(turn, state.model)
        return self._event(f"{thread}/{response}", thread, model, tokens, time_ms, offset)

    def _see_total(self, payload: Mapping[str, object], time_ms: int, offset: int) -> ResponseEvent | None:
        state = self._state
        found = token_count_of(payload)
        if found is None:
            return None
        total, last = found
        origin = state.thread
        if state.leading:
            parent = self._origin(total, last, time_ms)
            state.leading = parent is not None
            if parent is not None:
                if parent == "":
                    self._advance(total or self._sum_with(last))
                    self._pass_over(INHERITED, total, last, time_ms, offset)
                    return None
                origin = parent
        key = ""
        if total is None:
            # Nothing but the moment and the size tells whether it is the same again.
            key = f"{origin}/last/{time_ms}/{'.'.join(map(str, last))}"
            if key == state.alone:
                self._pass_over(RESTATED, None, last, time_ms, offset)
                return None
            state.alone, total = key, self._sum_with(last)
        before = state.previous
        if total == before:
            self._pass_over(RESTATED, total, last, time_ms, offset)
            return None
        base = self._advance(total)
        if state.told:
            state.told = False
            self._pass_over(RESTATED, total, last, time_ms, offset)
            return None
        tokens = last
        if not any(last[:5]):
            if before is None and state.parents:
                return None  # the total of a fork holds its parent's, which is counted there
            input_tokens, cached, written, output, reasoning, summed = (
                max(0, now - then) for now, then in zip(total, base, strict=True)
            )
            tokens = input_tokens, cached, written, output, reasoning, summed
        if origin == state.thread:
            state.context = tokens[0]
        key = key or f"{origin}/{state.epoch}/{'.'.join(map(str, total + last))}"
        return self._event(key, origin, state.model, tokens, time_ms, offset)

    def _pass_over(self, kind: str, total: Tokens | None, last: Tokens, time_ms: int, offset: int) -> None:
        """Learn of a `token_count` that counts nothing, since its response is counted elsewhere. `kind` says where: see
        `sources.auditing.audit`."""

    def _sum_with(self, last: Tokens) -> Tokens:
        """Return the running total after a response that was logged without one."""
        input_tokens, cached, written, output, reasoning, summed = map(
            sum, zip(self._state.previous or ZERO, last, strict=True)
        )
        return input_tokens, cached, written, output, reasoning, summed

    def _advance(self, total: Tokens) -> Tokens:
        """Move on to a running total. Returns the one before it, zero if the counter restarted."""
        before = self._state.previous or ZERO
        self._state.previous = total
        if total[5] < before[5]:
            self._state.epoch += 1
            return ZERO
        return before

    def _origin(self, total: Tokens | None, last: Tokens, time_ms: int) -> str | None:
        """Return the origin of a leading `token_count` of a fork.

        "" if it is counted in a rollout that exists; a thread id if that thread's rollout is gone and the copy stands
        for it; None if it belongs to the fork itself.
        """
        state = self._state
        parent = state.parents[0]
        for thread in (*state.parents, state.root):
            known = self._others.token_counts(thread) if thread != state.thread else None
            if known is None:
                continue
            if (total, last) in known:
                return ""
            if thread == parent:
                return None
            break
        if state.is_subagent and not state.is_copying:
            return None  # it was started, not forked, so it repeats nothing, however soon it was answered
        return parent if time_ms <= state.started_ms + COPY_MS else None

    def _event(self, key: str, thread: str, model: str, tokens: Tokens, time_ms: int, offset: int) -> ResponseEvent:
        state = self._state
        # A user's fork is a session of its own, and so was the thread whose copies it carries.
        session = state.root if thread == state.thread or state.is_subagent else thread
        row = UsageRow(
            key=key,
            time_ms=time_ms,
            session=session,
            agent="" if thread == session else thread,
            cwd=state.cwd,
            model=model,
            usage=usage_of(tokens),
            terms=state.terms,
            is_copy=thread != state.thread,
            is_sidechain=thread != session,
            offset=offset,
        )
        return ResponseEvent(row, tokens[4])
