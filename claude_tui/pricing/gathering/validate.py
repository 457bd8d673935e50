"""The checks a new price snapshot must pass before it replaces an old one. Every check returns complaints in words.

Must not know where the data came from, nor write anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from claude_tui.pricing.price_list.rates import Model, Rates, day_ms, model_from

MAX_JUMP: Final = 5
"""Largest factor between two prices of a model, in either direction: more looks like a misplaced decimal point."""

MAX_LOST: Final = Fraction(2, 100)
"""The share of models that may be missing from a new snapshot."""

LITELLM_PROVIDERS: Final = {
    "anthropic": "anthropic",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "gemini": "google",
    "groq": "groq",
    "meta_llama": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "openai": "openai",
    "xai": "x-ai",
    "zai": "zai",
}
"""litellm's names of the providers in the table."""

_LITELLM_RATES: Final = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_creation_input_token_cost": "write_5m",
    "cache_creation_input_token_cost_above_1hr": "write_1h",
    "cache_read_input_token_cost": "cache_read",
}

Models = Mapping[str, Mapping[str, Any]]


def litellm_names(litellm: Models) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield litellm's models as "provider/model" in the table's terms, with litellm's entry."""
    for key, entry in litellm.items():
        provider = LITELLM_PROVIDERS.get(str(entry.get("litellm_provider")))
        if provider is not None and key.count("/") <= 1:
            yield f"{provider}/{key.rpartition('/')[2].lower()}", entry


def check_litellm(models: Models, litellm: Models, day: str) -> tuple[list[str], int]:
    """Compare the base rates of shared models on a day. Returns complaints, and how many models were compared.

    `models` are keyed "provider/model".
    """
    complaints = []
    compared = 0
    index = {name: id_ for id_, entry in models.items() for name in _names(id_, entry)}
    for name, theirs in litellm_names(litellm):
        id_ = index.get(name)
        if id_ is None or theirs.get("input_cost_per_token") is None:
            continue
        ours = _rates_on(id_, models[id_], day)
        if ours is None:
            continue
        compared += 1
        stated = _stated(ours)
        for key, kind in _LITELLM_RATES.items():
            rate = _picodollars(theirs.get(key))
            if rate is not None and kind in stated and rate != stated[kind]:
                complaints.append(f"{name}: {kind} is {stated[kind]} p$ here, {rate} p$ in litellm")
    return complaints, compared


def check_sdk(models: Models, unpriced: Iterable[str], sdk_models: Iterable[str]) -> list[str]:
    """Check that every Claude model in the vendor's SDK has a price, or is known to have none."""
    known = {name for id_, entry in models.items() for name in (id_, *entry.get("aliases", ()))} | set(unpriced)
    return [f"{name} is in the SDK and has no price" for name in sorted(set(sdk_models) - known)]


def check_history(old: Models, new: Models, corrections: Sequence[Mapping[str, Any]]) -> list[str]:
    """Check that published periods stay unchanged, unless the overlay says that one was wrong."""
    corrected = {(note["model"], str(note.get("from", ""))) for note in corrections}
    complaints = []
    for id_ in sorted(old.keys() & new.keys()):
        periods = {str(period.get("from", "")): period for period in new[id_]["periods"]}
        for period in old[id_]["periods"]:
            start = str(period.get("from", ""))
            if periods.get(start) != period and (id_, start) not in corrected:
                complaints.append(f"{id_}: its price from {start or 'the beginning'} changed without a note")
    return complaints


def check_jumps(old: Models, new: Models, corrections: Sequence[Mapping[str, Any]]) -> list[str]:
    """Check that no price is more than five times or less than a fifth of the one before, unless the overlay says
    so."""
    accepted = {note["model"] for note in corrections}
    complaints = []
    for id_ in sorted(new.keys() - accepted):
        model = model_from(id_, new[id_])
        steps = [(before.standard.rates, after.standard.rates) for before, after in _pairs(model)]
        if id_ in old:
            steps.append((model_from(id_, old[id_]).periods[-1].standard.rates, model.periods[-1].standard.rates))
        for before, after in steps:
            complaints += [
                f"{id_}: {kind} jumps from {one} p$ to {two} p$"
                for kind, one, two in _shared(_stated(before), _stated(after))
                if one > MAX_JUMP * two or two > MAX_JUMP * one
            ]
    return complaints


def check_losses(old: Models, new: Models) -> list[str]:
    """Check that at most 2 % of the models are missing."""
    gone = sorted(old.keys() - new.keys())
    if Fraction(len(gone), max(len(old), 1)) <= MAX_LOST:
        return []
    return [f"{len(gone)} of {len(old)} models are gone: {', '.join(gone[:5])}, ..."]


def _stated(rates: Rates) -> dict[str, int]:
    """Return the rates a source states itself: cache tokens without a price of their own are billed like input."""
    own = rates._asdict()
    return {kind: rate for kind, rate in own.items() if kind in ("input", "output") or rate != rates.input}


def _shared(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    return ((kind, rate, after[kind]) for kind, rate in before.items() if kind in after)


def _names(id_: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield id_
    provider = id_.rpartition("/")[0]
    yield from (f"{provider}/{alias}" for alias in entry.get("aliases", ()))


def _rates_on(id_: str, entry: Mapping[str, Any], day: str) -> Rates | None:
    period = model_from(id_, entry).period(day_ms(day))
    return period.standard.rates if period else None


def _picodollars(usd_per_token: object) -> int | None:
    if usd_per_token is None:
        return None
    try:
        # litellm's binary fractions carry noise far below a picodollar (1.9999e-07).
        return int((Decimal(str(usd_per_token)) * 10**12).to_integral_value())
    except InvalidOperation:
        return None


def _pairs(model: Model) -> Iterable[tuple[Any, Any]]:
    return zip(model.periods, model.periods[1:], strict=False)
