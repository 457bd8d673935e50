"""The contents of the demo: projects, models with the dates they existed, client versions, and phrases.

Must not know how any of it is logged.
"""

from __future__ import annotations

from datetime import datetime, timezone
from random import Random
from typing import Final

from claude_tui.records import NamedTuple


class Project(NamedTuple):
    """A folder someone works in: how often, between which parts of the history (0..1), with which models."""

    cwd: str
    branches: tuple[str, ...]
    weight: float
    begin: float = 0.0
    end: float = 1.0
    families: tuple[str, ...] = ("opus", "opus", "sonnet", "sonnet", "fable")


class Release(NamedTuple):
    """A model (or a client version) and the first day it existed."""

    name: str
    day: str

    @property
    def time_ms(self) -> int:
        """Return midnight UTC of that day."""
        return int(datetime.fromisoformat(self.day).replace(tzinfo=timezone.utc).timestamp() * 1000)


PROJECTS: Final = (
    Project("/home/mira/code/atlas-api", ("main", "feat/rate-limits", "fix/token-refresh"), 10),
    Project("/home/mira/code/storefront", ("main", "feat/checkout-v2", "chore/react-20"), 9),
    Project("/home/mira/code/storefront/.claude/worktrees/search", ("feat/search",), 3, 0.55),
    Project("/home/mira/acme/billing-service", ("main", "feat/invoices", "fix/rounding"), 7, 0.1),
    Project("/home/mira/acme/data-pipeline", ("main", "perf/backfill"), 6, 0.2),
    Project("/home/mira/acme/terraform-infra", ("main", "feat/eu-region"), 3, 0.0, 1.0, ("sonnet", "opus")),
    Project("/home/mira/code/mobile-app", ("develop", "feat/offline-mode"), 5, 0.35),
    Project("/home/mira/code/ml-ranker", ("main", "exp/two-tower"), 4, 0.5, 1.0, ("opus", "fable", "fable")),
    Project("/home/mira/src/ledger-rs", ("main", "feat/import-csv"), 4, 0.0, 0.7),
    Project("/home/mira/src/dotfiles", ("main",), 1, 0.0, 1.0, ("haiku", "sonnet")),
    Project("/home/mira/src/advent-of-code", ("main",), 9, 0.0, 0.12, ("sonnet",)),
    Project("/home/mira/docs/handbook", ("main", "docs/onboarding"), 2, 0.15, 1.0, ("haiku", "sonnet")),
    Project("/home/mira/acme/legacy-monolith", ("trunk", "fix/session-leak"), 3, 0.0, 0.45),
    Project("/home/mira/acme/gateway-trial", ("main",), 2, 0.62, 0.8, ("gateway",)),
)

MODELS: Final = {
    "opus": (
        Release("claude-opus-4-1-20250805", "2025-08-05"),
        Release("claude-opus-4-5-20251101", "2025-12-03"),
        Release("claude-opus-4-6", "2026-02-06"),
        Release("claude-opus-4-7", "2026-04-17"),
        Release("claude-opus-4-8", "2026-05-29"),
        Release("claude-opus-5", "2026-07-25"),
        Release("claude-opus-5-5", "2026-09-23"),
    ),
    "sonnet": (
        Release("claude-sonnet-4-5-20250929", "2025-09-29"),
        Release("claude-sonnet-4-6", "2026-02-18"),
        Release("claude-sonnet-5", "2026-07-01"),
        Release("claude-sonnet-5-5", "2026-09-29"),
    ),
    "haiku": (
        Release("claude-haiku-4-5-20251001", "2025-10-01"),
        Release("claude-haiku-5-5", "2026-10-08"),
    ),
    "fable": (
        Release("claude-opus-4-1-20250805", "2025-08-05"),
        Release("claude-opus-4-5-20251101", "2025-12-03"),
        Release("claude-fable-5", "2026-06-10"),
        Release("claude-fable-5-1", "2026-09-02"),
        Release("claude-fable-5-2", "2026-11-10"),
    ),
    # Nobody publishes a price for it: shows what claude-top says then.
    "gateway": (Release("acme-gateway/coder-2", "2025-01-01"),),
}

FAST: Final = ("claude-opus-4-8", "claude-opus-5", "claude-opus-5-5", "claude-fable-5-2")
"""Models that offer faster output at a higher price."""

VERSIONS: Final = (
    Release("2.0.50", "2025-11-01"),
    Release("2.1.7", "2026-01-12"),
    # Wrote only the placeholder of the output it got: shows what a lower bound is.
    Release("2.1.20", "2026-01-26"),
    Release("2.1.80", "2026-01-31"),
    Release("2.1.112", "2026-04-13"),
    Release("2.1.222", "2026-07-20"),
    Release("2.1.290", "2026-09-07"),
    Release("2.1.329", "2026-11-05"),
)

TITLES: Final = (
    "Fix flaky integration tests", "Add rate limiting to the public API", "Migrate settings to TOML",
    "Investigate slow checkout page", "Refactor the invoice renderer", "Upgrade dependencies",
    "Write onboarding guide", "Add CSV import", "Debug memory growth in worker", "Design search index",
    "Port build to the new runners", "Review error handling", "Add offline sync", "Tune the ranking model",
    "Clean up feature flags", "Add audit log", "Fix time zone bug in reports", "Speed up the backfill",
    "Split the monolith's session code", "Add dark mode", "Explain the retry logic", "Rotate signing keys",
)  # fmt: skip

PROMPTS: Final = (
    "The test in CI is red, can you find out why?", "Please add tests for the edge cases.", "Looks good, go on.",
    "Can you make this simpler?", "Why is this slow? Measure first.", "Update the docs as well.",
    "Now do the same for the other endpoint.", "Rename it, the name says the wrong thing.",
    "Check that nothing else depends on it.", "Commit this with a clear message.",
)  # fmt: skip

REPLIES: Final = (
    "Done. All tests pass now.", "The cause was a missing await; fixed and covered by a test.",
    "I measured it: most of the time goes into parsing.", "Renamed, and the callers with it.",
    "Two places still used the old name; both are updated.", "It is simpler now: one function less.",
)  # fmt: skip

TOOLS: Final = (
    ("Bash", {"command": "pytest -q", "description": "Run the tests"}, "42 passed in 3.10s"),
    ("Read", {"file_path": "src/app.py"}, "1\tfrom app import create"),
    (
        "Edit",
        {"file_path": "src/app.py", "old_string": "retry = 1", "new_string": "retry = 3"},
        "The file was updated.",
    ),
    ("Grep", {"pattern": "retry", "output_mode": "files_with_matches"}, "Found 3 files"),
    ("Bash", {"command": "git diff --stat", "description": "Show changes"}, " 3 files changed, 41 insertions(+)"),
)

RARE_TOOLS: Final = (
    ("mcp__browser__click", {"selector": "#pay"}, "Clicked"),
    ("mcp__browser__read_page", {"url": "http://localhost:3000/"}, "<main>Your basket is empty</main>"),
    ("mcp__tickets__search", {"query": "retry"}, "WEB-204 Retries are not counted"),
    ("Write", {"file_path": "docs/retries.md", "content": "# Retries"}, "The file was written."),
    ("WebFetch", {"url": "https://example.com/", "prompt": "What changed?"}, "Nothing that matters here."),
)

SKILLS: Final = ("review", "commit", "release-notes")

LOST_CACHES: Final = ("system_changed", "tools_changed", "messages_changed")
"""What the API says of a prompt that it did not find in its cache."""

AGENTS: Final = (
    ("Explore", "Find the callers"),
    ("general-purpose", "Survey the error handling"),
    ("code-reviewer", "Review the change"),
)


def newest(releases: tuple[Release, ...], time_ms: int) -> str:
    """Return the newest one that existed at an instant; the first one for anything earlier."""
    return next((release.name for release in reversed(releases) if release.time_ms <= time_ms), releases[0].name)


def compacts_at(model: str) -> int:
    """Return the prompt size, in tokens, at which the client compacts the conversation."""
    return 155_000 if "-4-" in model and not model.endswith(("-4-7", "-4-8")) else 320_000


def pick(rng: Random, projects: tuple[Project, ...], part: float) -> Project:
    """Return one of the projects worked on at this part (0..1) of the history."""
    current = [project for project in projects if project.begin <= part <= project.end]
    return rng.choices(current, [project.weight for project in current])[0]
