from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from claude_tui.model import Usage
from claude_tui.pricing import load_pricer
from claude_tui.pricing.explain import RateFinder, RateRow
from claude_tui.pricing.price_list.rates import Rates, day_ms

PRICER = load_pricer()
FINDER = RateFinder(PRICER)
NOW_MS = day_ms("2026-11-21")
TEN = Usage(10)


def rows(model: str, usage: Usage = TEN, at_ms: int = NOW_MS, terms: Any = None) -> tuple[RateRow, ...]:
    return FINDER.rows("claude", model, at_ms, usage, json.dumps(terms) if terms else "")


def test_the_row_is_that_of_the_day() -> None:
    (before,) = rows("claude-sonnet-5-5", at_ms=day_ms("2026-10-07") - 1)
    (after,) = rows("claude-sonnet-5-5", at_ms=day_ms("2026-10-07"))
    assert (before.rates.cache_read, before.last) == (200_000, date(2026, 10, 6))
    assert (after.rates.cache_read, after.first, after.last) == (100_000, date(2026, 10, 7), None)
    assert after.model == "claude-sonnet-5-5"


def test_the_tier_is_that_of_the_prompt() -> None:
    (short,) = rows("claude-haiku-5-5", Usage(100_000))
    (long,) = rows("claude-haiku-5-5", Usage(100_001))
    assert (short.over, long.over) == (0, 100_000)
    assert long.rates.input == 5 * short.rates.input


def test_fast_mode_has_a_row_of_its_own() -> None:
    (fast,) = rows("claude-opus-5", terms={"input_tokens": 10, "speed": "fast"})
    (plain,) = rows("claude-opus-5", terms={"input_tokens": 10, "speed": "standard"})
    assert (fast.is_fast, plain.is_fast) == (True, False)
    assert fast.rates == Rates(*(2 * rate for rate in plain.rates))


@pytest.mark.parametrize(("tier", "is_fast"), [("priority", True), ("flex", False), ("ultrafast", False), ("", False)])
@pytest.mark.parametrize("usage", [Usage(1_000, 20, 300, 0, 50), Usage(300_000, 2_000, 3, 0, 5)])
def test_a_service_tier_has_a_row_of_its_own(tier: str, is_fast: bool, usage: Usage) -> None:
    terms = json.dumps({"service_tier": tier}) if tier else ""
    (row,) = FINDER.rows("codex", "gpt-5.5", NOW_MS, usage, terms)
    assert FINDER.rows("codex", "gpt-5.5", NOW_MS, usage, terms)[0] is row
    assert (row.is_fast, row.over) == (is_fast, 272_000 if usage.input > 272_000 else 0)
    assert PRICER.price("codex", "gpt-5.5", NOW_MS, usage, terms).nano == row.rates.cost(usage) // 1000


def test_an_answer_of_several_models_has_a_row_of_each() -> None:
    iterations = [
        {"type": "message", "model": "claude-fable-5", "input_tokens": 5, "output_tokens": 0},
        {"type": "fallback_message", "model": "claude-opus-4-8", "input_tokens": 5, "output_tokens": 7},
        {"type": "fallback_message", "model": "claude-haiku-4-5", "input_tokens": 5, "output_tokens": 7},
    ]
    found = rows("claude-opus-4-8", terms={"input_tokens": 10, "output_tokens": 14, "iterations": iterations})
    assert [row.model for row in found] == ["claude-opus-4-8", "claude-haiku-4-5"]


def test_what_has_no_price_has_no_row() -> None:
    assert rows("nobody-knows") == ()
    assert rows("nobody-knows", terms={"speed": "fast"}) == ()
    assert rows("<synthetic>") == ()


@pytest.mark.parametrize(
    "model", ["claude-opus-4-5", "claude-haiku-5-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"]
)
@pytest.mark.parametrize("usage", [Usage(1_000, 20, 300, 400, 50), Usage(300_000, 2_000, 3, 4, 5)])
def test_the_row_gives_the_price(model: str, usage: Usage) -> None:
    (row,) = rows(model, usage)
    price = PRICER.price("claude", model, NOW_MS, usage)
    factor = 11 if "regional_endpoint_1.1x" in price.flags else 10
    assert price.nano == round(row.rates.cost(usage) * factor / 10_000)
