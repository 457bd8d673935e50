"""Rates made ready to multiply: for one name of a model, by period and by length of the prompt.

Must not know logs, how prices were gathered, or clients beyond whether they log a cost.
"""

from __future__ import annotations

from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.model import ESTIMATE_FLAGS, Price, PriceStatus, Usage
from claude_tui.pricing.billing.claude import UNKNOWN_PRICE
from claude_tui.pricing.billing.tiers import service_tier
from claude_tui.pricing.price_list.catalogue import ResolvedModel
from claude_tui.pricing.price_list.names import BEDROCK_REGIONAL
from claude_tui.pricing.price_list.rates import SCALE, SCALED_PER_NANO, WEB_SEARCH_NANO, Rates, RateTable, spans
from claude_tui.records import NamedTuple

NEVER: Final = 2**62
"""More tokens than any prompt has."""
_HALF: Final = SCALED_PER_NANO // 2 - 1
_PRICED: Final = PriceStatus.PRICED


class RateCard(NamedTuple):
    """Everything needed to price a plain usage in one period: scaled rates, savings of reads, extra cost of writes,
    flags.

    For a prompt above `over` tokens, `longer` applies instead.
    """

    input: int
    output: int
    write_5m: int
    write_1h: int
    cache_read: int
    read_saved: int
    extra_5m: int
    extra_1h: int
    flags: tuple[str, ...]
    over: int
    longer: RateCard | None

    @property
    def is_whole(self) -> bool:
        """Whether all costs, savings and extras are whole nanodollars, so that prices add up like usages."""
        return not any(rate % SCALED_PER_NANO for rate in self[:8])

    def price(self, usage: Usage) -> Price:
        """Price a plain usage at these rates, whatever the length of its prompt."""
        tokens_in, tokens_out, write_5m, write_1h, cache_read, searches = usage
        rate_in, rate_out, rate_5m, rate_1h, rate_read, saving, extra_5m, extra_1h, flags, _, _ = self
        cost = (
            tokens_in * rate_in
            + tokens_out * rate_out
            + write_5m * rate_5m
            + write_1h * rate_1h
            + cache_read * rate_read
        )
        saved = cache_read * saving
        extra = write_5m * extra_5m + write_1h * extra_1h
        # round_half_even() three times, written out: this runs once per record.
        return Price(
            (cost + _HALF + (cost // SCALED_PER_NANO & 1)) // SCALED_PER_NANO + searches * WEB_SEARCH_NANO,
            _PRICED,
            flags,
            (saved + _HALF + (saved // SCALED_PER_NANO & 1)) // SCALED_PER_NANO,
            (extra + _HALF + (extra // SCALED_PER_NANO & 1)) // SCALED_PER_NANO,
        )


class WholeRates(NamedTuple):
    """The rates of a card that `is_whole`, in nanodollars: for plain usages, whose prices are added up like these.

    They apply to prompts of at most `over` tokens. `is_estimate`: the price is based on an assumption.
    """

    input: int
    output: int
    write_5m: int
    write_1h: int
    cache_read: int
    read_saved: int
    extra_5m: int
    extra_1h: int
    over: int
    is_estimate: bool

    @classmethod
    def of(cls, card: RateCard) -> WholeRates:
        """Return the rates of a card."""
        is_estimate = not ESTIMATE_FLAGS.isdisjoint(card.flags)
        rates = [rate // SCALED_PER_NANO for rate in card[:8]]
        return cls._make((*rates, card.over, is_estimate))

    def sums(self, given: int, output: int, write_5m: int, write_1h: int, read: int, searches: int) -> WholeSums:
        """Price plain usages that were added up: what they cost, what reads saved and what writes cost more."""
        rate_in, rate_out, rate_5m, rate_1h, rate_read, saved, extra_5m, extra_1h, _, _ = self
        return (
            given * rate_in
            + output * rate_out
            + write_5m * rate_5m
            + write_1h * rate_1h
            + read * rate_read
            + searches * WEB_SEARCH_NANO,
            read * saved,
            write_5m * extra_5m + write_1h * extra_1h,
        )


WholeSums = tuple[int, int, int]
"""Nanodollars that usages cost, that reads saved of them, and that writes cost more."""


class ModelCards(NamedTuple):
    """The rates of one model name of one source: before the first of `starts`, from the first on, and so on.

    None if the model has no price, and of the whole ones if prices do not add up.
    """

    starts: tuple[int, ...]
    cards: tuple[RateCard | None, ...]
    whole: tuple[WholeRates | None, ...]


def cards_of(found: ResolvedModel, source: str, asked: str) -> ModelCards | Price:
    """Return the rates of a model that was found, for a client and the service tier it asked for."""
    model, route, is_fast = found
    if model is None:
        return UNKNOWN_PRICE
    flags = [f"route:{route}"] if route else []
    client = CLIENTS.get(source)
    late = ["cost_recomputed"] if client is not None and client.logs_cost else []
    times, by, said = service_tier(model.id, asked)
    late += said
    factor = SCALE * times // by
    if route == BEDROCK_REGIONAL and model.takes_regional_premium:
        factor = factor * 11 // 10
        late.append("regional_endpoint_1.1x")
    starts: list[int] = []
    cards: list[RateCard | None] = [None]
    for period, end_ms in spans(model.periods):
        speed = [] if not is_fast or period.fast else ["fast_price_unknown"]
        table = period.fast if is_fast and period.fast else period.standard
        if starts and starts[-1] == period.from_ms:
            starts.pop()
            cards.pop()
        starts += [period.from_ms, end_ms]
        cards += [_card(table, factor, (*flags, *speed), tuple(late)), None]
    whole = (WholeRates.of(card) if card is not None and card.is_whole else None for card in cards)
    return ModelCards(tuple(starts), tuple(cards), tuple(whole))


def _card(table: RateTable, factor: int, early: tuple[str, ...], late: tuple[str, ...]) -> RateCard:
    longer = None
    over = NEVER
    for tier in reversed(table.tiers):
        longer = _single(tier.rates, factor, (*early, "long_context_tier", *late), over, longer)
        over = tier.over
    return _single(table.rates, factor, (*early, *late), over, longer)


def _single(rates: Rates, factor: int, flags: tuple[str, ...], over: int, longer: RateCard | None) -> RateCard:
    scaled = rates.times(factor)
    return RateCard(
        input=scaled.input,
        output=scaled.output,
        write_5m=scaled.write_5m,
        write_1h=scaled.write_1h,
        cache_read=scaled.cache_read,
        read_saved=scaled.input - scaled.cache_read,
        extra_5m=scaled.write_5m - scaled.input,
        extra_1h=scaled.write_1h - scaled.input,
        flags=flags,
        over=over,
        longer=longer,
    )
