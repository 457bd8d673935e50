"""The clients whose logs are counted: everything that differs by client and is not its format, said once.

A declaration is made of texts and flags, so that listing clients loads no reader. What reads a client's logs is
named as "module:attribute" and loaded when its first log is read. This module must not know how anything is counted,
priced or shown, and imports nothing of ours.
"""

from __future__ import annotations

from collections import ChainMap
from typing import Final, NamedTuple


class Checked(NamedTuple):
    """Logs of real clients, each written against a local server with a book of its own: `sets` of them, by `versions`,
    with so many `responses`, of which every counter is that of the book. `beside` is what else agreed."""

    versions: str
    sets: int
    responses: int
    beside: str = ""


class Client(NamedTuple):
    """One client.

    `name` stands in options, reports and the ledger; `label` is what its makers call it; `glyph` stands for it on a
    narrow screen, and `letter` if there are only plain characters. `env` are the variables that move its logs, each
    with a few words for the manual.

    `reader` is a class with the methods of `sources.protocol.Source`. `read_columns` is a faster way to the same,
    called as `sources.registry.read_columns` is; where fewer than `little_bytes` are new in a log the reader is used
    all the same. `read_many` is a faster way to many small logs: see `sources.registry`. `read_turn` tells more of one
    response: see `engine.queries.turns.turn_details`. `read_limits` tells what the logs below a root say of the limits
    of the user's plan: see `engine.queries.plan_limits`. `read_causes` tells what the responses of a log were made for:
    see `sources.causes`. `audit` reads a log again for all its rows with usage, where the reader does not tell of
    some or where they are: see `sources.auditing.audit_log`. `prompt_of` returns what a person
    asked in a row of a log of JSON lines: see `sources.first_prompt`.

    `root` is the only place below the home folder where its logs are if no variable of `env` is set: if nothing is
    there, the reader need not be loaded to know that. "" if only the reader can say. `parts` are the names below it, as
    patterns in which * matches any text, of everything the reader looks at.

    `is_append_only`: each log is one file of lines that only grows, and offsets are bytes in it. Otherwise one log may
    be spread over files or be rewritten, and whatever changed is looked for in the whole root. `is_found_below`: what
    is discovered in a folder below a root is the same as is discovered there from the root.

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
    names_providers: bool = False
    logs_cost: bool = False
    resume: str = ""
    env: tuple[tuple[str, str], ...] = ()
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


_DECLARED: Final = (
    Client(
        "claude",
        "Claude Code",
        "✻",
        "c",
        reader="claude_tui.sources.claude:ClaudeSource",
        prompt_of="claude_tui.sources.claude.prompts:prompt_of",
        read_columns="claude_tui.sources.claude.source:read_columns",
        read_many="claude_tui.sources.claude.source:read_many",
        little_bytes=1 << 16,
        read_turn="claude_tui.sources.claude.turns:read_turn",
        resume="claude --resume {}",
        read_causes="claude_tui.sources.claude.causes.fast:read_causes",
        audit="claude_tui.sources.claude.audit:audit_transcript",
        is_append_only=True,
        is_found_below=True,
        env=(
            ("CLAUDE_CONFIG_DIR", "config folders of Claude Code, or their projects folders, separated by commas"),
            ("CLAUDE_CONFIG_DIRS", "the same, separated as in PATH; used if CLAUDE_CONFIG_DIR is not set"),
        ),
        not_logged=(
            "calls a web search makes inside",
            "titles of sessions",
            "compaction requests",
            "side questions",
            "suggested prompts",
            "summaries of background jobs",
            "failed attempts",
            "runs that keep no session",
        ),
        told=(
            "calls a web search makes inside",
            "titles of sessions",
            "compaction requests",
            "side questions",
            "suggested prompts",
            "runs that keep no session",
        ),
        counted="every message id once, by its fullest row, in whatever session it was copied to",
        checked=Checked("1.0.24 to 2.1.329", 13, 263),
        not_run=("Bedrock and Vertex", "Windows"),
    ),
    Client(
        "gemini",
        "Gemini CLI",
        "✦",
        "g",
        reader="claude_tui.sources.gemini:GeminiSource",
        read_columns="claude_tui.sources.gemini.fast:read_columns",
        little_bytes=1 << 16,
        root=".gemini",
        parts=("tmp/*/chats/*", "tmp/*/.project_root", "projects.json"),
        read_causes="claude_tui.sources.gemini.causes:read_causes",
        env=(("GEMINI_CLI_HOME", "folder that has the .gemini folder of Gemini CLI in it"),),
        not_logged=("the choice of a model", "compression", "summaries", "loop checks", "failed attempts"),
        told=("the choice of a model", "compression", "summaries", "loop checks"),
        counted="every message with tokens once, by its id, in whatever file and form it was written again",
        checked=Checked("0.61 and older", 3, 49),
        not_run=("a Google login", "tool prompts on Google's own API"),
    ),
    Client(
        "opencode",
        "OpenCode",
        "▣",
        "o",
        reader="claude_tui.sources.opencode:OpenCodeSource",
        read_columns="claude_tui.sources.opencode.fast:read_columns",
        little_bytes=1 << 16,
        root=".local/share/opencode",
        parts=("opencode*.db", "opencode*.db-wal", "storage/*", "project/*/storage/*"),
        read_causes="claude_tui.sources.opencode.causes:read_causes",
        audit="claude_tui.sources.opencode.audit:audit_messages",
        resume="opencode --session {}",
        names_providers=True,
        logs_cost=True,
        env=(
            ("OPENCODE_DB", "database of OpenCode"),
            ("XDG_DATA_HOME", "folder that has the data folder of OpenCode in it"),
        ),
        not_logged=("titles of sessions", "failed attempts"),
        counted="every assistant message with tokens once, a fork's copies and what a revert removed included",
        checked=Checked("1.1.65, 1.18.33 and the preview of 2.0", 3, 28),
        not_run=("values written before 1.1",),
    ),
    Client(
        "codex",
        "Codex",
        "◈",
        "x",
        reader="claude_tui.sources.codex:CodexSource",
        prompt_of="claude_tui.sources.codex.prompts:prompt_of",
        root=".codex",
        parts=("sessions/*", "archived_sessions/*"),
        read_columns="claude_tui.sources.codex.fast.reader:read_columns",
        read_limits="claude_tui.sources.codex.plan_limits:read_limits",
        read_causes="claude_tui.sources.codex.causes:read_causes",
        audit="claude_tui.sources.codex.audit:audit_rollout",
        is_append_only=True,
        resume="codex resume {}",
        env=(("CODEX_HOME", "folder of Codex"),),
        not_logged=("titles of sessions", "summaries for memory", "failed attempts", "runs that keep no session"),
        told=("titles of sessions", "summaries for memory", "runs that keep no session"),
        counted="every usage record, and what each token count adds where there is none; what a fork inherits once",
        checked=Checked("0.44 to 0.171", 5, 86),
        not_run=("every version in between",),
    ),
    Client(
        "qwen",
        "Qwen Code",
        "❖",
        "q",
        reader="claude_tui.sources.qwen:QwenSource",
        prompt_of="claude_tui.sources.qwen.prompts:prompt_of",
        read_columns="claude_tui.sources.qwen.fast:read_columns",
        little_bytes=1 << 16,
        root=".qwen",
        parts=("projects/*/chats/*.jsonl",),
        is_append_only=True,
        env=(
            ("QWEN_RUNTIME_DIR", "folder of Qwen Code's chats"),
            ("QWEN_HOME", "folder of Qwen Code; used if QWEN_RUNTIME_DIR is not set"),
        ),
        counted="every api_response row once, sub-agents, memory and compression included",
        checked=Checked("0.24.4", 1, 75),
        not_run=("QWEN_HOME and QWEN_RUNTIME_DIR",),
    ),
    Client(
        "pi",
        "Pi",
        "π",
        "p",
        reader="claude_tui.sources.pi:PiSource",
        prompt_of="claude_tui.sources.pi.prompts:prompt_of",
        read_columns="claude_tui.sources.pi.fast:read_columns",
        little_bytes=1 << 16,
        root=".pi/agent",
        parts=("sessions/*.jsonl",),
        read_causes="claude_tui.sources.pi.causes:read_causes",
        is_append_only=True,
        names_providers=True,
        logs_cost=True,
        env=(
            ("PI_CODING_AGENT_SESSION_DIR", "folder of Pi's sessions"),
            ("PI_CODING_AGENT_DIR", "folder of Pi that has the sessions folder in it"),
        ),
        not_logged=("failed attempts", "runs that keep no session"),
        counted="the usage of every answer once, whatever file a fork or a clone copied it to",
        checked=Checked("1.6.0", 1, 50),
        not_run=("the two variables", "usage on compactions and summaries"),
    ),
    Client(
        "kimi",
        "Kimi Code",
        "☾",
        "m",
        reader="claude_tui.sources.kimi:KimiSource",
        prompt_of="claude_tui.sources.kimi.prompts:prompt_of",
        read_columns="claude_tui.sources.kimi.fast:read_columns",
        little_bytes=1 << 16,
        root=".kimi-code",
        parts=("sessions/*/wire.jsonl", "sessions/*/state.json", "workspaces.json"),
        read_causes="claude_tui.sources.kimi.causes:read_causes",
        is_append_only=True,
        env=(("KIMI_CODE_HOME", "folder of Kimi Code"),),
        counted="every usage.record once, sub-agents included",
        checked=Checked("2.1.0", 1, 30),
        not_run=("sub-agents", "~/.kimi of older versions, which is not read"),
    ),
    Client(
        "copilot",
        "Copilot CLI",
        "⬡",
        "h",
        reader="claude_tui.sources.copilot:CopilotSource",
        prompt_of="claude_tui.sources.copilot.prompts:prompt_of",
        read_columns="claude_tui.sources.copilot.fast:read_columns",
        little_bytes=1 << 16,
        root=".copilot",
        parts=("session-state/*/events.jsonl",),
        is_append_only=True,
        env=(("COPILOT_HOME", "folder of Copilot CLI"),),
        not_logged=("failed attempts", "before 1.0.102 the input of sessions that were killed"),
        counted="every usage record once, sub-agents included; before 1.0.102 what each shutdown adds to the totals",
        checked=Checked("1.0.102 and 1.0.92", 2, 39, "the totals of 19 more"),
        not_run=("a GitHub login", "forks", "a session that began before 1.0.102 and went on later"),
    ),
    Client(
        "kilo",
        "Kilo CLI",
        "▦",
        "k",
        reader="claude_tui.sources.opencode.kilo:KiloSource",
        read_columns="claude_tui.sources.opencode.fast:read_columns",
        little_bytes=1 << 16,
        root=".local/share/kilo",
        parts=("kilo*.db", "kilo*.db-wal", "storage/*", "project/*/storage/*"),
        read_causes="claude_tui.sources.opencode.causes:read_kilo_causes",
        audit="claude_tui.sources.opencode.audit:audit_messages",
        names_providers=True,
        logs_cost=True,
        env=(
            ("KILO_DB", "database of Kilo CLI"),
            ("XDG_DATA_HOME", "folder that has the data folder of Kilo CLI in it"),
        ),
        not_logged=("titles of sessions", "failed attempts"),
        counted="every assistant message with tokens once, a fork's copies too",
        checked=Checked("7.7.9", 1, 16),
        not_run=("KILO_DB", "the extension for VS Code, whose logs are not read"),
    ),
)

CLIENTS: Final = {client.name: client for client in _DECLARED}
"""Every client by name, in the order they are listed."""

TELEMETRY: Final = "telemetry"
"""What all clients told over OpenTelemetry is read like one more client's log, and is none: see `SOURCES`."""

SOURCES: Final = ChainMap(
    CLIENTS,
    {
        TELEMETRY: Client(
            TELEMETRY,
            "Telemetry",
            "",
            "",
            reader="claude_tui.sources.telemetry.source:TelemetrySource",
            is_append_only=True,
            is_found_below=True,
        )
    },
)
"""Everything that is read, by name: the logs of the clients, and the spool of their telemetry."""
