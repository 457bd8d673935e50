from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import run

HAIKU = {"model": "claude-haiku-5-5", "ts": "2026-11-01T12:00:00.000Z", "usage": {"output_tokens": 1000}}


def test_a_line_for_a_line_in_order() -> None:
    lines = [HAIKU, {**HAIKU, "model": "nobody-knows"}, {**HAIKU, "usage": {"output_tokens": 2}}]
    done = run("price", "--json", stdin="".join(json.dumps(line) + "\n" for line in lines).encode())
    assert done.code == 0
    found = [json.loads(line) for line in done.text.splitlines()]
    assert [(line["nano"], line["status"]) for line in found] == [
        (500_000, "priced"),
        (None, "unpriced"),
        (1000, "priced"),
    ]


def test_a_bad_line_is_answered_too() -> None:
    done = run("price", "--json", stdin=b"nonsense\n" + json.dumps(HAIKU).encode())
    found = [json.loads(line) for line in done.text.splitlines()]
    assert found[0]["nano"] is None and "bad_input" in found[0]["flags"]
    assert found[1]["nano"] == 500_000


def test_own_prices_count_and_a_bad_file_is_said(own_home: Path) -> None:
    prices = own_home / ".config" / "claude-top" / "prices.toml"
    prices.parent.mkdir(parents=True)
    prices.write_text('[models."house-model"]\ninput = "1"\noutput = "2"\n')
    line = json.dumps({**HAIKU, "model": "house-model"}).encode()
    assert json.loads(run("price", "--json", stdin=line).text)["nano"] == 2_000_000
    assert "overrides" in run("prices").text
    prices.write_text("[models")
    done = run("price", "--json", stdin=line)
    assert json.loads(done.text)["nano"] is None and "prices.toml" in done.stderr


@pytest.mark.parametrize("arguments", [["prices", "renew"], ["price", "--yaml"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    assert run(*arguments).code == 2
