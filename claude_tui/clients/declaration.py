"""What is said of a client, and what each word of that means. Must not know which clients there are."""

from __future__ import annotations

from claude_tui.records import NamedTuple


class Checked(NamedTuple):
    """Logs of real clients, each written against a local server that counted what it answered: `sets` of them, by
    `versions`, with so many `responses`, of which every counter is the server's. `beside` is what else agreed."""

    versions: str
    sets: int
    responses: int
    beside: str = ""


class Client(NamedTuple):
    """One client.

    `name` stands in options, reports and the ledger; `label` is what its makers call it; `glyph` stands for it on a
    narrow screen, and `letter` if there are only plain characters. `env` are the variables that move its logs, each
    with a few words for the manual, and `short_windows`, the one that denies its models long context windows.

    `reader` is a class with the methods of `sources.protocol.Source`. `read_columns` is a faster way to the same,
    called as `sources.registry.read_columns` is; where fewer than `little_bytes` are new in a log the reader is used
    all the same. `read_many` is a faster way to many small logs: see `sources.registry`. `read_turn` tells more of one
    response: see `engine.queries.turns.turn_details`. `read_limits` tells what the logs below a root say of the limits
    of the user's plan: see `engine.queries.plan_limits`. `read_causes` tells what the responses of a log were made for:
    see `sources.causes`. `audit` reads a log again for all its rows with usage, where the reader does not tell of
    some or where they are: see `sources.auditing.again.audit_log`. `prompt_of` returns what a person asked in a row of
    a log of JSON lines: see `sources.turns.first_prompt`.

    `root` is the only place below the home folder where its logs are if no variable of `env` is set: if nothing is
    there, the reader need not be loaded to know that. "" if only the reader can say. `parts` are the names below it, as
    patterns in which * matches any text, of everything the reader looks at.

    `is_append_only`: each log is one file of lines that only grows, and offsets are bytes in it. Otherwise one log may
    be spread over files or be rewritten, and whatever changed is looked for in the whole root. `is_found_below`: what
    is discovered in a folder below a root is the same as is discovered there from the root. `note` is a file, as a path
    from the folder of a log, that says something of the log from when it is there; "" for none.

    `names_providers`: models are written "provider/model". `logs_cost`: the client logs what a response cost, so a
    cost of 0 was replaced by the list price and is an estimate. `not_logged` is what is billed and stands in no log,
    depending on the client's version; `told` is what of it the client's telemetry says, if that is switched on.
    `resume` is the command that resumes a session, with {} for its id.

    `counted` says in a sentence what one response is in its logs; `checked` are the captured logs that were counted
    exactly, and `not_run` is what nobody here has seen a log of.
    """

    name: str
    label: str
    glyph: str
    letter: str
    reader: str
    read_columns: str = ""
    read_many: str = ""
    little_bytes: int = 0
    read_turn: str = ""
    read_limits: str = ""
    read_causes: str = ""
    prompt_of: str = ""
    audit: str = ""
    is_append_only: bool = False
    is_found_below: bool = False
    note: str = ""
    names_providers: bool = False
    logs_cost: bool = False
    resume: str = ""
    env: tuple[tuple[str, str], ...] = ()
    short_windows: str = ""
    root: str = ""
    parts: tuple[str, ...] = ()
    not_logged: tuple[str, ...] = ("failed attempts",)
    told: tuple[str, ...] = ()
    counted: str = ""
    checked: Checked | None = None
    not_run: tuple[str, ...] = ()

    def resumes(self, session: str, folder: str) -> str:
        """Return the shell command that resumes a session in its folder, "" if the client has none."""
        from shlex import quote  # for those who ask

        if not self.resume or not session:
            return ""
        return (f"cd {quote(folder)} && " if folder else "") + self.resume.format(quote(session))
