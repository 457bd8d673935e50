"""What files beside a log say of it counts whenever they come: before the log was read or after, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.protocol import SourceConfig
from tests.captured import sets_of
from tests.engine.counting import NOW_MS, PRICER, UTC, here
from tests.engine.living import living

pytestmark = pytest.mark.every_client
NOTES: Final = {"gemini": ("projects.json", "tmp/*/.project_root"), "kimi": ("sessions/*/*/state.json",)}
HOMES: Final = [(name, home) for name in NOTES for home in sets_of(name)]


@pytest.fixture(params=HOMES, ids=lambda one: f"{one[0]}-{one[1].name}")
def config(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceConfig:
    """A home of a client that writes notes beside its logs; counts of it are saved."""
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", -1)
    name, home = request.param
    shutil.copytree(home, tmp_path / "home")
    return SourceConfig(home=Path("/nonexistent"), explicit={name: (tmp_path / "home",)}, sources=(name,))


class Notes:
    """All notes of a home, that may be elsewhere."""

    def __init__(self, config: SourceConfig, aside: Path) -> None:
        ((name, (home,)),) = config.explicit.items()
        self._aside = aside
        self._notes = sorted(path for pattern in NOTES[name] for path in home.glob(pattern))
        assert self._notes

    def leave(self) -> None:
        self._aside.mkdir()
        for number, path in enumerate(self._notes):
            path.rename(self._aside / str(number))

    def come(self) -> None:
        for number, path in enumerate(self._notes):
            (self._aside / str(number)).rename(path)


def setup_of(config: SourceConfig, cache: Path | None) -> Setup:
    return Setup(config, PRICER, UTC, cache_folder=cache)


def projects(store: Store) -> object:
    return [(row.key, row.totals) for row in SnapshotMaker(store).take(Query(), NOW_MS).projects]


def told(store: Store) -> object:
    snapshot = SnapshotMaker(store).take(Query(), NOW_MS)
    sessions = [(row.key, row.project, row.totals) for row in snapshot.sessions]
    responses = [(one.key, one.session, one.project) for one in list_responses(store)]
    return responses, sessions, projects(store)


@pytest.mark.parametrize("comes", [True, False], ids=["comes", "leaves"])
def test_a_warm_count_says_what_a_cold_one_does(config: SourceConfig, tmp_path: Path, comes: bool) -> None:
    notes, cache = Notes(config, tmp_path / "aside"), tmp_path / "cache"
    if comes:
        notes.leave()
    before = told(count(setup_of(config, cache), processes=here()))
    assert any(cache.rglob("*"))
    (notes.come if comes else notes.leave)()
    cold = told(count(setup_of(config, None), processes=here()))
    assert cold != before
    for _ in range(2):
        assert told(count(setup_of(config, cache), processes=here())) == cold


def test_a_log_that_grew_meanwhile_is_wholly_of_what_is_told_now(config: SourceConfig, tmp_path: Path) -> None:
    notes, cache = Notes(config, tmp_path / "aside"), tmp_path / "cache"
    logs = {path: path.read_bytes() for path in (tmp_path / "home").rglob("*.jsonl")}
    for path, data in logs.items():
        path.write_bytes(b"".join(data.splitlines(keepends=True)[:-2]))
    notes.leave()
    count(setup_of(config, cache), processes=here())
    notes.come()
    for path, data in logs.items():
        with path.open("ab") as log:
            log.write(data[path.stat().st_size :])
    assert told(count(setup_of(config, cache), processes=here())) == told(count(setup_of(config, None)))


async def test_what_comes_while_the_screen_is_open_is_taken_in(config: SourceConfig, tmp_path: Path) -> None:
    notes = Notes(config, tmp_path / "aside")
    notes.leave()
    async with living(config=config) as live:
        await live.settle()
        notes.come()
        await live.settle()
        cold = count(setup_of(config, None), processes=here())
        assert projects(live.monitor.store) == projects(cold)
        opened = live.tail.work.files_opened
        await live.settle()
        assert live.tail.work.files_opened == opened
