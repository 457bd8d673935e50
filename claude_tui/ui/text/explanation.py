"""Where a figure comes from, in sentences: what was counted, what was not, how the money came to be. Pure."""

from __future__ import annotations

import os
from collections import Counter
from datetime import tzinfo
from typing import Final

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.engine.queries.explain import COUNTED, FLAGS, REASONS, Explanation
from claude_tui.engine.queries.telemetry import TelemetryFigures, kinds_text
from claude_tui.model import ESTIMATE_FLAGS, LOGGED, TOLD, PriceStatus, Response, Totals
from claude_tui.sources.turns.turn import TurnDetails
from claude_tui.sources.values.display import display_name
from claude_tui.ui.text.statements import NAMES, Heading, Statements, fact

KINDS: Final = (
    ("input", "input"),
    ("output", "output"),
    ("cache_write_5m", "cache write 5m"),
    ("cache_write_1h", "cache write 1h"),
    ("cache_read", "cache read"),
)
"""The kinds of tokens, as counters and in words."""

PICO: Final = 1_000_000
"""Picodollars per token that make one dollar per million tokens."""


def of_totals(totals: Totals, zone: tzinfo) -> Statements:
    """What a sum is made of."""
    lines: Statements = [
        fact("cost", figures.headline_cost(totals), "at API list prices, not your bill"),
        fact("responses", f"{totals.responses:,}", "each counted once, however often its lines were copied"),
    ]
    if totals.first_ms:
        lines.append(fact("from", moments.clock(totals.first_ms, zone)))
        lines.append(fact("to", moments.clock(totals.last_ms, zone)))
    lines.append(Content(""))
    lines += [fact(label, f"{getattr(totals, name):,}") for name, label in KINDS]
    if totals.web_search:
        lines.append(fact("web searches", f"{totals.web_search:,}", "$10 per 1,000"))
    if totals.premium_milli:
        lines.append(fact("premium requests", figures.thousandths(totals.premium_milli), "of a plan; not in the cost"))
    lines += [
        fact("tokens", f"{totals.tokens:,}", "sum of the rows above"),
        Content(""),
    ]
    # Not every sum knows what its cache did: where neither is known, nothing is said.
    if totals.read_saved_nano or totals.write_extra_nano:
        saved, spent = (figures.money(nano, 12) for nano in (totals.read_saved_nano, totals.write_extra_nano))
        lines += [
            fact("cache saved", saved, "extra cost if the reads had been plain input"),
            fact("cache spent", spent, "extra cost of the writes over plain input"),
            Content(""),
        ]
    return [*lines, *doubts(totals)]


def doubts(totals: Totals) -> Statements:
    """Why a sum may not be the whole truth."""
    lines: Statements = []
    if totals.unpriced_responses or totals.unpriced_tokens:
        lines.append(
            fact(
                "≥ unpriced",
                f"{totals.unpriced_responses:,}",
                f"responses without a known price, {figures.tokens(totals.unpriced_tokens)}, not in the cost",
            )
        )
    if totals.lower_bound:
        lines.append(
            fact("≥ lower bound", f"{totals.lower_bound:,}", "responses whose output the client logged only in part")
        )
    if totals.flagged:
        lines.append(fact("~ estimated", f"{totals.flagged:,}", "responses whose price is based on an assumption"))
    return lines or [fact("exact", "yes", "every response is complete and priced")]


def of_response(response: Response, zone: tzinfo, prices: str) -> Statements:
    """How one response was counted and priced."""
    usage, price = response.usage, response.price
    how = {
        PriceStatus.PRICED: f"priced by its model and day ({prices})",
        PriceStatus.REPORTED: "the cost the client itself logged",
        PriceStatus.FREE: "this model costs nothing",
        PriceStatus.UNPRICED: "no price is known for this model",
    }.get(price.status, "a part of it has no price and is not in the cost")
    lines: Statements = [
        fact("cost", figures.NOT_AVAILABLE if price.nano is None else figures.money(price.nano, 12), how),
        fact("model", display_name(response.model)),
        fact("at", moments.clock(response.time_ms, zone)),
        Content(""),
        *(fact(label, f"{getattr(usage, name):,}") for name, label in KINDS),
        Content(""),
    ]
    if response.is_fast:
        lines.append(fact("fast mode", "yes", "at its own price, where one is known"))
    if response.is_lower_bound:
        lines.append(fact("≥ lower bound", "yes", "the client logged only the beginning of the output"))
    lines += told_lines(response)
    lines += flag_lines(Counter(price.flags))
    if response.path:
        lines.append(fact("counted from", "", display_name(response.path)))
        is_lines = response.path.endswith((".jsonl", ".zst"))
        lines.append(fact("byte" if is_lines else "row", f"{response.offset:,}"))
    return lines


def told_lines(response: Response) -> Statements:
    """What telemetry told of one response."""
    if response.origin == LOGGED or response.extra:
        return []
    where = "no log has it" if response.origin == TOLD else "the log has it, too"
    lines: Statements = [fact("telemetry", "told", where)]
    for name, value in (("kind", response.kind), ("effort", response.effort), ("speed", response.speed)):
        if value:
            lines.append(fact(name, display_name(value)))
    if response.client_nano is not None:
        lines.append(fact("client's cost", figures.money(response.client_nano, 12), "what the client says it cost"))
    return lines


def flag_lines(flags: Counter[str]) -> Statements:
    """What the flags of prices say, the most frequent first."""
    return [
        fact(("~ " if flag in ESTIMATE_FLAGS else "") + flag.replace("_", " "), f"{count:,}", FLAGS.get(flag, ""))
        for flag, count in flags.most_common()
    ]


def of_explanation(found: Explanation, zone: tzinfo) -> Statements:
    """What reading the logs again and looking at the prices found out."""
    if found.problem:
        return [fact("not explained", "", display_name(found.problem))]
    lines: Statements = [Heading("what was read")]
    if not found.is_complete:
        part = (
            f"{found.looked_at:,} of {figures.many(found.to_look_at, 'response')}, "
            f"{found.files:,} of {figures.many(found.files_total, 'file')}"
        )
        lines.append(fact("examined", "a part", part))
    lines.append(
        fact("files", f"{found.files:,}", f"{figures.many(found.lines, 'line')}, {figures.size(found.bytes_read)}")
    )
    if found.files_gone:
        lines.append(fact("files gone", f"{found.files_gone:,}", "their responses are in the ledger"))
    lines.append(fact("rows with usage", f"{found.usage_rows:,}"))
    lines.append(fact("counted", f"{found.counted_rows:,}", REASONS[COUNTED]))
    lines += [
        fact(f"dropped, {name}", f"{count:,}", REASONS.get(name, "")) for name, count in found.duplicates.most_common()
    ]
    if found.passed_over:
        lines.append(fact("ignored", f"{found.passed_over:,}", "rows that are not requests, or tell what others tell"))
    if found.why:
        lines.append(fact("why this row", "", display_name(found.why)))
    for row in found.rows:
        name = display_name(os.path.basename(row.path))
        place = f"{name} {display_name(row.table)} {row.offset}" if row.table else f"{name}:{row.line}"
        lines.append(
            fact(place[-NAMES:], row.reason, f"{moments.clock(row.time_ms, zone)}, {row.usage.output:,} output")
        )
    if found.telemetry is not None:
        lines += [Content(""), Heading("telemetry"), *telemetry_lines(found.telemetry)]
    if found.client:
        lines += [Content(""), Heading("what the client counted"), *client_lines(found)]
    lines += [Content(""), Heading("what it was priced with"), *rate_lines(found)]
    if found.flags:
        lines += [Content(""), *flag_lines(found.flags)]
    return lines


def telemetry_lines(told: TelemetryFigures) -> Statements:
    """How far telemetry covers the logs, and what only it tells."""
    if not (told.covered or told.only_told):
        return [fact("tells", "", "of none of these responses")]
    covered = f"of {figures.many(told.logged, 'response')} in the log"
    lines: Statements = [fact("covers", figures.share(told.covered, told.logged), covered)]
    if told.only_told:
        cost = figures.money(told.only_told_nano, 12)
        lines.append(fact("only there", cost, f"{told.only_told:,}: {kinds_text(told)}"))
    if told.raised:
        lines.append(fact("completed", f"{told.raised:,}", "outputs of which the log has only the beginning"))
    return lines


def client_lines(found: Explanation) -> Statements:
    """What the client itself counted of the sessions, and what of that no log shows."""
    sessions = found.client
    told = sum(one.client_nano for one in sessions)
    logged, responses = sum(one.logged_nano for one in sessions), sum(one.responses for one in sessions)
    lines: Statements = [
        fact(
            "client", figures.money(told, 12), f"in {figures.many(len(sessions), 'whole session')}, at its own prices"
        ),
        fact("in the log", figures.money(logged, 12), figures.many(responses, "response")),
    ]
    if found.unlogged_nano:
        share = f"{found.unlogged_nano / found.cost_nano:.0%} of the cost" if found.cost_nano else ""
        lines.append(fact("unlogged calls", figures.money(found.unlogged_nano, 12), share))
    if any(one.is_lower_bound for one in sessions):
        notes = dict.fromkeys(note for one in sessions for note in one.notes)
        lines.append(fact("≥ there may be more", "", "; ".join(notes)))
    return lines


def rate_lines(found: Explanation) -> Statements:
    """The rows of the price table, dearest use first, in dollars per million tokens."""
    lines: Statements = [fact("", "", display_name(found.prices))] if found.prices else []
    for use in found.rates:
        rates, row = use.rate.rates, use.rate
        when = f"{row.first or 'from the beginning'} to {row.last or 'now'}"
        special = ("  fast" if row.is_fast else "") + (f"  above {figures.short(row.over)} tokens" if row.over else "")
        lines.append(
            fact(
                display_name(row.model),
                figures.money(use.cost_nano, 12),
                f"{figures.many(use.responses, 'response')}  {when}{special}",
            )
        )
        prices = (
            ("in", rates.input),
            ("out", rates.output),
            ("5m", rates.write_5m),
            ("1h", rates.write_1h),
            ("read", rates.cache_read),
        )
        lines.append(fact("", "", "  ".join(f"{name} ${rate / PICO:g}" for name, rate in prices) + "  per million"))
    if found.reported:
        lines.append(fact("reported", f"{found.reported:,}", "responses at the cost the client logged"))
    if found.free:
        lines.append(fact("free", f"{found.free:,}", "responses of models that cost nothing"))
    for one in found.unpriced:
        lines.append(
            fact(
                display_name(one.model),
                figures.NOT_AVAILABLE,
                f"{figures.many(one.responses, 'response')}, {figures.many(one.tokens, 'token')}",
            )
        )
    return lines


def of_details(found: TurnDetails) -> Statements:
    """What the log says of one response beside its numbers."""
    lines: Statements = [Heading("in the log")]
    if found.line:
        rows = figures.many(found.rows, "row")
        lines.append(fact("line", f"{found.line:,}", f"e opens it; {rows} of this response near it"))
    if found.tools:
        lines.append(
            fact(
                "tools",
                f"{len(found.tools):,}",
                ", ".join(f"{n} ×{c}" if c > 1 else n for n, c in Counter(found.tools).items()),
            )
        )
    if found.text:
        lines.append(fact("begins", "", found.text))
    if found.stop_reason:
        lines.append(fact("ended", found.stop_reason))
    if found.duration_ms is not None:
        lines.append(fact("took", moments.countdown(found.duration_ms / 1000)))
    for name, value in (("message", found.message_id), ("request", found.request_id), ("client", found.version)):
        if value:
            lines.append(fact(name, value))
    if found.problem:
        lines.append(fact("incomplete", "", found.problem))
    return lines if len(lines) > 1 else []


def not_logged(found: Explanation) -> Statements:
    """What no total can hold."""
    told = "; ".join(f"{client}: {', '.join(what)}" for client, what in found.not_logged.items())
    return [Content(""), fact("in no total", "", f"what is never logged: {told}")]
