"""A log may be read for causes before all of it is counted: what is said of lost caches follows the count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.state.rows.table import AsLogged
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.registry import read_columns
from tests.engine.counting import counted
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
FIRST = assistant("msg_1", T, usage(0, 10, write_5m=20_000))


def take_in(store: Store, path: Path) -> None:
    found = path.stat()
    log = LogFile("claude", str(path), "", found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
    store.apply(str(path), read_columns(log, keep_names=True).columns)


@pytest.mark.parametrize(
    "late",
    [
        [assistant("msg_2", T + 1000, usage(0, 10, write_5m=20_500))],
        [assistant("msg_2", T + 1000, usage(0, 20, write_5m=20_500)), FIRST],
        [assistant("msg_1", T, usage(0, 20, write_5m=90_000)), assistant("msg_2", T + 900, usage(0, 9, write_5m=9000))],
    ],
    ids=["not-counted-before", "counted-otherwise", "all-is-otherwise"],
)
def test_a_lost_cache_is_known_as_soon_as_its_response_is_counted(late: list[dict[str, Any]], tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(FIRST)
    if len(late) > 1:
        home.append(assistant("msg_2", T + 1000, usage(0, 1, read=19_900, write_5m=600)))
    store = counted(home.folder)
    path = home.append(*late)
    causes = Causes(store)
    before = causes.table(Query(), "cache")  # reads for causes what is not counted yet
    take_in(store, path)
    table = causes.table(Query(), "cache")
    assert table == Causes(store).table(Query(), "cache") != before
    assert [one.number for one in table.of_which.misses] == [1]


def test_a_lost_cache_follows_what_another_log_says_of_its_response(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(FIRST, assistant("msg_2", T + 1000, usage(0, 10, write_5m=20_500)))
    store = counted(home.folder)
    causes = Causes(store)
    before = causes.of_which(Query())
    copy = {**assistant("msg_2", T + 1000, usage(0, 30, write_5m=24_500)), "forkedFrom": {"sessionId": "s1"}}
    take_in(store, home.append(copy, session="s0"))
    assert causes.of_which(Query()) == Causes(store).of_which(Query())
    assert causes.of_which(Query()).missed.cost_nano == before.missed.cost_nano


def test_a_lost_cache_follows_what_telemetry_says_of_its_response(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(FIRST, assistant("msg_2", T + 1000, usage(0, 10, write_5m=20_500)))
    store = counted(home.folder)
    causes = Causes(store)
    assert causes.of_which(Query()).misses
    table, row = store.table, 1
    said, terms, flags = table.logged_as(row)
    table.change(row, AsLogged(said._replace(cache_write_5m=0, cache_read=20_500), terms, flags))
    store.revision += 1
    assert not causes.of_which(Query()).misses
    table.restore(row)
    store.revision += 1
    assert causes.of_which(Query()) == Causes(store).of_which(Query())


def test_what_a_lost_cache_cost_follows_the_terms_of_its_response(tmp_path: Path) -> None:
    """The same tokens, billed otherwise: telemetry may tell that, too."""
    home, other = ClaudeHome(tmp_path / "logged"), ClaudeHome(tmp_path / "billed")
    for folder, place in ((home, "not_available"), (other, "us")):
        counters = usage(0, 10, write_5m=20_500, inference_geo=place)
        folder.append(FIRST, assistant("msg_2", T + 1000, counters, model="claude-opus-4-6"))
    store, billed = counted(home.folder), counted(other.folder).table
    causes = Causes(store)
    before = causes.of_which(Query()).missed.cost_nano
    store.table.change(1, AsLogged(store.table.usage(1), billed.terms[1], billed.flags[1]))
    store.revision += 1
    assert store.table.flags[1] == store.table.as_logged[1].flags, "nothing else has changed"
    assert causes.of_which(Query()) == Causes(store).of_which(Query())
    assert causes.of_which(Query()).missed.cost_nano == before * 11 // 10 > before
