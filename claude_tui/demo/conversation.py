"""Generates one transcript: what is said next, when, and how many tokens it takes.

The caller provides the time, so the same conversation fills the past at once or the present as it happens. Must not
write files or know the clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Final

from claude_tui.demo import cast
from claude_tui.demo.rows import DemoTranscript, DemoUsage, Row

SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND


def around(rng: Random, median: float, spread: float, most: int) -> int:
    """Return a positive number, usually near the median, rarely far above it."""
    return min(most, 1 + int(median * math.exp(rng.gauss(0, spread))))


class DemoConversation:
    """A user (or a session that started an agent) and a model taking turns in one transcript.

    `responses` is how many are left until it ends; `pace` stretches or shortens every pause.
    """

    def __init__(self, log: DemoTranscript, model: str, start_ms: int, responses: int, pace: float = 1.0) -> None:
        self.log = log
        self.rng = log.rng
        self.model = model
        self.next_ms = start_ms
        self.last_ms = start_ms
        self.responses = responses
        self.pace = pace
        self.context = 0
        self.waiting_tool = ""
        self.tool_text = ""
        self.is_failing = False
        self.skill = ""
        self.agent_type = ""
        self.agent_task = ""
        self.started_by = ""
        self.helper: DemoConversation | None = None

    @property
    def is_over(self) -> bool:
        """Whether the conversation has ended."""
        return self.responses <= 0

    def play(self, until_ms: int) -> Iterator[tuple[DemoConversation, list[Row]]]:
        """Yield everything that happens up to an instant, batch by batch: in whose transcript, and which rows."""
        while True:
            if self.helper:
                yield from self.helper.play(until_ms)
                if not self.helper.is_over:
                    return
                self.next_ms = max(self.next_ms, self.helper.last_ms + 2 * SECOND)
                self.helper = None
            if self.is_over or self.next_ms > until_ms:
                return
            yield self, self._exchange()

    def _exchange(self) -> list[Row]:
        """Return the input (a prompt or a tool's result) and the response to it, as the client flushes them."""
        log, rng, now_ms = self.log, self.rng, self.next_ms
        pause_ms = now_ms - self.last_ms
        asked_ms = now_ms - min(pause_ms // 2, around(rng, 6, 0.6, 60) * SECOND)
        is_first = not self.context
        rows: list[Row] = []
        if self.context > cast.compacts_at(self.model):
            rows += log.compaction(asked_ms, self.context)
            self.context = 0
        if self.waiting_tool:
            rows.append(log.tool_result(asked_ms, self.waiting_tool, self.tool_text, is_error=self.is_failing))
        else:
            rows.append(log.user(asked_ms, rng.choice(cast.PROMPTS)))
        chance = _number(rows[-1]["uuid"])
        if not self.waiting_tool:
            self.skill = cast.SKILLS[chance % len(cast.SKILLS)] if chance % 7 == 0 else ""
        lost = cast.LOST_CACHES[chance % len(cast.LOST_CACHES)] if chance % 61 == 0 and not is_first else ""

        usage = self._usage(pause_ms, is_lost=bool(lost))
        self.responses -= 1
        is_tool_call = not self.is_over and rng.random() < 0.78
        blocks: list[Row] = []
        if rng.random() < 0.2:
            blocks.append({"type": "thinking", "thinking": "", "signature": "c2lnbmF0dXJl"})
        blocks.append(self._call_tool(now_ms) if is_tool_call else {"type": "text", "text": rng.choice(cast.REPLIES)})
        key = f"01{rng.getrandbits(88):022x}"
        rows += log.assistant(
            now_ms, key, self.model, blocks, "tool_use" if is_tool_call else "end_turn", usage, self.skill, lost
        )
        if is_first and not log.agent and rng.random() < (0.9 if log.era else 0.4):
            rows.append(log.title(rng.choice(cast.TITLES), is_custom=not log.era or rng.random() < 0.2))
        if not is_tool_call:
            self.waiting_tool = ""
            rows += log.turn_end(now_ms + 200, now_ms - asked_ms)
        self.last_ms = now_ms + (0 if is_tool_call else 200)
        seconds = around(rng, 9, 0.7, 180) if is_tool_call or log.agent else around(rng, 45, 1.0, 1_500)
        self.next_ms = self.last_ms + max(SECOND, int(seconds * SECOND * self.pace))
        return rows

    def _usage(self, pause_ms: int, *, is_lost: bool) -> DemoUsage:
        rng, is_agent = self.rng, bool(self.log.agent)
        fresh = around(rng, 1_300, 1.1, 24_000)
        lifetime_ms = HOUR // 12 if is_agent else HOUR
        if not self.context:
            # The system prompt and the tools; most of it is still cached from the session before.
            self.context = rng.randint(9_000, 14_000) if is_agent else rng.randint(24_000, 60_000)
            read = 11_000 if rng.random() < 0.6 and not is_agent else 0
        else:
            read = self.context if pause_ms < lifetime_ms and not is_lost else 0
        write = self.context - read + fresh
        output = around(rng, 300, 1.1, 14_000)
        self.context += fresh + output
        is_long_lived = not is_agent and not self.log.version.startswith("2.0.") and self.model.startswith("claude")
        return DemoUsage(
            input=rng.choice((2, 3, 4, 6, 8, 12)),
            output=output,
            write_5m=0 if is_long_lived else write,
            write_1h=write if is_long_lived else 0,
            read=read,
            web_search=1 if rng.random() < 0.006 else 0,
            is_fast=self.model in cast.FAST and rng.random() < 0.04,
            advisor=self._advice(output) if "sonnet" in self.model and rng.random() < 0.01 else None,
        )

    def _advice(self, output: int) -> tuple[str, int, int]:
        return cast.newest(cast.MODELS["opus"], self.next_ms), self.context // 3, output

    def _call_tool(self, now_ms: int) -> Row:
        rng, log = self.rng, self.log
        self.waiting_tool = f"toolu_01{rng.getrandbits(88):022x}"
        if not log.agent and rng.random() < 0.035:
            kind, task = rng.choice(cast.AGENTS)
            self.tool_text = "Found what was asked for; the list is above."
            self.helper = self._send_agent(now_ms + SECOND, kind, task)
            name, given = "Agent" if log.era == 2 else "Task", {"description": task, "subagent_type": kind}
        else:
            tool, number = rng.choice(cast.TOOLS), _number(self.waiting_tool)
            if number % 6 == 0:
                tool = cast.RARE_TOOLS[number // 6 % len(cast.RARE_TOOLS)]
            name, tool_input, self.tool_text = tool
            given, self.is_failing = dict(tool_input), number % 23 == 0
        return {"type": "tool_use", "name": name, "input": given, "id": self.waiting_tool}

    def _send_agent(self, start_ms: int, kind: str, task: str) -> DemoConversation:
        rng, log = self.rng, self.log
        agent = f"{rng.getrandbits(32):08x}" if log.version.startswith("2.0.") else f"a{rng.getrandbits(64):016x}"
        transcript = DemoTranscript(log.session, log.cwd, log.branch, log.version, rng, agent)
        model = self.model
        if model.startswith("claude") and rng.random() < 0.7:
            model = cast.newest(cast.MODELS[rng.choice(("haiku", "haiku", "sonnet"))], start_ms)
        helper = DemoConversation(transcript, model, start_ms, rng.randint(4, 14), self.pace)
        helper.agent_type, helper.agent_task, helper.started_by = kind, task, self.waiting_tool
        return helper


def _number(name: str) -> int:
    """Return a number that a random id stands for: what is rare follows from it, and needs no randomness of its own."""
    return int(name[-6:], 16)
