"""Sums of lines, and their rows and totals as these reports print them. Must not know periods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from claude_tui.figures import usd
from claude_tui.reports.ccusage.lines import UsageLine


@dataclass(slots=True)
class Counts:
    """Tokens and cost of a group. `unpriced` counts tokens without a price."""

    input: int = 0
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0
    nano: int = 0
    unpriced: int = 0
    has_unpriced: bool = False

    @property
    def tokens(self) -> int:
        """All tokens, cache included."""
        return self.input + self.output + self.cache_write + self.cache_read

    def add_line(self, line: UsageLine) -> None:
        """Add one line."""
        usage = line.usage
        self.input += usage.input
        self.output += usage.output
        self.cache_write += usage.cache_write_5m + usage.cache_write_1h
        self.cache_read += usage.cache_read
        if line.nano is None:
            self.unpriced += usage.tokens
            self.has_unpriced = True
        else:
            self.nano += line.nano

    def add(self, other: Counts) -> None:
        """Add another group's sums."""
        self.input += other.input
        self.output += other.output
        self.cache_write += other.cache_write
        self.cache_read += other.cache_read
        self.nano += other.nano
        self.unpriced += other.unpriced
        self.has_unpriced |= other.has_unpriced

    def row(self) -> dict[str, Any]:
        """Return the counters of a row."""
        return {
            "inputTokens": self.input,
            "outputTokens": self.output,
            "cacheCreationTokens": self.cache_write,
            "cacheReadTokens": self.cache_read,
        }


@dataclass(slots=True)
class GroupSums(Counts):
    """Sums of a group with each model's own, models in order of first use."""

    models: dict[str, Counts] = field(default_factory=dict)
    first_ms: int = 0
    last_ms: int = 0

    def take(self, line: UsageLine) -> None:
        """Add a line to the group and to its model."""
        self.add_line(line)
        if line.model:
            self.models.setdefault(line.model, Counts()).add_line(line)
        self.first_ms = min(self.first_ms or line.time_ms, line.time_ms)
        self.last_ms = max(self.last_ms, line.time_ms)

    def merge(self, other: GroupSums) -> None:
        """Add a whole group, its models by cost."""
        self.add(other)
        for name, counts in other.by_cost():
            self.models.setdefault(name, Counts()).add(counts)

    def by_cost(self) -> list[tuple[str, Counts]]:
        """Return models by cost, the dearest first; equal ones in order of first use."""
        return sorted(self.models.items(), key=lambda item: -item[1].nano)

    def full_row(self, models: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the counters, total, models and breakdown of a row; `models` replaces the order of first use."""
        return {
            **self.row(),
            "totalTokens": self.tokens,
            "totalCost": usd(self.nano),
            "modelsUsed": list(self.models if models is None else models),
            "modelBreakdowns": [_breakdown(name, counts) for name, counts in self.by_cost()],
        }


def _breakdown(name: str, counts: Counts) -> dict[str, Any]:
    row = {"modelName": name, **counts.row(), "cost": usd(counts.nano)}
    return {**row, "missingPricing": True} if counts.has_unpriced else row


def total(groups: Iterable[GroupSums]) -> GroupSums:
    """Return the sum of groups."""
    whole = GroupSums()
    for group in groups:
        whole.merge(group)
    return whole


def totals(groups: Iterable[GroupSums]) -> dict[str, Any]:
    """Return the totals of a report."""
    whole = total(groups)
    made = {**whole.row(), "totalTokens": whole.tokens, "totalCost": usd(whole.nano)}
    unpriced = sorted(name for name, counts in whole.models.items() if counts.has_unpriced)
    return {**made, "unpricedModels": unpriced} if unpriced else made


def without_cost(document: Any) -> Any:
    """Return a report without any key that holds a cost."""
    if isinstance(document, dict):
        return {
            name: without_cost(value)
            for name, value in document.items()
            if name not in ("totalCost", "cost", "costUSD")
        }
    return [without_cost(value) for value in document] if isinstance(document, list) else document


def with_whole_numbers(document: Any) -> Any:
    """Return a report whose whole numbers have no fraction: `0`, where Python writes `0.0`.

    ccusage writes them so, and shell scripts compare what they read with the text "0".
    """
    if isinstance(document, dict):
        return {name: with_whole_numbers(value) for name, value in document.items()}
    if isinstance(document, list):
        return [with_whole_numbers(value) for value in document]
    return int(document) if isinstance(document, float) and document.is_integer() else document
