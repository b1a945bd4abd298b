"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

FAILED, DENIED, NOT_FOUND, REJECTED, OUT_OF_REACH = 1, 3, 4, 5, 6

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SPACES = dict.fromkeys((*range(32), *range(127, 160)), " ")

stderr = Console(stderr=True, highlight=False)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Ends the command with one line on stderr."""
    note(f"motet: {message}")
    raise typer.Exit(code)


def note(message: str) -> None:
    lines = "\n".join(map(_plain, message.split("\n")))
    stderr.print(lines, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; where stdout is no terminal, tab-separated lines for programs."""
    texts = [["" if cell is None else _plain(str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in texts:
            sys.stdout.write("\t".join(row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))  # a str would be read as markup
    Console(highlight=False).print(table)


def _plain(text: str) -> str:
    """Without control characters: names are tenants' words, and a terminal obeys some of them."""
    return text.translate(_SPACES)
