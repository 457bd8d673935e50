"""The bundled table against two other statements of the same prices."""

from __future__ import annotations

import json
import random
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from claude_tui.model import Usage
from claude_tui.pricing.price_list.catalogue import CLAUDE_FILE, OTHERS_FILE
from tests.pricing.prices import ms, pricer

CLAUDE_RATES = json.loads(Path(__file__).with_name("claude_rates.json").read_text())

DIFFERS = {
    ("claude-sonnet-5-5", "2026-08-01"): "cache reads cost twice as much before 2026-10-07",
    ("claude-sonnet-5-5", "2026-01-15"): "cache reads cost twice as much before 2026-10-07",
    ("claude-sonnet-4", "2026-01-15"): "prompts over 200k cost more",
    ("claude-sonnet-4", "2026-08-01"): "prompts over 200k cost more",
    ("claude-sonnet-4", "2026-11-21"): "prompts over 200k cost more",
}
"""Where the overlay says something else than genai-prices, and why."""


def normal(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The periods of either file in one shape."""

    def table(period: dict[str, Any]) -> list[Any]:
        tiers = period.get("tiers") or ([period["tier"]] if "tier" in period else [])
        return [period["rates"], [[tier["over"], tier["rates"]] for tier in tiers]]

    return [
        {
            "from": period.get("from"),
            "standard": table(period),
            "fast": table(period["fast"]) if "fast" in period else None,
        }
        for period in entry["periods"]
    ]


def test_the_claude_table_is_the_published_one() -> None:
    ours = json.loads(CLAUDE_FILE.read_bytes())["models"]
    assert ours.keys() == CLAUDE_RATES.keys()
    for id_, theirs in CLAUDE_RATES.items():
        assert normal(ours[id_]) == normal(theirs), id_
        assert ours[id_].get("aliases", []) == sorted(theirs["alias"]), id_
        assert ours[id_]["window"] == theirs["ctx"], id_
        assert ours[id_].get("us_premium", False) == theirs["geo"], id_
        assert ours[id_].get("regional_premium", False) == theirs.get("cloud_regional", False), id_


def test_the_other_table_names_its_content_in_the_claude_table() -> None:
    import hashlib

    named = json.loads(CLAUDE_FILE.read_bytes())["others"]
    assert named == hashlib.sha256(OTHERS_FILE.read_bytes()).hexdigest()


def test_claude_is_in_no_other_table() -> None:
    others = json.loads(OTHERS_FILE.read_bytes())["models"]
    assert [id_ for id_, entry in others.items() if "claude" in json.dumps([id_, entry])] == []


@pytest.mark.parametrize("day", ["2026-01-15", "2026-08-01", "2026-11-21"])
@pytest.mark.parametrize("provider", ["anthropic", "openai", "google", "x-ai", "mistral", "zai", "moonshotai", "groq"])
def test_prices_are_those_of_genai_prices(provider: str, day: str) -> None:
    genai = pytest.importorskip("genai_prices")
    models = json.loads((CLAUDE_FILE if provider == "anthropic" else OTHERS_FILE).read_bytes())["models"]
    ids = [id_ for id_ in models if provider == "anthropic" or id_.startswith(f"{provider}/")]
    instant = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=timezone.utc)
    counts = random.Random(1)
    compared = 0
    for id_ in ids:
        name = id_.removeprefix(f"{provider}/")
        for most in (1_000, 300_000):
            usage = Usage(*(counts.randrange(most) for _ in range(5)))
            try:
                theirs = genai.calc_price(
                    genai.Usage(
                        input_tokens=usage.prompt,
                        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
                        cache_write_1h_tokens=usage.cache_write_1h,
                        cache_read_tokens=usage.cache_read,
                        output_tokens=usage.output,
                    ),
                    name,
                    provider_id=provider,
                    genai_request_timestamp=instant,
                ).total_price
            except LookupError:
                continue
            ours = pricer().price("claude", id_, ms(instant.isoformat()), usage).nano
            expected = int((theirs * 10**9).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
            if (name, day) in DIFFERS:
                continue
            assert ours == expected, (id_, usage)
            compared += 1
    assert compared >= len(ids)


@pytest.mark.parametrize(("model", "day"), sorted(DIFFERS))
def test_where_the_overlay_differs_it_still_does(model: str, day: str) -> None:
    genai = pytest.importorskip("genai_prices")
    instant = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=timezone.utc)
    theirs = genai.calc_price(
        genai.Usage(input_tokens=250_000, cache_read_tokens=250_000),
        model,
        provider_id="anthropic",
        genai_request_timestamp=instant,
    ).total_price
    assert pricer().price("claude", model, ms(instant.isoformat()), Usage(cache_read=250_000)).nano != theirs * 10**9
