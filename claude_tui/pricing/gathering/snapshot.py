"""From the base data and the hand-kept overlay to the price files; the same input always gives the same bytes.

The base data is the list of providers that genai-prices publishes as JSON. Must not know where it was fetched, nor
judge it: that is the task of `validate`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from claude_tui.records import NamedTuple

VENDORS: Final = (
    "openai",
    "google",
    "x-ai",
    "deepseek",
    "moonshotai",
    "zai",
    "zhipuai",
    "minimax",
    "mistral",
    "meta",
)
"""Providers of their own models. A bare model name means their list price; the first that knows a name wins."""

OWN_VENDORS: Final = ("qwen",)
"""Further ones whose list prices the overlay alone has."""

HOSTS: Final = ("cerebras", "groq")
"""Providers of other vendors' models at prices of their own, used only if a log names them."""

_KINDS: Final = ("input_mtok", "cache_write_mtok", "cache_write_1h_mtok", "cache_read_mtok", "output_mtok")
_FALLBACK: Final = {
    "cache_write_mtok": "input_mtok",
    "cache_write_1h_mtok": "cache_write_mtok",
    "cache_read_mtok": "input_mtok",
}
"""Tokens of a kind without a price of its own are billed as this kind."""

_PICO_PER_USD_MTOK: Final = 1_000_000

Entry = dict[str, Any]
Models = dict[str, Entry]


class PriceFiles(NamedTuple):
    """The content of the two price files."""

    claude: bytes
    others: bytes


class BuildError(ValueError):
    """The base data or the overlay has a format or a number that cannot be used."""


def build(providers: Sequence[Mapping[str, Any]], overlay: Mapping[str, Any], names: Iterable[str] = ()) -> PriceFiles:
    """Build the price files.

    `names` are model names in use ("openai/gpt-5-2025-08-07"). Those that the base data's own matching assigns to one
    of its models become exact aliases of it.
    """
    by_id = {provider["id"]: provider for provider in providers}
    names = sorted(set(names))
    claude = _claude_models(by_id["anthropic"], overlay)
    others: Models = {}
    for provider_id in (*VENDORS, *HOSTS):
        for entry_id, entry in _models(by_id[provider_id], _names_of(provider_id, names)).items():
            # Other clouds know no dates of Claude prices: a Claude model is in the Claude file or nowhere.
            if "claude" not in entry_id:
                others[f"{provider_id}/{entry_id}"] = entry
    others.update(_own_models(overlay.get("others", {})))
    for note in overlay.get("same", ()):
        for name in note["names"]:
            others[name] = _like_others(others, note["periods"])
    for note in overlay.get("doubtful", ()):
        for name in note["names"]:
            _forget(others, name)
    for note in overlay.get("windows", ()):
        for entry_id in note["models"]:
            others[entry_id]["window"] = note["window"]
    others_bytes = _dump({"date": overlay["date"], "models": others, "vendors": (*VENDORS, *OWN_VENDORS)})
    head = {"date": overlay["date"], "others": hashlib.sha256(others_bytes).hexdigest()}
    return PriceFiles(_dump({**head, "models": claude}), others_bytes)


def picodollars(usd_per_mtok: object) -> int:
    """Return a rate in dollars per million tokens as picodollars per token."""
    rate = Decimal(str(usd_per_mtok)) * _PICO_PER_USD_MTOK
    if rate != rate.to_integral_value() or rate < 0:
        raise BuildError(f"{usd_per_mtok} USD per million tokens is not a whole number of picodollars")
    return int(rate)


def _claude_models(provider: Mapping[str, Any], overlay: Mapping[str, Any]) -> Models:
    base = {id_: entry for id_, entry in _models(provider, ()).items() if id_ not in overlay["unpriced"]}
    for entry in base.values():
        entry.pop("aliases", None)
    for id_, note in overlay["models"].items():
        entry = base.pop(note.get("base", id_), {})
        own_periods = [_overlay_period(period) for period in note.get("periods", ())]
        if own_periods:
            newer = [period for period in entry["periods"] if period.get("from", "") > note["checked"]] if entry else []
            entry["periods"] = own_periods + newer
        for name in ("window", "aliases", "us_premium", "regional_premium", "native_1m"):
            if name in note:
                entry[name] = note[name]
        if "periods" not in entry:
            raise BuildError(f"{id_} has no price in the base and none in the overlay")
        base[id_] = entry
    for entry in base.values():
        # What holds for the newest models is taken for those the overlay does not know yet.
        for name, default in (
            ("us_premium", True),
            ("regional_premium", True),
            ("native_1m", entry.get("window", 0) >= 1_000_000),
        ):
            if not entry.setdefault(name, default):
                del entry[name]
    return base


def _own_models(notes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Entry]]:
    """Yield the models of other vendors that the overlay has and the base lacks."""
    for id_, note in notes.items():
        entry: Entry = {"periods": [_overlay_period(period) for period in note["periods"]]}
        yield id_, entry | {name: note[name] for name in ("window", "aliases") if name in note}


def _like_others(models: Models, parts: Sequence[Mapping[str, Any]]) -> Entry:
    """Return a model that cost what others did, one after the other; its window is that of the last."""
    periods: list[Entry] = []
    for part in parts:
        begin = str(part.get("from", ""))
        known = models.get(part["as"])
        if known is None:
            raise BuildError(f"{part['as']} is not in the base, and others are said to cost what it does")
        periods = [period for period in periods if period.get("from", "") < begin]
        for period in known["periods"]:
            if begin and period.get("from", "") <= begin:
                if periods and periods[-1].get("from", "") == begin:
                    periods.pop()
                period = {**period, "from": begin}
            periods.append(period)
    window = models[parts[-1]["as"]].get("window")
    return {"periods": periods} | ({"window": window} if window else {})


def _forget(models: Models, name: str) -> None:
    """Leave a name without a price, and with it the model if it is the model's own id."""
    if models.pop(name, None) is None:
        provider, _, alias = name.partition("/")
        for id_, entry in models.items():
            if id_.startswith(f"{provider}/") and alias in entry.get("aliases", ()):
                entry["aliases"].remove(alias)
                if not entry["aliases"]:
                    del entry["aliases"]


def _overlay_period(period: Mapping[str, Any]) -> Entry:
    table = _overlay_table(period)
    if "from" in period:
        table["from"] = str(period["from"])
    if "fast" in period:
        table["fast"] = _overlay_table(period["fast"])
    return table


def _overlay_table(table: Mapping[str, Any]) -> Entry:
    result: Entry = {"rates": [picodollars(rate) for rate in table["rates"]]}
    if "tiers" in table:
        result["tiers"] = [
            {"over": tier["over"], "rates": [picodollars(rate) for rate in tier["rates"]]} for tier in table["tiers"]
        ]
    return result


def _models(provider: Mapping[str, Any], names: Sequence[str]) -> Models:
    models: Models = {}
    matchers: list[tuple[str, Callable[[str], bool]]] = []
    for model in provider["models"]:
        id_ = model["id"].lower()
        matchers.append((id_, _matcher(model["match"])))
        periods = _periods(model)
        if not periods:
            continue
        entry: Entry = {"periods": periods}
        if model.get("context_window"):
            entry["window"] = model["context_window"]
        aliases = {name.lower() for name in _equal_names(model["match"])} - {id_}
        if aliases:
            entry["aliases"] = sorted(aliases)
        models[id_] = entry
    for name in names:
        owner = next((id_ for id_, matches in matchers if matches(name)), None)
        if owner in models and owner != name:
            models[owner]["aliases"] = sorted({*models[owner].get("aliases", ()), name})
    return models


def _periods(model: Mapping[str, Any]) -> list[Entry]:
    """Return the dated prices of a model; none if it is not billed by text tokens, or by the time of day."""
    listed = model["prices"]
    conditional = listed if isinstance(listed, list) else [{"prices": listed}]
    periods = []
    for item in conditional:
        constraint = item.get("constraint") or {}
        if "start_time" in constraint:
            return []
        table = _table(item["prices"])
        if table is None:
            return []
        if "start_date" in constraint:
            table["from"] = str(constraint["start_date"])
        fast = _fast(item["prices"], model.get("price_variants") or ())
        if fast:
            table["fast"] = fast
        periods.append(table)
    return sorted(periods, key=lambda period: str(period.get("from", "")))


def _fast(prices: Mapping[str, Any], variants: Iterable[Mapping[str, Any]]) -> Entry | None:
    for variant in variants:
        if variant["when"] == {"speed": "fast"} and not variant.get("constraint"):
            return _table({**prices, **variant["prices"]})
    return None


def _table(prices: Mapping[str, Any]) -> Entry | None:
    if prices.get("input_mtok") is None or prices.get("output_mtok") is None:
        return None
    starts = {tier["start"] for kind in _KINDS for tier in _tiers(prices.get(kind))}
    table: Entry = {"rates": [_rate(prices, kind, None) for kind in _KINDS]}
    if starts:
        table["tiers"] = [
            {"over": start, "rates": [_rate(prices, kind, start) for kind in _KINDS]} for start in sorted(starts)
        ]
    return table


def _rate(prices: Mapping[str, Any], kind: str, start: int | None) -> int:
    price = prices.get(kind)
    if price is None:
        return _rate(prices, _FALLBACK[kind], start)
    value = price["base"] if isinstance(price, Mapping) else price
    for tier in sorted(_tiers(price), key=lambda tier: int(tier["start"])):
        if start is not None and tier["start"] <= start:
            value = tier["price"]
    return picodollars(value)


def _tiers(price: object) -> Sequence[Mapping[str, Any]]:
    return price["tiers"] if isinstance(price, Mapping) else ()


def _names_of(provider_id: str, names: Iterable[str]) -> list[str]:
    return [name.removeprefix(f"{provider_id}/") for name in names if name.startswith(f"{provider_id}/")]


def _equal_names(clause: Mapping[str, Any]) -> Iterator[str]:
    if "equals" in clause:
        yield clause["equals"]
    for inner in clause.get("or", ()):
        yield from _equal_names(inner)


def _matcher(clause: Mapping[str, Any]) -> Callable[[str], bool]:
    ((kind, value),) = clause.items()
    if kind in ("or", "and"):
        inner = [_matcher(one) for one in value]
        combine = any if kind == "or" else all
        return lambda name: combine(matches(name) for matches in inner)
    if kind == "regex":
        found = re.compile(value).search
        return lambda name: found(name) is not None
    text = value.lower()
    simple: dict[str, Callable[[str], bool]] = {
        "equals": lambda name: name == text,
        "starts_with": lambda name: name.startswith(text),
        "ends_with": lambda name: name.endswith(text),
        "contains": lambda name: text in name,
    }
    return simple[kind]


def _dump(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
