"""Screen, a fresh count and the ledger agree while logs and telemetry come in any order from several processes.

`tests.telemetry.session` plays longer sessions.
"""

from __future__ import annotations

from pathlib import Path

from tests.telemetry.session import play


def test_screen_report_and_ledger_say_the_same_at_every_stop(own_home: Path) -> None:
    assert play(own_home, seed=1, stops=2) > 20
