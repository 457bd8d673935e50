"""Fetches newer prices on request: the only part of the program that uses the network.

Keeps the old prices if anything is doubtful. Must not know how prices are used.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from datetime import date
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.pricing.gathering.snapshot import BuildError, build
from claude_tui.pricing.gathering.validate import check_history, check_jumps, check_losses
from claude_tui.pricing.price_list.catalogue import CLAUDE_FILE, DATA_FOLDER, OTHERS_FILE, refreshed
from claude_tui.records import NamedTuple
from claude_tui.toml import load_toml

URL: Final = "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/data.json"
HOST: Final = URL.split("/")[2]
TIMEOUT_S: Final = 20
MAX_BYTES: Final = 50_000_000


class Refreshed(NamedTuple):
    """The outcome, in one line."""

    is_new: bool
    message: str


def fetch(url: str = URL) -> bytes:
    """Return what the publisher of the price list serves now. Raises OSError or HTTPException."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
        content: bytes = response.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"more than {MAX_BYTES} bytes")
    return content


def refresh(target: Path, today: date, fetch: Callable[[], bytes] = fetch) -> Refreshed:
    """Write newer prices to `target`, checked against those in use, or change nothing and say why."""
    try:
        content = fetch()
    except (OSError, HTTPException) as error:
        # Of what urllib raises, the reason is what a user understands.
        cause = getattr(error, "reason", None) or error
        reason = " ".join(str(getattr(cause, "strerror", None) or cause).split())
        return Refreshed(False, f"prices unchanged: {HOST} cannot be reached ({reason:.120})")
    try:
        snapshot, complaints = _checked(json.loads(content, parse_float=str), today, _in_use(target))
    except (BuildError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return Refreshed(False, f"prices unchanged: the downloaded list is invalid ({error!r:.120})")
    if complaints:
        more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
        return Refreshed(False, f"prices unchanged: {complaints[0]}{more}")
    try:
        _replace(target, json.dumps(snapshot, sort_keys=True, separators=(",", ":")).encode())
    except OSError as error:
        return Refreshed(False, f"prices unchanged: cannot write {target} ({error.strerror})")
    models = len(snapshot["claude"]["models"]) + len(snapshot["others"]["models"])
    return Refreshed(True, f"prices refreshed: {models} models, {today.isoformat()}")


def _checked(
    providers: list[Mapping[str, Any]], today: date, used: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    overlay = {**load_toml(DATA_FOLDER.joinpath("overlay.toml")), "date": today.isoformat()}
    built = build(providers, overlay, _names(used["others"]))
    snapshot = {"claude": json.loads(built.claude), "others": json.loads(built.others)}
    old = {**used["claude"]["models"], **used["others"]["models"]}
    new = {**snapshot["claude"]["models"], **snapshot["others"]["models"]}
    corrections = overlay.get("corrections", ())
    complaints = [*check_history(old, new, corrections), *check_jumps(old, new, corrections), *check_losses(old, new)]
    return snapshot, complaints


def _in_use(target: Path) -> Mapping[str, Any]:
    bundled = {"claude": json.loads(CLAUDE_FILE.read_bytes()), "others": json.loads(OTHERS_FILE.read_bytes())}
    try:
        if refreshed(target).date >= bundled["claude"]["date"]:
            kept: Mapping[str, Any] = json.loads(files.read(target))
            return kept
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return bundled


def _names(others: Mapping[str, Any]) -> list[str]:
    """Return the exact names already known: the published data only has patterns for some of them."""
    return [
        f"{id_.partition('/')[0]}/{alias}"
        for id_, entry in others["models"].items()
        for alias in entry.get("aliases", ())
    ]


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.replace(target, content, files.OWN, is_durable=True)
