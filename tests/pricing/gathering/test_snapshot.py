"""Making the price files, and the checks that stand before them, on small made inputs."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from claude_tui.pricing import load_pricer
from claude_tui.pricing.gathering.refresh import refresh
from claude_tui.pricing.gathering.snapshot import HOSTS, VENDORS, BuildError, build, picodollars
from claude_tui.pricing.gathering.validate import check_history, check_jumps, check_litellm, check_losses, check_sdk
from claude_tui.pricing.price_list.catalogue import CLAUDE_FILE, DATA_FOLDER, OTHERS_FILE
from claude_tui.toml import load_toml
from tests.pricing.prices import NOW, ms, usage

OVERLAY: dict[str, Any] = {
    "date": "2026-11-21",
    "unpriced": {},
    "models": {"claude-a": {"checked": "2026-11-01", "periods": [{"rates": ["1", "1.25", "2", "0.1", "5"]}]}},
}


def provider(id_: str, *models: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "models": list(models)}


def model(id_: str, prices: Any, **more: Any) -> dict[str, Any]:
    return {"id": id_, "match": {"equals": id_}, "prices": prices, **more}


def made(*models: dict[str, Any], claude: tuple[dict[str, Any], ...] = (), overlay: Any = OVERLAY) -> tuple[Any, Any]:
    providers = [provider("anthropic", *claude), provider("openai", *models)]
    providers += [provider(name) for name in (*VENDORS[1:], *HOSTS)]
    snapshot = build(providers, overlay, ["openai/m-9", "openai/other"])
    return json.loads(snapshot.claude), json.loads(snapshot.others)


def rates(*periods: tuple[int, ...]) -> dict[str, Any]:
    return {
        "periods": [
            {"rates": list(one)} if i == 0 else {"from": f"2026-0{i}-01", "rates": list(one)}
            for i, one in enumerate(periods)
        ]
    }


PLAIN = (1000, 1250, 2000, 100, 5000)


def test_tokens_without_a_price_of_their_own_are_billed_as_the_kind_above() -> None:
    _, others = made(model("m", {"input_mtok": 2, "output_mtok": 8}))
    assert others["models"]["openai/m"]["periods"] == [{"rates": [2_000_000] * 4 + [8_000_000]}]


def test_tiers_apply_to_every_kind_together() -> None:
    tiered = {"base": "1", "tiers": [{"start": 10, "price": "2"}]}
    _, others = made(model("m", {"input_mtok": tiered, "output_mtok": 8, "cache_read_mtok": "0.5"}))
    (period,) = others["models"]["openai/m"]["periods"]
    assert period["tiers"] == [{"over": 10, "rates": [2_000_000, 2_000_000, 2_000_000, 500_000, 8_000_000]}]


def test_dated_prices_are_periods_in_order() -> None:
    later = {"constraint": {"start_date": date(2026, 5, 1)}, "prices": {"input_mtok": 3, "output_mtok": 3}}
    _, others = made(model("m", [{"prices": {"input_mtok": 4, "output_mtok": 4}}, later]))
    assert [period.get("from") for period in others["models"]["openai/m"]["periods"]] == [None, "2026-05-01"]


def test_prices_by_the_time_of_day_or_not_by_tokens_are_left_out() -> None:
    night = {
        "constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"},
        "prices": {"input_mtok": 1, "output_mtok": 1},
    }
    _, others = made(
        model("a", [{"prices": {"input_mtok": 1, "output_mtok": 1}}, night]), model("b", {"input_mtok": 1})
    )
    assert others["models"] == {}


def test_names_in_use_become_exact_names_of_the_model_that_matches_first() -> None:
    prices = {"input_mtok": 1, "output_mtok": 1}
    first = {**model("m", prices), "match": {"or": [{"equals": "m"}, {"regex": r"^m-\d$"}]}}
    second = {**model("n", prices), "match": {"starts_with": "m"}}
    _, others = made(first, second)
    assert others["models"]["openai/m"]["aliases"] == ["m-9"]
    assert "aliases" not in others["models"]["openai/n"]


def test_the_overlay_rules_until_it_was_checked_and_newer_prices_are_kept() -> None:
    base = [
        {"prices": {"input_mtok": 9, "output_mtok": 9}},
        {"constraint": {"start_date": "2026-10-01"}, "prices": {"input_mtok": 8, "output_mtok": 8}},
        {"constraint": {"start_date": "2026-12-01"}, "prices": {"input_mtok": 7, "output_mtok": 7}},
    ]
    claude, _ = made(claude=(model("claude-a", base),))
    periods = claude["models"]["claude-a"]["periods"]
    assert [(period.get("from"), period["rates"][0]) for period in periods] == [
        (None, 1_000_000),
        ("2026-12-01", 7_000_000),
    ]


def test_models_without_a_price_on_purpose_stay_without() -> None:
    overlay = {**OVERLAY, "unpriced": {"claude-b": {}}}
    claude, _ = made(claude=(model("claude-b", {"input_mtok": 1, "output_mtok": 1}),), overlay=overlay)
    assert list(claude["models"]) == ["claude-a"]


def test_an_overlay_entry_for_nothing_is_an_error() -> None:
    overlay = {**OVERLAY, "models": {"claude-typo": {"checked": "2026-11-01"}}}
    with pytest.raises(BuildError, match="claude-typo"):
        made(overlay=overlay)


def test_rates_are_whole_picodollars() -> None:
    assert picodollars(Decimal("0.003625")) == 3625
    with pytest.raises(BuildError):
        picodollars("0.0000001")


def test_litellm_must_agree_on_shared_models() -> None:
    theirs: dict[str, dict[str, Any]] = {
        "gpt-a": {"litellm_provider": "openai", "input_cost_per_token": 1e-9, "output_cost_per_token": "5e-09"},
        "xai/grok": {"litellm_provider": "xai", "input_cost_per_token": "2e-09"},
        "gpt-z": {"litellm_provider": "openai", "input_cost_per_token": "9e-09"},
        "vercel/gpt-a": {"litellm_provider": "vercel", "input_cost_per_token": "9e-09"},
    }
    models = {"openai/gpt-a": rates(PLAIN), "x-ai/grok": rates(PLAIN)}
    complaints, compared = check_litellm(models, theirs, "2026-11-21")
    assert compared == 2
    assert complaints == ["x-ai/grok: input is 1000 p$ here, 2000 p$ in litellm"]


def test_every_sdk_model_needs_a_price_or_a_reason() -> None:
    models = {"claude-a": {**rates(PLAIN), "aliases": ["claude-a-20260101"]}}
    names = ["claude-a", "claude-a-20260101", "claude-b", "claude-c"]
    assert check_sdk(models, ["claude-b"], names) == ["claude-c is in the SDK and has no price"]


def test_published_periods_stay_unless_the_overlay_corrects_them() -> None:
    old, new = {"m": rates(PLAIN)}, {"m": rates((1001, *PLAIN[1:]))}
    assert len(check_history(old, new, [])) == 1
    assert check_history(old, new, [{"model": "m", "note": "was a typo"}]) == []
    assert check_history(old, {"m": rates(PLAIN, PLAIN)}, []) == []
    assert len(check_history({"m": rates(PLAIN, PLAIN)}, old, [])) == 1


def test_a_price_does_not_jump() -> None:
    five, six = (5000, *PLAIN[1:]), (5001, *PLAIN[1:])
    assert check_jumps({"m": rates(PLAIN)}, {"m": rates(five)}, []) == []
    assert len(check_jumps({"m": rates(PLAIN)}, {"m": rates(six)}, [])) == 1
    assert len(check_jumps({"m": rates(six)}, {"m": rates(PLAIN)}, [])) == 1
    assert len(check_jumps({}, {"m": rates(PLAIN, six)}, [])) == 1
    assert check_jumps({}, {"m": rates(PLAIN, six)}, [{"model": "m"}]) == []


def test_few_models_may_go() -> None:
    old: dict[str, dict[str, Any]] = {str(number): {} for number in range(100)}
    assert check_losses(old, {name: {} for name in list(old)[2:]}) == []
    assert len(check_losses(old, {name: {} for name in list(old)[3:]})) == 1


@pytest.fixture(scope="module")
def published() -> list[dict[str, Any]]:
    pytest.importorskip("genai_prices")
    from claude_tui.pricing.gathering.generate import base_providers

    return base_providers()


def as_served(providers: list[dict[str, Any]]) -> bytes:
    return json.dumps(providers, default=str).encode()


def test_the_bundled_files_are_what_the_generator_makes(published: list[dict[str, Any]]) -> None:
    aliases = [
        f"{id_.partition('/')[0]}/{alias}"
        for id_, entry in json.loads(OTHERS_FILE.read_bytes())["models"].items()
        for alias in entry.get("aliases", ())
    ]
    snapshot = build(published, load_toml(DATA_FOLDER / "overlay.toml"), aliases)
    assert snapshot.claude == CLAUDE_FILE.read_bytes()
    assert snapshot.others == OTHERS_FILE.read_bytes()


def test_refresh_brings_new_models_and_prices(tmp_path: Path, published: list[dict[str, Any]]) -> None:
    target = tmp_path / "state" / "prices.json"
    served = copy.deepcopy(published)
    claude = next(one for one in served if one["id"] == "anthropic")
    prices = {"input_mtok": "7", "output_mtok": "70"}
    claude["models"].append(model("claude-opus-6", prices, context_window=1_000_000))
    outcome = refresh(target, date(2026, 12, 24), lambda: as_served(served))
    assert outcome.is_new, outcome.message
    pricer = load_pricer(snapshot=target)
    assert pricer.describe() == "prices: refreshed 2026-12-24"
    assert pricer.digest != load_pricer().digest
    assert pricer.price_raw("claude", "claude-opus-6", ms(NOW), usage(1000, inference_geo="us")).nano == 7_700_000
    assert pricer.price_raw("claude", "claude-opus-5", ms(NOW), usage(1000, speed="fast")).nano == 10_000_000
    assert pricer.price_raw("codex", "gpt-5-codex", ms(NOW), {"input_tokens": 1000}).nano == 1_250_000
    assert refresh(target, date(2026, 12, 25), lambda: as_served(served)).is_new


def test_refresh_keeps_what_it_has(tmp_path: Path, published: list[dict[str, Any]]) -> None:
    target = tmp_path / "prices.json"
    assert refresh(target, date(2026, 12, 24), lambda: as_served(published)).is_new
    kept = target.read_bytes()

    def offline() -> bytes:
        raise OSError("no route to host")

    changed = copy.deepcopy(published)
    opus = next(one for one in changed[0]["models"] if one["id"] == "claude-opus-5")
    opus["prices"] = {**opus["prices"], "input_mtok": "4"}
    for bad, words in (
        (offline, "no route to host"),
        (lambda: b"<html>", "is invalid"),
        (lambda: b"{}", "is invalid"),
        (lambda: as_served(published[:3]), "is invalid"),
        (lambda: as_served(changed), "claude-opus-5"),
    ):
        outcome = refresh(target, date(2026, 12, 26), bad)
        assert not outcome.is_new
        assert outcome.message.startswith("prices unchanged: ")
        assert words in outcome.message
        assert "\n" not in outcome.message
        assert target.read_bytes() == kept
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"claude": {"date": "2027-01-01", "models": {"x": {}}}, "others": {}}']
)
def test_a_damaged_refreshed_file_is_named_and_left_out(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "prices.json"
    target.write_bytes(content)
    pricer = load_pricer(snapshot=target)
    assert len(pricer.problems) == 1
    assert pricer.describe() == load_pricer().describe()


def test_an_older_refreshed_file_gives_way_to_newer_bundled_prices(
    tmp_path: Path, published: list[dict[str, Any]]
) -> None:
    target = tmp_path / "prices.json"
    assert refresh(target, date(2026, 1, 1), lambda: as_served(published)).is_new
    assert load_pricer(snapshot=target).describe() == "prices: bundled 2026-11-21"


def test_pricing_loads_nothing_heavy() -> None:
    heavy = ("textual", "rich", "asyncio", "decimal", "genai_prices", "urllib.request", "tomllib", "orjson")
    code = (
        "import sys; from claude_tui.pricing import load_pricer; from claude_tui.model import Usage; "
        "load_pricer().price('claude', 'claude-opus-5', 0, Usage(1)); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
