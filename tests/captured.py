"""The captured logs of each client below `golden`, and the truth beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

GOLDEN: Final = Path(__file__).parent / "golden"
_CHOSEN: Final = {
    "claude": "v2.1.329", "codex": "home-0.169", "copilot": "home-1.0.102", "gemini": "home-mixed",
    "opencode": "data-1.18.33",
}  # fmt: skip
"""The set that stands for a client of which there are several; else the last by name."""


def sets_of(client: str) -> list[Path]:
    """Every captured set of a client."""
    return sorted(path for path in (GOLDEN / client).iterdir() if path.is_dir())


def one_set(client: str) -> Path:
    """A captured set where one of a client is enough."""
    return GOLDEN / client / _CHOSEN.get(client, sets_of(client)[-1].name)


def truth_of(home: Path) -> dict[str, Any]:
    """What is true of a captured set: a file in it, or beside it."""
    inside = home / "expected.json"
    found: dict[str, Any] = json.loads((inside if inside.exists() else Path(f"{home}.expected.json")).read_bytes())
    return found


def responses_in(home: Path) -> int:
    """How many responses a captured set has."""
    truth = truth_of(home)
    return int(truth["responses"] if "responses" in truth else truth["events"])
