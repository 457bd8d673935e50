"""Settles usage rows of the usual shape in few steps. What is unusual is left to the counting rule.

Gives the same columns as `columns.columns_of`. Must not read files, know lines or say what unusual rows mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from claude_tui.sources.claude.facts import FactsGatherer
from claude_tui.sources.claude.rule import MAX_COUNT, PLACEHOLDER_OUTPUT, SYNTHETIC_MODEL, has_merged_usage
from claude_tui.sources.columns import (
    COPY,
    LOWER_BOUND,
    NEVER,
    SIDECHAIN,
    ColumnsBuilder,
    Owner,
    key_number,
    put_or_drop,
)
from claude_tui.sources.instants import instant_ms

_COUNT_BITS: Final = MAX_COUNT.bit_length() - 1
_NO_TOOLS: Final[Mapping[str, Any]] = {}
_APPENDED: Final = (
    "key", "time", "owner", "flags", "input", "output", "write_5m", "write_1h", "cache_read", "offset", "model",
)  # fmt: skip


class _Circumstances(NamedTuple):
    """What rows share that were written under the same circumstances, as numbers of the columns and flags."""

    owner: int
    model: int
    side: int
    has_merged_usage: bool


class FastBuilder(ColumnsBuilder):
    """A `ColumnsBuilder` that also takes decoded lines, and tells `facts` of those it takes."""

    def __init__(self, facts: FactsGatherer, *, keep_names: bool = False) -> None:
        super().__init__("claude", keep_names=keep_names)
        self._see_usage = facts.see_usage
        self._circumstances: dict[tuple[Any, ...], _Circumstances] = {}
        columns = self._columns
        self._appends = tuple(getattr(columns, name).append for name in _APPENDED)

    def take(self, line: Any, offset: int) -> bool:
        """Settle a decoded line if it is a usage row of the usual shape; return False where the rule must decide.

        Usual is what the rule gives no terms, extras or problems, and a key that is the message's id.
        """
        try:
            message = line["message"]
            usage = message["usage"]
            key, given, output = message["id"], usage["input_tokens"], usage["output_tokens"]
            writes, reads = usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]
            split, tools = usage["cache_creation"], usage.get("server_tool_use", _NO_TOOLS)
            write_5m, write_1h = split["ephemeral_5m_input_tokens"], split["ephemeral_1h_input_tokens"]
            searches = tools.get("web_search_requests", 0)
            iterations = usage.get("iterations")
            named = (
                line["type"], message["model"], line["sessionId"], line.get("agentId", ""), line["cwd"],
                line["version"], line["isSidechain"],
                usage.get("speed"), usage.get("inference_geo"), usage.get("service_tier"),
            )  # fmt: skip
            shared = self._circumstances.get(named) or self._new_circumstances(*named)
            is_usual = (
                shared is not None
                and type(key) is str
                and key[:4] == "msg_"
                and type(given) is type(output) is type(writes) is type(reads) is int
                and type(write_5m) is type(write_1h) is type(searches) is int
                and not (given | output | write_5m | write_1h | reads | searches) >> _COUNT_BITS
                and write_5m + write_1h == writes < MAX_COUNT
                and not (iterations and _is_told_apart(iterations))
                and (output or message.get("stop_reason") != "refusal")
                and "code_execution_requests" not in tools
                and not usage.get("fallback_credit")
                and not message.get("pausedResponses")
                and not line.get("isApiErrorMessage")
            )
        except (KeyError, TypeError, AttributeError, IndexError):
            return False
        if not is_usual or shared is None:
            return False
        owner, model, flags, has_merged_usage = shared
        if has_merged_usage:
            lower = 0 if "server_tool_use" in usage else LOWER_BOUND
        else:
            lower = LOWER_BOUND if output <= PLACEHOLDER_OUTPUT and message.get("stop_reason") is None else 0
        if "requestSessionId" in line or "forkedFrom" in line:
            flags |= COPY
        time_ms = instant_ms(line.get("timestamp"))
        prompt = given + writes + reads
        self._see_usage(time_ms, prompt, message["model"], is_main=not flags & SIDECHAIN)
        entry = self._entries.get(key)
        counted = (given, output, write_5m, write_1h, reads, offset, model)
        if entry is not None:
            self._see_instant(entry, time_ms, flags, owner)
            self._see_count(entry, counted, lower, searches)
            return True
        entry = self._entries[key] = len(self._entries)
        if self._keep_names:
            self._columns.names.append(key)
        (
            a_key, a_time, a_owner, a_flags, a_input, a_output, a_write_5m, a_write_1h, a_read, a_offset, a_model,
        ) = self._appends  # fmt: skip
        a_key(key_number("claude", key))
        a_time(time_ms)
        a_owner(owner)
        a_flags(flags | lower)
        a_input(given)
        a_output(output)
        a_write_5m(write_5m)
        a_write_1h(write_1h)
        a_read(reads)
        a_offset(offset)
        a_model(model)
        if searches:
            self._columns.web_search[entry] = searches
        return True

    def _see_instant(self, entry: int, time_ms: int, flags: int, owner: int) -> None:
        columns = self._columns
        known, earliest = columns.flags[entry], columns.time[entry]
        own = columns.owner_time.get(entry, earliest)
        if own == earliest <= time_ms and earliest and not (flags ^ known) & (COPY | SIDECHAIN):
            return
        rank = (flags & COPY, time_ms or NEVER, flags & SIDECHAIN)
        if rank < (known & COPY, own or NEVER, known & SIDECHAIN):
            columns.owner[entry] = owner
            columns.flags[entry] = flags | (known & LOWER_BOUND)
            own = time_ms
        if time_ms and (time_ms < earliest or not earliest):
            columns.time[entry] = earliest = time_ms
        if own == earliest:
            columns.owner_time.pop(entry, None)
        else:
            columns.owner_time[entry] = own

    def _see_count(self, entry: int, counted: tuple[int, ...], lower: int, searches: int) -> None:
        columns = self._columns
        given, output, write_5m, write_1h, reads, offset, model = counted
        tokens = given + output + write_5m + write_1h + reads
        known = (
            columns.input[entry] + columns.output[entry] + columns.write_5m[entry] + columns.write_1h[entry]
            + columns.cache_read[entry]
        )  # fmt: skip
        if (output, tokens, offset) < (columns.output[entry], known, columns.offset[entry]):
            return
        columns.input[entry] = given
        columns.output[entry] = output
        columns.write_5m[entry] = write_5m
        columns.write_1h[entry] = write_1h
        columns.cache_read[entry] = reads
        columns.offset[entry] = offset
        columns.model[entry] = model
        columns.flags[entry] = (columns.flags[entry] & ~LOWER_BOUND) | lower
        put_or_drop(columns.web_search, entry, searches)
        columns.terms.pop(entry, None)
        columns.extras.pop(entry, None)

    def _new_circumstances(self, *named: Any) -> _Circumstances | None:
        kind, model, session, agent, cwd, version, is_sidechain, speed, geo, tier = named
        if not (
            kind == "assistant"
            and type(model) is type(session) is type(agent) is type(cwd) is type(version) is str
            and model != SYNTHETIC_MODEL
            and session
            and cwd
            and speed != "fast"
            and geo != "us"
            and tier != "batch"
        ):
            return None
        side = SIDECHAIN if is_sidechain else 0
        owner = self._owner(Owner(session, agent, cwd))
        made = _Circumstances(owner, self._model(model), side, has_merged_usage(version))
        self._circumstances[named] = made
        return made


def _is_told_apart(iterations: Any) -> bool:
    """Whether iterations say more than the counters of the whole response do."""
    return not (
        type(iterations) is list
        and len(iterations) == 1
        and type(iterations[0]) is dict
        and iterations[0].get("type") == "message"
    )
