"""What stands before each total of a file: found in one pass, and the same as looking through the file for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.sources.claude.client_totals import _is_prompt, _objects, _time_ms, client_total, complete
from claude_tui.sources.client_totals import ClientTotal
from tests.engine.counting import NOW_MS
from tests.logs import line, timestamp

LINES = st.tuples(
    st.sampled_from(["prompt", "answer", "tool", "total", "total", "undated", "dequeue", "meta", "synthetic"]),
    st.sampled_from(["", "u0", "u1", "u2", "u3", "u4"]),
    st.sampled_from(["", "u0", "u1", "u2", "u3", "gone", "gone"]),
    st.integers(0, 40),
    st.integers(0, 3),
)


def row_of(kind: str, uuid: str, parent: str, second: int, duration: int) -> dict[str, Any]:
    if kind == "total":
        return {
            "type": "cost-state", "sessionId": "s1", "startTime": NOW_MS, "totalDuration": duration * 2_000,
            "totalAPIDuration": 1, "totalCostUSD": duration, "modelUsage": {},
        }  # fmt: skip
    if kind == "dequeue":
        time = timestamp(NOW_MS + second * 1000)
        return {"type": "queue-operation", "operation": "dequeue", "sessionId": "s1", "timestamp": time}
    of_model = kind in ("answer", "synthetic")
    row: dict[str, Any] = {"type": "assistant" if of_model else "user", "sessionId": "s1", "parentUuid": parent}
    if kind == "synthetic":
        row["message"] = {"model": "<synthetic>"}
    if kind == "meta":
        row["isMeta"] = True
    if uuid:
        row["uuid"] = uuid
    if kind == "tool":
        row["toolUseResult"] = "done"
    if kind != "undated":
        row["timestamp"] = timestamp(NOW_MS + second * 1000)
    return row


def looked_through(total: ClientTotal, data: bytes) -> ClientTotal:
    """The total with what all lines before it say, each looked at again: the plain definition."""
    objects = [*_objects(lambda size, at: data[at : at + size], 0, total.offset)]
    dated = [(offset, value) for offset, value in objects if _time_ms(value)]
    parents = {value["uuid"]: value["parentUuid"] for _, value in dated if "uuid" in value}
    since = [value for offset, value in dated if "uuid" in value and offset > total.since]
    ancestors, leaf = set[str](), since[-1]["uuid"] if since else ""
    while leaf and leaf not in ancestors:
        ancestors.add(leaf)
        leaf = parents.get(leaf, "")
    asked = {value["uuid"] for value in since if _is_prompt(value)}
    is_linear = asked <= ancestors or any(not value["parentUuid"] for value in since)
    lines = [value for _, value in dated if "uuid" in value or value["type"] == "queue-operation"]
    starts = [began_ms(lines[: at + 1]) for at in range(len(lines))]
    offsets = [offset for offset, value in dated if "uuid" in value or value["type"] == "queue-operation"]
    turns: list[tuple[int, int]] = []
    for offset, value, start_ms in zip(offsets, lines, starts, strict=True):
        if "uuid" in value and (not turns or turns[-1][1] != start_ms):
            turns.append((offset, start_ms))
    return total._replace(is_linear=is_linear, turns=tuple(turns))


def began_ms(lines: list[dict[str, Any]]) -> int:
    """When the turn of the last of these lines began: what was asked, or the first line that follows nothing known."""
    *before, line = lines
    time_ms = _time_ms(line)
    above = next((at for at in reversed(range(len(before))) if before[at].get("uuid") == line.get("parentUuid")), -1)
    if line["type"] != "user" or "toolUseResult" in line:
        return began_ms(before[: above + 1]) if above >= 0 else time_ms
    started = [time_ms]
    if before and before[-1]["type"] == "queue-operation":
        started.append(_time_ms(before[-1]))
    if above >= 0 and is_added(before[: above + 1]):
        closes = all(not is_added(before[: at + 1]) for at in range(above + 1, len(before)))
        started += [began_ms(before[: above + 1])] if closes else []
    return min(started)


def is_added(lines: list[dict[str, Any]]) -> bool:
    """Whether the last of these lines is the second of the two that end a turn that was cut off."""
    *before, line = lines
    metas = [one for one in before if one.get("isMeta") and "uuid" in one]
    return (
        "uuid" in line
        and line.get("message") == {"model": "<synthetic>"}
        and bool(metas)
        and (metas[-1]["uuid"], _time_ms(metas[-1])) == (line["parentUuid"], _time_ms(line))
    )


def totals_in(rows: list[Mapping[str, Any]]) -> tuple[bytes, list[ClientTotal]]:
    data, found = b"", []
    for row in rows:
        total = client_total(row, len(data)) if row["type"] == "cost-state" else None
        found += [total] if total is not None else []
        data += line(row)
    return data, found


@settings(max_examples=400)
@given(st.lists(LINES, min_size=6, max_size=40), st.integers(0, 10))
def test_one_pass_says_what_looking_through_the_file_for_each_total_does(
    drawn: list[tuple[str, str, str, int, int]], cut: int
) -> None:
    data, found = totals_in([row_of(*one) for one in drawn])
    reads: list[int] = []

    def read_at(size: int, offset: int) -> bytes:
        reads.append(size)
        return data[offset : offset + size]

    made = complete(found, (), read_at)
    for total in made:
        looked = total.turns or total.since >= 0 or total.is_linear
        assert not looked or total == looked_through(total, data)
    # Read in two goes it is the same.
    first = complete(found[:cut], (), read_at)
    assert [*first, *complete(found[cut:], first, read_at)] == made


def test_a_file_with_many_totals_is_looked_through_once() -> None:
    rows: list[Mapping[str, Any]] = []
    for number in range(200):
        rows.append(row_of("prompt", f"p{number}", "gone", number % 7, 0))
        rows.append({**row_of("total", "", "", 0, 1), "startTime": NOW_MS - 10_000_000 + number})
    data, found = totals_in(rows)
    whole = [0]

    def read_at(size: int, offset: int) -> bytes:
        whole[0] += offset == 0 and size > 100
        return data[offset : offset + size]

    made = complete(found, (), read_at)
    assert sum(bool(total.turns) for total in made) == 200
    near = sum(total.offset <= 1 << 16 for total in found)
    assert whole[0] <= near + 1  # what stands near each total is looked at for its instant
    assert json.dumps(made) == json.dumps([looked_through(total, data) for total in made])


def test_the_turn_of_a_process_that_goes_on_begins_with_what_it_adds_to_the_turn_that_was_cut_off() -> None:
    rows: list[Mapping[str, Any]] = [
        row_of("prompt", "u0", "gone", 10, 0),
        row_of("answer", "u1", "u0", 11, 0),  # killed here
        row_of("dequeue", "", "", 21, 0),
        {**row_of("tool", "t", "u1", 20, 0)},
        row_of("meta", "m", "t", 20, 0),
        row_of("synthetic", "s", "m", 20, 0),
        row_of("prompt", "u2", "s", 22, 0),
        row_of("answer", "u3", "u2", 25, 0),
        {**row_of("total", "", "", 0, 1), "startTime": NOW_MS - 10_000_000},
    ]
    data, found = totals_in(rows)
    (total,) = complete(found, (), lambda size, at: data[at : at + size])
    assert [(start_ms - NOW_MS) // 1000 for _, start_ms in total.turns] == [10, 20]
