"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

FAILED, DENIED, NOT_FOUND, REJECTED, OUT_OF_REACH = 1, 3, 4, 5, 6

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

stderr = Console(stderr=True, highlight=False)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Ends the command with one line on stderr."""
    stderr.print(f"motet: {message}", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def note(message: str) -> None:
    stderr.print(message, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; where stdout is no terminal, tab-separated lines for programs."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join("" if cell is None else str(cell) for cell in row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(highlight=False).print(table)
