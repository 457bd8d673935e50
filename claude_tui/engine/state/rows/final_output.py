"""The terms of a response of which telemetry tells the final output. Must not know where either comes from."""

from __future__ import annotations

import json

from claude_tui.pricing.billing.usage import count, iterations, kind_of, read_terms


def with_output(terms: str, output: int) -> str:
    """Return terms of a response whose final output is known: where they tell an output it is this one."""
    usage = read_terms(terms) if terms else None
    if usage is None or "output_tokens" not in usage:
        return terms
    more = output - count(usage["output_tokens"])
    parts = [one for one in iterations(usage) if kind_of(one) == "message"]
    told = usage.get("iterations")
    if parts:
        told = [
            {**one, "output_tokens": count(one.get("output_tokens")) + more} if one is parts[-1] else one
            for one in iterations(usage)
        ]
    made = {**usage, "output_tokens": output} | ({"iterations": told} if told else {})
    return json.dumps(made, separators=(",", ":"), sort_keys=True)
