from __future__ import annotations

from typing import Any

import pytest

from claude_tui.model import PriceStatus
from tests.pricing.prices import NOW, claude, ms, pricer, usage

ONE_INPUT = usage(1000)


@pytest.mark.parametrize(
    ("name", "id_", "flags"),
    [
        ("claude-opus-4-6", "claude-opus-4-6", ()),
        ("Claude-Opus-4-6[1M]", "claude-opus-4-6", ()),
        ("claude-opus-4-5-20251101", "claude-opus-4-5", ()),
        ("claude-opus-4-5-20991231", "claude-opus-4-5", ()),
        ("claude-sonnet-4-0", "claude-sonnet-4", ()),
        ("claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5", ()),
        ("claude-sonnet-4.5", "claude-sonnet-4-5", ()),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5", ("route:openrouter",)),
        ("openrouter/anthropic/claude-sonnet-4.5", "claude-sonnet-4-5", ("route:openrouter",)),
        ("anthropic/claude-3.7-sonnet:thinking", "claude-3-7-sonnet", ("route:openrouter",)),
        ("anthropic/claude-opus-4.8:nitro", "claude-opus-4-8", ("route:openrouter",)),
        ("vertex_ai/claude-opus-4-1", "claude-opus-4-1", ("route:vertex",)),
        ("claude-opus-4-1@20250805", "claude-opus-4-1", ("route:vertex",)),
        ("vertex_ai/claude-sonnet-4-5@20250929", "claude-sonnet-4-5", ("route:vertex",)),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet", ("route:vertex",)),
        ("claude-opus-4-6@default", "claude-opus-4-6", ("route:vertex",)),
        ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6", ("route:bedrock_global",)),
        ("bedrock/global.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6", ("route:bedrock_global",)),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet", ("route:bedrock_regional",)),
        ("anthropic.claude-3-haiku-20240307-v1:0:48k", "claude-3-haiku", ("route:bedrock_regional",)),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0",
            "claude-opus-4-1",
            ("route:bedrock_regional",),
        ),
    ],
)
def test_name_means_model(name: str, id_: str, flags: tuple[str, ...]) -> None:
    price = claude(name, ONE_INPUT)
    assert (price.nano, price.flags) == (claude(id_, ONE_INPUT).nano, flags)


@pytest.mark.parametrize("geo", ["us", "eu", "apac", "jp", "au", "ca", "us-gov"])
def test_regional_profiles_and_bare_bedrock_names_cost_a_tenth_more(geo: str) -> None:
    expected = (5_500_000, ("route:bedrock_regional", "regional_endpoint_1.1x"))
    for name in (
        f"{geo}.anthropic.claude-opus-4-5-20251101-v1:0",
        "anthropic.claude-opus-4-5-20251101-v1:0",
        "bedrock/us-east-1/anthropic.claude-opus-4-5-20251101-v1:0",
        f"arn:aws:bedrock:eu-west-1:1:inference-profile/{geo}.anthropic.claude-opus-4-5-20251101-v1:0",
    ):
        price = claude(name, ONE_INPUT)
        assert (price.nano, price.flags) == expected, name


def test_fast_variant_of_a_router_is_fast_mode() -> None:
    assert claude("anthropic/claude-opus-5-fast", ONE_INPUT).nano == 10_000_000
    assert claude("anthropic/claude-opus-5-fast:beta", ONE_INPUT).nano == 10_000_000
    price = claude("anthropic/claude-sonnet-5-fast", ONE_INPUT)
    assert (price.nano, price.flags) == (2_000_000, ("route:openrouter", "fast_price_unknown"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "claude",
        "claude-opus",
        "claude-opus-5-6",
        "claude-opus-5-6-20261010",
        "claude-opus-55",
        "claude-opus-5-5-preview",
        "xclaude-opus-5",
        "claude-opus-5-fast",
        "claude-4-opus",
        "google/claude-opus-5",
        "claude-opus-5-2026",
        "claude-mythos-preview",
        "claude-2.1",
        "anthropic.claude-v2:1",
        "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc123",
        "my-gateway-model",
        "gpt-99",
    ],
)
def test_unknown_names_have_no_price(name: str) -> None:
    price = claude(name, usage(1000, server_tool_use={"web_search_requests": 1}))
    assert (price.nano, price.status, price.flags) == (None, PriceStatus.UNPRICED, ("unknown_model",))


@pytest.mark.parametrize(
    ("source", "name", "known"),
    [
        ("codex", "gpt-5.1-codex-max", True),
        ("codex", "gpt-5-2025-08-07", True),
        ("codex", "gpt-5-2099-01-01", True),
        ("codex", "openai/gpt-6.1-sol", True),
        ("codex", "gpt-5-ultra", False),
        ("gemini", "models/gemini-2.5-flash", True),
        ("gemini", "gemini-2.5-prox", False),
        ("opencode", "anthropic/claude-sonnet-4-5", True),
        ("opencode", "github-copilot/claude-sonnet-4.5", True),
        ("opencode", "amazon-bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("opencode", "google-vertex-anthropic/claude-sonnet-4-5@20250929", True),
        ("opencode", "openrouter/anthropic/claude-sonnet-4.5", True),
        ("opencode", "openai/gpt-5", True),
        ("opencode", "openrouter/openai/gpt-5", True),
        ("opencode", "zai-coding-plan/glm-4.6", True),
        ("opencode", "openrouter/deepseek/deepseek-r1:free", False),
        ("opencode", "some-host/gpt-5", False),
        ("opencode", "lmstudio/claude-sonnet-4-5", False),
    ],
)
def test_names_of_other_clients(source: str, name: str, known: bool) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "codex": {"input_tokens": 1000},
        "gemini": {"input": 1000},
        "opencode": {"cost": 0, "tokens": {"input": 1000}},
    }
    price = pricer().price_raw(source, name, ms(NOW), shapes[source])
    assert (price.nano is not None) == known


def test_opencode_names_the_vendor_not_a_router() -> None:
    raw = {"cost": 0, "tokens": {"input": 1000}}
    price = pricer().price_raw("opencode", "anthropic/claude-sonnet-4-5", ms(NOW), raw)
    assert (price.nano, price.flags) == (3_000_000, ("cost_recomputed",))


def test_context_windows() -> None:
    windows = {
        "claude-opus-5-5": 1_000_000,
        "claude-opus-4-5-20251101": 200_000,
        "claude-sonnet-4-5-20250929": 1_000_000,
        "gpt-6.1-sol": 1_050_000,
        "gpt-5-codex": 400_000,
        "gemini-3-flash-preview": 1_048_576,
        "nobody-knows": 0,
    }
    assert {name: pricer().context_window(name) for name in windows} == windows


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("claude-fable-5", True),
        ("claude-mythos-5-2", True),
        ("claude-sonnet-5", True),
        ("claude-opus-4-7", True),
        ("claude-opus-4-6", False),
        ("claude-sonnet-4-6", False),
        ("claude-haiku-4-5", False),
        ("anthropic/claude-sonnet-4-6", False),
        ("gemini-2.5-pro", True),
        ("openai/gpt-5.5", True),
        ("nobody-knows", False),
    ],
)
def test_which_models_always_have_their_largest_window(name: str, native: bool) -> None:
    assert pricer().has_one_window(name) is native
