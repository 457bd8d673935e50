"""The counting rule of Copilot CLI: a usage record becomes a row; without any, what a shutdown adds to the last one.

Versions from 1.0.102 on record the usage of every call. Earlier ones tell the totals of each model when a session is
shut down, over all that was done in the session since it began. A stretch between a start or resume and its shutdown
is then one row for each model. While the stretch goes on that row holds the output told so far, if any, and is marked
as a lower bound; the shutdown's, which is larger and has the same key, takes its place. Must not know files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from claude_tui.model import Usage, UsageRow
from claude_tui.pricing.billing.premium import premium_milli, terms_of_premium
from claude_tui.sources.columns import terms_of_sum
from claude_tui.sources.records.conversation import Conversation, UnknownShapeError
from claude_tui.sources.records.events import BadCountError, count_of, text_of_counters
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

_SCHEMA: Final = 1
_RECORDS_SINCE: Final = (1, 0, 102)
"""The first version that records every call."""
_COUNTERS: Final = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens")
_USAGE_KEYS: Final = ("usage", "modelMetrics", "inputTokens")


@dataclass(slots=True)
class CopilotSession(Conversation):
    """The events of one session.

    `stretch` names the present stretch: the id of the event that began it. `told` is the output told in it, by model;
    `totals` are the counters at the last shutdown, by model, and its premium requests in thousandths. `has_records`:
    calls of this stretch are, or will be, recorded one by one.
    """

    began_ms: int = 0
    stretch: str = ""
    told: dict[str, int] = field(default_factory=dict)
    totals: dict[str, list[int]] = field(default_factory=dict)
    has_records: bool = False

    def rows(self, record: Mapping[str, Any], offset: int) -> Iterator[UsageRow]:
        """Yield what an event counts."""
        kind, data = text_of(record, "type"), table_of(record, "data")
        time_ms = instant_ms(record.get("timestamp"))
        if kind in ("session.start", "session.resume"):
            self._begin(record, data, time_ms)
        elif kind == "user.message":
            self.spoke("user", time_ms)
        elif kind == "assistant.message":
            self.is_known = True
            self.has_answers |= self.has_records
            self.spoke("tool_use" if data.get("toolRequests") else "assistant", time_ms)
            yield from self._answer(data, time_ms, offset)
        elif kind == "session.usage_record":
            self.is_known = self.has_usage = True
            yield from self._record(text_of(record, "agentId"), data, time_ms, offset)
        elif kind == "session.shutdown":
            self.is_known = True
            self.has_usage |= bool(_metrics(data))
            yield from self._shutdown(record, data, time_ms, offset)
        elif kind == "session.compaction_complete":
            self.compactions += 1
        elif any(name in data for name in _USAGE_KEYS):
            raise UnknownShapeError(f"usage in an event of unknown type {kind[:40]!r}")

    def _begin(self, record: Mapping[str, Any], data: Mapping[str, Any], time_ms: int) -> None:
        self.is_known = True
        self.stretch = text_of(record, "id") or f"{self.session}/{time_ms}"
        self.told = {}
        self.cwd = self.cwd or text_of(table_of(data, "context"), "cwd")
        if text_of(record, "type") == "session.start":
            self.began_ms = time_ms
            self.version = text_of(data, "copilotVersion")
            self.has_records = _numbers(self.version) >= _RECORDS_SINCE
            if count_of(data, "version") > _SCHEMA:
                raise UnknownShapeError(f"format {data['version']}: read as format {_SCHEMA}")

    def _record(self, agent: str, data: Mapping[str, Any], time_ms: int, offset: int) -> Iterator[UsageRow]:
        counters = table_of(data, "usage")
        if not any(name in counters for name in _COUNTERS):
            raise UnknownShapeError("a usage record without counters")
        usage = usage_of(counters)
        if not usage.tokens:
            return
        self.has_records = True
        accounting, model = table_of(counters, "accounting"), text_of(counters, "model")
        premium, is_odd = (0, False) if counters.get("isByok") else _premium(counters.get("cost"))
        call = text_of(accounting, "usageId") or text_of(counters, "apiCallId")
        # A sub-agent is billed under an id of its own; whatever else is of another session was copied from it.
        session = self.session if agent else text_of(accounting, "sourceSessionId") or self.session
        if not agent:
            self.answered(model, usage.prompt)
        yield UsageRow(
            key=call or f"{time_ms}/{model}/{text_of_counters(usage[:5])}",
            time_ms=time_ms,
            session=session,
            agent=agent,
            cwd=self.cwd,
            model=model,
            usage=usage,
            terms=terms_of_premium(premium),
            is_copy=session != self.session or 0 < time_ms < self.began_ms,
            is_sidechain=bool(agent),
            offset=offset,
        )
        if is_odd:
            raise BadCountError("cost")

    def _answer(self, data: Mapping[str, Any], time_ms: int, offset: int) -> Iterator[UsageRow]:
        if self.has_records:
            return
        model = text_of(data, "model")
        self.told[model] = self.told.get(model, 0) + count_of(data, "outputTokens")
        yield self._sum(model, Usage(output=self.told[model]), time_ms, offset, is_lower_bound=True)

    def _shutdown(
        self, record: Mapping[str, Any], data: Mapping[str, Any], time_ms: int, offset: int
    ) -> Iterator[UsageRow]:
        fallen, is_odd = [], False
        for model, told in _metrics(data).items():
            counters = table_of(told, "usage") if isinstance(told, dict) else {}
            premium, has_none = (
                _premium(table_of(told, "requests").get("cost")) if isinstance(told, dict) else (0, False)
            )
            is_odd |= has_none
            now = [*(count_of(counters, name) for name in _COUNTERS), premium]
            before = self.totals.get(model, [0] * len(now))
            if any(new < old for new, old in zip(now, before, strict=True)):
                fallen.append(model)
                continue
            self.totals[model] = now
            *added, more = (new - old for new, old in zip(now, before, strict=True))
            if any((*added, more)) and not self.has_records:
                usage = usage_of(dict(zip(_COUNTERS, added, strict=True)))
                yield self._sum(model, usage, time_ms, offset, terms=terms_of_premium(more))
        self.stretch, self.told = text_of(record, "id"), {}
        self.has_records = _numbers(self.version) >= _RECORDS_SINCE
        if fallen:
            raise UnknownShapeError(f"the totals of {fallen[0][:40]!r} went down: not counted")
        if is_odd:
            raise BadCountError("requests.cost")

    def _sum(
        self, model: str, usage: Usage, time_ms: int, offset: int, *, terms: str = "", is_lower_bound: bool = False
    ) -> UsageRow:
        return UsageRow(
            key=f"{self.stretch}/{model}",
            time_ms=time_ms,
            session=self.session,
            agent="",
            cwd=self.cwd,
            model=model,
            usage=usage,
            terms=terms_of_sum(terms),
            is_copy=0 < time_ms < self.began_ms,
            is_lower_bound=is_lower_bound,
            offset=offset,
        )


def usage_of(counters: Mapping[str, object]) -> Usage:
    """The counters of a call, disjoint: input includes what the cache gave and took, output the reasoning."""
    read, written = count_of(counters, "cacheReadTokens"), count_of(counters, "cacheWriteTokens")
    return Usage(
        input=max(0, count_of(counters, "inputTokens") - read - written),
        output=count_of(counters, "outputTokens"),
        cache_write_5m=written,
        cache_read=read,
    )


def _metrics(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return table_of(data, "modelMetrics") or table_of(table_of(data, "accountingSnapshot"), "modelMetrics")


def _premium(requests: object) -> tuple[int, bool]:
    """Return premium requests in thousandths, and whether what is told is none."""
    try:
        return premium_milli(requests), False
    except ValueError:
        return 0, True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number[:9]) for number in re.findall(r"\d+", version)[:3])
