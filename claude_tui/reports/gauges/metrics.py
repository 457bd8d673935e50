"""A snapshot as Prometheus text. Counters are sums over the whole history, gauges are current values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.figures import NANO
from claude_tui.model import Snapshot, Totals
from claude_tui.sources.values.display import display_name

KINDS: Final = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")


def metrics(snapshot: Snapshot, windows: Iterable[ReportedWindow] = ()) -> str:
    """Return the metrics, one family after the other; labels are safe to show. `windows` are the reported limits."""
    limits = [window for window in windows if window.resets_ms > snapshot.taken_ms]
    models = [(f'model="{_label(row.key)}",source="{_label(row.source)}"', row.totals) for row in snapshot.models]
    parts = [
        _family("tokens_total", "counter", "Tokens counted.", _tokens(models)),
        _family("cost_usd_total", "counter", "Cost at list price, in USD.", ((one, _usd(t)) for one, t in models)),
        _family("responses_total", "counter", "Responses.", ((one, str(t.responses)) for one, t in models)),
        _family(
            "unpriced_tokens_total", "counter", "Tokens without a price; not in the cost.",
            ((one, str(totals.unpriced_tokens)) for one, totals in models),
        ),
        _family(
            "lower_bound_responses_total", "counter", "Responses with only the beginning of their output logged.",
            ((one, str(totals.lower_bound)) for one, totals in models),
        ),
        _family(
            "problems_total", "counter", "Problems in the logs: lines skipped or in doubt.",
            ((f'kind="{_label(kind)}"', str(number)) for kind, number in sorted(snapshot.problems.items())),
        ),
        _family("today_cost_usd", "gauge", "Cost of the current local day, in USD.", [("", _usd(snapshot.today))]),
        _family("today_tokens", "gauge", "Tokens of the current local day.", [("", str(snapshot.today.tokens))]),
        _family("burn_usd_per_hour", "gauge", "Cost of the last minutes, per hour.", _burn(snapshot)),
        _family("active_sessions", "gauge", "Active sessions.", [("", str(snapshot.active_sessions))]),
        _family(
            "limit_used_percent", "gauge", "What Claude Code reported to be used of a limit that is not yet reset.",
            ((_limit(window), f"{window.used_percent:g}") for window in limits),
        ),
        _family(
            "limit_reset_timestamp_seconds", "gauge", "When that limit is reset.",
            ((_limit(window), _seconds(window.resets_ms)) for window in limits),
        ),
        _family("newest_seconds", "gauge", "Unix time of the newest response.", [("", _seconds(snapshot.newest_ms))]),
    ]  # fmt: skip
    return "".join(parts)


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[str, str]]) -> str:
    full = f"claude_top_{name}"
    lines = [f"# HELP {full} {text}", f"# TYPE {full} {kind}"]
    lines += [f"{full}{{{labels}}} {value}" if labels else f"{full} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _tokens(models: Iterable[tuple[str, Totals]]) -> Iterable[tuple[str, str]]:
    for labels, totals in models:
        for kind in KINDS:
            yield f'{labels},kind="{kind}"', str(getattr(totals, kind))


def _burn(snapshot: Snapshot) -> list[tuple[str, str]]:
    burn = snapshot.burn
    windows = (("5m", burn.last_5m_nano), ("15m", burn.last_15m_nano), ("60m", burn.last_60m_nano))
    return [(f'window="{window}"', _decimal(nano)) for window, nano in windows]


def _usd(totals: Totals) -> str:
    return _decimal(totals.cost_nano)


def _decimal(nano: int) -> str:
    """Return nanodollars as dollars with all decimals: Prometheus reads decimals, so no precision is lost before it."""
    return f"{nano // NANO}.{nano % NANO:09d}"


def _seconds(time_ms: int) -> str:
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"


def _limit(window: ReportedWindow) -> str:
    return f'account="{_label(window.account)}",window="{_label(window.name)}"'


def _label(text: str) -> str:
    return display_name(text).replace("\\", "\\\\").replace('"', '\\"')
