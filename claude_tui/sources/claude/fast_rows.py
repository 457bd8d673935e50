"""Settles usage rows of the usual shape in few steps. What is unusual is left to the counting rule.

Gives the same columns as `columns.columns_of`. Must not read files, know lines or say what unusual rows mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

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


class Taken(NamedTuple):
    """A row that was settled: the entry it went into, and what facts are gathered from."""

    entry: int
    time_ms: int
    prompt: int
    model: str
    is_main: bool


class FastBuilder(ColumnsBuilder):
    """A `ColumnsBuilder` that also takes decoded lines."""

    def take(self, line: Mapping[str, Any], offset: int) -> Taken | None:
        """Settle a decoded line if it is a usage row of the usual shape; None where the rule must decide.

        Usual is what the rule gives no terms, extras or problems, and a key that is the message's id.
        """
        try:
            message = line["message"]
            usage = message["usage"]
            key, model = message["id"], message["model"]
            session, cwd, version = line["sessionId"], line["cwd"], line["version"]
            given, output = usage["input_tokens"], usage["output_tokens"]
            writes, reads = usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]
            split = usage.get("cache_creation")
            tools = usage.get("server_tool_use") or _NO_TOOLS
            searches = tools.get("web_search_requests", 0)
            write_5m = writes if split is None else split["ephemeral_5m_input_tokens"]
            write_1h = 0 if split is None else split["ephemeral_1h_input_tokens"]
        except (KeyError, TypeError, AttributeError, IndexError):
            return None
        agent = line.get("agentId", "")
        if not (
            line.get("type") == "assistant"
            and type(key) is type(model) is type(session) is type(cwd) is type(version) is type(agent) is str
            and type(given) is type(output) is type(writes) is type(reads) is int
            and type(write_5m) is type(write_1h) is type(searches) is int
            and not (given | output | writes | reads | write_5m | write_1h | searches) >> _COUNT_BITS
            and write_5m + write_1h == writes
            and (split is not None or not writes)
            and key.startswith("msg_")
            and session
            and cwd
            and model != SYNTHETIC_MODEL
            and not line.get("isApiErrorMessage")
            and "code_execution_requests" not in tools
            and usage.get("speed") != "fast"
            and usage.get("inference_geo") != "us"
            and usage.get("service_tier") != "batch"
            and not usage.get("fallback_credit")
            and not message.get("pausedResponses")
            and _is_plain(usage.get("iterations"))
            and (output or message.get("stop_reason") != "refusal")
        ):
            return None
        if has_merged_usage(version):
            is_lower = "server_tool_use" not in usage
        else:
            is_lower = output <= PLACEHOLDER_OUTPUT and message.get("stop_reason") is None
        flags = (COPY if "requestSessionId" in line or "forkedFrom" in line else 0) | (
            SIDECHAIN if line.get("isSidechain") else 0
        )
        time_ms = instant_ms(line.get("timestamp"))
        owner = (session, agent, cwd)
        columns = self._columns
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = len(columns.key)
            columns.key.append(key_number(columns.source, key))
            if self._keep_names:
                columns.names.append(key)
            columns.time.append(time_ms)
            columns.owner.append(self._number_of_owner(owner))
            columns.flags.append(flags | (LOWER_BOUND if is_lower else 0))
            columns.model.append(self._number_of_model(model))
            columns.input.append(given)
            columns.output.append(output)
            columns.write_5m.append(write_5m)
            columns.write_1h.append(write_1h)
            columns.cache_read.append(reads)
            columns.offset.append(offset)
            if searches:
                columns.web_search[entry] = searches
        else:
            self._merge_instant(entry, time_ms, flags, owner)
            counted = (
                columns.input[entry] + columns.output[entry] + columns.write_5m[entry] + columns.write_1h[entry]
                + columns.cache_read[entry]
            )  # fmt: skip
            tokens = given + output + writes + reads
            if (output, tokens, offset) >= (columns.output[entry], counted, columns.offset[entry]):
                columns.model[entry] = self._number_of_model(model)
                columns.input[entry] = given
                columns.output[entry] = output
                columns.write_5m[entry] = write_5m
                columns.write_1h[entry] = write_1h
                columns.cache_read[entry] = reads
                columns.offset[entry] = offset
                columns.flags[entry] = (columns.flags[entry] & ~LOWER_BOUND) | (LOWER_BOUND if is_lower else 0)
                put_or_drop(columns.web_search, entry, searches)
                columns.terms.pop(entry, None)
                columns.extras.pop(entry, None)
        return Taken(entry, time_ms, given + writes + reads, model, not flags & SIDECHAIN)

    def _merge_instant(self, entry: int, time_ms: int, flags: int, owner: tuple[str, str, str]) -> None:
        columns = self._columns
        known = columns.flags[entry]
        if (flags & COPY, time_ms or NEVER, flags & SIDECHAIN) < (
            known & COPY,
            self._owner_time(entry),
            known & SIDECHAIN,
        ):
            columns.owner[entry] = self._number_of_owner(owner)
            columns.flags[entry] = flags | (known & LOWER_BOUND)
            columns.owner_time[entry] = time_ms
        elif entry not in columns.owner_time:
            columns.owner_time[entry] = columns.time[entry]
        if time_ms and (time_ms < columns.time[entry] or not columns.time[entry]):
            columns.time[entry] = time_ms
        if columns.owner_time[entry] == columns.time[entry]:
            del columns.owner_time[entry]

    def _number_of_owner(self, owner: tuple[str, str, str]) -> int:
        number = self._owners.get(owner)  # type: ignore[call-overload]
        return self._new_owner(Owner(*owner)) if number is None else number

    def _new_owner(self, owner: Owner) -> int:
        number = self._owners[owner] = len(self._columns.owners)
        self._columns.owners.append(owner)
        return number

    def _number_of_model(self, model: str) -> int:
        number = self._models.get(model)
        if number is None:
            number = self._models[model] = len(self._columns.models)
            self._columns.models.append(model)
        return number


def _is_plain(iterations: Any) -> bool:
    """Whether iterations say nothing that the counters of the whole response do not."""
    if not iterations:
        return True
    return (
        type(iterations) is list
        and len(iterations) == 1
        and type(iterations[0]) is dict
        and iterations[0].get("type") == "message"
    )
