"""Where Claude Code keeps its transcripts, and which files they are. Must not read any of them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Final

from claude_tui.sources.protocol import LogFile, SourceConfig
from claude_tui.sources.reading.folders import Links, is_link_within, refused

_name: Final = attrgetter("name")

AGENT: Final = "agent-"
"""The beginning of the name of a sub-agent's file."""
_BELOW_SESSION: Final = f"{os.sep}subagents{os.sep}"
_UUID: Final = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

AGENT_MODE: Final = "local-agent-mode-sessions"
"""The folder of Claude Desktop's agent mode: transcripts are in `*/*/local_*/.claude/projects` of it, and beside those
audits, which are copies of parts, and files of the user's."""
_AGENT_MODE_BEGIN: Final = f"{os.sep}{AGENT_MODE}{os.sep}"
_AGENT_MODE_PARTS: Final = tuple(map(re.compile, ("", "", "local_", r"\.claude$", "projects$")))

NOT_TRANSCRIPTS: Final = frozenset({"journal.jsonl"})
"""Files that are named like transcripts but hold none."""


def config_dirs(config: SourceConfig) -> list[Path]:
    """Return the config folders to read, each once, existing or not.

    `--claude-dir` replaces `CLAUDE_CONFIG_DIR` (comma-separated), which replaces `CLAUDE_CONFIG_DIRS` (separated
    like PATH), which replaces `~/.claude` and `~/.config/claude`.
    """
    explicit = config.explicit.get("claude", ())
    if explicit:
        return _distinct([Path(os.path.abspath(folder)) for folder in explicit])
    for variable, separator in (("CLAUDE_CONFIG_DIR", ","), ("CLAUDE_CONFIG_DIRS", os.pathsep)):
        named = [part.strip() for part in config.env.get(variable, "").split(separator)]
        if any(named):
            return _distinct([_expand(part, config.home) for part in named if part])
    xdg = config.env.get("XDG_CONFIG_HOME")
    usual = [config.home / ".claude", config.home / ".config" / "claude"]
    usual += [Path(xdg) / "claude"] if xdg else []
    return _distinct([*usual, *_accounts(config.home), *_agent_mode(config)])


def _accounts(home: Path) -> list[Path]:
    """Return further config folders beside the usual one, which people have for several accounts."""
    try:
        names = sorted(name for name in os.listdir(home) if name.startswith(".claude-"))
    except OSError:
        return []
    return [home / name for name in names if (home / name / "projects").is_dir()]


def _agent_mode(config: SourceConfig) -> list[Path]:
    """Return the folders where Claude Desktop keeps a config folder for each session of its agent mode."""
    xdg = config.env.get("XDG_CONFIG_HOME")
    beside = (config.home / "Library" / "Application Support", Path(xdg) if xdg else config.home / ".config")
    return [found for base in beside if (found := base / "Claude" / AGENT_MODE).is_dir()]


def projects_dirs(config: SourceConfig) -> list[Path]:
    """Return the `projects` folders to look in, existing or not."""
    return [projects_dir(folder) for folder in config_dirs(config)]


def projects_dir(folder: Path) -> Path:
    """Return the folder with the transcripts of a config folder, which may also be given directly."""
    if folder.name == AGENT_MODE:
        return folder
    below = folder / "projects"
    return folder if folder.name == "projects" and not below.is_dir() else below


def is_transcript(name: str) -> bool:
    """Whether a file of this name is a transcript."""
    return name.endswith(".jsonl") and name not in NOT_TRANSCRIPTS


def transcripts(root: Path) -> Iterator[LogFile]:
    """Walk every transcript below `root`, folders and files in name order, each file once.

    Symlinked folders are followed as `Links` says; a folder is entered once however often it is reached, so loops end.
    Also yields what is named like a transcript but is not a regular file, may not be looked at, or is a link out of the
    logs, a folder that cannot be listed, and a link that is not followed: reading it reports what is wrong with it.
    """
    seen: set[tuple[int, int]] = set()
    top = os.fspath(root)
    pending = [(top, "")]
    links = Links(top)
    entered: list[str] = []
    has_links = False  # without one no folder is reached twice, and nobody needs to know which one it is
    while pending:
        folder, link = pending.pop()
        if link and not links.may_enter():
            yield refused("claude", top, link)
            pending = [one for one in pending if one[1] != link]
            continue
        try:
            if has_links:
                identity = _identity(os.stat(folder))
                if identity in seen:
                    continue
                seen.add(identity)
            entered.append(folder)
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=_name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            yield refused("claude", top, folder)
            continue
        below = []
        for entry in entries:
            is_folder = _is_folder(entry)
            if not (is_folder or is_transcript(entry.name)) or not _may_hold(entry.path, is_folder):
                continue
            if entry.is_symlink():
                if not (links.may_follow(entry.path) if is_folder else is_link_within(root, entry.path, is_transcript)):
                    yield refused("claude", top, entry.path)
                elif is_folder:
                    below.append((entry.path, entry.path))
                    if not has_links:
                        has_links = True
                        seen.update(_identities(entered))
            elif is_folder:
                below.append((entry.path, link))
            elif (file := _file(entry, top)) is not None and (identity := (file.dev, file.ino)) not in seen:
                seen.add(identity)
                yield file
        pending.extend(reversed(below))


def _may_hold(path: str, is_folder: bool) -> bool:
    """Whether something is no part of Claude Desktop's agent mode, or is a transcript of it or on the way to one."""
    _, found, below = path.partition(_AGENT_MODE_BEGIN)
    if not found:
        return True
    parts = below.split(os.sep)
    is_on_the_way = all(known.match(part) for known, part in zip(_AGENT_MODE_PARTS, parts, strict=False))
    return is_on_the_way and (is_folder or len(parts) > len(_AGENT_MODE_PARTS))


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino


def _identities(folders: Iterable[str]) -> Iterator[tuple[int, int]]:
    for folder in folders:
        with contextlib.suppress(OSError):  # it is gone
            yield _identity(os.stat(folder))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _file(entry: os.DirEntry[str], top: str) -> LogFile | None:
    try:
        found = entry.stat()
    except FileNotFoundError:  # it is gone
        return None
    except OSError:
        return refused("claude", top, entry.path)
    return LogFile("claude", entry.path, top, found.st_size, found.st_mtime_ns, *_identity(found))


def decoded_dir(path: str) -> str:
    """Guess a folder from the name Claude Code gave its transcripts; only for files that never name one."""
    _, _, below = os.path.dirname(path).rpartition(f"{os.sep}projects{os.sep}")
    name = below.split(os.sep, 1)[0]
    return name.replace("-", "/") if name.startswith("-") else name


def session_of_path(path: str) -> str:
    """Guess the owner of a file from its name; only for lines of a file that has not named a session.

    A sub-agent's file is below its session's folder; any other file is named after its session.
    """
    folder, _, name = path.rpartition(os.sep)
    above, is_below, _ = path.rpartition(_BELOW_SESSION)
    if is_below:
        session = above.rpartition(os.sep)[2]
    else:
        session = folder.rpartition(os.sep)[2] if name.startswith(AGENT) else ""
        session = session if _UUID.fullmatch(session) else ""
    return session or name.removesuffix(".jsonl")


def _expand(text: str, home: Path) -> Path:
    if text == "~":
        return home
    return home / text[2:] if text.startswith("~/") else Path(os.path.abspath(text))


def _distinct(folders: list[Path]) -> list[Path]:
    kept: dict[str, Path] = {}
    for folder in folders:
        kept.setdefault(os.path.realpath(folder), folder)
    return list(kept.values())
