"""What a count is given, in one record. Must not know what is done with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from claude_tui.engine.state.projects import Projects
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import SourceConfig

if TYPE_CHECKING:
    from claude_tui.engine.scan.head_start import HeadStart


class Setup(NamedTuple):
    """Whose logs are counted, at which prices, in which time zone's days, and where what outlives a count is kept.

    Without `cache_folder` every log is read. What `ledger_file` holds counts beside what the logs say.
    `limits_folder` is where limits that clients reported are kept (see `queries.limits`); `projects` tells what folders
    count under, and `ticket` what a ticket looks like in the name of a branch. `head_start` has begun to find and
    to read.
    """

    config: SourceConfig
    pricer: Pricer
    zone: ZoneInfo
    cache_folder: Path | None = None
    ledger_file: Path | None = None
    limits_folder: Path | None = None
    projects: Projects | None = None
    ticket: re.Pattern[str] | None = None
    head_start: HeadStart | None = None
