"""The one question after any fault: is what is shown what the files and the history say?

Three answers must be the same JSON: the running monitor's, a fresh process's (cold, and with the cache that was left
behind), and the plain reference's over a shadow tree that holds every line that was ever written and loses none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from claude_tui import paths
from claude_tui.cli.streams import in_full
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.model import Query, Snapshot
from claude_tui.reports.report import json_row, report
from tests.cli.program import run
from tests.engine.counting import NOW_MS, PRICER, UTC, assert_sums_agree, config_of, counted, reference
from tests.engine.living import Living, running
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000


def row(number: int, output: int = 10, **more: Any) -> dict[str, Any]:
    return assistant(f"msg_{number}", T + number, usage(100, output), **more)


def said(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as a report; without problems, which are about files and not about what was used."""
    return without_problems(in_full(report(snapshot), json_row))


def without_problems(made: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != "problems"}


def canonical(made: Mapping[str, Any]) -> str:
    return json.dumps(made, sort_keys=True, indent=1)


def expected(*folders: Path) -> str:
    """What the reference makes of these files. The count that stands for it is compared with it, line by line."""
    store = counted(*folders)
    assert list_responses(store) == reference(*folders)
    return canonical(said(assert_sums_agree(store)))


def fresh(folder: Path, cache: Path | None = None) -> str:
    """What the program says in a process of its own, with the ledger of this test and some or no cache."""
    done = run(
        "report", "--json", "-z", "UTC",
        env={"CLAUDE_CONFIG_DIR": str(folder), "XDG_CACHE_HOME": str(cache or folder.parent / "no-cache")},
    )  # fmt: skip
    assert (done.code, "Traceback" in done.stderr) == (0, False), done.stderr
    return canonical(without_problems(json.loads(done.text)))


def assert_level(live: Snapshot | str, folder: Path, *everything: Path) -> None:
    """The master test. `everything` is the shadow tree, where files have lost something."""
    shown = live if isinstance(live, str) else canonical(said(live))
    assert shown == expected(*(everything or (folder,)))
    assert shown == fresh(folder)
    assert shown == fresh(folder, Path(os.environ["XDG_CACHE_HOME"]))


class Shadowed(ClaudeHome):
    """Logs, and beside them a tree that keeps every whole line of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shadow = folder.with_name(folder.name + "-shadow")

    def append(self, *rows: Mapping[str, Any] | bytes, **where: str) -> Path:
        path = super().append(*rows, **where)
        self.remember(path)
        return path

    def remember(self, path: Path) -> None:
        """Take over what is in a file now and not yet in its shadow."""
        shadow = self.shadow / path.relative_to(self.folder)
        shadow.parent.mkdir(parents=True, exist_ok=True)
        known = shadow.read_bytes().splitlines(keepends=True) if shadow.exists() else []
        seen = set(known)
        with shadow.open("ab") as log:
            for text in path.read_bytes().splitlines(keepends=True):
                if text.endswith(b"\n") and text not in seen:
                    seen.add(text)
                    log.write(text)


class Kept(Living):
    """A running monitor with the cache and the ledger of this test."""

    def __init__(self, *folders: Path, has_ledger: bool = True) -> None:
        super().__init__(*folders)
        ledger = paths.ledger_file() if has_ledger else None
        self.monitor = Monitor(
            Setup(config_of(*folders), PRICER, UTC, cache_folder=paths.cache_folder(), ledger_file=ledger)
        )
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(self._moved.set)

        self.monitor.subscribe(tell)


@contextlib.asynccontextmanager
async def kept(*folders: Path) -> AsyncIterator[Kept]:
    """A monitor that has read everything there is and follows it; it saves when it is stopped."""
    found = Kept(*folders)
    found.look()  # as the screen does: what was saved, before anything is read
    async with running(found):
        yield found


def picture(monitor: Monitor) -> str:
    return canonical(said(monitor.snapshot(Query(), NOW_MS)))


def write_many(home: ClaudeHome, files: int, rows: int, start: int = 0) -> None:
    """Write files of rows, each row a response of its own."""
    for number in range(files):
        first = start + number * rows
        home.append(*(row(first + n) for n in range(rows)), session=f"s{start}-{number}", project=f"-p{number % 7}")
