"""The lines beside the rows of where the money went: conventions, and what lies inside the total. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Final

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.engine.queries.causes.costs.misses import CAUSES, CacheMiss
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS, TITLES
from claude_tui.engine.queries.causes.known.facts import MAIN
from claude_tui.engine.queries.causes.tables import CauseRow, CauseTable, Facts, Pause, sums_of
from claude_tui.engine.queries.causes.waste import WASTE, Proof, Waste
from claude_tui.model import Usage
from claude_tui.sources.values.display import display_name
from claude_tui.ui.text.explanation import KINDS
from claude_tui.ui.text.statements import Heading, Statements, fact
from claude_tui.widths import cut

READING: Final = "reading what the logs say of it…"
_COUNTERS: Final = (*KINDS, ("web_search", "web searches"))


def convention_line(by: str, notes: Sequence[str], width: int) -> str:
    """How a dimension divides, and as much of what is to know of it as fits."""
    if by == WASTE:
        return cut("What would have been saved; rows may overlap, so they are not added up.", width)
    convention = DIMENSIONS[by].convention
    said = f"{convention[0].upper()}{convention[1:]}; the rows add up to the total."
    for end in ";:":  # as much of it as fits
        if len(said) > width:
            said = said.partition(end)[0].removesuffix(".") + "."
    for note in notes:
        more = f"{said} {note[0].upper()}{note[1:]}."
        if len(more) > width:
            break
        said = more
    return cut(said, width)


def inside_line(table: CauseTable, width: int) -> list[tuple[str, str]]:
    """What lies inside the total and may have been avoided, as much of it as fits."""
    found = table.of_which
    lost = figures.share(found.missed.cost_nano, table.total_nano).strip()
    repeated = found.repeated
    groups = [
        ("cache lost", figures.cost(found.missed), f" ({lost})" if lost else "", bool(found.misses)),
        ("calls that failed", figures.cost(found.failed.sums), "", bool(found.failed.number)),
        ("interrupted", figures.cost(found.interrupted.sums), "", bool(found.interrupted.number)),
        ("files read again", f"~{figures.money(repeated.cost_nano)}", "", bool(repeated.number)),
    ]
    parts: list[tuple[str, str]] = [("of which", "$quiet")]
    used = len("of which")
    for name, money, more, is_any in groups:
        length = len(name) + len(money) + len(more) + 3
        if not is_any or used + length > width:
            continue
        used += length
        parts += [(f"  {name} ", "$quiet"), (money, "$warning"), (more, "$quiet")]
    return parts if len(parts) > 1 else []


def cache_line(table: CauseTable, warm: Iterable[Pause], now_ms: int, width: int) -> str:
    """How often caches were lost, and what that cost; and what the dearest pause would cost now, if there is room."""
    lost = _lost_line(table)
    pause = max((one for one in warm if one.cold_at_ms > now_ms), key=lambda one: one.cost_nano, default=None)
    if pause is None:
        return lost
    left = moments.duration((pause.cold_at_ms - now_ms) / 1000)
    said = f"{lost} A pause of more than {left} now costs {figures.money(pause.cost_nano, 8)}."
    return said if len(said) <= width else lost


def _lost_line(table: CauseTable) -> str:
    found = table.of_which
    number, lost = sum(one.number for one in found.misses), sum(one.lost_tokens for one in found.misses)
    if not number:
        return "No cache was lost."
    of = f"{figures.cost(found.missed)} of {figures.cost(table.sums)}"
    return f"{figures.many(number, 'time')}, {figures.tokens(lost)} paid anew: {of}."


def of_row(row: CauseRow, table: CauseTable) -> Statements:
    """What a row of a dimension is made of, and by what convention."""
    about = DIMENSIONS[table.by]
    lines: Statements = [
        fact(TITLES[table.by], display_name(row.label)),
        fact("cost", figures.cost(row.sums, 14), f"of {figures.cost(table.sums, 14)}, the total"),
        fact("share", figures.share(row.cost_nano, table.total_nano).strip() or "0%"),
        fact("divided", "", f"{about.convention}; all rows add up to the total"),
    ]
    lines += [fact("to know", "", note) for note in table.notes]
    lines.append(Content(""))
    if row.project:
        lines.append(fact("project", "", display_name(row.project)))
    if row.responses:
        told = "a response with calls of several rows is in each" if about.is_by_call else ""
        lines.append(fact("responses", f"{row.responses:,}", told))
    if row.calls:
        lines.append(
            fact("calls", f"{row.calls:,}", f"{row.failed_calls:,} of them failed" if row.failed_calls else "")
        )
    if row.agents:
        each = figures.money(row.each_nano, 12)
        lines.append(fact("sub-agents", f"{row.agents:,}", f"{each} each" if table.by == "agent" else ""))
    if row.models:
        lines.append(fact("models", "", ", ".join(map(display_name, row.models))))
    if row.missed.number:
        told = f"{figures.many(row.missed.number, 'time')}, {figures.tokens(row.missed.tokens)} paid anew"
        lines.append(fact("cache lost", figures.cost(row.missed.sums, 12), told))
    if row.beside.agents:
        money = figures.money(row.beside.cost_nano, 12)
        lines.append(fact("started", money, f"by {figures.many(row.beside.agents, 'sub-agent')}; beside the cost"))
    if row.carried_nano or row.tokens_est:
        lines.append(fact("~ tokens in", f"{row.tokens_est:,}", "came into prompts, estimated from sizes"))
        lines.append(fact("carried", figures.money(row.carried_nano, 12), "of the cost: read again by each response"))
    lines += _usage(row.usage)
    lines += [fact(display_name(part.label), figures.money(part.cost_nano, 12), _calls(part)) for part in row.parts]
    return lines


def _calls(row: CauseRow) -> str:
    return figures.many(row.calls, "call") + (f", {row.failed_calls:,} failed" if row.failed_calls else "")


def _usage(usage: Usage) -> Statements:
    return [fact(label, f"{value:,}") for name, label in _COUNTERS if (value := getattr(usage, name))]


def waste_mark(found: Waste) -> str:
    """The mark before what could have been avoided: estimated from sizes, or a lower bound."""
    return figures.ESTIMATE if found.is_estimate else figures.doubt(found.sums)


def of_waste(found: Waste, zone: tzinfo, project: Callable[[str], str]) -> Statements:
    """What could have been avoided, and the responses that prove it. `project` makes names of projects short."""
    mark = waste_mark(found)

    def money(nano: int) -> str:
        return (mark if nano else "") + figures.money(nano, 12)

    lines: Statements = [
        fact("saved", money(found.saved_nano), f"{figures.many(found.number, 'time')} in this period"),
        fact("paid", money(found.paid_nano)),
        fact("instead", money(found.otherwise_nano), found.otherwise),
        Content(""),
        Heading("the dearest of them"),
    ]
    for proof in found.proofs:
        response = proof.response
        where = project(display_name(response.project))
        told = f"{where}  {proof.session_name}  {display_name(_shown_by(proof))}"
        saved = figures.money(proof.paid_nano - proof.otherwise_nano, 12)
        lines.append(fact(moments.clock(response.time_ms, zone), mark + saved, told))
    return lines


def _shown_by(proof: Proof) -> str:
    """What a proof shows."""
    miss, calls, path, number, agent_type, responses = proof.detail
    if miss is not None:
        return f"{figures.tokens(miss.lost_tokens)} paid anew after {moments.countdown(miss.gap_ms / 1000)}"
    if calls or path:
        return ", ".join(calls) if calls else f"{path}, about {figures.tokens(number)}"
    return f"a {agent_type} with {figures.many(responses, 'response')}" if agent_type else "interrupted"


def of_miss(miss: CacheMiss) -> Statements:
    """Why a response paid anew for what had been in the cache."""
    after = f", after {moments.countdown(miss.gap_ms / 1000)}" if miss.gap_ms else ""
    return [
        fact("cache lost", figures.cost(sums_of(miss.cost_nano, miss.doubts), 12), f"{CAUSES[miss.cause]}{after}"),
        fact("paid again", figures.short(miss.lost_tokens), "tokens; the price is above what reading them costs"),
    ]


def of_facts(found: Facts) -> Statements:
    """What the log says a response was made for."""
    if found.problem:
        return [fact("made for", "", found.problem)]
    named = (
        ("skill", found.skill),
        ("plugin", found.plugin),
        ("sub-agent", found.agent_type),
        ("branch", found.branch),
    )
    lines: Statements = [fact(name, display_name(value)) for name, value in named if value and value != MAIN]
    if found.failed_calls:
        lines.append(fact("failed calls", f"{found.failed_calls:,}"))
    if found.is_interrupted:
        lines.append(fact("interrupted", "yes"))
    return lines


def miss_text(miss: CacheMiss, width: int) -> str:
    """A lost cache in at most `width` cells: its price, then its cause."""
    money = figures.cost(sums_of(miss.cost_nano, miss.doubts), min(width, 8))
    cause = CAUSES[miss.cause]
    return money if width < len(money) + 5 else cut(f"{money} {cause}", width)
