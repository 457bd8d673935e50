"""What a table says of itself, and the lease under which it is merged. Must not know responses."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from claude_tui.fleet.lake import Lake, LakeError, load_json
from claude_tui.fleet.paths_rule import digest
from claude_tui.records import NamedTuple

SCHEMA: Final = 1
NAME: Final = "_claude_top.json"
LEASE: Final = "_merging.json"
LEASE_S: Final = 3600
"""After this time a merge of another machine counts as dead, and another may begin; on its own machine at once."""
RENEWED_S: Final = LEASE_S // 6
"""How old a lease is at least when who works under it renews it."""


class TableMeta(NamedTuple):
    """A table: its own id, the zone its days are of, how folders are named; and of its last merge the prices, the
    number of parts, which pushes it saw, and the days it wrote, with commas between them ("" if an earlier version
    did, which did not say). `left_out` has a line for each damaged push: its name and why; because of them `held`
    sessions stay as an earlier merge published them."""

    id: str
    timezone: str
    paths: str
    prices: str = ""
    merged_ms: int = 0
    parts: int = 1
    pushes: str = ""
    days: str = ""
    left_out: str = ""
    held: int = 0


TABLES: Final = "2"
"""Changes when the columns of `daily` or `responses` do, so that the next merge writes them anew."""

_KINDS: Final = (str, str, str, str, int, int, str, str, str, int)


def pushes_digest(names: Iterable[str]) -> str:
    """Return what stands for the pushes of a table, by the names of their objects, and for the columns made of them."""
    return digest("\n".join((TABLES, *names)))


def read_meta(lake: Lake) -> TableMeta | None:
    """Return what a table says of itself; None if there is no table. Raises LakeError, also for a newer schema
    and a time zone that is not known here."""
    try:
        data = lake.read(NAME)
    except FileNotFoundError:
        return None
    damaged = LakeError(
        f"{lake.url}: {NAME} is damaged: remove it, push or scan with the --paths and --timezone of before, which "
        "creates it anew, and merge; nothing that was pushed is lost"
    )
    try:
        found = load_json(data, NAME)
    except LakeError:
        raise damaged from None
    schema = found.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise LakeError(f"{lake.url}: a newer version of claude-top wrote it (schema {schema})")
    try:
        meta = TableMeta(**{name: found[name] for name in TableMeta._fields if name in found})
    except TypeError:
        raise damaged from None
    is_ours = all(type(one) is kind for one, kind in zip(meta, _KINDS, strict=True))
    if not isinstance(schema, int) or not is_ours or meta.parts < 1:
        raise damaged
    try:
        ZoneInfo(meta.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise LakeError(f"{lake.url}: its time zone {meta.timezone!r} is not known here") from None
    return meta


def write_meta(lake: Lake, meta: TableMeta) -> None:
    """Write what a table says of itself."""
    lake.write(NAME, _bytes(meta))


def founded(lake: Lake, timezone: str, paths: str) -> TableMeta:
    """Return the table's own word, after founding it if there is none. Raises LakeError if it names folders
    differently."""
    meta = read_meta(lake)
    if meta is None:
        lake.create(NAME, _bytes(TableMeta(secrets.token_hex(8), timezone, paths)))
        meta = read_meta(lake)
    if meta is None:
        raise LakeError(f"{lake.url}: {NAME} cannot be written")
    if meta.paths != paths:
        raise LakeError(f"{lake.url}: its folders are kept by the rule {meta.paths!r}, not {paths!r}")
    return meta


@contextmanager
def lease(lake: Lake) -> Iterator[Callable[[], None]]:
    """Be the only one that merges, for the duration of the block. Raises LakeError if another does.

    Gives what is to be called again and again meanwhile, which renews the lease when it is time to. It raises LakeError
    if another took the lease over, as after the machine was asleep.
    """
    host, pid = socket.gethostname(), os.getpid()
    at_s = time.time()
    mine = _lease_bytes(host, pid, at_s)
    if not lake.create(LEASE, mine):
        holder = _holder(lake)
        if holder is not None and _is_at_work(holder):
            raise LakeError(f"{lake.url}: {holder.host} is merging it (process {holder.pid})")
        lake.write(LEASE, mine)

    def renew() -> None:
        nonlocal mine, at_s
        now_s = time.time()
        if abs(now_s - at_s) < RENEWED_S:
            return
        if _found(lake) != mine:
            raise LakeError(f"{lake.url}: this merge took so long that another took it over; it ends here")
        mine, at_s = _lease_bytes(host, pid, now_s), now_s
        lake.write(LEASE, mine)

    try:
        yield renew
    finally:
        if _found(lake) == mine:  # else another took it over
            lake.remove(LEASE)


def _lease_bytes(host: str, pid: int, at_s: float) -> bytes:
    return json.dumps({"host": host, "pid": pid, "at_s": int(at_s)}).encode()


class _Holder(NamedTuple):
    host: str
    pid: int
    at_s: float


def _found(lake: Lake) -> bytes | None:
    try:
        return lake.read(LEASE)
    except FileNotFoundError:
        return None


def _holder(lake: Lake) -> _Holder | None:
    """Return who holds the lease. Whoever was killed while it wrote that says nothing but when; None for nobody."""
    data = _found(lake)
    if data is None:
        return None
    try:
        found = load_json(data, LEASE)
    except LakeError:
        found = {}
    host, pid, at_s = found.get("host"), found.get("pid"), found.get("at_s")
    if isinstance(host, str) and isinstance(pid, int) and isinstance(at_s, int | float):
        return _Holder(host, pid, at_s)
    try:
        return _Holder("another machine", 0, lake.entry(LEASE).changed_ns / 1e9)
    except FileNotFoundError:
        return None


def _is_at_work(holder: _Holder) -> bool:
    """Whether a holder may still merge. One ahead of our clock by more than that is dead, too: clocks differ less."""
    if abs(time.time() - holder.at_s) >= LEASE_S:
        return False
    if holder.host != socket.gethostname() or holder.pid <= 0:
        return True
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def _bytes(meta: TableMeta) -> bytes:
    return json.dumps({"schema": SCHEMA, **meta._asdict()}, indent=1).encode()
