from __future__ import annotations

from typing import Any

import pytest

from claude_tui.model import PriceStatus, Usage
from tests.pricing.prices import NOW, ms, pricer


def price_of(source: str, model: str, raw: dict[str, Any]) -> Any:
    return pricer().price_raw(source, model, ms(NOW), raw)


def test_gemini_tier_counts_tool_tokens() -> None:
    at = price_of("gemini-cli", "gemini-2.5-pro", {"input": 199_990, "tool": 10})
    over = price_of("gemini-cli", "gemini-2.5-pro", {"input": 199_990, "tool": 11})
    assert (at.nano, at.flags) == (200_000 * 1250, ())
    assert (over.nano, over.flags) == (200_001 * 2500, ("long_context_tier",))


def test_codex_long_prompts_cost_double_and_output_half_more() -> None:
    raw = {
        "input_tokens": 272_001,
        "cached_input_tokens": 250_000,
        "cache_write_input_tokens": 10_000,
        "output_tokens": 1000,
    }
    price = price_of("codex", "gpt-6.1-sol", raw)
    assert price.nano == 12_001 * 4000 + 250_000 * 200 + 10_000 * 5000 + 1000 * 15_000


def test_counters_that_contradict_each_other_never_go_negative() -> None:
    assert price_of("codex", "gpt-5", {"input_tokens": 10, "cached_input_tokens": 100}).nano == 100 * 125
    assert price_of("gemini", "gemini-2.5-flash", {"input": 10, "cached": 100}).nano == 100 * 30


@pytest.mark.parametrize("source", ["gemini-cli", "codex", "opencode"])
def test_any_shape_is_answered(source: str) -> None:
    shapes: tuple[dict[str, Any], ...] = (
        {}, {"tokens": None}, {"tokens": [1]}, {"tokens": {"cache": 3}}, {"input": {}}, {"cost": {}},
    )  # fmt: skip
    for raw in shapes:
        price = price_of(source, "gpt-5", raw)
        assert price.nano == 0


def opencode(cost: object, **tokens: Any) -> Any:
    return price_of("opencode", "openai/gpt-5", {"cost": cost, "tokens": tokens})


def test_opencode_cost_is_taken_as_it_was_logged() -> None:
    for cost, nano in ((0.1 + 0.2, 300_000_000), (1e-9, 1), (2.5e-9, 2), ("0.5", 500_000_000), (3, 3_000_000_000)):
        price = opencode(cost, input=10)
        assert (price.nano, price.status, price.flags) == (nano, PriceStatus.REPORTED, ("cost_reported_by_tool",))


@pytest.mark.parametrize("cost", [0, 0.0, None, -1, "x", float("nan"), float("inf"), True, []])
def test_opencode_without_a_cost_is_recomputed(cost: object) -> None:
    price = opencode(cost, input=1000, output=10, cache={"read": 100, "write": 0})
    assert (price.nano, price.status) == (1000 * 1250 + 10 * 10_000 + 100 * 125, PriceStatus.PRICED)
    assert price.flags == ("cost_recomputed",)


def test_opencode_without_a_cost_and_without_a_known_model_is_unpriced() -> None:
    price = price_of("opencode", "lmstudio/local", {"cost": 0, "tokens": {"input": 5}})
    assert (price.nano, price.flags) == (None, ("unknown_model",))


def test_opencode_zero_for_nothing_is_its_report() -> None:
    assert opencode(0, input=0).status is PriceStatus.REPORTED


def test_opencode_reasoning_is_billed_once() -> None:
    def output(model: str, **tokens: Any) -> Any:
        price = price_of(
            "opencode", model, {"cost": 0, "tokens": {"input": 0, "output": 100, "reasoning": 40, **tokens}}
        )
        return price.nano

    assert output("openai/gpt-5", total=100) == 100 * 10_000
    assert output("openai/gpt-5", total=140) == 140 * 10_000
    assert output("openai/gpt-5") == 100 * 10_000
    assert output("google/gemini-2.5-flash") == 140 * 2500


def test_opencode_cost_that_charged_reasoning_twice_is_recomputed() -> None:
    raw = {"cost": 9.9, "tokens": {"input": 0, "output": 100, "reasoning": 40, "total": 100}}
    price = price_of("opencode", "openai/gpt-5", raw)
    assert (price.nano, price.flags) == (1_000_000, ("cost_recomputed",))


def test_a_reported_cost_wins_and_the_cache_is_still_judged() -> None:
    price = pricer().price("opencode", "openai/gpt-5", ms(NOW), Usage(1, 1, 0, 0, 1000), reported_nano=42)
    assert (price.nano, price.status) == (42, PriceStatus.REPORTED)
    assert price.read_saved_nano == 1000 * (1250 - 125)


def test_unknown_source_is_an_error() -> None:
    with pytest.raises(ValueError, match="cursor"):
        price_of("cursor", "gpt-5", {})
