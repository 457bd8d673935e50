"""What stands before each total of a file: found in one pass, and the same as looking through the file for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.sources.claude.client_totals import _is_own, _is_prompt, _objects, _time_ms, client_total, complete
from claude_tui.sources.client_totals import ClientTotal
from tests.engine.counting import NOW_MS
from tests.logs import line, timestamp

LINES = st.tuples(
    st.sampled_from(["prompt", "answer", "tool", "total", "total", "undated"]),
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
    row: dict[str, Any] = {"type": "assistant" if kind == "answer" else "user", "sessionId": "s1", "parentUuid": parent}
    if uuid:
        row["uuid"] = uuid
    if kind == "tool":
        row["toolUseResult"] = "done"
    if kind != "undated":
        row["timestamp"] = timestamp(NOW_MS + second * 1000)
    return row


def looked_through(total: ClientTotal, data: bytes) -> ClientTotal:
    """The total with what all lines before it say, each looked at again: the plain definition."""
    parents: dict[str, str] = {}
    prompts: list[tuple[int, int, str]] = []
    leaf, has_root = "", False
    for offset, value in _objects(lambda size, at: data[at : at + size], 0, total.offset):
        uuid, time_ms = value.get("uuid", ""), _time_ms(value)
        if not time_ms:
            continue
        if uuid:
            parents[uuid] = value.get("parentUuid", "")
            if offset > total.since:
                leaf, has_root = uuid, has_root or not parents[uuid]
        if _is_prompt(value) and _is_own(value):
            prompts.append((offset, time_ms, uuid))
    ancestors: set[str] = set()
    while leaf and leaf not in ancestors:
        ancestors.add(leaf)
        leaf = parents.get(leaf, "")
    is_linear = has_root or all(uuid in ancestors for offset, _, uuid in prompts if offset > total.since and uuid)
    return total._replace(is_linear=is_linear, prompts=tuple((offset, time_ms) for offset, time_ms, _ in prompts))


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
        looked = total.prompts or total.since >= 0 or total.is_linear
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
    assert sum(bool(total.prompts) for total in made) == 200
    near = sum(total.offset <= 1 << 16 for total in found)
    assert whole[0] <= near + 1  # what stands near each total is looked at for its instant
    assert json.dumps(made) == json.dumps([looked_through(total, data) for total in made])
