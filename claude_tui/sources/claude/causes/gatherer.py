"""What the rows of one transcript say together: calls, skills, interruptions, repeated reads.

Rows come in the order of the file, in one go or in parts. Must not know bytes, files or prices.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Raw

from claude_tui.sources.causes import (
    COMPACTED,
    STARTERS,
    TOOLS_CHANGED,
    Call,
    Caused,
    FileCauses,
    ReadRange,
    Repeat,
    Thread,
)
from claude_tui.sources.claude.causes.lines import CausesLine, ContentBlock
from claude_tui.sources.claude.causes.meta import started_by
from claude_tui.sources.claude.causes.sizes import (
    BYTES_PER_TOKEN,
    Sizes,
    decode,
    size_of,
)
from claude_tui.sources.columns import key_number
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, written_of

CALLS: Final = frozenset({"tool_use", "server_tool_use"})
CHANGERS: Final = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
BOUNDARIES: Final = frozenset({"compact_boundary", "microcompact_boundary"})
DELTAS: Final = frozenset({"mcp_instructions_delta", "deferred_tools_delta"})
INTERRUPTED: Final = "[Request interrupted"
OUTPUTS: Final = ("<local-command-stdout", "<local-command-stderr", "<bash-stdout", "<bash-stderr")
"""What the client writes down of what the user ran: no prompt."""
CAVEAT: Final = "<local-command-"
SIDE: Final = "\0"
"""The thread of side chain rows of older clients, which name no sub-agent."""

_COMMAND: Final = re.compile(r"<command-name>/?([^<\n]{1,200})</command-name>")


class Gatherer:
    """Gathers what a transcript says, beginning with what it was `known` to say up to there."""

    def __init__(self, path: str, known: FileCauses | None = None, *, with_sizes: bool = False) -> None:
        self.found = known if known is not None else FileCauses(has_sizes=with_sizes)
        self._sizes = Sizes(self.found.parts) if self.found.has_sizes else None
        self._last_key = ("", 0)
        if not self.found.started_by:
            self.found.agent_type, self.found.started_by = started_by(path)
        self._of_key = {one.key: number for number, one in enumerate(self.found.responses)}
        self._of_call = {call.id: call for one in self.found.responses for call in one.calls if call.id}
        self._asked_by = {call.id: one for one in self.found.responses for call in one.calls if call.id}
        self._threads = {thread.name: number for number, thread in enumerate(self.found.threads)}

    def see(self, line: CausesLine) -> None:
        """Take in a line."""
        if line.type == "assistant":
            self._see_response(line)
        elif line.type == "user":
            self._see_user(line)
        elif line.type == "attachment":
            self._see_attachment(line)
        elif line.subtype in BOUNDARIES:
            thread = self._thread(line)
            thread.boundary = COMPACTED
            thread.known.clear()
            thread.added.clear()
        elif line.subtype == "local_command":
            self._thread(line).command = ""

    def _thread(self, line: CausesLine) -> Thread:
        return self.found.threads[self._thread_number(line)]

    def _thread_number(self, line: CausesLine) -> int:
        name = line.agentId or (SIDE if line.isSidechain else "")
        number = self._threads.get(name)
        if number is None:
            number = self._threads[name] = len(self.found.threads)
            self.found.threads.append(Thread(name))
        return number

    def _see_response(self, line: CausesLine) -> None:
        message = line.message
        if message is None:
            return
        name, key = self._last_key
        if name != line.key:  # the rows of a response follow one another
            key = key_number("claude", line.key)
            self._last_key = line.key, key
        number = self._of_key.get(key)
        if number is None:
            number = self._of_key[key] = len(self.found.responses)
            self.found.responses.append(self._new_response(key, number, line))
        found = self.found.responses[number]
        found.time_ms = max(found.time_ms, instant_ms(line.timestamp))
        found.skill = line.attributionSkill or found.skill
        found.plugin = line.attributionPlugin or found.plugin
        found.agent_type = line.attributionAgent or found.agent_type
        found.branch = found.branch or line.gitBranch
        found.version = found.version or line.version
        found.lifetime = line.promptCacheRequested or found.lifetime
        if message.diagnostics is not None and message.diagnostics.cache_miss_reason is not None:
            found.reason = message.diagnostics.cache_miss_reason.type or found.reason
        if message.usage is not None and message.usage.output_tokens_details is not None:
            found.thinking = max(found.thinking, as_count(message.usage.output_tokens_details.thinking_tokens) or 0)
        if isinstance(message.content, list):
            for block in message.content:
                if block.type in CALLS:
                    self._see_call(block, found)
                elif self._sizes is not None:
                    self._sizes.add_written(block, found, self.found.threads[found.thread])

    def _new_response(self, key: int, number: int, line: CausesLine) -> Caused:
        thread_number = self._thread_number(line)
        thread = self.found.threads[thread_number]
        made = Caused(key, thread_number, 0, asked_ms=thread.asked_ms, skill=thread.skill, boundary=thread.boundary)
        made.added, thread.added = thread.added, {}
        thread.asked_ms, thread.boundary, thread.last = 0, "", number
        return made

    def _see_call(self, block: ContentBlock, found: Caused) -> None:
        if block.id and block.id in self._of_call:
            return
        call = Call(block.id, block.name)
        found.calls.append(call)
        if block.id:
            self._of_call[block.id], self._asked_by[block.id] = call, found
        thread = self.found.threads[found.thread]
        if self._sizes is not None:
            self._sizes.add_call(block, found, thread)
        if block.name == "Skill":
            given = _object(block.input)
            thread.skills[block.id] = written_of(given, "skill") or written_of(given, "command")
        elif block.name in STARTERS:
            call.kind = written_of(_object(block.input), "subagent_type")
        elif block.name == "Read":
            given = _object(block.input)
            part = f"{given.get('offset')},{given.get('limit')},{given.get('pages')}"
            part = part.encode("utf-8", "replace").decode()
            thread.reads[block.id] = ReadRange(written_of(given, "file_path"), part)
        elif block.name in CHANGERS:
            given = _object(block.input)
            thread.known.pop(written_of(given, "file_path") or written_of(given, "notebook_path"), None)

    def _see_user(self, line: CausesLine) -> None:
        thread = self._thread(line)
        thread.asked_ms = instant_ms(line.timestamp) or thread.asked_ms
        content = line.message.content if line.message is not None else None
        if content is None:
            return
        if self._sizes is not None:
            self._sizes.add_user(line, content, thread, self._of_call)
        if isinstance(content, list):
            results = [block for block in content if block.type == "tool_result"]
            for block in results:
                self._see_result(block, thread, line)
            if results:
                return
            text = next((block.text for block in content if block.type == "text"), "")
        else:
            text = content
        self._see_text(text, thread, line)

    def _see_text(self, text: str, thread: Thread, line: CausesLine) -> None:
        """Take in what is not the result of a call: a prompt, what a command loads, or a note of the client."""
        if text.startswith(INTERRUPTED):
            number = thread.last
            if line.interruptedMessageId:
                number = self._of_key.get(key_number("claude", line.interruptedMessageId), -1)
            if number >= 0:
                self.found.responses[number].is_interrupted = True
        elif line.isCompactSummary or line.sourceToolUseID:
            return
        elif line.isMeta:
            if thread.command and not text.startswith(CAVEAT):
                thread.skill, thread.command = thread.command, ""
        elif text.startswith(OUTPUTS):
            thread.command = ""
        else:
            named = _COMMAND.search(text)
            thread.skill, thread.command = "", named[1] if named is not None else ""

    def _see_result(self, block: ContentBlock, thread: Thread, line: CausesLine) -> None:
        called = block.tool_use_id
        call = self._of_call.get(called)
        if call is None:
            return
        skill, reading = thread.skills.pop(called, ""), thread.reads.pop(called, None)
        if block.is_error:
            call.is_failed = True
            return
        if skill:
            thread.skill = written_of(_object(line.toolUseResult), "commandName") or skill.removeprefix("/")
        if reading is not None:
            parts = thread.known.setdefault(reading.path, [])
            if reading.part in parts:
                tokens = size_of(block.content) // BYTES_PER_TOKEN
                self._asked_by[called].repeats.append(Repeat(reading.path, tokens))
            else:
                parts.append(reading.part)
        if call.name in STARTERS:
            agent = written_of(_object(line.toolUseResult), "agentId")
            if agent:
                self.found.started[agent] = called

    def _see_attachment(self, line: CausesLine) -> None:
        thread = self._thread(line)
        thread.asked_ms = instant_ms(line.timestamp) or thread.asked_ms
        found = line.attachment
        if found is not None and self._sizes is not None:
            self._sizes.add_attachment(line, found, thread)
        if found is not None and found.type in DELTAS and (found.addedNames or found.removedNames):
            thread.boundary = thread.boundary or TOOLS_CHANGED


def _object(raw: Raw) -> dict[str, Any]:
    """Return the object that some JSON is, an empty one if it is something else."""
    if not raw:
        return {}
    try:
        found = decode(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
