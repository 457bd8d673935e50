"""Every key of config.toml, once: what it is for, which values it takes, and its default.

Reading, checking, printing and the manual page are made from this table. Must not read files, and must not load
Textual: what only the widgets know (themes, ids of keys and columns) is `names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from claude_tui.engine.queries.allowances.budgets import Budget, budgets_of
from claude_tui.engine.queries.causes.tickets import TICKET, ticket_pattern
from claude_tui.engine.queries.periods.named import PERIODS, named
from claude_tui.engine.state.projects import project_name
from claude_tui.records import NamedTuple
from claude_tui.telemetry.settings import PORT, TelemetrySettings
from claude_tui.toml import Wrong

FILE_NAME: Final = "config.toml"
SECTION: Final = "screen"
VIEWS: Final = ("live", "models", "projects", "sessions", "days", "blocks", "causes", "plan")
"""The views, in the order of their numbers."""

ALIASES: Final = {"windows": "blocks"}
"""Other names of views that are understood."""

LAST: Final = "last"
"""The view the screen was left in."""

NAMES: Final = ("prompt", "title", "id")
"""What a session is called by; each stands for those after it where there is none."""

ALERTS: Final = ("off", "bell", "desktop", "both")
"""How somebody can be called."""

LONGEST_INTERVAL_S: Final = 3600


@dataclass(frozen=True)
class Settings:
    """How the app looks and starts. `columns` maps a view to the columns it hides; `keys` an id to its keys.

    `budgets` are those of the file, by the rule of `engine.queries.allowances.budgets`.
    """

    theme: str = "claude-dark"
    period: str = "all"
    view: str = LAST
    interval_s: float = 0.25
    ascii: bool = False
    tree: bool = False
    names: str = "prompt"
    alert: str = "off"
    alert_turn_s: float = 60.0
    cycle_day: int = 1
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)


class Key(NamedTuple):
    """A key of the file. `taken` returns its value or raises ValueError with what is wrong.

    A `name` in angle brackets stands for any name. `default` is None if there is nothing unless it is written.
    """

    section: str
    name: str
    meaning: str
    takes: str
    example: str
    taken: Callable[[object], Any]
    default: object = None

    @property
    def is_any_name(self) -> bool:
        """Whether other names than its own may stand there."""
        return self.name.startswith("<")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not text; write it in quotes")
    return value


def _period(value: object) -> str:
    try:
        named(_text(value))
    except ValueError as error:
        raise ValueError(f"{_shown(value)} is no period: {error}" if isinstance(value, str) else str(error)) from None
    return _text(value)


def _view(value: object) -> str:
    view = ALIASES.get(_text(value), _text(value))
    if view not in (LAST, *VIEWS):
        raise ValueError(f"{_shown(value)} is none of {', '.join((LAST, *VIEWS))}")
    return view


def _names(value: object) -> str:
    if _text(value) not in NAMES:
        raise ValueError(f"{_shown(value)} is none of {', '.join(NAMES)}")
    return _text(value)


def _alert(value: object) -> str:
    if _text(value) not in ALERTS:
        raise ValueError(f"{_shown(value)} is none of {', '.join(ALERTS)}")
    return _text(value)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_INTERVAL_S:
        raise ValueError(f"{_shown(value)} is not a number of seconds above 0 and up to {LONGEST_INTERVAL_S}")
    return float(value)


def _month_day(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 31:
        raise ValueError(f"{_shown(value)} is not a day of the month, a whole number from 1 to 31")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return value


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65_536:
        raise ValueError(f"{_shown(value)} is not a port, a whole number from 1 to 65535")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f'{_shown(value)} is not a list of texts like ["branch", "age"]')
    return tuple(value)


def _anything(value: object) -> object:
    return value  # `budgets_of` is the one that judges budgets


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


_AMOUNT: Final = 'US dollars, best in quotes: "12.50"'
KEYS: Final = (
    Key(SECTION, "theme", "Colour theme.", "the name of a theme; `claude-top config` lists them",
        'theme = "nord"', _text, Settings.theme),
    Key(SECTION, "period", "Days that are counted at the start.",
        ", ".join(one.id for one in PERIODS) + ", or a range like 2026-11-01..2026-11-30", 'period = "30d"', _period,
        Settings.period),
    Key(SECTION, "cycle_day", "Day of the month on which you are billed: the period `cycle` begins on it.",
        "a whole number from 1 to 31; a shorter month begins on its last day", "cycle_day = 15", _month_day,
        Settings.cycle_day),
    Key(SECTION, "view", "View that is shown at the start.",
        ", ".join(VIEWS) + ", or last for the one it was left in", 'view = "days"', _view, Settings.view),
    Key(SECTION, "interval_s", "Shortest time between two changes of the screen, in seconds.",
        f"a number above 0 and up to {LONGEST_INTERVAL_S}", "interval_s = 2", _seconds, Settings.interval_s),
    Key(SECTION, "ascii", "Draw with plain characters only, for fonts that lack the others.", "true or false",
        "ascii = true", _switch, Settings.ascii),
    Key(SECTION, "tree", "Show sub-agents below their session.", "true or false", "tree = true", _switch,
        Settings.tree),
    Key(SECTION, "names",
        "What the screen calls a session: by its title, else how its first prompt begins, else a part of its id "
        "(prompt); the same with no prompt read (title); by its id alone (id). No prompt is exported.",
        ", ".join(NAMES), 'names = "title"', _names, Settings.names),
    Key(SECTION, "alert",
        "How to call you when a session waits for you for two seconds, or a long turn has ended: once for each reason.",
        ", ".join(ALERTS) + "; desktop is a notification of the terminal", 'alert = "bell"', _alert, Settings.alert),
    Key(SECTION, "alert_turn_s", "How long a turn must have been for its end to be told, in seconds.",
        f"a number above 0 and up to {LONGEST_INTERVAL_S}", "alert_turn_s = 300", _seconds, Settings.alert_turn_s),
    Key("keys", "<id>", "Keys of an action, by its id; several are separated by commas. They replace its own keys.",
        "names of keys; `claude-top config` lists the ids", 'pause = "f12,space"', _text),
    Key("columns", "<view>", "Columns that a view leaves out.", "a list of column ids; `claude-top config` lists them",
        'sessions = ["branch", "age"]', _texts),
    Key("budgets", "day", "What a day may cost. The header and `claude-top check` compare with it.", _AMOUNT,
        'day = "20"', _anything),
    Key("budgets", "week", "What a week may cost, from Monday on.", _AMOUNT, 'week = "100"', _anything),
    Key("budgets", "month", "What a calendar month may cost.", _AMOUNT, 'month = "400.50"', _anything),
    Key("budgets.projects", "<folder>",
        "What one project may cost in a month, by its folder or the last part of its path. Several periods are "
        "written as a table.",
        _AMOUNT, '"/home/me/webshop" = { day = "5", month = "100" }', _anything),
    Key("telemetry", "on", "Receive what clients say over OpenTelemetry while the screen or `serve` is open. "
        "`claude-top telemetry install` has the clients say it.", "true or false", "on = true", _switch, False),
    Key("telemetry", "port", "Where it is received, on this machine only.", "a whole number from 1 to 65535",
        "port = 4318", _port, PORT),
    Key("telemetry", "resource", "Attributes of OTEL_RESOURCE_ATTRIBUTES that are kept; no others are.",
        "a list of their names", 'resource = ["team", "cost_centre"]', _texts, []),
    Key("causes", "ticket", "What a ticket looks like in the name of a branch, for `report --by ticket` and key 7.",
        "a regular expression, best in single quotes", "ticket = 'SHOP-[0-9]+'", ticket_pattern, TICKET),
    Key("projects", "<folder>",
        "What a project is called, by its folder; with /* at the end, by any folder below one. Folders of one name are "
        "one project, on screen and in every report.",
        "a name; ~ stands for the home folder", '"~/clients/acme/*" = "Acme"', project_name),
)  # fmt: skip
"""In the order they are printed."""

_SECTIONS: Final = tuple(dict.fromkeys(key.section.partition(".")[0] for key in KEYS))


def settings_of(table: Mapping[str, Any]) -> tuple[Settings, list[Wrong]]:
    """Return the settings of a file's content, and what of it cannot be used; there the default holds."""
    wrong: list[Wrong] = [
        Wrong((name,), f"unknown key; keys stand below {', '.join(f'[{one}]' for one in _SECTIONS)}")
        for name in table
        if name not in _SECTIONS
    ]
    sections: dict[str, Mapping[str, Any]] = {}
    for name in _SECTIONS:
        section = table.get(name, {})
        if not isinstance(section, Mapping):
            wrong.append(Wrong((name,), f"not a table; write [{name}] on a line of its own"))
            section = {}
        sections[name] = section
    screen = dict(_taken(SECTION, sections[SECTION], wrong))
    keys = dict(_taken("keys", sections["keys"], wrong))
    columns = dict(_taken("columns", sections["columns"], wrong))
    telemetry = TelemetrySettings(**dict(_taken("telemetry", sections["telemetry"], wrong)))
    dict(_taken("causes", sections["causes"], wrong))  # the engine reads it: see `queries.causes.tickets`
    dict(_taken("projects", sections["projects"], wrong))  # the engine reads them: see `state.projects`
    budgets, complaints = budgets_of(sections["budgets"])
    made = Settings(**screen, keys=keys, columns=columns, budgets=budgets, telemetry=telemetry)
    return made, [*wrong, *complaints]


def _taken(section: str, values: Mapping[str, Any], wrong: list[Wrong]) -> Iterator[tuple[str, Any]]:
    keys = {key.name: key for key in KEYS if key.section == section}
    any_name = next((key for key in keys.values() if key.is_any_name), None)
    for name, value in values.items():
        key = keys.get(name, any_name)
        try:
            if key is None:
                raise ValueError(unknown(name, keys))
            yield name, key.taken(value)
        except ValueError as error:
            wrong.append(Wrong((section, name), str(error)))


def unknown(name: str, known: Mapping[str, object] | tuple[str, ...], noun: str = "key") -> str:
    """Return what to say of a name that is none of those known: the one it resembles, or all of them."""
    from difflib import get_close_matches  # 5 ms, for mistakes alone

    near = get_close_matches(name, known, 1)
    return f"unknown {noun}; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")
