"""History that survives its logs: `ledger` says what is stored, `sync` keeps it in step with a store.

Must not know how logs are read, nor answer questions: what it keeps is counted by the store.
"""

from claude_tui.engine.ledger.exchange.lines import Imported, export_jsonl, import_jsonl, read_lines
from claude_tui.engine.ledger.exchange.moved import Moved, adopt, moved_folders, moved_in
from claude_tui.engine.ledger.file.book import Doubt
from claude_tui.engine.ledger.file.schema import LedgerError
from claude_tui.engine.ledger.history import MergeResult
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import machine_of
from claude_tui.engine.ledger.results import Summary
from claude_tui.engine.ledger.scope import LedgerScope, scope_of
from claude_tui.engine.ledger.sync.follower import FollowResult, LedgerFollower
from claude_tui.engine.ledger.sync.keeper import LedgerKeeper

__all__ = [
    "Doubt",
    "FollowResult",
    "Imported",
    "Ledger",
    "LedgerError",
    "LedgerFollower",
    "LedgerKeeper",
    "LedgerScope",
    "MergeResult",
    "Moved",
    "Summary",
    "adopt",
    "export_jsonl",
    "import_jsonl",
    "machine_of",
    "moved_folders",
    "moved_in",
    "read_lines",
    "scope_of",
]
