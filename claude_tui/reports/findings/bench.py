"""The results of `bench` as a dictionary for JSON, as tables and as a chart. Must not measure anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.engine.check.bench import Bench, Measured
from claude_tui.figures import count, dollars, short
from claude_tui.reports.table import TextColumn, TextTable

SCHEMA: Final = "claude-top/bench@1"
COMPARED: Final = ("messages", "cost_nano", "tokens", "projects", "models", "sessions")
CHART_ROWS: Final = 14
CHART_COLUMNS: Final = 72


def report(bench: Bench) -> dict[str, Any]:
    """Return all measurements for JSON."""
    return {
        "schema": SCHEMA,
        "files": bench.logs.files,
        "bytes": bench.logs.bytes,
        "agree": not bench.disagreeing,
        "logs_changed": not bench.are_logs_same,
        "native_core": bench.core_status or "measured",
        "ways": [_row(bench, one) for one in bench.measured],
        "sweep": [{"processes": one.way.workers, **_row(bench, one)} for one in bench.sweep],
    }


def _row(bench: Bench, one: Measured) -> dict[str, Any]:
    return {
        "name": one.way.name,
        "runs": one.runs,
        "wall_s": round(one.wall_s, 4),
        "cpu_s": round(one.cpu_s, 4),
        "peak_bytes": one.peak_bytes or None,
        "files_per_s": round(bench.logs.files / one.wall_s, 1),
        "bytes_per_s": round(bench.logs.bytes / one.wall_s),
        "messages_per_s": round(one.answer.messages / one.wall_s, 1),
        "agrees": one not in bench.disagreeing,
        **{name: getattr(one.answer, name) for name in COMPARED},
    }


def tables(bench: Bench) -> list[TextTable]:
    """Return a table of how fast each way was, and one of what each counted."""
    return [_speeds(bench), _answers(bench)]


def _speeds(bench: Bench) -> TextTable:
    columns = (
        TextColumn("way", is_text=True), TextColumn("runs", priority=3), TextColumn("seconds"), TextColumn("x ref."),
        TextColumn("CPU s", priority=2), TextColumn("files/s", priority=1), TextColumn("MB/s"),
        TextColumn("responses/s"), TextColumn("peak MiB"),
    )  # fmt: skip
    slowest_s = bench.measured[0].wall_s
    rows = tuple(
        (
            one.way.name,
            str(one.runs),
            f"{one.wall_s:.2f}",
            f"{slowest_s / one.wall_s:.1f}",
            f"{one.cpu_s:.2f}",
            count(round(bench.logs.files / one.wall_s)),
            count(round(bench.logs.bytes / one.wall_s / 1e6)),
            short(round(one.answer.messages / one.wall_s)),
            count(round(one.peak_bytes / 2**20)) if one.peak_bytes else "-",
        )
        for one in (*bench.measured, *bench.sweep)
    )
    return TextTable(f"{count(bench.logs.files)} logs, {count(round(bench.logs.bytes / 1e6))} MB", columns, rows)


def _answers(bench: Bench) -> TextTable:
    columns = (
        TextColumn("way", is_text=True), TextColumn("responses"), TextColumn("cost"),
        TextColumn("projects", priority=1), TextColumn("models", priority=1), TextColumn("sessions", priority=1),
        TextColumn("agrees", is_text=True),
    )  # fmt: skip
    rows = tuple(
        (
            one.way.name,
            count(one.answer.messages),
            dollars(one.answer.cost_nano, 4),
            count(one.answer.projects),
            count(one.answer.models),
            count(one.answer.sessions),
            "NO" if one in bench.disagreeing else "yes",
        )
        for one in (*bench.measured, *bench.sweep)
    )
    return TextTable("Counted", columns, rows)


def footer(bench: Bench) -> list[str]:
    """Return the verdict, and how to read the numbers."""
    first = bench.measured[0].answer
    if bench.disagreeing:
        names = ", ".join(one.way.name for one in bench.disagreeing)
        verdict = f"NOT THE SAME as {bench.measured[0].way.name}: {names}"
    else:
        ways = len(bench.measured) + len(bench.sweep)
        verdict = (
            f"all {ways} ways agree: {count(first.messages)} responses, {dollars(first.cost_nano, 4)}, and each of "
            f"{count(first.projects)} projects, {count(first.models)} models, {count(first.sessions)} sessions"
        )
    lines = [verdict]
    if bench.core_status:
        lines.append(f"native core: {bench.core_status}; logs are read in Python")
    if not bench.are_logs_same:
        lines.append("the logs changed during the measurement")
    lines.append(
        "medians of whole processes, start and end included; logs in the page cache; warm: nothing changed since"
    )
    lines.append("the last count; peak: memory pages that processes share count once per process")
    return lines


def chart(sweep: Sequence[Measured], total_bytes: int) -> str:
    """Return a bar chart of MB/s by number of processes, as plain text."""
    import plotext  # 131 ms, and only a sweep needs it

    figure: Any = plotext.figure
    figure.clear.all()
    plotext.terminal.limit(False, False)
    figure.plot_size(CHART_COLUMNS, CHART_ROWS)
    names = [str(one.way.workers) for one in sweep]
    figure.draw(figure.bar(names, [total_bytes / one.wall_s / 1e6 for one in sweep]))
    figure.title("MB/s by number of processes")
    lines = str(figure.build().string(colorless=True)).split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
