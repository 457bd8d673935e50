"""Logs that move, are linked, swapped and replaced while they are followed: live stays level with a fresh count."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.follow import tail
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Snapshot
from tests.engine.counting import NOW_MS, counted, placeless, reference
from tests.engine.living import living
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000


def row(number: int, **more: Any) -> dict[str, Any]:
    return assistant(f"msg_{number}", T + number, usage(100, 10), session=f"s{number % 10}", **more)


def add(path: Path, number: int) -> None:
    with path.open("ab") as log:
        log.write(line(row(number)) + b"garbage\n")


def leave_a_link(one: Path, other: Path, outside: Path) -> Path:
    moved = one.parent.with_name("-moved") / one.name
    moved.parent.mkdir()
    one.rename(moved)
    one.symlink_to(moved)
    return moved


def leave_a_link_to_another_name(one: Path, other: Path, outside: Path) -> Path:
    moved = one.with_name("s0-moved.jsonl")
    one.rename(moved)
    one.symlink_to(moved.name)
    return moved


def leave_a_linked_folder(one: Path, other: Path, outside: Path) -> Path:
    folder = one.parent.with_name("-moved")
    one.parent.rename(folder)
    one.parent.symlink_to(folder.name)
    return folder / one.name


def link_and_remove_the_first_name(one: Path, other: Path, outside: Path) -> Path:
    linked = one.with_name("z.jsonl")
    os.link(one, linked)
    add(linked, 90)
    one.unlink()
    return linked


def link_over_another(one: Path, other: Path, outside: Path) -> Path:
    linked = other.with_name("new")
    os.link(one, linked)
    linked.replace(other)
    return other


def rename_over_another(one: Path, other: Path, outside: Path) -> Path:
    one.replace(other)
    return other


def rename_the_folder(one: Path, other: Path, outside: Path) -> Path:
    one.parent.rename(one.parent.with_name("-renamed"))
    return one.parent.with_name("-renamed") / one.name


def swap_folders(one: Path, other: Path, outside: Path) -> Path:
    aside = one.parent.with_name("-aside")
    one.parent.rename(aside)
    other.parent.rename(one.parent)
    aside.rename(other.parent)
    return other.parent / one.name


def swap_names(one: Path, other: Path, outside: Path) -> Path:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    return other


def move_out_and_back(one: Path, other: Path, outside: Path) -> Path:
    one.rename(outside)
    add(outside, 90)
    outside.rename(one)
    return one


def move_out_and_back_elsewhere(one: Path, other: Path, outside: Path) -> Path:
    one.rename(outside)
    add(outside, 90)
    back = one.parent.with_name("-back") / "s0.jsonl"
    back.parent.mkdir()
    outside.rename(back)
    return back


def move_and_write_anew(one: Path, other: Path, outside: Path) -> Path:
    one.rename(one.with_name("old.jsonl"))
    add(one, 90)
    return one


WAYS: list[Callable[[Path, Path, Path], Path]] = [
    leave_a_link, leave_a_link_to_another_name, leave_a_linked_folder, link_and_remove_the_first_name,
    link_over_another, rename_over_another, rename_the_folder, swap_folders, swap_names, move_out_and_back,
    move_out_and_back_elsewhere, move_and_write_anew,
]  # fmt: skip


async def no_hints(roots: object) -> AsyncIterator[set[str]]:
    await asyncio.Event().wait()
    yield set()


@pytest.mark.parametrize("told", ["by hints", "by sweeps"])
@pytest.mark.parametrize("change", WAYS, ids=lambda way: way.__name__)
async def test_what_is_written_after_a_move_is_counted(
    change: Callable[[Path, Path, Path], Path],
    told: str,
    claude_home: ClaudeHome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if told == "by hints":
        monkeypatch.setattr(tail, "SWEEP_S", 3600.0)
    else:
        monkeypatch.setattr(tail, "hints", no_hints)
        monkeypatch.setattr(tail, "SWEEP_S", 0.02)
        monkeypatch.setattr(tail, "SWEEP_SHARE", 0)
    one, other = claude_home.path("s0", "-one"), claude_home.path("s1", "-other")
    for path, number in ((one, 10), (other, 11)):
        path.parent.mkdir(parents=True)
        add(path, number)
    add(claude_home.path("s2", "-other"), 12)
    async with living(claude_home.folder) as live:
        if told == "by hints":
            await live.until_swept(3)  # the last one says that from now on it watches
        path = change(one, other, tmp_path / "outside")
        for number in (20, 30):
            add(path, number)
            await live.until(lambda snapshot, at=T + number: snapshot.totals.last_ms >= at)  # type: ignore[misc]
        if change in (link_over_another, rename_over_another):
            other.write_bytes(other.read_bytes() + line(row(11)))  # what a log lost stays counted
        shown = await live.settle()
        fresh = counted(claude_home.folder)
        assert placeless(list_responses(live.monitor.store)) == placeless(list_responses(fresh))
        assert placeless(list_responses(live.monitor.store)) == placeless(reference(claude_home.folder))
        assert shown.totals == snapshot_of(fresh).totals
        assert dict(shown.problems) == dict(snapshot_of(fresh).problems)


def snapshot_of(store: Store) -> Snapshot:
    return SnapshotMaker(store).take(Query(), NOW_MS)
