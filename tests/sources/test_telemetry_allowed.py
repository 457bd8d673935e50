"""What is kept of an export: the records that count, in numbers and names, and no text of anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.sources.telemetry.allowed import EVENTS, client_of, kept_records
from tests.sources.telemetry_posts import MARK, SETS, TEXT, marked, posts, records, told


def attributes(record: dict[str, Any]) -> dict[str, Any]:
    return {entry["key"]: entry["value"] for entry in record["attributes"]}


@pytest.mark.parametrize("name", SETS)
def test_every_response_that_a_client_told_is_kept_once(name: str) -> None:
    kept = [record for export in posts(name) for record in kept_records(export)]
    assert len(kept) == told(name) > 0
    assert all(len(list(records(export))) == 1 for export in kept)
    client = name.partition("-")[0] if "-" in name else "claude"
    assert {client_of(export) for export in kept} == {client}


@pytest.mark.parametrize("name", SETS)
def test_numbers_and_names_are_what_the_client_sent(name: str) -> None:
    sent = [attributes(record) for export in posts(name) for record in records(export) if "attributes" in record]
    for export in posts(name):
        for kept in kept_records(export):
            (record,) = records(kept)
            found = {key: str(next(iter(value.values()))) for key, value in attributes(record).items()}
            assert any(
                all(float_or_text(one.get(key)) == float_or_text({"": text}) for key, text in found.items())
                for one in sent
            )


def float_or_text(value: dict[str, Any] | None) -> object:
    text = str(next(iter((value or {"": None}).values()), None))
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize("name", SETS)
def test_marked_text_in_every_place_of_a_real_export_is_never_kept(name: str) -> None:
    kept = 0
    for export in posts(name):
        hostile = marked(export)
        assert MARK in json.dumps(hostile)
        for record in kept_records(hostile, ("team",)):
            assert MARK not in json.dumps(record)
            kept += 1
    # Codex tells its counters as text, so with text behind them its records are no longer told.
    assert kept == (0 if name.startswith("codex") else told(name))


@pytest.mark.parametrize("name", SETS)
def test_what_was_kept_can_be_reduced_again_and_stays_the_same(name: str) -> None:
    for export in posts(name):
        for record in kept_records(export):
            assert list(kept_records(json.loads(json.dumps(record)))) == [record]


def test_one_place_at_a_time_says_which_place_leaks() -> None:
    for event, kind in EVENTS.items():
        good = dict.fromkeys(kind.attributes, "7") | {"event.name": event, "event.kind": "response.completed"}
        for hostile in (*kind.attributes, "prompt", "arguments", "error.message", "response_text", "host.name"):
            if hostile in ("event.name", "event.kind"):
                continue
            listed = [{"key": key, "value": {"stringValue": text}} for key, text in (good | {hostile: TEXT}).items()]
            export = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": listed, "body": TEXT}]}]}]}
            assert MARK not in json.dumps(list(kept_records(export))), (event, hostile)


def log_export(resource: list[Any], *listed: tuple[str, Any]) -> dict[str, Any]:
    record = {"attributes": [{"key": key, "value": value} for key, value in listed]}
    return {"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": [{"logRecords": [record]}]}]}


def test_a_resource_keeps_the_service_and_what_the_user_named() -> None:
    resource = [
        {"key": key, "value": {"stringValue": text}}
        for key, text in {
            "service.name": "claude-code", "service.version": "2.1.332", "team": "red team", "repo": "r",
            "host.name": MARK, "process.command": MARK, "os.version": MARK,
        }.items()
    ]  # fmt: skip
    resource.append({"key": "process.command_args", "value": {"arrayValue": {"values": [{"stringValue": MARK}]}}})
    export = log_export(resource, ("event.name", {"stringValue": "api_request"}))
    (plain,) = kept_records(export)
    assert [entry["key"] for entry in plain["resourceLogs"][0]["resource"]["attributes"]] == [
        "service.name",
        "service.version",
    ]
    (named,) = kept_records(export, ("team", "host.name", "process.command", "process.command_args"))
    assert named["resourceLogs"][0]["resource"]["attributes"][2:] == [
        {"key": "team", "value": {"stringValue": "red team"}}
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"intValue": 12}, {"intValue": "12"}),
        ({"intValue": "12"}, {"intValue": "12"}),
        ({"stringValue": "12"}, {"intValue": "12"}),
        ({"doubleValue": 12.0}, {"intValue": "12"}),
        ({"doubleValue": 0.0174}, {"doubleValue": 0.0174}),
        ({"stringValue": "0.0174"}, {"doubleValue": 0.0174}),
        ({"stringValue": "-3"}, {"intValue": "-3"}),  # impossible, which is the reader's to say
        ({"stringValue": "12 apples"}, None),
        ({"stringValue": "1e999"}, None),
        ({"doubleValue": "NaN"}, None),
        ({"intValue": True}, None),
        ({"intValue": 10**5000}, None),
        ({"arrayValue": {"values": [{"intValue": 1}]}}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_number_is_read_however_it_is_written(sent: Any, kept: Any) -> None:
    export = log_export([], ("event.name", {"stringValue": "api_request"}), ("input_tokens", sent))
    (record,) = (record for export in kept_records(export) for record in records(export))
    assert attributes(record).get("input_tokens") == kept


def test_records_that_would_count_a_response_twice_are_not_kept() -> None:
    named = {"stringValue": "codex.sse_event"}
    completed = {"stringValue": "response.completed"}
    chat = {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}
    stream = {"name": "ai.streamText.doStream", "attributes": []}
    for export in (
        log_export([], ("event.name", named), ("event.kind", completed), ("duration_ms", {"intValue": 3})),
        log_export([], ("event.name", named), ("event.kind", {"stringValue": "response.created"})),
        log_export([], ("event.name", {"stringValue": "gen_ai.client.inference.operation.details"})),
        log_export([], ("event.name", {"stringValue": "gemini_cli.api_request"})),
        {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "my.app"}, "spans": [{"attributes": [chat]}]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [stream, {**stream, "name": "ai.streamText"}]}]}]},
    ):
        assert not list(kept_records(export))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "resourceLogs", "resourceSpans", "scopeLogs", "scopeSpans", "logRecords", "spans", "resource", "scope",
                "attributes", "key", "value", "stringValue", "intValue", "name", "timeUnixNano",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=30,
)  # fmt: skip


@given(JSON)
def test_nothing_that_json_can_say_is_an_error(export: Any) -> None:
    assert all(client_of(record) for record in kept_records(export))
