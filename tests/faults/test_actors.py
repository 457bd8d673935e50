from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.actors import Actors

EXAMPLES = int(os.environ.get("TRUTH_EXAMPLES", "10"))
STEPS = int(os.environ.get("TRUTH_STEPS", "15"))


@pytest.mark.timeout(180 + 10 * EXAMPLES)
def test_whoever_asks_is_told_what_logs_and_ledger_say(own_home: object) -> None:
    run_state_machine_as_test(
        Actors,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize="TRUTH_EXAMPLES" not in os.environ,
            database=None,
            print_blob=False,
        ),
    )
