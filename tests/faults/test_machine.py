from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.machine import Machine

EXAMPLES = int(os.environ.get("FAULT_EXAMPLES", "6"))


@pytest.mark.timeout(120 + 10 * EXAMPLES)
def test_whatever_happens_what_is_shown_is_what_was_ever_written(own_home: object) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize="FAULT_EXAMPLES" not in os.environ,
            database=None,
        ),
    )
