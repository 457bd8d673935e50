"""A session at the real screen: transcripts grow and records are posted while receivers come and go.

    python -m tests.telemetry.session SEED STOPS

Another process receives first, the screen takes over when that is killed or asked to end, and a third one after the
screen. Between two stops lines are appended by one thread and records posted by another, in an order that the seed
decides. At every stop the screen, a report that counts everything anew and the ledger say the same totals; at the end
the ledger still does when logs and spool are gone. Needs HOME and XDG_* of its own (it sets them).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claude_tui import figures
from claude_tui.engine.ledger import Ledger
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.state.store import Store
from claude_tui.model import Totals
from claude_tui.paths import config_folder, ledger_file, telemetry_folder
from claude_tui.reports.columns import COUNTS
from tests.cli.program import run
from tests.engine.counting import PRICER, UTC
from tests.engine.telemetry import CLAUDE_SETS, exports_of
from tests.telemetry.posting import post
from tests.telemetry.running import Running, free_port
from tests.ui.terminal import Terminal

PATIENCE_S = 60.0
"""How long something may take to come true, on however slow a machine; not a measurement."""


class Player:
    """Has lines and records still to come, and puts some of them where they belong."""

    def __init__(self, home: Path, port: int, chance: random.Random) -> None:
        self._port, self._chance = port, chance
        self.projects = home / ".claude" / "projects"
        self._lines: dict[Path, list[bytes]] = {}
        self._posts: list[bytes] = []
        for folder in CLAUDE_SETS:
            for path in sorted((folder / "projects").rglob("*")):
                if path.is_file():
                    place = self.projects / folder.name / path.relative_to(folder / "projects")
                    self._lines[place] = path.read_bytes().splitlines(keepends=True)
            self._posts += [one for export in exports_of(folder) for one in _single_records(json.loads(export))]
        chance.shuffle(self._posts)

    def go_on(self, share: float) -> None:
        """Append and post a share of what is left, at the same time."""
        posts = self._chance.sample(range(len(self._posts)), round(len(self._posts) * share))
        taken = [self._posts[at] for at in posts]
        self._posts = [one for at, one in enumerate(self._posts) if at not in set(posts)]
        appends = [path for path, lines in self._lines.items() for _ in range(round(len(lines) * share))]
        self._chance.shuffle(appends)
        seed = self._chance.random()
        poster = threading.Thread(target=self._post, args=(taken,))
        poster.start()
        self._append(appends, random.Random(seed))
        poster.join(PATIENCE_S)
        assert not poster.is_alive()

    def _append(self, paths: list[Path], chance: random.Random) -> None:
        """Append the next line of each path, some of them in two writes, as a slow client does."""
        for path in paths:
            line = self._lines[path].pop(0)
            path.parent.mkdir(parents=True, exist_ok=True)
            cut = chance.randrange(len(line)) if chance.random() < 0.1 else 0
            for part in (line[:cut], line[cut:]):
                with path.open("ab") as file:
                    file.write(part)

    def _post(self, posts: list[bytes]) -> None:
        """Post each until it is acknowledged; some are sent again, as after a time-out."""
        for number, body in enumerate(posts):
            for _ in range(2 if number % 7 == 0 else 1):
                until(lambda body=body: self._is_posted(body), "an acknowledged post")  # type: ignore[misc]

    def _is_posted(self, body: bytes) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return post(self._port, body).status == 200
        return False


def play(home: Path, seed: int, stops: int) -> int:
    """Play a session and return how many responses there were at the end. `home` is that of the environment."""
    chance, port = random.Random(seed), free_port()
    settings = config_folder()
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "config.toml").write_text(f"[telemetry]\non = true\nport = {port}\n")
    player = Player(home, port, chance)
    first = Running(port)
    first.says("receiving on")
    with ended(first), Terminal(home, width=200, height=40, CLAUDE_CONFIG_DIR=str(home / ".claude")) as terminal:
        player.go_on(0.2)
        for stop in range(stops):
            player.go_on(1.0 if stop == stops - 1 else 0.5)
            if stop == 0:  # from now on the screen receives
                first.kill() if chance.random() < 0.5 else first.end()
            assert_level(terminal, reported(home))
        with ended(Running(port)) as last:
            last.says("receives; waiting")
            found = reported(home)
            assert terminal.leave() == 0
            last.says("receiving on")
    shutil.rmtree(player.projects)
    player.projects.mkdir()
    shutil.rmtree(telemetry_folder())
    assert reported(home) == found
    return found.responses


def assert_level(terminal: Terminal, expected: Totals) -> None:
    """The screen and the ledger come to say these totals."""
    counts = f"{figures.short(expected.tokens)} tok · {figures.many(expected.responses, 'msg', width=7)}"
    terminal.wait_for(lambda text: figures.headline_cost(expected) in text and counts in text, f"{expected}")
    until(lambda: in_ledger() == expected, f"the ledger says {expected}")


def reported(home: Path) -> Totals:
    """What a report says that has no cache."""
    with tempfile.TemporaryDirectory(dir=home) as cache:
        done = run("report", "--json", env={"XDG_CACHE_HOME": cache})
    assert done.code == 0, done.stderr
    said: dict[str, Any] = json.loads(done.text)["totals"]
    return Totals(**{name: said[name] for name in COUNTS})


def in_ledger() -> Totals:
    """What the ledger alone says, without instants."""
    store = Store(PRICER, UTC)
    store.is_telemetry_on = True
    for path, columns, facts in Ledger.open(ledger_file()).columns():
        store.remember(path, columns, facts)
    return totals_of(list_responses(store))._replace(first_ms=0, last_ms=0)


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.05)


@contextlib.contextmanager
def ended(one: Running) -> Iterator[Running]:
    """A process that is gone at the end of the block, whether or not it had ended."""
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.kill()


def _single_records(export: dict[str, Any]) -> Iterator[bytes]:
    """Yield an export for each record of one."""
    for resource in export.get("resourceLogs", ()):
        for scope in resource["scopeLogs"]:
            for record in scope["logRecords"]:
                alone = {**resource, "scopeLogs": [{**scope, "logRecords": [record]}]}
                yield json.dumps({"resourceLogs": [alone]}).encode()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ.update({"HOME": place, "CLAUDE_CONFIG_DIR": str(folder / ".claude")})
        os.environ.update(
            {f"XDG_{kind}_HOME": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
        )
        found = play(folder, *(int(number) for number in (sys.argv[1:] or ("1", "8"))))
    print(f"{found:,} responses, level at every stop")
