from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.pricing.batch import price_lines
from tests.pricing.prices import ms, pricer

ROWS = json.loads((Path(__file__).parents[1] / "golden" / "costs.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_golden_row(row: dict[str, Any]) -> None:
    price = pricer().price_raw(row["source"], row["model"], ms(row["ts"]), row["usage"])
    assert (price.nano, price.status.value, list(price.flags)) == (row["nano"], row["status"], row["flags"])


def test_golden_rows_as_json_lines() -> None:
    lines = [json.dumps({key: row[key] for key in ("model", "ts", "usage", "source")}).encode() for row in ROWS]
    answers = [json.loads(line) for line in price_lines(lines, pricer())]
    assert answers == [{key: row[key] for key in ("nano", "status", "flags")} for row in ROWS]
