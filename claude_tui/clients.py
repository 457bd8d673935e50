"""The clients whose logs are counted: everything that differs by client and is not its format, said once.

A declaration is made of texts and flags, so that whoever lists clients loads no reader. What reads a client's logs is
named as "module:attribute" and loaded when its first log is read. This module must not know how anything is counted,
priced or shown, and imports nothing of ours.
"""

from __future__ import annotations

from collections import ChainMap
from typing import Final, NamedTuple


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
    see `sources.causes`.

    `root` is the only place below the home folder that is looked in if no variable of `env` is set: where nothing is
    there, the reader need not be loaded to know that. "" if only the reader can say.

    `is_append_only`: each log is one file of lines that only grows, and offsets are bytes in it. Otherwise one log may
    be spread over files or be rewritten, and whatever changed is looked for in the whole root. `is_found_below`: what
    is discovered in a folder below a root is the same as is discovered there from the root.

    `names_providers`: models are written "provider/model". `logs_cost`: the client logs what a response cost, so a
    cost of 0 was replaced by the list price and is an estimate. `not_logged` is what is billed and stands in no log,
    depending on the client's version; `told` is what of it the client's telemetry says, if that is switched on.
    `resume` is the command that takes a session up again, with {} for its id.
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
    is_append_only: bool = False
    is_found_below: bool = False
    names_providers: bool = False
    logs_cost: bool = False
    resume: str = ""
    env: tuple[tuple[str, str], ...] = ()
    root: str = ""
    not_logged: tuple[str, ...] = ("failed attempts",)
    told: tuple[str, ...] = ()


_DECLARED: Final = (
    Client(
        "claude",
        "Claude Code",
        "✻",
        "c",
        reader="claude_tui.sources.claude:ClaudeSource",
        read_columns="claude_tui.sources.claude.source:read_columns",
        read_many="claude_tui.sources.claude.source:read_many",
        little_bytes=1 << 16,
        read_turn="claude_tui.sources.claude.turns:read_turn",
        resume="claude --resume {}",
        read_causes="claude_tui.sources.claude.causes.fast:read_causes",
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
    ),
    Client(
        "gemini",
        "Gemini CLI",
        "✦",
        "g",
        reader="claude_tui.sources.gemini:GeminiSource",
        root=".gemini",
        read_causes="claude_tui.sources.gemini.causes:read_causes",
        env=(("GEMINI_CLI_HOME", "folder that has the .gemini folder of Gemini CLI in it"),),
        not_logged=("the choice of a model", "compression", "summaries", "loop checks", "failed attempts"),
        told=("the choice of a model", "compression", "summaries", "loop checks"),
    ),
    Client(
        "opencode",
        "OpenCode",
        "▣",
        "o",
        reader="claude_tui.sources.opencode:OpenCodeSource",
        root=".local/share/opencode",
        resume="opencode --session {}",
        names_providers=True,
        logs_cost=True,
        env=(
            ("OPENCODE_DB", "database of OpenCode"),
            ("XDG_DATA_HOME", "folder that has the data folder of OpenCode in it"),
        ),
        not_logged=("titles of sessions", "failed attempts"),
    ),
    Client(
        "codex",
        "Codex",
        "◈",
        "x",
        reader="claude_tui.sources.codex:CodexSource",
        root=".codex",
        read_columns="claude_tui.sources.codex.fast.reader:read_columns",
        read_limits="claude_tui.sources.codex.plan_limits:read_limits",
        is_append_only=True,
        resume="codex resume {}",
        env=(("CODEX_HOME", "folder of Codex"),),
        not_logged=("titles of sessions", "summaries for memory", "failed attempts", "runs that keep no session"),
        told=("titles of sessions", "summaries for memory", "runs that keep no session"),
    ),
    Client(
        "qwen",
        "Qwen Code",
        "❖",
        "q",
        reader="claude_tui.sources.qwen:QwenSource",
        root=".qwen",
        is_append_only=True,
        env=(
            ("QWEN_RUNTIME_DIR", "folder of Qwen Code's chats"),
            ("QWEN_HOME", "folder of Qwen Code; used if QWEN_RUNTIME_DIR is not set"),
        ),
    ),
    Client(
        "pi",
        "Pi",
        "π",
        "p",
        reader="claude_tui.sources.pi:PiSource",
        root=".pi/agent",
        read_causes="claude_tui.sources.pi.causes:read_causes",
        is_append_only=True,
        names_providers=True,
        logs_cost=True,
        env=(
            ("PI_CODING_AGENT_SESSION_DIR", "folder of Pi's sessions"),
            ("PI_CODING_AGENT_DIR", "folder of Pi that has the sessions folder in it"),
        ),
        not_logged=("failed attempts", "runs that keep no session"),
    ),
    Client(
        "kimi",
        "Kimi Code",
        "☾",
        "m",
        reader="claude_tui.sources.kimi:KimiSource",
        root=".kimi-code",
        is_append_only=True,
        env=(("KIMI_CODE_HOME", "folder of Kimi Code"),),
    ),
    Client(
        "copilot",
        "Copilot CLI",
        "⬡",
        "h",
        reader="claude_tui.sources.copilot:CopilotSource",
        root=".copilot",
        is_append_only=True,
        env=(("COPILOT_HOME", "folder of Copilot CLI"),),
        not_logged=("failed attempts", "before 1.0.102 the input of sessions that were killed"),
    ),
    Client(
        "kilo",
        "Kilo CLI",
        "▦",
        "k",
        reader="claude_tui.sources.opencode.kilo:KiloSource",
        root=".local/share/kilo",
        names_providers=True,
        logs_cost=True,
        env=(
            ("KILO_DB", "database of Kilo CLI"),
            ("XDG_DATA_HOME", "folder that has the data folder of Kilo CLI in it"),
        ),
        not_logged=("titles of sessions", "failed attempts"),
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
