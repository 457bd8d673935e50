"""Where a figure comes from, in sentences: what was counted, what was not, how the money came to be. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from claude_tui.model import ESTIMATE_FLAGS, PriceStatus, Response, Totals
from claude_tui.sources.display import display_name
from claude_tui.ui import format

FLAGS: Final = {
    "assumed_5m": "cache writes of unknown lifetime, priced as 5 minutes",
    "split_short": "the split of cache writes did not add up; the rest priced as 5 minutes",
    "split_over": "the split of cache writes was more than their sum; the split was believed",
    "fast_price_unknown": "served in fast mode, for which no price is known; priced as usual",
    "tier_ambiguous": "the prompt tier could not be told for certain",
    "fallback_credit": "partly credited by the client",
    "cost_recomputed": "the client logged a cost; recomputed from its tokens",
    "service_tier_unknown": "an unknown service tier, priced as standard",
}
"""What the flags of a price mean."""

_KINDS: Final = (
    ("input", "input"),
    ("output", "output"),
    ("cache_write_5m", "cache write 5 m"),
    ("cache_write_1h", "cache write 1 h"),
    ("cache_read", "cache read"),
)

Lines = list[Content]


def fact(name: str, value: str, note: str = "") -> Content:
    """One line: a name, its figure, what it means."""
    return Content.assemble(
        (name.rjust(18), "$quiet"), "  ", (value, "bold $foreground"), (f"  {note}" if note else "", "$quiet")
    )


def of_totals(totals: Totals, zone: tzinfo) -> Lines:
    """What a sum is made of."""
    lines = [
        fact("cost", format.headline_cost(totals), "API-equivalent list price"),
        fact("replies", f"{totals.responses:,}", "each counted once, however often its lines were copied"),
    ]
    if totals.first_ms:
        lines.append(fact("from", format.clock(totals.first_ms, zone)))
        lines.append(fact("to", format.clock(totals.last_ms, zone)))
    lines.append(Content(""))
    lines += [fact(label, f"{getattr(totals, name):,}") for name, label in _KINDS]
    if totals.web_search:
        lines.append(fact("web searches", f"{totals.web_search:,}", "$10 per 1,000"))
    lines += [
        fact("tokens", f"{totals.tokens:,}", "the sum of these"),
        Content(""),
        fact(
            "cache saved",
            format.money(totals.read_saved_nano, 12),
            "reads at full input price would have cost that more",
        ),
        fact("cache spent", format.money(totals.write_extra_nano, 12), "writes cost that above plain input"),
        Content(""),
    ]
    return lines + doubts(totals)


def doubts(totals: Totals) -> Lines:
    """Why a sum may not be the whole truth."""
    lines: Lines = []
    if totals.unpriced_responses or totals.unpriced_tokens:
        lines.append(
            fact(
                "≥ unpriced",
                f"{totals.unpriced_responses:,}",
                f"replies without a known price, {format.short(totals.unpriced_tokens)} tokens, not in the cost",
            )
        )
    if totals.lower_bound:
        lines.append(
            fact("≥ lower bound", f"{totals.lower_bound:,}", "replies whose output the client logged only in part")
        )
    if totals.flagged:
        lines.append(fact("~ estimated", f"{totals.flagged:,}", "replies whose price rests on an assumption"))
    return lines or [fact("exact", "yes", "every reply is complete and priced")]


def of_response(response: Response, zone: tzinfo, prices: str) -> Lines:
    """How one reply was counted and priced."""
    usage, price = response.usage, response.price
    how = {
        PriceStatus.PRICED: f"priced by its model and day ({prices})",
        PriceStatus.REPORTED: "the cost the client itself logged",
        PriceStatus.FREE: "this model costs nothing",
        PriceStatus.UNPRICED: "no price is known for this model",
    }.get(price.status, "a part of it has no price and is left out")
    lines = [
        fact("cost", format.NOT_AVAILABLE if price.nano is None else format.money(price.nano, 12), how),
        fact("model", display_name(response.model)),
        fact("at", format.clock(response.time_ms, zone)),
        Content(""),
        *(fact(label, f"{getattr(usage, name):,}") for name, label in _KINDS),
        Content(""),
    ]
    if response.is_fast:
        lines.append(fact("fast mode", "yes", "at its own price, where one is known"))
    if response.is_lower_bound:
        lines.append(fact("≥ lower bound", "yes", "the client logged only the beginning of the output"))
    lines += flag_lines(Counter(price.flags))
    if response.path:
        lines.append(fact("counted from", display_name(response.path)))
        lines.append(fact("byte", f"{response.offset:,}", "e opens it there"))
    return lines


def flag_lines(flags: Counter[str]) -> Lines:
    """What the flags of prices say, the most frequent first."""
    return [
        fact(("~ " if flag in ESTIMATE_FLAGS else "") + flag.replace("_", " "), f"{count:,}", FLAGS.get(flag, ""))
        for flag, count in flags.most_common()
    ]


def of_responses(responses: Iterable[Response]) -> Lines:
    """What can be said of replies only one by one: their files and the flags of their prices."""
    flags: Counter[str] = Counter()
    paths: set[str] = set()
    extras: Counter[str] = Counter()
    for response in responses:
        flags.update(response.price.flags)
        paths.add(response.path)
        if response.extra:
            extras[response.extra] += 1
    lines = [fact("files", f"{len(paths - {''}):,}")]
    lines += [
        fact(display_name(kind), f"{count:,}", "billed beside replies, at its own model")
        for kind, count in extras.items()
    ]
    return [*lines, *flag_lines(flags)]


class ExplainScreen(ModalScreen[None]):
    """The explanation of a figure."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,q,enter,backspace", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, name: str, lines: Sequence[Content]) -> None:
        super().__init__()
        self._heading = name
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The lines, in a box that scrolls."""
        with VerticalScroll(id="explain") as box:
            box.border_title = Content.styled(self._heading, "bold $foreground")
            box.border_subtitle = Content.styled("Esc closes", "$quiet")
            yield Static(Content("\n").join(self._lines), id="explain-text", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll where the lines do not fit."""
        self.query_one("#explain", VerticalScroll).scroll_relative(y=lines, animate=False)
