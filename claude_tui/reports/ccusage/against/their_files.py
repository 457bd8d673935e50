"""Which files ccusage (20.0.24) reads of Claude Code: fewer folders than we do, no links, and every name.

Only `explain` uses it. Must not read any of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from claude_tui.sources.claude.discovery import projects_dir, projects_dirs
from claude_tui.sources.protocol import SourceConfig


def their_files(config: SourceConfig) -> list[str]:
    """Return the paths of all files it reads, in its order."""
    return sorted({path for folder in _folders(config) for path in _below(folder)})


def _folders(config: SourceConfig) -> list[Path]:
    """Return the `projects` folders it looks in: those that are named, else the two usual ones, no other accounts'."""
    if config.explicit.get("claude") or config.env.get("CLAUDE_CONFIG_DIR", "").strip(" ,"):
        return projects_dirs(config)
    xdg = config.env.get("XDG_CONFIG_HOME")
    usual = (Path(xdg) if xdg else config.home / ".config") / "claude", config.home / ".claude"
    return [projects_dir(folder) for folder in usual]


def _below(folder: Path) -> Iterator[str]:
    """Yield the transcripts below a folder: what is behind a link is none, and what a workflow journals is one."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if name.endswith(".jsonl") and not os.path.islink(path):
                yield path
