"""The Pricer: from a model, an instant and a usage to a price; fast for plain usages and exact for all.

Must not know how prices were gathered, nor what is done with them.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from claude_tui.model import Price, PriceStatus, Usage
from claude_tui.pricing.billing.claude import SYNTHETIC_PRICE, UNKNOWN_PRICE, claude_price
from claude_tui.pricing.billing.premium import premium_of_terms
from claude_tui.pricing.billing.tiers import terms_of_tier, tier_of_terms
from claude_tui.pricing.billing.usage import (
    codex_counters,
    copilot_counters,
    gemini_counters,
    kimi_counters,
    opencode_counters,
    part,
    pi_counters,
    qwen_counters,
    read_terms,
    reported_nano,
    unsplit_terms,
)
from claude_tui.pricing.cards import ModelCards, WholeRates, cards_of
from claude_tui.pricing.price_list.catalogue import MAX_NAMES, Catalogue, ResolvedModel, bundled, refreshed
from claude_tui.pricing.price_list.names import SYNTHETIC
from claude_tui.pricing.price_list.rates import Model

if TYPE_CHECKING:
    from claude_tui.pricing.price_list.overrides import OverriddenCatalogue

SHORT_NAMES: Final = {
    "claude-code": "claude", "gemini-cli": "gemini", "qwen-code": "qwen", "kimi-code": "kimi", "copilot-cli": "copilot",
    "kilo-cli": "kilo",
}  # fmt: skip
"""Names of clients that differ from the names of their sources."""

LONG_WINDOW: Final = 1_000_000
"""Tokens of the window that Claude models were sold with beside their usual one."""

_COUNTERS: Final = {
    "gemini": gemini_counters, "qwen": qwen_counters, "kimi": kimi_counters, "copilot": copilot_counters,
}  # fmt: skip
RAW_SHAPES: Final = ("claude", "codex", "opencode", "kilo", "pi", *_COUNTERS)
"""Clients whose own usage objects `Pricer.price_raw` reads."""


class Pricer:
    """Prices single responses at list price.

    `digest` identifies the content of all prices in use; `problems` has one line for each price file left out.
    """

    def __init__(self, catalogue: Catalogue | OverriddenCatalogue, problems: tuple[str, ...] = ()) -> None:
        self._catalogue = catalogue
        self.problems = problems
        self._cards: dict[tuple[str, str], ModelCards | Price] = {}
        self._windows: dict[str, tuple[int, bool]] = {}
        self.digest = catalogue.digest

    def price(
        self,
        source: str,
        model: str,
        time_ms: int,
        usage: Usage,
        terms: str = "",
        reported_nano: int | None = None,
    ) -> Price:
        """Price counters. `terms` is the raw usage object as JSON, or other data that decides if the counters alone do
        not.

        `source` is a source's name. `reported_nano` is the cost the client logged, which is then the price; a logged
        cost of 0 for tokens (a subscription) is replaced by the list price. Never raises: unreadable terms are not
        billed, and a flag says so.
        """
        if terms or reported_nano is not None:
            return self._special_price(source, model, time_ms, usage, terms, reported_nano)
        known = self._cards.get((source, model)) or self._learn(source, model)
        if isinstance(known, Price):
            return known
        starts, cards, _ = known
        card = cards[bisect_right(starts, time_ms)]
        if card is None:
            return UNKNOWN_PRICE
        prompt = usage[0] + usage[2] + usage[3] + usage[4]
        while prompt > card.over and card.longer:
            card = card.longer
        return card.price(usage)

    def price_of_sum(self, source: str, model: str, time_ms: int, usage: Usage) -> Price:
        """Price the sum of calls that are not known one by one: as short ones; a flag says where they may not be."""
        known = self._cards.get((source, model)) or self._learn(source, model)
        if isinstance(known, Price):
            return known
        card = known.cards[bisect_right(known.starts, time_ms)]
        if card is None:
            return UNKNOWN_PRICE
        price = card.price(usage)
        return price._replace(flags=(*price.flags, "tier_ambiguous")) if usage.prompt > card.over else price

    def whole_rates(self, source: str, model: str, first_ms: int, last_ms: int) -> WholeRates | None:
        """Return the rates for every plain usage between two instants, or a sum of them, if nothing needs rounding.

        They apply if each prompt is at most `over`. None if there are none, or if the price changed in between.
        """
        known = self._cards.get((source, model)) or self._learn(source, model)
        if isinstance(known, Price):
            return None
        period = bisect_right(known.starts, first_ms)
        if period != bisect_right(known.starts, last_ms):
            return None
        return known.whole[period]

    def only_assumes_lifetimes(self, source: str, usage: Usage, terms: str) -> bool:
        """Whether terms are nothing but a usage whose cache writes are not divided by how long they live.

        It costs what the plain usage does, but as an estimate.
        """
        if source != "claude" or usage.cache_write_1h or usage.web_search or not usage.cache_write_5m:
            return False
        return terms in unsplit_terms(usage)

    def price_raw(self, source: str, model: str, time_ms: int, raw_usage: Mapping[str, Any]) -> Price:
        """Price a usage object in the client's own format. `source` may be a source's or a client's name."""
        source = SHORT_NAMES.get(source, source)
        if source == "claude":
            return claude_price(self._find_claude, model, time_ms, raw_usage)
        if source in _COUNTERS:
            return self.price(source, model, time_ms, _COUNTERS[source](raw_usage))
        if source == "pi":
            reported = reported_nano(part(raw_usage, "cost").get("total")) or None
            return self.price(source, model, time_ms, pi_counters(raw_usage), reported_nano=reported)
        if source == "codex":
            terms = terms_of_tier(raw_usage.get("service_tier"))
            return self.price(source, model, time_ms, codex_counters(raw_usage), terms)
        if source in ("opencode", "kilo"):
            usage, is_double_charged = opencode_counters(raw_usage, model)
            reported = None if is_double_charged else reported_nano(raw_usage.get("cost"))
            return self.price(source, model, time_ms, usage, reported_nano=reported)
        raise ValueError(f"unknown source {source!r}")

    def context_window(self, model: str) -> int:
        """Return the largest context window known for a model, 0 if none is known."""
        return self._window(model)[0]

    def has_one_window(self, model: str) -> bool:
        """Whether a session of the model always has its largest window: not those Claude Code runs with 200,000 tokens
        unless it was asked for a million."""
        return self._window(model)[1]

    def _window(self, model: str) -> tuple[int, bool]:
        """Return the largest window of a model, 0 if unknown, and whether it always has it: asked for each session."""
        known = self._windows.get(model)
        if known is None:
            if len(self._windows) >= MAX_NAMES:
                self._windows.clear()
            found = self._find_claude(model).model
            known = self._windows[model] = _window_of(found) if found else (0, False)
        return known

    def describe(self) -> str:
        """Describe where the prices come from, for a footer."""
        return f"prices: {self._catalogue.origin} {self._catalogue.date}"

    def find(self, source: str, model: str) -> ResolvedModel:
        """Resolve a model name of a log, with its prices."""
        return self._catalogue.find(source, model)

    def _find_claude(self, model: str) -> ResolvedModel:
        return self._catalogue.find("claude", model)

    def _special_price(
        self, source: str, model: str, time_ms: int, usage: Usage, terms: str, reported: int | None
    ) -> Price:
        if reported is not None and (reported or not usage.tokens):
            at_list = self.price(source, model, time_ms, usage)
            return Price(
                reported,
                PriceStatus.REPORTED,
                ("cost_reported_by_tool",),
                at_list.read_saved_nano,
                at_list.write_extra_nano,
            )
        if source == "codex" and terms:
            return self.price(f"codex/{tier_of_terms(terms)}", model, time_ms, usage)
        if source == "copilot" and terms:
            return self.price(source, model, time_ms, usage)._replace(premium_milli=premium_of_terms(terms))
        if source != "claude" or not terms:
            return self.price(source, model, time_ms, usage)
        raw = read_terms(terms)
        if raw is None:
            plain = self.price(source, model, time_ms, usage)
            return plain._replace(flags=(*plain.flags, "terms_unreadable"))
        return self.price_raw(source, model, time_ms, raw)

    def _learn(self, source: str, model: str) -> ModelCards | Price:
        """Resolve a model name and remember its rates, or the price itself if it is the same for every usage.

        A service tier may be appended to the source.
        """
        if len(self._cards) >= MAX_NAMES:
            self._cards.clear()
        client, _, asked = source.partition("/")
        found = self._catalogue.find(client, model)
        known = SYNTHETIC_PRICE if model == SYNTHETIC else cards_of(found, client, asked)
        self._cards[source, model] = known
        return known


def _window_of(model: Model) -> tuple[int, bool]:
    if not model.id.startswith("claude-"):
        return model.window, True
    # What had a price for long prompts was sold with the long window, too, even if it no longer is.
    was_long = any(period.standard.tiers for period in model.periods)
    return max(model.window, LONG_WINDOW if was_long else 0), model.is_native_1m


def load_pricer(overrides: Path | None = None, snapshot: Path | None = None) -> Pricer:
    """Return a pricer with the bundled prices, or a newer refreshed `snapshot`, and a user's prices.toml on top.

    Missing files are not a problem. An invalid file is left out and named in `Pricer.problems`.
    """
    problems = []
    catalogue = bundled()
    if snapshot is not None:
        try:
            catalogue = max(catalogue, refreshed(snapshot), key=lambda known: known.date)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            problems.append(f"{snapshot.name} ignored: {getattr(error, 'strerror', None) or error}")
    if overrides is None or not os.path.lexists(overrides):
        return Pricer(catalogue, tuple(problems))
    # Imported here: few have such a file, and everyone waits for the program to start.
    from claude_tui.pricing.price_list.overrides import OverrideError, load_overrides

    try:
        return Pricer(load_overrides(overrides, catalogue), tuple(problems))
    except FileNotFoundError:  # a link to what is not there
        return Pricer(catalogue, tuple(problems))
    except (OSError, OverrideError) as error:
        return Pricer(catalogue, (*problems, f"{overrides.name} ignored: {getattr(error, 'strerror', None) or error}"))
