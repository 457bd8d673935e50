"""One line for Claude Code's statusline, from what the client reports and from the latest count.

Imported by a program that has 60 ms: plain dictionaries, and only the smallest parts of the standard library.

`given` is the client's JSON. `day` is what the background count left: today (its cost as text), today_nano, recent
([time_ms, nano, tokens without cache] of the last hour), minutes ([minute since the epoch, nano] of the last five
hours), block_start_ms, block_end_ms, block_nano, block_first_ms, sessions ({id: nano}), codex_limits ([name, percent
used, end] of the windows of Codex's plan); None if there is none yet. Must not count or read files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui import figures
from claude_tui.sources.values.display import display_name
from claude_tui.sources.values.numbers import number_of
from claude_tui.units import HOUR_MS, MINUTE_MS

BURN_MS = 30 * MINUTE_MS
LENGTH_MS = 300 * MINUTE_MS
NORMAL_PER_MINUTE = 2000
MODERATE_PER_MINUTE = 5000
BURN_LABELS = {"normal": ("🟢", "Normal"), "moderate": ("⚠️", "Moderate"), "high": ("🚨", "High")}
LIMITS = {
    "five_hour": "5h", "seven_day": "7d", "seven_day_opus": "7d Opus", "seven_day_sonnet": "7d Sonnet",
    "spend_limit": "spend",
}  # fmt: skip
"""Windows by name, and what stands for them."""
MOST_LIMITS = 8
MOST_PERCENT = 1000
MOST_TOKENS = 100_000_000
MOST_USD = 10_000_000
"""What is more than this, or less than nothing, is no figure but a mistake."""
GREEN, YELLOW, RED, PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"


def line(
    given: Mapping[str, Any],
    day: Mapping[str, Any] | None,
    now_ms: int,
    *,
    burn: str = "off",
    cost_source: str = "auto",
    branch: str = "",
    thresholds: tuple[int, int] | None = None,
    is_plain: bool = False,
) -> str:
    """Return the line, without a newline. `burn` is off, emoji, text or emoji-text.

    `cost_source` is auto or ccusage (what was counted), cc (what the client says: that goes on over /clear and starts
    anew when a session is resumed) or both. With `thresholds` the context is green below the first percentage, yellow
    below the second, then red. With `is_plain` the words are ccusage's and nothing else is there.
    """
    parts = [f"🤖 {_model(given)}" + (f" 🌿 {display_name(branch, 40)}" if branch else "")]
    session, block = _session(given, day, cost_source, is_plain), _block(given, day, now_ms, is_plain)
    parts.append(f"💰 {session} session / {_today(day, is_plain)} / {block}")
    if day is not None and now_ms < _block_end(given, day, now_ms):
        parts.append("🔥 " + _burn(day, now_ms, burn, is_plain))
    if context := _context(given, thresholds):
        parts.append("🧠 " + context)
    if not is_plain and (limits := _limits(given, now_ms)):
        parts.append("⏳ " + limits)
    if not is_plain and day is not None and (limits := _codex_limits(day, now_ms)):
        parts.append("◈ Codex " + limits)
    return " | ".join(parts)


def _model(given: Mapping[str, Any]) -> str:
    model, effort = _object(given, "model"), _object(given, "effort")
    name = model.get("display_name") or model.get("id")
    level = effort.get("level")
    text = display_name(name, 60) if isinstance(name, str) and name else "Claude"
    return f"{text} ({display_name(level, 20)})" if isinstance(level, str) and level else text


def _session(given: Mapping[str, Any], day: Mapping[str, Any] | None, cost_source: str, is_plain: bool) -> str:
    reported = _share_of(number_of(_object(given, "cost").get("total_cost_usd")), MOST_USD)
    session = given.get("session_id")
    counted = _money(day["sessions"].get(session) if day is not None and isinstance(session, str) else None, is_plain)
    said = _money(round(reported * figures.NANO) if reported is not None else None, is_plain)
    if cost_source == "both":
        return f"({said} cc / {counted} {'ccusage' if is_plain else 'counted'})"
    return said if cost_source == "cc" else counted


def _today(day: Mapping[str, Any] | None, is_plain: bool) -> str:
    if day is None:
        return f"{_money(None, is_plain)} today"
    return f"{_money(day['today_nano'], is_plain) if is_plain else day['today']} today"


def _block(given: Mapping[str, Any], day: Mapping[str, Any] | None, now_ms: int, is_plain: bool) -> str:
    if day is None:
        return f"{_money(None, is_plain)} block"
    end_ms = _block_end(given, day, now_ms)
    if now_ms >= end_ms:
        return "No active block"
    # What the client does not report is an estimate, and says so.
    reset_ms = _reset_ms(given, now_ms)
    mark = "" if reset_ms or is_plain else "~"
    minutes = (end_ms - now_ms) // MINUTE_MS
    left = f"{minutes // 60}h {minutes % 60}m" if minutes >= 60 else f"{minutes}m"
    return f"{_money(_spent_since(day, reset_ms), is_plain)} block ({mark}{left} left)"


def _spent_since(day: Mapping[str, Any], reset_ms: int) -> int:
    """The cost of the window whose end is shown: since the start of the reported one, else of the estimated block."""
    if not reset_ms:
        estimated: int = day["block_nano"]
        return estimated
    start = (reset_ms - LENGTH_MS) // MINUTE_MS
    return sum(nano for minute, nano in day["minutes"] if minute >= start)


def _block_end(given: Mapping[str, Any], day: Mapping[str, Any], now_ms: int) -> int:
    end_ms: int = _reset_ms(given, now_ms) or day["block_end_ms"]
    return end_ms


def _reset_ms(given: Mapping[str, Any], now_ms: int) -> int:
    window = _object(_object(given, "rate_limits"), "five_hour")
    reset_ms = int((number_of(window.get("resets_at")) or 0) * 1000)
    return reset_ms if now_ms < reset_ms <= now_ms + LENGTH_MS else 0


def _burn(day: Mapping[str, Any], now_ms: int, look: str, is_plain: bool) -> str:
    """The cost of the last half hour per hour, or of the block if it is younger, its first response included: it decays
    by itself when nothing happens."""
    begun_ms: int = day["block_first_ms"]
    span_ms = max(MINUTE_MS, min(BURN_MS, now_ms - begun_ms))
    recent = [
        (nano, tokens) for time_ms, nano, tokens in day["recent"] if now_ms - time_ms < BURN_MS and time_ms >= begun_ms
    ]
    text = _money(figures.rounded(sum(nano for nano, _ in recent) * HOUR_MS, span_ms), is_plain) + "/hr"
    if look == "off":
        return text
    per_minute = sum(tokens for _, tokens in recent) * MINUTE_MS / span_ms
    label = "normal" if per_minute < NORMAL_PER_MINUTE else "moderate" if per_minute < MODERATE_PER_MINUTE else "high"
    emoji, word = BURN_LABELS[label]
    return " ".join([text, *([emoji] if "emoji" in look else []), *([f"({word})"] if "text" in look else [])])


def _context(given: Mapping[str, Any], thresholds: tuple[int, int] | None) -> str:
    window = _object(given, "context_window")
    usage = _object(window, "current_usage")
    counts = [
        number_of(usage.get(name))
        for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    ]
    total = _share_of(number_of(window.get("total_input_tokens")), MOST_TOKENS)
    tokens = int(sum(count for count in counts if count and 0 < count <= MOST_TOKENS)) or int(total or 0)
    size = int(_share_of(number_of(window.get("context_window_size")), MOST_TOKENS) or 0)
    percent = _share_of(number_of(window.get("used_percentage")), MOST_PERCENT)
    if percent is None:
        percent = tokens / size * 100 if size and (tokens or total == 0) else None
    if not tokens and percent is None:
        return ""
    if percent is None:
        return f"{tokens:,}"
    share = figures.percent(percent)
    if thresholds:
        low, medium = thresholds
        share = (GREEN if percent < low else YELLOW if percent < medium else RED) + share + PLAIN
    return f"{tokens:,} ({share})" if tokens or not percent else share


def _limits(given: Mapping[str, Any], now_ms: int) -> str:
    """Every window the client reports, the two that every plan has first; those that make no sense are left out, and
    those that were reset since, of which only the next response tells again."""
    windows = _object(given, "rate_limits")
    names = [*(name for name in LIMITS if name in windows), *(name for name in windows if name not in LIMITS)]
    found = []
    for name in names[:MOST_LIMITS]:
        window = _object(windows, name)
        percent = _share_of(number_of(window.get("used_percentage")), MOST_PERCENT)
        if percent is not None and not 0 < (number_of(window.get("resets_at")) or 0) * 1000 <= now_ms:
            found.append(_limit(name, percent))
    return " · ".join(found)


def _codex_limits(day: Mapping[str, Any], now_ms: int) -> str:
    """Every window of Codex's plan that was not reset since it was logged."""
    open_windows = [(name, percent) for name, percent, end_ms in day.get("codex_limits", ()) if now_ms < end_ms]
    return " · ".join(_limit(name, percent) for name, percent in open_windows[:MOST_LIMITS])


def _limit(name: str, percent: float) -> str:
    label = LIMITS.get(name) or display_name(name, 20).replace("_limit", "").replace("_", " ")
    return f"{label} {figures.percent(percent)}"


def _money(nano: int | None, is_plain: bool = False) -> str:
    if is_plain:
        return "N/A" if nano is None else f"${nano / figures.NANO:.2f}"
    return "…" if nano is None else figures.money(nano)


def _share_of(value: float | None, most: float) -> float | None:
    """A number that could be so: not negative, and at most as much as there can be."""
    return value if value is not None and 0 <= value <= most else None


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = given.get(name)
    return value if isinstance(value, dict) else {}
