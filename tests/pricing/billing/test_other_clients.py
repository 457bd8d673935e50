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


LIST = 1_000_000 * 4000 + 1000 * 20_000


@pytest.mark.parametrize(
    ("tier", "nano", "flags"),
    [
        ("priority", LIST * 2, ("tier_as_requested",)),
        ("fast", LIST * 2, ("tier_as_requested",)),
        ("flex", LIST // 2, ("tier_as_requested",)),
        ("batch", LIST // 2, ("tier_as_requested",)),
        ("ultrafast", LIST, ("tier_as_requested", "fast_price_unknown")),
        ("huge", LIST, ("service_tier_unknown",)),
        ("default", LIST, ()),
        ("auto", LIST, ()),
        ("", LIST, ()),
        (None, LIST, ()),
        (7, LIST, ()),
    ],
)
def test_codex_is_priced_at_the_tier_that_was_asked_for(tier: object, nano: int, flags: tuple[str, ...]) -> None:
    prices = pricer()
    counters = {"input_tokens": 200_000, "output_tokens": 200}
    for _ in range(2):  # prices of a name are remembered
        found = [
            prices.price_raw("codex", "gpt-5.6-sol", ms(NOW), {**counters, "service_tier": tier}) for _ in range(5)
        ]
        assert sum(price.nano or 0 for price in found) == nano
        assert {price.flags for price in found} == {flags}
        assert found[0].is_estimate == bool(flags)


def test_priority_of_one_model_is_dearer() -> None:
    raw = {"input_tokens": 1000, "cached_input_tokens": 400, "output_tokens": 10, "service_tier": "priority"}
    plain = {**raw, "service_tier": None}
    for model in ("gpt-5.5", "openai/gpt-5.5"):
        assert price_of("codex", model, raw).nano * 2 == price_of("codex", model, plain).nano * 5
    assert price_of("codex", "gpt-5.5-pro", raw).nano == price_of("codex", "gpt-5.5-pro", plain).nano * 2


def test_a_tier_stacks_on_long_prompts_and_leaves_the_unpriced_unpriced() -> None:
    raw = {"input_tokens": 272_001, "output_tokens": 10, "service_tier": "priority"}
    price = price_of("codex", "gpt-5.6-sol", raw)
    assert price.nano == 2 * (272_001 * 8000 + 10 * 30_000)
    assert set(price.flags) == {"long_context_tier", "tier_as_requested"}
    assert price_of("codex", "nobody-knows", raw).status is PriceStatus.UNPRICED


@pytest.mark.parametrize("terms", ["{", "[]", "5", '{"service_tier":5}'])
def test_terms_that_are_none_are_the_list_price(terms: str) -> None:
    price = pricer().price("codex", "gpt-5.6-sol", ms(NOW), Usage(1000), terms)
    assert (price.nano, price.flags) == (4_000_000, ())


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
