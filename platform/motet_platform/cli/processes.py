"""The processes of a platform, each until SIGTERM."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from motet_platform.cli.operator import configured, operator
from motet_platform.cli.output import fail


def up() -> None:
    """Run the whole platform on this machine, with a demo account."""
    with configured():
        from motet_platform.supervisor.up import run

        raise typer.Exit(run())


def gateway() -> None:
    """Run a gateway: the HTTP side of the platform."""
    with operator():
        from motet_platform.gateway.server import serve

        raise typer.Exit(serve())


def tasks() -> None:
    """Run the tasks process: checks uploads, sweeps holds, expires credit."""
    with operator():
        from motet_platform.tasks.process import serve

        raise typer.Exit(serve())


def worker() -> None:
    """Run a worker: one base model on this machine (settings: MOTET_WORKER_*)."""
    _become("motet_inference")


def bench(
    suite: Annotated[Path, typer.Argument(help="Cases, as in tests/bench/cases/.")],
    json: Annotated[Path | None, typer.Option(help="Where to write all figures.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Where to draw batches: .svg or .png.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Leave out what takes longer.")] = None,
    only: Annotated[str | None, typer.Option(help="Cases whose title contains this.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Of a disk, for adapters' files.")] = None,
) -> None:
    """Time the engine on cases from a file, beside what the device allows."""
    given = {"json": json, "plot": plot, "seconds": seconds, "only": only, "folder": folder}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    _become("motet_inference.bench", str(suite), *options)


def _become(module: str, *arguments: str) -> NoReturn:
    """Go on as a program of the worker's, which the control plane never imports."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        fail("the worker is not installed here: install motet[worker]")
    command = [sys.executable, "-m", module, *arguments]
    os.execv(sys.executable, command)  # noqa: S606 (own module)


def migrate() -> None:
    """Bring the database up to date."""
    with operator():
        from django.core.management import call_command

        call_command("migrate", interactive=False)
