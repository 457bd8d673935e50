from __future__ import annotations

import json
from typing import Any

import pytest

from claude_tui.pricing.batch import price_lines
from tests.pricing.prices import pricer, usage

GOOD = {"model": "claude-opus-5", "ts": "2026-11-21T06:00:00Z", "usage": usage(1000)}


def answers(*lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in price_lines(lines, pricer())]


def answer(**changes: Any) -> dict[str, Any]:
    return answers(json.dumps({**GOOD, **changes}).encode())[0]


def test_a_line_is_answered_by_a_line() -> None:
    (line,) = price_lines([json.dumps(GOOD).encode() + b"\n"], pricer())
    assert line == b'{"nano":5000000,"status":"priced","flags":[]}\n'


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\n",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"3",
        b"null",
        b"[" * 100_000,
        b'{"model": ' + b"9" * 10_000 + b"}",
        b'{"model": "claude-opus-5"}',
        b'{"model": 3, "ts": "2026-11-21T06:00:00Z", "usage": {}}',
    ],
)
def test_a_bad_line_is_said_and_the_rest_goes_on(bad: bytes) -> None:
    good = json.dumps(GOOD).encode()
    first, second, third = answers(good, bad, good)
    assert first == third == {"nano": 5_000_000, "status": "priced", "flags": []}
    assert second.pop("error")
    assert second == {"nano": None, "status": "unpriced", "flags": ["bad_input"]}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("ts", None, "no ts"),
        ("ts", 1795240800, "no ts"),
        ("ts", "yesterday", "yesterday"),
        ("ts", "9999-99-99T00:00:00Z", "ts"),
        ("model", "", "no model"),
        ("usage", [], "no usage"),
        ("source", "cursor", "cursor"),
        ("source", 3, "3"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: object, words: str) -> None:
    assert words in answer(**{field: value})["error"]


@pytest.mark.parametrize(
    "instant",
    [
        "2026-10-06T23:59:59.999Z",
        "2026-10-06T23:59:59.999999999Z",
        "2026-10-06T23:59:59",
        "2026-10-07T01:59:59+02:00",
        "2026-10-06 23:59:59.9z",
        "2026-10-06",
    ],
)
def test_instants_are_read_in_any_usual_spelling(instant: str) -> None:
    read = {"cache_read_input_tokens": 10}
    assert answer(model="claude-sonnet-5-5", usage=read, ts=instant)["nano"] == 2000


@pytest.mark.parametrize("source", ["claude", "claude-code"])
def test_sources_have_short_and_long_names(source: str) -> None:
    assert answer(source=source)["nano"] == 5_000_000


def test_stop_reason_may_stand_beside_the_usage() -> None:
    assert answer(stop_reason="refusal") == {"nano": 0, "status": "free", "flags": ["refusal_free"]}
