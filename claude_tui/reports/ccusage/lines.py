"""Responses as these reports see them: a day, a project folder by its encoded name, a model with its speed.

Must not sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import PurePath

from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.model import PriceStatus, Response, Usage
from claude_tui.records import NamedTuple


class UsageLine(NamedTuple):
    """One response (or one extra of it). `nano` is None if it has no price.

    `logged_nano` is the cost its row carries itself, `reasoning` the part of its output that was reasoning, where
    either was asked for. `path` is the file it was read from.
    """

    day: date
    time_ms: int
    agent: str
    session: str
    project: str
    model: str
    usage: Usage
    nano: int | None
    logged_nano: int | None = None
    reasoning: int = 0
    path: str = ""


Place = tuple[str, int]
PriceOf = Callable[[Response], int | None]


class StandIn(NamedTuple):
    """What a report knows beside the count, when it stands in for ccusage.

    `costs` are those the rows carry, `reasoning` tokens by row; `price` is asked for every price where somebody has
    prices of their own.
    """

    costs: Mapping[Place, int] = {}
    reasoning: Mapping[Place, int] = {}
    price: PriceOf = lambda response: response.price.nano


def lines(
    responses: Iterable[Response], calendar: Calendar, mode: str = "auto", beside: StandIn | None = None
) -> list[UsageLine]:
    """Return responses in the order they are read in, by file and offset: it decides the order of model names."""
    ordered = sorted(responses, key=lambda response: (response.path, response.offset, response.extra))
    return [_line(response, calendar, mode, beside or StandIn()) for response in ordered]


def _line(response: Response, calendar: Calendar, mode: str, beside: StandIn) -> UsageLine:
    place = response.path, response.offset
    nano, logged = beside.price(response), None if response.extra else beside.costs.get(place)
    if logged is not None and mode != "calculate":
        nano = logged
    elif mode == "display" and response.price.status is not PriceStatus.REPORTED:
        nano = 0
    return UsageLine(
        calendar.day(response.time_ms),
        response.time_ms,
        response.source,
        response.session,
        project_folder(response),
        response.model + "-fast" if response.is_fast else response.model,
        response.usage,
        nano,
        logged,
        0 if response.extra else beside.reasoning.get(place, 0),
        response.path,
    )


def project_folder(response: Response) -> str:
    """Return the name of the folder a transcript lies in below `projects`; other clients' projects as they are."""
    if response.source != "claude":
        return response.project
    parts = PurePath(response.path).parts
    below = parts.index("projects") + 1 if "projects" in parts else len(parts)
    return parts[below] if below < len(parts) - 1 else "unknown"


def is_project(folder: str, project: str, wanted: str) -> bool:
    """Whether a user who named `wanted` meant this project: by its folder's name, its path, or the end of that."""
    return wanted in (folder, project, PurePath(project).name)
