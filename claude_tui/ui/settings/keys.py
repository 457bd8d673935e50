"""Every key of the app, once: the widgets bind from here, help and palette are generated from here.

Each binding has an id, which a user's keymap refers to, and a tooltip, which says it in a sentence. Must not know what
an action does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from textual.binding import Binding

from claude_tui.toml import Wrong
from claude_tui.ui.settings.declared import Settings, unknown


def _bind(keys: str, action: str, id: str, label: str, tooltip: str, shown: str = "") -> Binding:
    # Priority: as in any other program it works everywhere, in a dialog as well.
    is_first = action == "suspend_process"
    return Binding(
        keys, action, label, show=False, key_display=shown or None, tooltip=tooltip, id=id, priority=is_first
    )


VIEWS: Final = (
    _bind("1", "view('live')", "view-live", "Live", "Sessions as they run"),
    _bind("2", "view('models')", "view-models", "Models", "Tokens and cost of each model"),
    _bind("3", "view('projects')", "view-projects", "Projects", "Tokens and cost of each project"),
    _bind("4", "view('sessions')", "view-sessions", "Sessions", "Every session"),
    _bind("5", "view('days')", "view-days", "Days", "A year as a heatmap, and its days"),
    _bind("6", "view('blocks')", "view-blocks", "Blocks", "5h blocks of usage, the open one first"),
    _bind("7", "view('causes')", "view-causes", "Causes", "What the money went for, and what could have been avoided"),
    _bind("8", "view('plan')", "view-plan", "Plan", "Limits of all plans, and the period beside the one before"),
    _bind("tab", "step_view(1)", "view-next", "Next view", "Go to the next view", "Tab"),
    _bind("shift+tab", "step_view(-1)", "view-previous", "Previous view", "Go to the previous view", "S-Tab"),
)
"""Keys that switch views."""

TABLE_BINDINGS: Final = (
    _bind("up,k", "move(-1)", "row-up", "Up", "Select the row above", "↑ k"),
    _bind("down,j", "move(1)", "row-down", "Down", "Select the row below", "↓ j"),
    _bind("pageup", "page(-1)", "page-up", "Page up", "Move up by a page", "PgUp"),
    _bind("pagedown", "page(1)", "page-down", "Page down", "Move down by a page", "PgDn"),
    _bind("ctrl+u", "page(-0.5)", "half-page-up", "Half a page up", "Move up by half a page", "^u"),
    _bind("ctrl+d", "page(0.5)", "half-page-down", "Half a page down", "Move down by half a page", "^d"),
    _bind("home,g", "ends('first')", "row-first", "First", "Select the first row", "g"),
    _bind("end,G", "ends('last')", "row-last", "Last", "Select the last row", "G"),
    _bind("enter", "screen.open", "row-open", "Open", "Open the selected row", "Enter"),
    _bind("s", "sort(1)", "sort-next", "Sort", "Sort by the next column", "s"),
    _bind("f6,greater_than_sign", "screen.sort_menu", "sort-menu", "Sort by", "Choose the column to sort by", "F6"),
    _bind("S", "sort(-1)", "sort-previous", "Sort", "Sort by the previous column", "S"),
    _bind("I,o", "reverse", "sort-reverse", "Reverse", "Reverse the order", "I o"),
    _bind("n", "match(1)", "match-next", "Next match", "Select the next row the filter found", "n"),
    _bind("N", "match(-1)", "match-previous", "Previous match", "Select the previous row the filter found", "N"),
)
"""Keys of every table."""

ROW_BINDINGS: Final = (
    _bind("i", "explain", "explain", "Explain", "Explain the numbers of the selected row", "i"),
    _bind("y", "copy", "row-copy", "Copy", "Copy the selected row", "y"),
    _bind("x", "export", "rows-export", "Export", "Write the rows to a CSV file; it asks where", "x"),
    _bind("O", "show_folder", "row-folder", "Folder", "Show the folder of the session or project on the desktop", "O"),
    _bind("e", "edit", "row-edit", "Log", "Open the log at the line of the response, in $PAGER", "e"),
)
"""Keys of every view that is a table: what can be done with its rows."""

PROJECT_BINDINGS: Final = (
    _bind("u", "group", "group", "Group", "Sum by project, team, user or machine, over many machines", "u"),
)
"""Keys of the view of projects."""

SESSION_BINDINGS: Final = (
    _bind("t,f5", "tree", "tree", "Tree", "Show sub-agents below their session, or fold them", "t"),
    _bind("Y", "copy_resume", "resume-copy", "Copy resume", "Copy the command that resumes the selected session", "Y"),
    _bind("F", "follow", "follow", "Follow", "Keep the selected session in view, or else the busiest", "F"),
)
"""Keys of the views of sessions."""

LIVE_BINDINGS: Final = (
    _bind("d", "fold", "fold", "Done", "Show the sessions that are done, or fold them into one line", "d"),
    _bind("b", "burn", "burn-range", "Burn", "The last hour, the last day or the 5h block in the burn graph", "b"),
)
"""Keys of the view of what runs."""

HEATMAP_BINDINGS: Final = (
    _bind("left", "walk(-7)", "week-back", "Week back", "Go back a week", "←"),
    _bind("right,l", "walk(7)", "week-on", "Week on", "Go on a week", "→ l"),
    _bind("up,k", "walk(-1)", "day-back", "Day back", "Go back a day", "↑ k"),
    _bind("down,j", "walk(1)", "day-on", "Day on", "Go on a day", "↓ j"),
    _bind("pageup,ctrl+u", "walk(-28)", "weeks-back", "4 weeks back", "Go back four weeks", "PgUp"),
    _bind("pagedown,ctrl+d", "walk(28)", "weeks-on", "4 weeks on", "Go on four weeks", "PgDn"),
    _bind("home,g", "ends('first')", "day-first", "First day", "Go to the first day on screen", "g"),
    _bind("end,G", "ends('last')", "day-last", "Today", "Go to today", "G"),
    _bind("enter", "screen.open", "day-open", "Open day", "Show the sessions of this day", "Enter"),
    _bind("m", "metric", "heatmap-metric", "Metric", "Show cost, tokens or responses", "m"),
)
"""Keys of the heatmap."""

DAYS_BINDINGS: Final = (
    _bind("c", "chart", "chart-kind", "Chart", "Chart by model or by kind of tokens, or the hours of the week", "c"),
    _bind("w", "unit", "chart-unit", "Unit", "Group the chart by hour, day, week or month", "w"),
    _bind("i", "explain", "day-explain", "Explain", "Explain the numbers of the day", "i"),
)
"""Keys of the view around the heatmap."""

CAUSE_BINDINGS: Final = (
    _bind("t", "by('tool')", "by-tool", "Tool", "What the money went for, by tool"),
    _bind("m", "by('mcp')", "by-mcp", "MCP", "By MCP server and its tools"),
    _bind("s", "by('skill')", "by-skill", "Skill", "By skill or command"),
    _bind("u", "by('plugin')", "by-plugin", "Plugin", "By plugin"),
    _bind("a", "by('agent')", "by-agent", "Agent", "By type of sub-agent"),
    _bind("b", "by('branch')", "by-branch", "Branch", "By branch"),
    _bind("number_sign", "by('ticket')", "by-ticket", "Ticket", "By ticket in the name of the branch", "#"),
    _bind("k", "by('kind')", "by-kind", "Kind", "By kind of token"),
    _bind("l", "by('cache')", "by-cache", "Lost cache", "By what lost the prompt cache"),
    _bind("c,X", "by('context')", "by-context", "Context", "By what prompts were made of; reads the logs again", "c"),
    _bind("w", "by('waste')", "by-waste", "Waste", "What could have been avoided"),
)
"""Keys of the view of causes. There `S` sorts, the arrows move, and `A` narrows."""

LOOK: Final = (
    _bind(
        "slash,f3,f4",
        "filter",
        "filter",
        "Filter",
        "Show only rows that match: words, model:opus, cost>5; ! the rest",
        "/",
    ),
    _bind("p", "period", "period", "Period", "Choose the days to show", "p"),
    _bind("W", "causes", "causes-of", "Where it went", "Show what the money of the selected row went for", "W"),
    _bind("a", "client", "client", "Client", "Show one client, the next one, or all, if there are several"),
    _bind("A", "account", "account", "Account", "Show one account, the next one, or all, if there are several folders"),
    _bind("space,Z", "pause", "pause", "Pause", "Freeze the display; counting continues", "Space"),
    _bind("r", "refresh", "refresh", "Refresh", "Check all files again now", "r"),
    _bind("plus,equals_sign", "interval(1)", "interval-longer", "Slower", "Refresh less often", "+"),
    _bind("minus", "interval(-1)", "interval-shorter", "Faster", "Refresh more often", "-"),
    _bind("z", "zoom", "zoom", "Zoom", "Show the view on the whole screen", "z"),
    _bind("T", "theme", "theme", "Theme", "Next colour theme", "T"),
    _bind("C", "columns", "columns", "Columns", "Choose the columns of the table", "C"),
    _bind("comma,f2", "settings", "settings", "Settings", "Change the settings", ","),
)
"""Keys that change what is shown and how."""

GENERAL: Final = (
    _bind("question_mark,f1,h", "help", "help", "Help", "All keys; again, all signs and colours", "?"),
    _bind("colon,ctrl+p", "command_palette", "palette", "Commands", "Find a command by its name", ":"),
    _bind("escape,backspace", "go_back", "back", "Back", "Close, clear the filter, or go back", "Esc"),
    _bind("ctrl+z", "suspend_process", "suspend", "Suspend", "Back to the shell; fg brings the screen back", "^z"),
    _bind("q,f10,ctrl+c", "quit", "quit", "Quit", "Leave claude-top", "q"),
)
"""Keys that work everywhere."""

_OF_APP: Final = frozenset(
    ("interval-longer", "interval-shorter", "theme", "settings", "help", "palette", "suspend", "quit")
)

APP_BINDINGS: Final = tuple(binding for binding in (*LOOK, *GENERAL) if binding.id in _OF_APP)
"""Keys of the app."""

SCREEN_BINDINGS: Final = tuple(binding for binding in (*VIEWS, *LOOK, *GENERAL) if binding.id not in _OF_APP)
"""Keys of the main screen."""

SECTIONS: Final = {
    "Views": VIEWS,
    "Rows": TABLE_BINDINGS,
    "The selected row": (*ROW_BINDINGS, *SESSION_BINDINGS, *PROJECT_BINDINGS, *LIVE_BINDINGS),
    "Days": (*HEATMAP_BINDINGS, *DAYS_BINDINGS),
    "Causes": CAUSE_BINDINGS,
    "Look": LOOK,
    "General": GENERAL,
}
"""All keys in the order the help shows them."""

BY_ID: Final = {binding.id or "": binding for bindings in SECTIONS.values() for binding in bindings}
"""Every binding by its id."""


def unknown_actions(settings: Settings) -> Iterator[Wrong]:
    """Yield the keys that are given to no action there is."""
    for name in settings.keys:
        if name not in BY_ID:
            yield Wrong(("keys", name), unknown(name, tuple(BY_ID), "id"))
