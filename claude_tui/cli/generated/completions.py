"""`claude-top completions`: scripts that let bash, zsh and fish complete commands, options and their values.

Must not know a command by name.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from claude_tui.cli.generated.command_tree import Node, Option

PLACES: Final = {
    "bash": "~/.local/share/bash-completion/completions/claude-top",
    "zsh": "a folder in $fpath, as _claude-top",
    "fish": "~/.config/fish/completions/claude-top.fish",
}
FILES: Final = ("FILE", "DIR")
"""Placeholders for which the shell itself completes files and folders."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = "Print the completion script for a shell. Install it as:\n" + "\n".join(
        f"  {shell:5} {place}" for shell, place in PLACES.items()
    )
    parser.epilog = example(f"claude-top completions bash > {PLACES['bash']}")
    parser.add_argument("shell", choices=tuple(PLACES), help="shell to print the script for")


def run(options: Namespace) -> int:
    """Print the script and return the exit code."""
    streams.write(script(options.shell))
    return exits.OK


def script(shell: str) -> str:
    """Return the completion script of a shell."""
    from claude_tui.cli.generated.command_tree import tree

    makers: dict[str, Callable[[Node], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
    return makers[shell](tree())


def bash(root: Node) -> str:
    """Return the script for bash 4 or newer."""
    cases, values = [], []
    for node in root.walk():
        words = [command.words[-1] for command in node.commands]
        words += [choice for argument in node.arguments for choice in argument.choices]
        words += [flag for option in node.options for flag in option.flags]
        files = " files=1" if any(argument.metavar in FILES for argument in node.arguments) else ""
        cases.append(f"    '{' '.join(node.words)}') words='{' '.join(words)}'{files} ;;")
        for option in node.options:
            if option.metavar:
                flags = "|".join(f"'{' '.join(node.words)} {flag}'" for flag in option.flags)
                values.append(f"    {flags}) {_bash_values(option)}; return ;;")
    paths = "|".join(f"'{' '.join(node.words)}'" for node in root.walk() if node.words)
    return f"""# Completion of claude-top for bash, made by `claude-top completions bash`.
_claude_top() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command='' words='' files='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "${{command:+$command }}${{COMP_WORDS[index]}}" in
    {paths})
      command="${{command:+$command }}${{COMP_WORDS[index]}}" ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
{chr(10).join(values)}
  esac
  case "$command" in
{chr(10).join(cases)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ $files ]]; then
    compopt -o filenames
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F _claude_top claude-top
"""


def _bash_values(option: Option) -> str:
    if option.choices:
        return f"mapfile -t COMPREPLY < <(compgen -W '{' '.join(option.choices)}' -- \"$current\")"
    if option.metavar in FILES:
        kind = "-d" if option.metavar == "DIR" else "-f"
        return f'compopt -o filenames; mapfile -t COMPREPLY < <(compgen {kind} -- "$current")'
    return "COMPREPLY=()"


def zsh(root: Node) -> str:
    """Return the script for zsh."""
    functions = [_zsh_function(node) for node in root.walk()]
    head = "#compdef claude-top\n# Completion of claude-top for zsh, made by `claude-top completions zsh`.\n"
    return head + "\n".join(functions) + '\n_claude_top "$@"\n'


def _zsh_name(words: tuple[str, ...]) -> str:
    return "_".join(("_claude_top", *(word.replace("-", "_") for word in words)))


def _zsh_function(node: Node) -> str:
    lines = []
    for option in node.options:
        spelling = ",".join(option.flags)
        flags = f"{{{spelling}}}" if len(option.flags) > 1 else option.flags[0]
        excluded = f"'({' '.join(option.flags)})'" if len(option.flags) > 1 else ""
        lines.append(f"    {excluded}{flags}'[{_zsh_text(option.help)}]{_zsh_values(option)}'")
    for argument in node.arguments:
        values = _zsh_values(argument) or f":{argument.flags[0]}:({' '.join(argument.choices)})"
        lines.append(f"    '{values}'")
    if not node.commands:
        return f"{_zsh_name(node.words)}() {{\n  _arguments \\\n" + " \\\n".join(lines) + "\n}\n"
    lines += ["    '1: :->command'", "    '*:: :->rest'"]
    listed = "\n".join(f"      '{command.words[-1]}:{_zsh_text(command.summary)}'" for command in node.commands)
    cases = "\n".join(f"        {command.words[-1]}) {_zsh_name(command.words)} ;;" for command in node.commands)
    arguments = " \\\n".join(lines)
    return f"""{_zsh_name(node.words)}() {{
  local context state line
  local -a commands
  _arguments -C \\
{arguments}
  case $state in
    command)
      commands=(
{listed}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
{cases}
      esac ;;
  esac
}}
"""


def _zsh_text(text: str) -> str:
    for special in ("\\", "[", "]", ":"):
        text = text.replace(special, "\\" + special)
    return text.replace("'", "'\\''")


def _zsh_values(option: Option) -> str:
    if not option.metavar:
        return ""
    name = option.metavar.lower().replace(":", "")
    if option.choices:
        return f":{name}:({' '.join(option.choices)})"
    return f":{name}:" + {"DIR": "_directories", "FILE": "_files"}.get(option.metavar, " ")


def fish(root: Node) -> str:
    """Return the script for fish."""
    lines = ["# Completion of claude-top for fish, made by `claude-top completions fish`.", "complete -c claude-top -f"]
    for node in root.walk():
        condition = _fish_condition(node)
        for command in node.commands:
            lines.append(f"complete -c claude-top{condition} -a {command.words[-1]} -d {_fish(command.summary)}")
        for argument in node.arguments:
            takes = " -F" if argument.metavar in FILES else f" -a {_fish(' '.join(argument.choices))}"
            lines.append(f"complete -c claude-top{condition}{takes}")
        for option in node.options:
            lines.append(f"complete -c claude-top{condition}{_fish_option(option)}")
    return "\n".join(lines) + "\n"


def _fish_condition(node: Node) -> str:
    below = " ".join(command.words[-1] for command in node.commands)
    parts = [f"__fish_seen_subcommand_from {word}" for word in node.words]
    parts += [f"not __fish_seen_subcommand_from {below}"] if below else []
    return f" -n {_fish('; and '.join(parts))}" if parts else ""


def _fish_option(option: Option) -> str:
    made = "".join(f" -l {flag[2:]}" if flag.startswith("--") else f" -s {flag[1:]}" for flag in option.flags)
    if option.choices:
        made += f" -x -a {_fish(' '.join(option.choices))}"
    elif option.metavar:
        made += " -r -F" if option.metavar in FILES else " -x"
    return f"{made} -d {_fish(option.help)}"


def _fish(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
