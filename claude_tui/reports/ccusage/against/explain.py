"""Why ccusage's numbers differ from ours: every difference in tokens put down to the rule that makes it.

Must not know how it is printed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from claude_tui.figures import NANO
from claude_tui.model import Response
from claude_tui.reports.ccusage.against.their_prices import LONG, charge_of, charged_nano
from claude_tui.reports.ccusage.against.theirs import CcusageEntry, LinePlace

RULES: Final = {
    "copy_other_request": "one response counted again under another request id",
    "copy_no_request": "one response counted again where a copy has no request id",
    "copy_other_session": "one response counted again in another session",
    "one_id_for_many": "different responses of a gateway that uses one id for all, counted as one",
    "smaller_row": "another row of the same response taken: ours has the most output",
    "split_short": "cache writes whose split by lifetime falls short of their total",
    "history": "responses whose logs are gone, kept in our history",
    "elsewhere": "logs of other accounts and behind links, where it does not look",
    "line_passed_over": "lines passed over: half characters, a null or odd field, other spacing, version or time",
    "not_a_response": "rows that are no responses: errors, synthetic or empty ones",
    "compaction": "compaction, billed beside the response it belongs to",
    "paused": "paused responses, billed beside the one that went on",
    "advisor": "advisor answers, counted another number of times",
    "fallback": "attempts that another model took over from, billed beside the response",
}
"""What each rule says about the difference between theirs and ours."""

CAUSES: Final = {
    "logged_cost": "the cost the log names, taken there as it is",
    "no_price_there": "models ccusage has no price for",
    "no_price_here": "models we have no price for",
    "web_search": "web searches, which have no price there",
    "fast": "fast mode, at other multiples",
    "long_prompt": "long prompts: there only the tokens above 200,000 of a kind cost more",
    "us_inference": "responses made in the US, which cost a tenth more",
    "batch": "batches, which cost half",
    "short_writes": "cache writes that their split by lifetime leaves out: counted here, not there",
    "cache_write": "cache writes at another rate",
    "other_rate": "the model at another rate",
    "not_compared": "models of other vendors, whose price there is taken to be ours",
}
"""What each cause says about the price of what both count."""


@dataclass(slots=True)
class Difference:
    """What one rule makes: theirs minus ours. Costs are both at our list prices, so that only counting differs."""

    entries: int = 0
    input: int = 0
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0
    nano: int = 0
    examples: list[LinePlace] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Every token."""
        return self.input + self.output + self.cache_write + self.cache_read

    def add(self, theirs: Iterable[Sum], ours: Iterable[Sum]) -> None:
        """Add the difference between two groups."""
        for sign, group in ((1, theirs), (-1, ours)):
            for entries, tokens_in, output, write, read, nano in group:
                self.entries += sign * entries
                self.input += sign * tokens_in
                self.output += sign * output
                self.cache_write += sign * write
                self.cache_read += sign * read
                self.nano += sign * nano


@dataclass(slots=True)
class CcusagePriceDifference:
    """What one cause makes of the price of what ccusage counts: its price minus ours, in nanodollars."""

    entries: int = 0
    nano: int = 0
    examples: list[LinePlace] = field(default_factory=list)


Sum = tuple[int, int, int, int, int, int]
"""Entries, input, output, cache writes, cache reads, cost in nanodollars."""
PriceOf = Callable[[CcusageEntry], int]


@dataclass(slots=True)
class Reconciliation:
    """Both totals, and what each rule makes of the difference: the rules add up to it exactly.

    `theirs` is at our prices. With the differences of `causes` added it is `theirs_nano`, which is what ccusage prints.
    """

    ours: Difference
    theirs: Difference
    rules: dict[str, Difference]
    web_searches: int
    web_search_nano: int
    causes: dict[str, CcusagePriceDifference]
    theirs_nano: int


def explain(
    ours: Sequence[Response],
    theirs: Sequence[CcusageEntry],
    message_ids: dict[LinePlace, str | None],
    unread: Container[str],
    price: PriceOf,
) -> Reconciliation:
    """Compare our responses with the entries ccusage keeps.

    `message_ids` names the message of each line with usage that it reads, `unread` the logs of ours that it does not;
    `price` costs an entry at our prices, in nanodollars.
    """
    groups: dict[tuple[str, str], tuple[list[CcusageEntry], list[Response]]] = defaultdict(lambda: ([], []))
    for entry in theirs:
        name = (entry.message_id or "").split(":advisor:")[0] or f"{entry.place}"
        groups[name, "advisor" if entry.advisor else ""][0].append(entry)
    for response in ours:
        place = LinePlace(response.path, response.offset)
        groups[message_ids.get(place) or f"{place}", response.extra][1].append(response)
    rules = {name: Difference() for name in RULES}
    totals = Difference(), Difference()
    for (_, extra), (their, our) in groups.items():
        their_sums = [_of_entry(entry, price) for entry in their]
        our_sums = [_of_response(response) for response in our]
        totals[0].add(our_sums, ())
        totals[1].add(their_sums, ())
        change = Difference()
        change.add(their_sums, our_sums)
        if change.tokens or change.nano or change.entries:
            rule = rules[_rule(extra, their, our, _missed(our, message_ids, unread))]
            rule.add(their_sums, our_sums)
            rule.examples += [(entry.place) for entry in their[:1]] or [LinePlace(our[0].path, our[0].offset)]
    searches = sum(response.usage.web_search for response in ours)
    causes, theirs_nano = _causes(theirs, price)
    return Reconciliation(totals[0], totals[1], rules, searches, searches * NANO // 100, causes, theirs_nano)


def _causes(theirs: Iterable[CcusageEntry], price: PriceOf) -> tuple[dict[str, CcusagePriceDifference], int]:
    """Return what makes their price of what they count differ from ours, and the sum of theirs."""
    causes = {name: CcusagePriceDifference() for name in CAUSES}
    whole = 0
    for entry in theirs:
        at_ours = price(entry)
        at_theirs = _charged(entry, at_ours)
        whole += at_theirs
        rest = at_theirs - at_ours
        searches = _searches(entry)
        if searches and entry.logged_nano is None and at_ours:
            _put(causes["web_search"], entry, -searches * NANO // 100)
            rest += searches * NANO // 100
        if rest or _is_of_another_vendor(entry):
            _put(causes[_cause(entry, at_ours)], entry, rest)
    return causes, whole


def _put(cause: CcusagePriceDifference, entry: CcusageEntry, nano: int) -> None:
    cause.entries += 1
    cause.nano += nano
    cause.examples.append(entry.place)


def _charged(entry: CcusageEntry, at_ours: int) -> int:
    if entry.logged_nano is not None:
        return entry.logged_nano
    if not entry.model:
        return 0
    if _is_of_another_vendor(entry):
        return at_ours
    return charged_nano(entry.model, entry.usage, entry.counts) or 0


def _is_of_another_vendor(entry: CcusageEntry) -> bool:
    return bool(entry.model) and "claude" not in entry.model.lower() and entry.logged_nano is None


def _cause(entry: CcusageEntry, at_ours: int) -> str:
    usage = entry.usage
    if entry.logged_nano is not None:
        return "logged_cost"
    if _is_of_another_vendor(entry):
        return "not_compared"
    if charge_of(entry.model) is None:
        return "no_price_there"
    if not at_ours:
        return "no_price_here"
    tokens_in, _, writes, reads = entry.counts
    signs = (
        ("fast", usage.get("speed") == "fast"), ("batch", usage.get("service_tier") == "batch"),
        ("us_inference", usage.get("inference_geo") == "us"), ("long_prompt", tokens_in + writes + reads > LONG),
        ("short_writes", writes < _number(usage.get("cache_creation_input_tokens"))), ("cache_write", writes > 0),
    )  # fmt: skip
    return next((name for name, is_so in signs if is_so), "other_rate")


def _searches(entry: CcusageEntry) -> int:
    tools = entry.usage.get("server_tool_use")
    return _number(tools.get("web_search_requests") if isinstance(tools, dict) else None)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _of_entry(entry: CcusageEntry, price: PriceOf) -> Sum:
    return 1, *entry.counts, price(entry)


def _of_response(response: Response) -> Sum:
    usage = response.usage
    write = usage.cache_write_5m + usage.cache_write_1h
    return 1, usage.input, usage.output, write, usage.cache_read, response.price.nano or 0


def _missed(ours: Iterable[Response], message_ids: Container[LinePlace], unread: Container[str]) -> str:
    """Return why ccusage has none of some responses, if it has none."""
    if any(LinePlace(response.path, response.offset) in message_ids for response in ours):
        return "line_passed_over"
    return "elsewhere" if any(response.path in unread for response in ours) else "history"


def _rule(extra: str, theirs: Sequence[CcusageEntry], ours: Sequence[Response], missed: str) -> str:
    if not theirs and missed == "elsewhere":
        return missed
    if extra:
        return extra
    if not theirs:
        return missed
    if not ours:
        return "not_a_response"
    if len(theirs) < len(ours):
        return "one_id_for_many"
    if len(theirs) == len(ours):
        is_same_row = {entry.counts[1] for entry in theirs} == {response.usage.output for response in ours}
        return "split_short" if is_same_row else "smaller_row"
    if any(entry.request_id is None for entry in theirs):
        return "copy_no_request"
    return "copy_other_request" if len({entry.request_id for entry in theirs}) > 1 else "copy_other_session"
