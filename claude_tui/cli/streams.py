"""Writing to stdout and stderr: data there, narration here. Nothing a terminal would obey gets through."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from claude_tui.cli.exits import FAILED, OK, CommandError

if TYPE_CHECKING:
    from claude_tui.reports.table import Table

UNKNOWN_COLUMNS: Final = 80

# As in the sanitiser of names, but newline and tab are layout here. Compiled where it is needed: 3 ms.
_OBEYED: Final = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def prepare() -> None:
    """Make stdin, stdout and stderr be there, and unable to fail on text they cannot encode.

    One that was closed goes nowhere: else the next file that is opened would get its number, and what is printed.
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
    """Width of the terminal in columns; COLUMNS wins, 80 where nothing is known or the terminal says 0."""
    try:
        return max(20, int(os.environ.get("COLUMNS", "")))
    except ValueError:
        pass
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or UNKNOWN_COLUMNS
    except (OSError, ValueError):
        return UNKNOWN_COLUMNS


def escaped(text: str) -> str:
    """Return text with every character a terminal obeys as `\\uNNNN`, which JSON reads as the same."""
    return re.sub(_OBEYED, _escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def write(text: str) -> None:
    """Write data to stdout as it is; to a terminal with its controls escaped."""
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
            sys.stdout.buffer.write(b"\n".join(pending) + b"\n")
            pending, size = [], 0
    if pending:
        sys.stdout.buffer.write(b"\n".join(pending) + b"\n")


def write_json(data: object, *, is_sorted: bool = False) -> None:
    """Write one JSON document, indented; with keys in order of the alphabet where asked for."""
    import orjson

    option = orjson.OPT_INDENT_2 | (orjson.OPT_SORT_KEYS if is_sorted else 0)
    try:
        write_lines([orjson.dumps(data, option=option)])
    except (TypeError, ValueError):  # a lone surrogate, or a number of more than 64 bits
        import json

        write(json.dumps(data, indent=2, ensure_ascii=False, sort_keys=is_sorted) + "\n")


def write_tables(tables: Sequence[Table], footer: Sequence[str] = (), *, is_coloured: bool | None = None) -> None:
    """Write tables, with lines and colours on a terminal and plainly aligned elsewhere; then the lines below them.

    `is_coloured` True also draws and colours them in a pipe, False never colours; None decides by the terminal.
    """
    from claude_tui.reports.table import plain, ruled, wrapped

    if not is_terminal() and not is_coloured:
        # A pipe has no width, unless somebody says one.
        width = columns() if os.environ.get("COLUMNS", "").isdigit() else 0
        footer = wrapped(footer, width) if width else footer
        sys.stdout.write("\n".join(plain(table, width) for table in tables))
        sys.stdout.write("".join(f"\n{line}" for line in footer) + ("\n" if footer else ""))
        return
    width = columns()
    for table in tables:
        drawn = ruled(table, width, is_coloured=wants_colour() if is_coloured is None else is_coloured)
        sys.stdout.write(drawn + "\n")
    write("".join(f"{line}\n" for line in wrapped(footer, width)))


def wants_colour() -> bool:
    """Whether colours are wanted: on a terminal, unless NO_COLOR is set; anywhere with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return is_terminal() or os.environ.get("FORCE_COLOR", "0") not in ("", "0")


def replace_file(name: str, lines: Iterable[bytes]) -> None:
    """Write lines to a file that a person named; it appears under its name only when it is whole."""
    from claude_tui import files

    try:
        files.replace(name, (line + b"\n" for line in lines), is_durable=True)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None


def narrate(text: str) -> None:
    """Write one line to stderr."""
    tell(escaped(text.replace("\n", " ")) + "\n")


def tell(text: str) -> None:
    """Write to stderr as it is; nowhere if nobody can hear it any more."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def finish() -> None:
    """Flush stdout, so that a reader that went away is noticed here and not at exit. Raises OSError."""
    sys.stdout.flush()


def failed(error: OSError) -> int:
    """Say what the system refused, and return the exit code. A reader of stdout that went away is no failure."""
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
    """Write out what is still kept, so that nothing is left that could fail when Python ends. Returns the exit code."""
    try:
        finish()
    except OSError as error:
        code = code if isinstance(error, BrokenPipeError) else FAILED
        failed(error)
    tell("")
    return code


def abandon(stream: TextIO) -> None:
    """Point a stream at nothing after nobody takes what is written; Python would complain at exit otherwise."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
        stream.flush()
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)
