"""`motet models`: for operators."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from motet_platform.cli.operator import operator
from motet_platform.cli.output import Json, note, print_json, print_table

app = typer.Typer(help="Base models and their prices (for operators).", no_args_is_help=True)


@app.command()
def add(
    name: str,
    path: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Hugging Face folder.")],
    price: Annotated[str, typer.Option(help="USD per 1M tokens: INPUT,CACHED,OUTPUT.")],
    as_json: Json = False,
) -> None:
    """Register a base model, or change its entry or its price."""
    input_price, cached_price, output_price = _prices(price)
    with operator():
        from motet_platform.catalog.services import PriceIn, base_add

        base = base_add(
            name=name,
            folder=path,
            price=PriceIn(input=input_price, cached_input=cached_price, output=output_price),
        )
    if as_json:
        print_json({"name": base.name, "revision": base.revision, "context": base.context_length})
    else:
        note(f"{base.name} ({base.revision}), context {base.context_length}")


@app.command()
def ls(as_json: Json = False) -> None:
    """List the base models with their prices."""
    with operator():
        from motet_billing.money import usd
        from motet_billing.selectors import prices_at

        from motet_platform.catalog.models import BaseModel

        prices = prices_at()
        rows: list[dict[str, Any]] = []
        for base in BaseModel.objects.order_by("name"):
            price = prices.get(base.name)
            figures = (price.input, price.cached_input, price.output) if price else ()
            rows.append(
                {
                    "name": base.name,
                    "active": base.active,
                    "context": base.context_length,
                    "price": [usd(figure * 1_000_000) for figure in figures],
                }
            )
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["name", "active", "context", "USD per 1M: input, cached, output"],
            [[r["name"], r["active"], r["context"], ", ".join(r["price"])] for r in rows],
        )


def _prices(text: str) -> tuple[int, int, int]:
    """Micro-USD per 1M tokens; loud on anything finer."""
    try:
        micro = [Decimal(part.strip()) * 1_000_000 for part in text.split(",")]
        whole = [int(figure) for figure in micro]
    except (InvalidOperation, ValueError, OverflowError):
        micro, whole = [], []
    if len(whole) != 3 or whole != micro or min(whole) < 0:
        raise typer.BadParameter(
            "write three prices such as 0.10,0.05,0.20, with at most six decimals",
            param_hint="--price",
        )
    return whole[0], whole[1], whole[2]
