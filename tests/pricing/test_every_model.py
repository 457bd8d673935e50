"""Every model any client of the captured sets used has a price, or it is said here why it has none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.model import PriceStatus, Usage
from claude_tui.pricing import load_pricer
from claude_tui.pricing.batch import price_lines
from claude_tui.sources.registry import read_columns, reader
from tests.captured import sets_of
from tests.pricing.prices import ms

PRICES = load_pricer()

UNPRICED = {
    "my-gateway-sonnet": "a name a gateway made up",
    "mockai/m1": "invented for the sets; its client logs a cost for most of it",
    "mockcc/mock-cc-1": "invented for the sets; its client logs a cost for some of it",
    "mockai/free1": "invented for the sets: a model that costs nothing and has no price",
}
"""Models that are knowingly without a price, and why."""

NAMED = {
    "codex": ("codex-auto-review", "gpt-daybreak-blue-latest", "gpt-5.6-codex", "gpt-5.6-codex-max"),
    "gemini": ("gemini-3.7-flash-high",),
    "qwen": ("qwen3-coder-plus", "qwen3-coder-flash", "dashscope/qwen3-coder-plus"),
    "opencode": ("alibaba/qwen3-coder-plus", "openrouter/qwen/qwen3-coder-plus", "github-copilot/claude-sonnet-4.5"),
    "claude": ("github_copilot/claude-sonnet-4.5", "copilot/claude-opus-4.5"),
    "copilot": ("copilot/gpt-5.4", "github_copilot/gpt-5.4"),
    "kimi": ("kimi-k3",),
}
"""Models that clients use and no captured set has."""


def used() -> Iterator[tuple[str, str, int, Usage, str, int | None]]:
    """Every response of every captured set, with what is billed beside it."""
    for client in CLIENTS:
        for home in sets_of(client):
            for root in {home, home / "projects", home / ".gemini", home / ".codex"}:
                for file in reader(client).discover(root):
                    columns = read_columns(file).columns
                    for at, time_ms in enumerate(columns.time):
                        model, terms = columns.models[columns.model[at]], columns.terms.get(at, "")
                        yield client, model, time_ms, columns.usage(at), terms, columns.reported.get(at)
                        for extra in columns.extras.get(at, ()):
                            yield client, extra.model, time_ms, extra.usage, extra.terms, None


@pytest.mark.every_client
def test_every_model_of_every_set_is_priced_or_knowingly_not() -> None:
    states: dict[tuple[str, str], set[PriceStatus]] = {}
    for client, model, time_ms, usage, terms, reported in used():
        price = PRICES.price(client, model, time_ms, usage, terms, reported)
        states.setdefault((client, model), set()).add(price.status)
    assert {client for client, _ in states} == set(CLIENTS), "every client has a set"
    unpriced = {model for (_, model), found in states.items() if PriceStatus.UNPRICED in found}
    assert unpriced - UNPRICED.keys() == set(), "give it a price in the overlay, or say above why it has none"


@pytest.mark.parametrize(("client", "model"), [(client, model) for client in NAMED for model in NAMED[client]])
def test_models_that_no_set_has_are_priced(client: str, model: str) -> None:
    price = PRICES.price(client, model, ms("2026-11-20"), Usage(1000, 1000))
    assert (price.status, bool(price.nano)) == (PriceStatus.PRICED, True)


def test_a_name_that_moved_on_costs_what_it_stood_for() -> None:
    """Codex's review: GPT-5.5 until July 2026, then Luna, at every price that had."""
    for day, model in (("2026-06-30", "gpt-5.5"), ("2026-07-01", "gpt-5.6-luna"), ("2026-11-20", "gpt-5.6-luna")):
        usage = Usage(300_000, 1000, cache_read=5)
        assert PRICES.price("codex", "codex-auto-review", ms(day), usage).nano == (
            PRICES.price("codex", model, ms(day), usage).nano
        )


def test_a_tier_of_qwen_begins_above_its_bound() -> None:
    def nano(prompt: int) -> int | None:
        return PRICES.price("qwen", "qwen3-coder-plus", ms("2026-11-20"), Usage(prompt - 10, 1, cache_read=10)).nano

    assert nano(32_000) == 31_990 * 1000 + 10 * 100 + 5000
    assert nano(32_001) == 31_991 * 1800 + 10 * 180 + 9000
    assert nano(256_001) == 255_991 * 6000 + 10 * 600 + 60_000


def raw_usages(client: str) -> Iterator[dict[str, Any]]:
    """The usage objects of a client's set as it logs them."""
    (home, *_) = sets_of(client)
    for path in sorted(home.rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            record = json.loads(line)
            if client == "qwen":
                event = record.get("systemPayload", {}).get("uiEvent", {})
                if event.get("event.name") == "qwen-code.api_response":
                    yield event
            elif client == "pi" and record.get("message", {}).get("role") == "assistant":
                yield record["message"]["usage"]
            elif client == "kimi" and record.get("type") == "usage.record":
                yield record["usage"]
            elif client == "copilot" and record.get("type") == "session.usage_record":
                yield record["data"]["usage"]


@pytest.mark.parametrize("client", ["qwen", "pi", "kimi", "copilot"])
def test_the_price_command_reads_what_the_client_logs(client: str) -> None:
    """As its reader does: at the price of one model both come to the same."""
    model, day = "claude-sonnet-4-5", "2026-11-20T12:00:00Z"
    wanted: dict[Usage, int | None] = {}
    for one, _, time_ms, usage, *_ in used():
        if one == client:
            wanted[usage] = PRICES.price("claude", model, time_ms, usage).nano
    given = [{**one, "cost": None} for one in raw_usages(client)]
    lines = [json.dumps({"model": model, "ts": day, "source": client, "usage": one}).encode() for one in given]
    found = [json.loads(line)["nano"] for line in price_lines(lines, PRICES)]
    assert len(found) > 10 and set(found) - {0} <= set(wanted.values())
    assert {nano for nano in wanted.values() if nano} <= set(found) or client == "copilot"


def test_a_cost_that_pi_logged_is_the_price() -> None:
    usage = {"input": 10, "output": 5, "cost": {"total": 0.25}}
    line = json.dumps({"model": "m", "ts": "2026-11-20", "source": "pi", "usage": usage}).encode()
    (answer,) = price_lines([line], PRICES)
    assert (json.loads(answer)["nano"], json.loads(answer)["status"]) == (250_000_000, "reported")
