"""Writes data to stdout and narration to stderr. No character that controls a terminal gets through.

Must not know what is written.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from claude_tui.cli.exits import FAILED, OK, CommandError

if TYPE_CHECKING:
    from claude_tui.reports.table import TextTable

UNKNOWN_COLUMNS: Final = 80

# As in the sanitiser of names, but newline and tab are layout here. Compiled where it is needed: 3 ms.
_OBEYED: Final = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def prepare() -> None:
    """Ensure that stdin, stdout and stderr exist and cannot fail on text they cannot encode.

    A closed stream is pointed at the null device: otherwise the next opened file would get its number, and receive what
    is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def columns() -> int:
    """Return the width of the terminal in columns. COLUMNS wins; 80 if the width is unknown or reported as 0."""
    try:
        return max(20, int(os.environ.get("COLUMNS", "")))
    except ValueError:
        pass
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or UNKNOWN_COLUMNS
    except (OSError, ValueError):
        return UNKNOWN_COLUMNS


def escaped(text: str) -> str:
    """Return text with every terminal control character as `\\uNNNN`, which JSON reads as the same text."""
    return re.sub(_OBEYED, _escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def write(text: str) -> None:
    """Write data to stdout unchanged, or with control characters escaped if stdout is a terminal."""
    sys.stdout.write(escaped(text) if is_terminal() else text)


def write_lines(lines: Iterable[bytes]) -> None:
    """Write many lines of data, each without its newline."""
    if is_terminal() or not isinstance(sys.stdout, io.TextIOWrapper):
        for line in lines:
            write(line.decode("utf-8", "surrogatepass") + "\n")
        return
    sys.stdout.flush()
    pending: list[bytes] = []
    size = 0
    for line in lines:
        pending.append(line)
        size += len(line)
        if size > 1 << 18:
            sys.stdout.buffer.writelines((b"\n".join(pending), b"\n"))  # added to it, all would be copied
            pending, size = [], 0
    if pending:
        sys.stdout.buffer.write(b"\n".join(pending) + b"\n")


def write_json(
    data: object, *, is_sorted: bool = False, default: Callable[[Any], dict[str, Any]] | None = None
) -> bytes | None:
    """Write one JSON document, indented; `is_sorted` sorts the keys alphabetically. What of it is not JSON, `default`
    makes so. Returns it as `write_lines` writes the same again, None if only this can."""
    import orjson

    option = orjson.OPT_INDENT_2 | (orjson.OPT_SORT_KEYS if is_sorted else 0)
    try:
        made = orjson.dumps(data, default, option)
    except (TypeError, ValueError):  # a lone surrogate, or a number of more than 64 bits
        import json

        data = data if default is None else in_full(data, default)
        write(json.dumps(data, indent=2, ensure_ascii=False, sort_keys=is_sorted) + "\n")
        return None
    write_lines([made])
    return made


def in_full(data: Any, default: Callable[[Any], dict[str, Any]]) -> Any:
    """Return data with all that is not JSON made so by `default`: a named tuple is not, though `json` takes it for a
    list."""
    if isinstance(data, dict):
        return {key: in_full(value, default) for key, value in data.items()}
    if type(data) in (list, tuple):
        return [in_full(value, default) for value in data]
    return data if data is None or isinstance(data, (str, int, float)) else in_full(default(data), default)


def write_tables(tables: Sequence[TextTable], footer: Sequence[str] = (), *, is_coloured: bool | None = None) -> bytes:
    """Write tables and then the lines below them: with rules and colours on a terminal, plainly aligned elsewhere.

    If `is_coloured` is True, tables are also ruled and coloured in a pipe; if False, never coloured; None depends on
    the terminal. Returns what was written, for `write_drawn`: without `is_coloured` it depends on `drawing` alone.
    """
    from claude_tui.reports.table import plain, ruled, wrapped

    if not is_terminal() and not is_coloured:
        width = _pipe_columns()
        footer = wrapped(footer, width) if width else footer
        text = "\n".join(plain(table, width) for table in tables)
        text += "".join(f"\n{line}" for line in footer) + ("\n" if footer else "")
    else:
        width = columns()
        with_colour = wants_colour() if is_coloured is None else is_coloured
        text = "".join(ruled(table, width, is_coloured=with_colour) + "\n" for table in tables)
        below = "".join(f"{line}\n" for line in wrapped(footer, width))
        text += escaped(below) if is_terminal() else below
    sys.stdout.write(text)
    return text.encode("utf-8", "surrogatepass")


def write_drawn(text: bytes) -> None:
    """Write again what `write_tables` wrote."""
    sys.stdout.write(text.decode("utf-8", "surrogatepass"))


def drawing() -> tuple[object, ...]:
    """Return all that decides how tables are drawn here: terminal or pipe, width, colours."""
    return ("terminal", columns(), wants_colour()) if is_terminal() else ("pipe", _pipe_columns())


def _pipe_columns() -> int:
    """Return the width of a pipe, which has none, unless somebody says one, as `watch` does: 0 for none."""
    return columns() if os.environ.get("COLUMNS", "").isdigit() else 0


def wants_colour() -> bool:
    """Return whether to use colours: on a terminal unless NO_COLOR is set, and anywhere with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return is_terminal() or os.environ.get("FORCE_COLOR", "0") not in ("", "0")


def replace_file(name: str, lines: Iterable[bytes]) -> None:
    """Write lines to a file the user named. The file gets its name only when it is complete."""
    from claude_tui import files

    try:
        files.replace(name, (line + b"\n" for line in lines), is_durable=True)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None


def narrate(text: str) -> None:
    """Write one line to stderr."""
    tell(escaped(text.replace("\n", " ")) + "\n")


def tell(text: str) -> None:
    """Write text to stderr unchanged; discard it if stderr is no longer readable by anyone."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def finish() -> None:
    """Flush stdout, so that a reader that closed the pipe is noticed here and not at exit. Raises OSError."""
    sys.stdout.flush()


def failed(error: OSError) -> int:
    """Report what the system refused and return the exit code. It is not a failure if the reader of stdout is gone."""
    reason = error.strerror or type(error).__name__
    try:
        finish()
    except OSError as refused:
        abandon(sys.stdout)
        if isinstance(refused, BrokenPipeError):
            return OK
        narrate(f"claude-top: cannot write to stdout: {refused.strerror or reason}")
    else:
        if isinstance(error, BrokenPipeError):
            return OK
        narrate(f"claude-top: {error.filename}: {reason}" if error.filename else f"claude-top: {reason}")
    return FAILED


def ended(code: int) -> int:
    """Flush what is still buffered, so that nothing can fail when Python exits. Returns the exit code."""
    try:
        finish()
    except OSError as error:
        code = code if isinstance(error, BrokenPipeError) else FAILED
        failed(error)
    tell("")
    return code


def abandon(stream: TextIO) -> None:
    """Point a stream at the null device after its reader is gone; otherwise Python would complain at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
        stream.flush()
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)
