"""What holds for every usage: the fast path is the rule, tiers switch at one token, money only grows, parts add up."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import claude_tui.pricing
from claude_tui.model import Usage
from claude_tui.pricing.price_list.catalogue import CLAUDE_FILE
from tests.pricing.prices import NOW, ms, pricer, usage

MODELS = sorted(json.loads(CLAUDE_FILE.read_bytes())["models"])
ROUTED = ["us.anthropic.claude-opus-5-v1:0", "anthropic/claude-opus-4.6-fast", "claude-opus-4-6[1m]", "claude-nova"]

models = st.sampled_from(MODELS + ROUTED)
counts = st.integers(0, 400_000)
instants = st.integers(ms("2025-01-01T00:00:00Z"), ms("2027-01-01T00:00:00Z"))
usages = st.builds(Usage, counts, counts, counts, counts, counts, st.integers(0, 5))


def raw_of(counted: Usage, **terms: object) -> dict[str, object]:
    searches = {"server_tool_use": {"web_search_requests": counted.web_search}}
    return {**usage(*(counted[i] for i in (0, 1, 2, 3, 4))), **searches, **terms}


@given(models, instants, usages)
def test_the_fast_path_is_the_rule(model: str, time_ms: int, counted: Usage) -> None:
    assert pricer().price("claude", model, time_ms, counted) == pricer().price_raw(
        "claude", model, time_ms, raw_of(counted)
    )


@given(st.sampled_from([("claude-haiku-5-5", 100_000), ("claude-sonnet-4-5", 200_000)]), st.data())
def test_one_token_over_the_limit_raises_every_rate(limit: tuple[str, int], data: st.DataObject) -> None:
    model, over = limit
    parts = sorted(data.draw(st.lists(st.integers(0, over), min_size=3, max_size=3)))
    split = Usage(parts[0], 1000, parts[1] - parts[0], parts[2] - parts[1], over - parts[2])
    at = pricer().price("claude", model, ms(NOW), split)
    beyond = pricer().price("claude", model, ms(NOW), split._replace(input=split.input + 1))
    assert "long_context_tier" not in at.flags
    assert "long_context_tier" in beyond.flags
    assert at.nano is not None
    assert beyond.nano is not None
    assert beyond.nano > at.nano * 3 // 2


@given(st.sampled_from(MODELS), instants, usages, st.integers(0, 5), st.integers(1, 100_000))
def test_more_tokens_never_cost_less(model: str, time_ms: int, counted: Usage, kind: int, more: int) -> None:
    grown = Usage(*(value + more if index == kind else value for index, value in enumerate(counted)))
    before = pricer().price("claude", model, time_ms, counted).nano
    after = pricer().price("claude", model, time_ms, grown).nano
    assert before is not None
    assert after is not None
    assert after >= before


@given(st.sampled_from(MODELS), instants, st.builds(Usage, *[st.integers(0, 20_000)] * 5, st.just(0)))
def test_the_parts_of_a_short_request_sum_to_its_price(model: str, time_ms: int, counted: Usage) -> None:
    parts = [Usage(*(value if i == kind else 0 for i, value in enumerate(counted))) for kind in range(5)]
    whole = pricer().price("claude", model, time_ms, counted).nano
    nanos = [pricer().price("claude", model, time_ms, part).nano for part in parts]
    assert whole is not None
    # Every table rate is a whole number of nanodollars or half of one, so a part is off by half a nanodollar at most.
    assert abs(whole - sum(nano or 0 for nano in nanos)) <= 3


@given(st.sampled_from(MODELS), instants, usages)
def test_savings_and_extra_explain_the_price(model: str, time_ms: int, counted: Usage) -> None:
    price = pricer().price("claude", model, time_ms, counted)
    prompt = counted.input + counted.cache_write_5m + counted.cache_write_1h + counted.cache_read
    uncached = pricer().price("claude", model, time_ms, Usage(prompt, counted.output, web_search=counted.web_search))
    assert price.nano is not None
    assert uncached.nano is not None
    assert abs(uncached.nano - (price.nano + price.read_saved_nano - price.write_extra_nano)) <= 2


@given(st.sampled_from(MODELS), instants, usages, st.sampled_from(["us", "global", None]))
def test_batch_costs_half(model: str, time_ms: int, counted: Usage, geo: str | None) -> None:
    counted = counted._replace(web_search=0)
    full = pricer().price_raw("claude", model, time_ms, raw_of(counted, inference_geo=geo)).nano
    half = pricer().price_raw("claude", model, time_ms, raw_of(counted, inference_geo=geo, service_tier="batch")).nano
    assert full is not None
    assert half is not None
    assert abs(2 * half - full) <= 1


@given(st.lists(st.tuples(st.sampled_from(MODELS), usages), max_size=6), st.randoms())
def test_the_order_of_records_does_not_matter(records: list[tuple[str, Usage]], random: object) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    totals = [
        sum(pricer().price("claude", model, ms(NOW), counted).nano or 0 for model, counted in order)
        for order in (records, shuffled)
    ]
    assert totals[0] == totals[1]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from([*usage(), "iterations", "server_tool_use", "speed", "cost", "tokens", "input", "cached"])


@given(
    st.sampled_from(["claude", "gemini", "codex", "opencode"]),
    st.text(max_size=20) | models,
    st.dictionaries(fields, json_values),
)
def test_any_usage_has_an_answer(source: str, model: str, raw: dict[str, object]) -> None:
    price = pricer().price_raw(source, model, ms(NOW), raw)
    assert (price.nano is None) == (price.status.value == "unpriced")
    assert price.nano is None or price.nano >= 0


@pytest.mark.parametrize(
    "path", sorted(Path(claude_tui.pricing.__file__).parent.rglob("*.py")), ids=lambda path: path.name
)
def test_no_float_in_the_pricing_code(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), ast.dump(node)
        assert not (isinstance(node, ast.Name) and node.id == "float")
        assert not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div), f"line {node.lineno}"
