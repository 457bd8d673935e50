"""Files of exports: one record a line or many, numbers however they are written, and what is no event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.model import ProblemKind, Usage, UsageRow
from claude_tui.sources.protocol import FileRead, SourceConfig
from claude_tui.sources.telemetry.event import details_of
from claude_tui.sources.telemetry.source import TelemetrySource
from tests.engine.telemetry import SETS, expected, exports_of

SOURCE = TelemetrySource()
AT = "2026-11-29T22:42:05.198Z"


def value_of(value: object) -> dict[str, object]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"doubleValue": value} if isinstance(value, float) else {"intValue": value}


def export(*records: dict[str, object]) -> dict[str, Any]:
    made = [{"attributes": [{"key": key, "value": value_of(value)} for key, value in one.items()]} for one in records]
    return {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": made}]}]}


def request(**more: object) -> dict[str, object]:
    told = {
        "event.name": "api_request", "session.id": "s1", "event.timestamp": AT, "model": "claude-sonnet-4-5",
        "input_tokens": 1, "output_tokens": 2, "cache_read_tokens": 3, "cache_creation_tokens": 9, "cost_usd": 0.25,
    }  # fmt: skip
    return {**told, **{name.replace("__", "."): value for name, value in more.items()}}


def read(folder: Path, *lines: object) -> FileRead:
    path = folder / "2026-11-29.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (file,) = SOURCE.discover(folder)
    return SOURCE.read(file)


def test_an_event_is_a_row_with_all_it_tells(tmp_path: Path) -> None:
    told = request(
        request_id="req_1", query_source="compact", cache_creation_5m_tokens=4, cache_creation_1h_tokens=5,
        duration_ms=70, speed="fast", effort="high", agent_id="a1", agent__name="helper",
    )  # fmt: skip
    (row,) = read(tmp_path, export(told)).rows
    assert (row.key, row.session, row.agent, row.model) == ("req_1", "claude:s1", "a1", "claude-sonnet-4-5")
    assert row.usage == Usage(1, 2, 4, 5, 3)
    assert (row.reported_nano, row.time_ms) == (250_000_000, 1_795_992_125_198)
    details = details_of(row.terms)
    assert (details.kind, details.agent_name, details.effort, details.speed) == ("compact", "helper", "high", "fast")
    assert (details.id, details.duration_ms, details.is_split) == ("req_1", 70, True)


def test_numbers_may_be_text_and_what_older_versions_do_not_tell_is_not_made_up(tmp_path: Path) -> None:
    told = request(input_tokens="1", output_tokens="2", cache_read_tokens="3", cache_creation_tokens="9")
    (row,) = read(tmp_path, export({**told, "cost_usd": "0.25"})).rows
    assert (row.usage, row.reported_nano) == (Usage(1, 2, 9, 0, 3), 250_000_000)
    assert not details_of(row.terms).is_split


def test_one_export_of_many_records_gives_what_many_of_one_do(tmp_path: Path) -> None:
    records = [request(request_id=f"req_{n}", input_tokens=n) for n in range(3)]
    together = read(tmp_path, export(*records)).rows
    apart = read(tmp_path, *map(export, records)).rows
    assert [(row.key, row.usage) for row in together] == [(row.key, row.usage) for row in apart]
    assert [row.offset for row in together] == [0, 0, 0]


def test_the_same_event_without_an_id_has_the_same_key_and_another_one_has_not(tmp_path: Path) -> None:
    one, again, other = read(tmp_path, *[export(request())] * 2, export(request(output_tokens=3))).rows
    assert one.key == again.key != other.key


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (request(input_tokens=-1), ProblemKind.BAD_COUNT),
        (request(output_tokens=2**60), ProblemKind.BAD_COUNT),
        (request(cache_read_tokens=0.5), ProblemKind.BAD_COUNT),
        ({k: v for k, v in request().items() if k != "output_tokens"}, ProblemKind.UNKNOWN_SHAPE),
        (request(event__timestamp="yesterday"), ProblemKind.UNKNOWN_SHAPE),
        (request(event__timestamp="1970-01-01T00:00:01Z"), ProblemKind.UNKNOWN_SHAPE),
        (request(session__id=""), ProblemKind.UNKNOWN_SHAPE),
        (request(event__timestamp="2036-12-02T00:00:00Z"), ProblemKind.FUTURE),  # it arrived on 2026-11-29
    ],
)
def test_an_event_that_cannot_be_is_a_problem_and_the_others_count(
    record: dict[str, object], kind: ProblemKind, tmp_path: Path
) -> None:
    found = read(tmp_path, export(record), export(request(request_id="req_1")))
    assert [row.key for row in found.rows] == ["req_1"]
    assert [problem.kind for problem in found.problems] == [kind]


def test_lines_that_are_no_exports_and_torn_ones_are_told(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-29.jsonl"
    whole = json.dumps(export(request(request_id="req_1")))
    path.write_text(f'{{"some":"thing"}}\n{whole}\n{whole[:90]}\n{whole}\n{whole[:50]}')
    (file,) = SOURCE.discover(tmp_path)
    found = SOURCE.read(file)
    assert [row.key for row in found.rows] == ["req_1", "req_1"]
    assert {problem.kind for problem in found.problems} == {ProblemKind.UNKNOWN_SHAPE, ProblemKind.MALFORMED}
    with path.open("a") as more:
        more.write(whole[50:] + "\n")
    (file,) = SOURCE.discover(tmp_path)
    assert [row.key for row in SOURCE.read(file, found.checkpoint).rows] == ["req_1"]


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_every_event_of_a_client_has_the_counters_that_were_served(folder: Path, tmp_path: Path) -> None:
    found = read(tmp_path, *map(json.loads, exports_of(folder)))
    assert not list(found.problems)
    told = [one for one in expected(folder)["responses"] if one["in_telemetry"]]
    assert sorted(map(_counters, found.rows)) == sorted(
        (
            one["input"] + sum(one.get(name, 0) for name in ("cache_write", "cache_write_5m", "cache_write_1h")),
            one["output"], one["cache_read"],
        )
        for one in told
    )  # fmt: skip


def _counters(row: UsageRow) -> tuple[int, int, int]:
    usage = row.usage
    return usage.input + usage.cache_write_5m + usage.cache_write_1h, usage.output, usage.cache_read


def test_named_folders_stand_for_the_spool(tmp_path: Path) -> None:
    assert SOURCE.roots(SourceConfig(tmp_path, {"XDG_STATE_HOME": str(tmp_path)})) == [
        tmp_path / "claude-top" / "telemetry"
    ]
    named = SourceConfig(tmp_path, explicit={"telemetry": (tmp_path / "a", tmp_path / "b")})
    assert SOURCE.roots(named) == [tmp_path / "a", tmp_path / "b"]
