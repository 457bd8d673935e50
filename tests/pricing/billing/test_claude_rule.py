"""Each clause of the billing rule, with numbers worked out by hand."""

from __future__ import annotations

import json

import pytest

from claude_tui.model import PriceStatus, Usage
from tests.pricing.prices import NOW, claude, iteration, ms, pricer, usage


def test_fast_and_us_premium_stack() -> None:
    price = claude("claude-opus-5", usage(6, 1000, 1000, 1000, 50000, speed="fast", inference_geo="us"))
    assert price.nano == 145_816_000
    assert price.flags == ("us_inference_1.1x",)


def test_half_a_nanodollar_goes_to_the_even_neighbour() -> None:
    assert claude("claude-haiku-5-5", usage(1, write_5m=1, service_tier="batch")).nano == 112
    assert claude("claude-haiku-5-5", usage(1, service_tier="batch")).nano == 50
    assert claude("claude-haiku-5-5", usage(1, write_5m=3, service_tier="batch")).nano == 238


def test_batch_leaves_web_search_alone_and_flags_last() -> None:
    price = claude(
        "claude-opus-5",
        usage(1000, service_tier="batch", inference_geo="us", server_tool_use={"web_search_requests": 2}),
    )
    assert price.nano == 1000 * 5000 * 11 // 20 + 20_000_000
    assert price.flags == ("us_inference_1.1x", "batch")


@pytest.mark.parametrize(
    ("model", "factor"),
    [("claude-opus-4-5", 10), ("claude-haiku-4-5", 10), ("claude-opus-4-6", 11), ("claude-fable-5-1", 11)],
)
def test_us_premium_begins_with_claude_4_6(model: str, factor: int) -> None:
    plain = claude(model, usage(1000)).nano
    assert plain is not None
    assert claude(model, usage(1000, inference_geo="us")).nano == plain * factor // 10


def test_us_premium_is_first_party_only() -> None:
    cloud = claude("global.anthropic.claude-opus-5-v1:0", usage(1000, inference_geo="us"))
    assert (cloud.nano, cloud.flags) == (5_000_000, ("route:bedrock_global",))
    regional = claude("eu.anthropic.claude-opus-5-v1:0", usage(1000, inference_geo="us"))
    assert (regional.nano, regional.flags) == (5_500_000, ("route:bedrock_regional", "regional_endpoint_1.1x"))


def test_old_models_have_no_regional_premium() -> None:
    price = claude("us.anthropic.claude-opus-4-1-20250805-v1:0", usage(1000))
    assert (price.nano, price.flags) == (15_000_000, ("route:bedrock_regional",))


@pytest.mark.parametrize(
    ("model", "instant", "speed", "rate", "flags"),
    [
        ("claude-opus-4-6", "2026-02-16T23:59:59.999Z", "fast", 15000, ()),
        ("claude-opus-4-6", "2026-02-17T00:00:00Z", "fast", 30000, ()),
        ("claude-opus-4-6", "2026-06-28T23:59:59.999Z", "fast", 30000, ()),
        ("claude-opus-4-6", "2026-06-29T00:00:00Z", "fast", 5000, ("fast_price_unknown",)),
        ("claude-opus-4-7", "2026-07-23T23:59:59.999Z", "fast", 30000, ()),
        ("claude-opus-4-7", "2026-07-24T00:00:00Z", "fast", 5000, ("fast_price_unknown",)),
        ("claude-opus-4-8", "2026-11-29T23:59:59.999Z", "fast", 10000, ()),
        ("claude-opus-4-8", "2026-11-30T00:00:00Z", "fast", 5000, ("fast_price_unknown",)),
        ("claude-sonnet-5", NOW, "fast", 2000, ("fast_price_unknown",)),
    ],
)
def test_fast_price_by_the_instant(model: str, instant: str, speed: str, rate: int, flags: tuple[str, ...]) -> None:
    price = claude(model, usage(1000, speed=speed), instant)
    assert (price.nano, price.flags) == (1000 * rate, flags)


def test_cache_read_cut_begins_at_midnight_utc() -> None:
    assert claude("claude-sonnet-5-5", usage(read=1000), "2026-10-06T23:59:59.999Z").nano == 200_000
    assert claude("claude-sonnet-5-5", usage(read=1000), "2026-10-07T00:00:00Z").nano == 100_000


def test_opus_4_6_long_prompts_while_they_cost_more() -> None:
    long = usage(200_001, 10)
    assert claude("claude-opus-4-6", long, "2026-03-12T23:59:59Z").nano == 200_001 * 10_000 + 10 * 37_500
    fast = usage(200_001, 10, speed="fast")
    assert claude("claude-opus-4-6", fast, "2026-02-21T00:00:00Z").nano == 200_001 * 60_000 + 10 * 225_000
    assert claude("claude-opus-4-6", fast, "2026-02-22T00:00:00Z").nano == 200_001 * 30_000 + 10 * 150_000


@pytest.mark.parametrize(
    ("split", "nano", "flags"),
    [
        (None, 1000 * 6250, ("assumed_5m",)),
        ({}, 1000 * 6250, ("assumed_5m",)),
        ({"ephemeral_5m_input_tokens": None, "ephemeral_1h_input_tokens": None}, 1000 * 6250, ("assumed_5m",)),
        ({"ephemeral_1h_input_tokens": 1000}, 1000 * 10000, ()),
        (
            {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 400},
            600 * 6250 + 400 * 10000,
            ("split_short",),
        ),
        (
            {"ephemeral_5m_input_tokens": 900, "ephemeral_1h_input_tokens": 400},
            900 * 6250 + 400 * 10000,
            ("split_over",),
        ),
    ],
)
def test_split_of_cache_writes(split: object, nano: int, flags: tuple[str, ...]) -> None:
    raw = {"cache_creation_input_tokens": 1000, "cache_creation": split}
    price = claude("claude-opus-5", raw)
    assert (price.nano, price.flags) == (nano, flags)


def test_split_without_a_total_is_the_total() -> None:
    price = claude("claude-opus-5", {"cache_creation": {"ephemeral_1h_input_tokens": 7}})
    assert (price.nano, price.flags) == (70_000, ())


def test_no_split_needed_without_writes() -> None:
    assert claude("claude-opus-5", {"input_tokens": 1, "cache_creation": None}).flags == ()


def test_refusal_without_output_is_free_since_june_2026() -> None:
    raw = usage(1000, stop_reason="refusal")
    free = claude("claude-opus-4-8", raw, "2026-06-02T00:00:00Z")
    assert (free.nano, free.status, free.flags) == (0, PriceStatus.FREE, ("refusal_free",))
    assert claude("claude-opus-4-8", raw, "2026-06-01T23:59:59Z").nano == 5_000_000
    assert claude("us.anthropic.claude-opus-4-8", raw).nano == 5_500_000
    assert claude("claude-opus-4-8", usage(1000, 1, stop_reason="refusal")).nano == 5_025_000


def test_compaction_runs_at_the_model_and_speed_of_its_response() -> None:
    raw = usage(10, 10, speed="fast", iterations=[iteration("compaction", 1000), iteration("message", 10, 10)])
    price = claude("claude-opus-5-5", raw)
    assert price.nano == 10 * 8000 + 10 * 40000 + 1000 * 8000
    assert price.flags == ("compaction",)


def test_advisor_runs_at_its_own_model_and_standard_speed() -> None:
    raw = usage(10, speed="fast", iterations=[iteration("advisor_message", 1000, model="claude-opus-5")])
    assert claude("claude-opus-5-5", raw).nano == 10 * 8000 + 1000 * 5000


def test_an_advisor_without_a_price_leaves_a_partial_price() -> None:
    raw = usage(1000, iterations=[iteration("advisor_message", 9, model="claude-nova-9")])
    price = claude("claude-opus-5-5", raw)
    assert (price.nano, price.status) == (4_000_000, PriceStatus.PARTIAL)
    assert price.flags == ("advisor", "unknown_model")


def test_every_fallback_is_billed_at_its_own_model_and_declined_ones_are_free() -> None:
    raw = usage(
        300,
        30,
        iterations=[
            iteration("message", 5000, 0, model="claude-fable-5"),
            iteration("fallback_message", 100, 10, model="claude-opus-4-8"),
            iteration("message", 40, 4, model="claude-fable-5"),
            iteration("fallback_message", 200, 20, model="claude-sonnet-5"),
        ],
    )
    price = claude("claude-sonnet-5", raw)
    assert price.nano == (100 * 5000 + 10 * 25000) + (40 * 10000 + 4 * 50000) + (200 * 2000 + 20 * 10000)
    assert price.flags == ("declined_attempt_free",)


def test_long_prompt_is_decided_per_message_where_they_add_up() -> None:
    messages = [iteration("message", 60_000, 10), iteration("message", 70_000, 10)]
    price = claude("claude-haiku-5-5", usage(130_000, 20, iterations=messages))
    assert price.nano == 130_000 * 100 + 20 * 500
    assert price.flags == ("tier_ambiguous",)


def test_long_prompt_is_decided_on_the_total_where_messages_do_not_add_up() -> None:
    messages = [iteration("message", 60_000, 10), iteration("message", 70_000, 9)]
    price = claude("claude-haiku-5-5", usage(130_000, 20, iterations=messages))
    assert price.nano == 130_000 * 500 + 20 * 2500
    assert set(price.flags) == {"tier_ambiguous", "long_context_tier"}


def test_each_message_has_the_tier_of_its_own_prompt() -> None:
    messages = [iteration("message", 100_001, 10), iteration("message", 100, 10, write=50)]
    price = claude("claude-haiku-5-5", usage(100_101, 20, 0, 50, iterations=messages))
    assert price.nano == 100_001 * 500 + 10 * 2500 + 100 * 100 + 10 * 500 + 50 * 200
    assert "long_context_tier" in price.flags


def test_a_compaction_is_a_prompt_of_its_own() -> None:
    raw = usage(50_000, iterations=[iteration("message", 50_000), iteration("compaction", 100_001)])
    assert claude("claude-haiku-5-5", raw).nano == 50_000 * 100 + 100_001 * 500


@pytest.mark.parametrize("value", [None, "12", -5, True, [], {}, float("nan"), float("inf"), 2**53, 10**400])
def test_what_is_no_count_counts_nothing(value: object) -> None:
    assert claude("claude-opus-5", {"input_tokens": value, "output_tokens": 1}).nano == 25_000


def test_whole_part_of_a_fraction_counts() -> None:
    assert claude("claude-opus-5", {"input_tokens": 12.9}).nano == 60_000


@pytest.mark.parametrize("iterations", [None, 7, "x", {}, [None, 3, "message"], [{"type": ["advisor_message"]}]])
def test_iterations_of_another_shape_are_passed_over(iterations: object) -> None:
    assert claude("claude-opus-5", usage(1000, iterations=iterations)).nano == 5_000_000


def test_fallback_credit_and_container_time_are_said() -> None:
    assert claude("claude-opus-5", usage(1, fallback_credit={"outcome": "x"})).flags == ("fallback_credit",)
    tools = {"code_execution_requests": 1}
    assert claude("claude-opus-5", usage(1, server_tool_use=tools)).flags == ("code_execution_time_unknown",)
    assert claude("claude-opus-5", usage(1, server_tool_use={**tools, "web_fetch_requests": 1})).flags == ()


def test_cache_savings_take_the_same_tier_and_multipliers() -> None:
    price = claude("claude-haiku-5-5", usage(0, 0, 1000, 2000, 200_000, inference_geo="us"))
    assert price.read_saved_nano == 200_000 * (500 - 50) * 11 // 10
    assert price.write_extra_nano == (1000 * 125 + 2000 * 500) * 11 // 10


def test_terms_are_priced_like_the_raw_usage() -> None:
    raw = usage(10, 10, 0, 30, 5, speed="fast", inference_geo="us")
    price = pricer().price("claude", "claude-opus-5", ms(NOW), Usage(10, 10, 0, 30, 5, 0), json.dumps(raw))
    assert price == claude("claude-opus-5", raw)


def test_no_model_has_a_price_before_its_log_could_exist_but_old_ones_do() -> None:
    assert claude("claude-3-opus-20240229", usage(1000), "2024-03-01T00:00:00Z").nano == 15_000_000
