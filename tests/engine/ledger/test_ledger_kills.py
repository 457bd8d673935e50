from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.engine.ledger.killing import kill_writers

KILLS = int(os.environ.get("LEDGER_KILLS", "50"))


@pytest.mark.timeout(60 + 5 * KILLS)
def test_what_was_said_to_be_kept_survives_kill_9(tmp_path: Path) -> None:
    outcome = kill_writers(tmp_path, KILLS // 2)
    print(outcome)
    assert outcome.kills >= KILLS - 1
    assert outcome.acknowledged >= outcome.kills
    assert outcome.lost == 0
    assert outcome.is_sound
