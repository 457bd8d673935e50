from __future__ import annotations

from pathlib import Path

import pytest

from claude_tui.sources.protocol import REFUSED
from claude_tui.sources.reading.folders import log_files
from claude_tui.sources.reading.log import open_regular


def test_links_to_files_are_passed_over_or_where_they_lead_out_named(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "logs", outside):
        folder.mkdir(parents=True)
        (folder / "a.log").write_text("a\n")
    (root / "logs" / "within.log").symlink_to("a.log")
    (root / "logs" / "out.log").symlink_to(outside / "a.log")
    (root / "logs" / "nowhere.log").symlink_to("nothing")
    (root / "logs" / "other.txt").symlink_to(outside / "a.log")
    found = list(log_files("codex", root, "logs", lambda name: name.endswith(".log")))
    assert [(Path(one.path).name, one.dev == REFUSED) for one in found] == [
        ("a.log", False), ("nowhere.log", True), ("out.log", True),
    ]  # fmt: skip
    with pytest.raises(OSError, match="not followed"):
        open_regular(found[2].path)
    (root / "logs" / "linked").symlink_to(outside)
    assert str(root / "logs" / "linked" / "a.log") in {
        one.path for one in log_files("codex", root, "logs", lambda name: name.endswith(".log"))
    }
