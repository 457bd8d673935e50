from __future__ import annotations

from pathlib import Path

import pytest

from claude_tui.model import Price, PriceStatus, Usage
from claude_tui.pricing import Pricer, load_pricer
from tests.pricing.prices import NOW, ms, usage

THOUSAND = Usage(1000)


def with_prices(folder: Path, text: str) -> Pricer:
    path = folder / "prices.toml"
    path.write_text(text)
    return load_pricer(path)


def price(pricer: Pricer, model: str, counted: Usage = THOUSAND, instant: str = NOW) -> Price:
    fast = pricer.price("claude", model, ms(instant), counted)
    raw = usage(counted.input, counted.output, counted.cache_write_5m, counted.cache_write_1h, counted.cache_read)
    assert pricer.price_raw("claude", model, ms(instant), raw) == fast
    return fast


def test_alias_costs_what_the_other_model_costs(tmp_path: Path) -> None:
    pricer = with_prices(tmp_path, '[models."My-Gateway-Opus"]\nalias = "claude-opus-5-5"\n')
    assert pricer.problems == ()
    assert price(pricer, "my-gateway-opus").nano == 4_000_000
    assert price(pricer, "MY-gateway-opus[1m]").nano == 4_000_000
    assert price(pricer, "my-gateway-opus-2").status is PriceStatus.UNPRICED
    assert pricer.context_window("my-gateway-opus") == 1_000_000


def test_alias_keeps_tiers_dates_and_fast_mode(tmp_path: Path) -> None:
    pricer = with_prices(tmp_path, '[models.house]\nalias = "claude-opus-4-6"\n')
    for instant in ("2026-02-16T00:00:00Z", "2026-03-12T00:00:00Z", "2026-03-13T00:00:00Z", "2026-11-01T00:00:00Z"):
        for counted in (Usage(10, 10), Usage(250_000, 10)):
            assert price(pricer, "house", counted, instant) == price(pricer, "claude-opus-4-6", counted, instant)


def test_own_rates(tmp_path: Path) -> None:
    pricer = with_prices(
        tmp_path,
        '[models.house]\ninput = "1.50"\noutput = 6\ncache_read = 0.15\ncache_write = "1.875"\ncache_write_1h = "3"\n',
    )
    assert price(pricer, "house", Usage(1000, 100, 10, 20, 30)).nano == 1_500_000 + 600_000 + 18_750 + 60_000 + 4_500


def test_cache_tokens_without_a_rate_are_billed_like_input(tmp_path: Path) -> None:
    pricer = with_prices(tmp_path, '[models.house]\ninput = "2"\noutput = "6"\n')
    assert price(pricer, "house", Usage(0, 0, 1, 1, 1)).nano == 6_000


@pytest.mark.parametrize("discount", ['"0.15"', "0.15", '"15%"'])
def test_discount_on_a_known_model_counts_on_every_route_to_it(tmp_path: Path, discount: str) -> None:
    pricer = with_prices(tmp_path, f'[models."claude-opus-4-5"]\ndiscount = {discount}\n')
    assert price(pricer, "claude-opus-4-5").nano == 4_250_000
    assert price(pricer, "claude-opus-4-5-20251101").nano == 4_250_000
    cloud = price(pricer, "us.anthropic.claude-opus-4-5-20251101-v1:0")
    assert (cloud.nano, cloud.flags[0]) == (4_675_000, "route:bedrock_regional")
    assert price(pricer, "claude-opus-5").nano == 5_000_000


def test_dates_limit_an_entry_to_whole_days(tmp_path: Path) -> None:
    pricer = with_prices(
        tmp_path,
        '[models."claude-opus-5"]\ndiscount = "0.5"\nfrom = 2026-09-01\nuntil = "2026-09-30"\n'
        '[models.house]\nalias = "claude-opus-5"\nfrom = 2026-09-01\nuntil = 2026-09-30\n',
    )
    inside, outside = (
        ("2026-09-01T00:00:00Z", "2026-09-30T23:59:59.999Z"),
        ("2026-08-31T23:59:59Z", "2026-10-01T00:00:00Z"),
    )
    assert {price(pricer, "claude-opus-5", instant=instant).nano for instant in inside} == {2_500_000}
    assert {price(pricer, "claude-opus-5", instant=instant).nano for instant in outside} == {5_000_000}
    assert {price(pricer, "house", instant=instant).nano for instant in inside} == {5_000_000}
    assert {price(pricer, "house", instant=instant).status for instant in outside} == {PriceStatus.UNPRICED}


def test_several_entries_follow_each_other(tmp_path: Path) -> None:
    pricer = with_prices(
        tmp_path,
        '[[models.house]]\ninput = "1"\noutput = "1"\nuntil = 2026-05-31\n'
        '[[models.house]]\ninput = "2"\noutput = "2"\nfrom = 2026-06-01\n',
    )
    assert price(pricer, "house", instant="2026-05-31T23:59:59Z").nano == 1_000_000
    assert price(pricer, "house", instant="2026-06-01T00:00:00Z").nano == 2_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[models", "TOML"),
        ("\xff", "TOML"),
        ("[prices]\n", "'prices'"),
        ("models = 3\n", "tables"),
        ("[models]\nx = 3\n", 'models."x" must be a table'),
        ("[models.x]\nprice = 3\n", "'price'"),
        ("[models.x]\n", "needs alias, rates or discount"),
        ('[models.x]\nalias = "claude-opus-99"\n', "'claude-opus-99'"),
        ("[models.x]\nalias = 3\n", "alias"),
        ('[models.x]\nalias = "claude-opus-5"\ninput = "1"\n', "not both"),
        ('[models.x]\ninput = "1"\n', "output is missing"),
        ('[models.x]\ninput = "cheap"\noutput = "1"\n', "'cheap'"),
        ('[models.x]\ninput = "-1"\noutput = "1"\n', "'-1'"),
        ('[models.x]\ninput = "nan"\noutput = "1"\n', "'nan'"),
        ('[models.x]\nalias = "claude-opus-5"\ndiscount = "15"\n', "discount"),
        ('[models.x]\nalias = "claude-opus-5"\nfrom = "soon"\n', "'soon'"),
        ('[models.x]\nalias = "claude-opus-5"\nfrom = 2026-02-01\nuntil = 2026-01-01\n', "after"),
    ],
)
def test_a_bad_file_is_explained_and_the_defaults_stay(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(text.encode("latin-1"))
    pricer = load_pricer(path)
    (problem,) = pricer.problems
    assert problem.startswith("prices.toml ignored: ")
    assert words in problem
    assert "\n" not in problem
    assert price(pricer, "claude-opus-5").nano == 5_000_000
    assert pricer.digest == load_pricer().digest


def test_a_missing_file_is_no_problem(tmp_path: Path) -> None:
    assert load_pricer(tmp_path / "prices.toml").problems == ()


def test_prices_in_use_are_named(tmp_path: Path) -> None:
    plain = load_pricer()
    pricer = with_prices(tmp_path, '[models.x]\nalias = "claude-opus-5"\n')
    assert plain.describe() == "prices: bundled 2026-11-21"
    assert pricer.describe() == "prices: bundled 2026-11-21 + overrides"
    assert pricer.digest != plain.digest
