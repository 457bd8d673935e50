"""What only holds where claude-top stands in for ccusage: logged costs, prices of a ccusage.json, --jq, no logs.

Must not count: numbers are those of every other report, where ccusage does not take them from the logs as they are.
"""

from __future__ import annotations

import os
import subprocess
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import counted, pricer
from claude_tui.cli.options.places import source_config

if TYPE_CHECKING:
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Response
    from claude_tui.reports.ccusage.lines import PriceOf, StandIn

RATES: Final = (
    "inputCostPerToken", "outputCostPerToken", "cacheCreationInputTokenCost", "cacheReadInputTokenCost",
)  # fmt: skip
"""Keys of a price of the user's own, in dollars a token."""


def counted_or_nothing(options: Namespace) -> Store | None:
    """Count; None if there are no logs at all. A CLAUDE_CONFIG_DIR that holds nothing ends the command."""
    try:
        return counted(options, is_empty_fine=True)
    except exits.CommandError as error:
        if error.code != exits.NO_LOGS:
            raise
    named = os.environ.get("CLAUDE_CONFIG_DIR", "").strip()
    if named and "claude" in (options.source if "source" in options else ("claude",)):
        from claude_tui.sources.registry import reader

        if not any(root.is_dir() for root in reader("claude").roots(source_config(options))):
            raise exits.CommandError(f"no valid Claude data directory in CLAUDE_CONFIG_DIR: {named}")
    return None


def beside(options: Namespace, client: str, responses: Sequence[Response]) -> StandIn:
    """Return what ccusage takes from the logs as they are, and the prices the user has named."""
    from claude_tui.engine.queries.logged import logged_costs, reasoning_tokens
    from claude_tui.reports.ccusage.lines import StandIn

    is_claude, is_codex = client in ("", "claude"), client in ("", "codex")
    return StandIn(
        logged_costs(responses) if is_claude and (options.mode != "calculate" or options.id) else {},
        reasoning_tokens(responses) if is_codex else {},
        _price_of(options),
    )


def logged(options: Namespace, responses: Sequence[Response]) -> StandIn | None:
    """Return the costs that the logs name, if the user asks for no others."""
    if options.mode != "display":
        return None
    from claude_tui.engine.queries.logged import logged_costs
    from claude_tui.reports.ccusage.lines import StandIn

    return StandIn(logged_costs(responses))


def _price_of(options: Namespace) -> PriceOf:
    own: Mapping[str, Any] = options.pricing_overrides if isinstance(options.pricing_overrides, dict) else {}
    tier = {"fast": "priority", "standard": ""}.get(options.speed)
    if not own and tier is None:
        return lambda response: response.price.nano
    from claude_tui.pricing.billing.tiers import terms_of_tier

    prices = pricer()

    def price(response: Response) -> int | None:
        rates = own.get(response.model)
        if isinstance(rates, dict):
            return _at_own_rates(rates, response)
        if tier is not None and response.source == "codex":
            terms = terms_of_tier(tier)
            return prices.price("codex", response.model, response.time_ms, response.usage, terms).nano
        return response.price.nano

    def _at_own_rates(rates: dict[str, Any], response: Response) -> int:
        from claude_tui.model import Usage

        # What the user does not name costs what it costs, and nothing where the model has no price.
        usage, source = response.usage, response.source
        writes = usage.cache_write_5m + usage.cache_write_1h
        kinds = (
            (usage.input, Usage(input=usage.input)),
            (usage.output, Usage(output=usage.output)),
            (writes, usage._replace(input=0, output=0, cache_read=0, web_search=0)),
            (usage.cache_read, Usage(cache_read=usage.cache_read)),
        )
        nano = 0
        for key, (tokens, part) in zip(RATES, kinds, strict=True):
            rate = rates.get(key)
            if isinstance(rate, (int, float)) and not isinstance(rate, bool):
                nano += round(tokens * rate * 1_000_000_000)
            else:
                nano += prices.price(source, response.model, response.time_ms, part).nano or 0
        return nano

    return price


def write_through_jq(document: Any, expression: str) -> None:
    """Write what the `jq` program makes of a document. Ends the command if there is none, or it fails."""
    import json

    text = json.dumps(document, indent=2, sort_keys=True)
    try:
        done = subprocess.run(
            ["jq", expression], input=text.encode("utf-8", "backslashreplace"), capture_output=True, check=False
        )
    except OSError as error:
        raise exits.CommandError(f"--jq needs the program jq, which cannot be run: {error.strerror}") from None
    streams.write(done.stdout.decode("utf-8", "replace"))
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise exits.CommandError("jq failed" + (f": {said[0]}" if said else ""))
