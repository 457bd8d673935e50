"""What is counted of a client, what its logs do not have, and how sure that is, in sentences.

The page of a client in the documentation has the same ones. Must not look at any log.
"""

from __future__ import annotations

from typing import Any

from claude_tui.clients import Client
from claude_tui.figures import many


def sentences(client: Client) -> list[str]:
    """Return at most three sentences; fewer for a client that declares less."""
    made = [f"Counted: {client.counted}."] if client.counted else []
    if client.not_logged:
        made.append(f"Not logged: {', '.join(client.not_logged)}.")
    return [*made, *filter(None, [_checked(client)])]


def facts(client: Client) -> dict[str, Any]:
    """Return the same for JSON."""
    checked = client.checked
    return {
        "source": client.name,
        "counted": client.counted or None,
        "not_logged": list(client.not_logged),
        "told_by_telemetry": list(client.told),
        "checked": checked and {"versions": checked.versions, "sets": checked.sets, "responses": checked.responses},
        "not_run": list(client.not_run),
    }


def _checked(client: Client) -> str:
    checked = client.checked
    if checked is None:
        return ""
    what = f"{many(checked.sets, 'set')} of logs ({checked.versions})"
    equal = f"{many(checked.responses, 'response')}{f' and {checked.beside}' if checked.beside else ''}"
    not_run = f"; not run: {', '.join(client.not_run)}" if client.not_run else ""
    return f"Checked: {what} against what the server that answered them counted, {equal}, every counter equal{not_run}."
