"""The `motet` command: for customers over HTTP, for operators on the database."""

from __future__ import annotations

import typer

from motet_platform.cli import (
    accounts,
    adapters,
    admin,
    books,
    caps,
    chat,
    keys,
    login,
    models,
    payments,
    processes,
    usage,
)

app = typer.Typer(
    name="motet",
    help="Serve many tenants' LoRA adapters on one base model. Customers' commands speak HTTP, "
    "with MOTET_API_KEY and MOTET_BASE_URL or what `motet login` saved. Exit status: 1 failed, "
    "2 wrong usage, 3 not allowed, 4 not found, 5 adapter rejected, 6 server out of reach.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (login.login, usage.usage, usage.balance, caps.caps, chat.chat):
    app.command(rich_help_panel="Customers")(command)
app.add_typer(adapters.app, name="adapters", rich_help_panel="Customers")
app.add_typer(keys.app, name="keys", rich_help_panel="Customers")
for process in (
    processes.up, processes.gateway, processes.worker, processes.tasks, processes.migrate,
    processes.bench,
    books.audit, books.reconcile,
):  # fmt: skip
    app.command(rich_help_panel="Operators")(process)
app.add_typer(accounts.app, name="accounts", rich_help_panel="Operators")
app.add_typer(models.app, name="models", rich_help_panel="Operators")
app.add_typer(payments.app, name="payments", rich_help_panel="Operators")
app.add_typer(admin.app, name="admin", rich_help_panel="Operators")

if __name__ == "__main__":
    app()
