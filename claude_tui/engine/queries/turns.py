"""What there is to know about single responses beside their numbers.

`turn_details` reads a file: call it off the event loop, for the row somebody looks at. Must not count or draw.
"""

from __future__ import annotations

import os

from claude_tui.clients import CLIENTS
from claude_tui.model import TOLD, UNLOGGED, Response
from claude_tui.sources.reading.log import open_regular
from claude_tui.sources.registry import load
from claude_tui.sources.turns.turn import TurnDetails, line_number

__all__ = ["TurnDetails", "response_key", "turn_details"]


def turn_details(response: Response) -> TurnDetails:
    """Return what the log says of a response (or of the response an extra belongs to).

    Never raises: where the file is gone, shorter or another one, `TurnDetails.problem` says so. Reads a few MiB, and
    passes once over what lies before the line to count lines: 0.2 s for a file of 700 MB.
    """
    if response.extra == UNLOGGED:
        return TurnDetails(
            response.path, response.offset, problem="no log shows these calls, only the client's own total"
        )
    if response.origin == TOLD:
        return TurnDetails(response.path, response.offset, problem="no log has this call, only telemetry told of it")
    client = CLIENTS.get(response.source)
    if client is not None and client.read_turn:
        found: TurnDetails = load(client.read_turn)(response.path, response.offset, response_key(response))
        return found
    line = 0
    if client is not None and client.is_append_only:
        try:
            fd, _ = open_regular(response.path)
        except OSError as error:
            reason = "the file is gone" if isinstance(error, FileNotFoundError) else error.strerror
            return TurnDetails(response.path, response.offset, problem=reason or type(error).__name__)
        try:
            line = line_number(fd, response.offset)
        finally:
            os.close(fd)
    return TurnDetails(response.path, response.offset, line)


def response_key(response: Response) -> str:
    """Return the key of a response, and for an extra that of the response it belongs to."""
    return response.key.rsplit("/", 2)[0] if response.extra else response.key
